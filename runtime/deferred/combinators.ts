/**
 * Deferreds taken together. Unlike a promise's namesakes these own what they are given: once the outcome is known
 * (or they are cancelled themselves) nobody needs the others any more, so those are cancelled.
 */
import { UsageError } from '../errors.ts'
import { Deferred } from './deferred.ts'

type Awaitable<T> = T | PromiseLike<T>
type AwaitedAll<T extends readonly unknown[]> = { -readonly [I in keyof T]: Awaited<T[I]> }

/** All results, in the order given. The first failure rejects it, and is the reason for which the siblings are cancelled. */
export function all<const T extends readonly Awaitable<unknown>[]>(inputs: T): Deferred<AwaitedAll<T>> {
  const members = inputs.map((input) => Deferred.from(input))
  let isCalledOff = false
  const combined = new Deferred<AwaitedAll<T>>((reason) => {
    isCalledOff = true
    cancelEach(members, reason)
  })
  const results: unknown[] = new Array(members.length)
  let missing = members.length
  if (missing === 0) combined.resolve(results as AwaitedAll<T>)
  members.forEach((member, index) => {
    member.listen(
      (value) => {
        results[index] = value
        missing -= 1
        if (missing === 0) combined.resolve(results as AwaitedAll<T>)
      },
      (error) => {
        if (combined.reject(error) && !isCalledOff) cancelEach(members, error)
      },
    )
  })
  return combined
}

/** The first to settle decides, whichever way; the losers are cancelled. */
export function race<const T extends readonly Awaitable<unknown>[]>(inputs: T): Deferred<Awaited<T[number]>> {
  type Winner = Awaited<T[number]>
  if (inputs.length === 0)
    throw new UsageError('RACE_EMPTY', 'race of nothing would never settle: give it at least one')
  const members = inputs.map((input) => Deferred.from(input))
  let isCalledOff = false
  const combined = new Deferred<Winner>((reason) => {
    isCalledOff = true
    cancelEach(members, reason)
  })
  const decided = (isFirst: boolean) => {
    if (isFirst && !isCalledOff) cancelEach(members, 'lost the race')
  }
  for (const member of members) {
    member.listen(
      (value) => decided(combined.resolve(value as Winner)),
      (error) => decided(combined.reject(error)),
    )
  }
  return combined
}

function cancelEach(members: readonly Deferred<unknown>[], reason: unknown): void {
  for (const member of members) member.cancel(reason)
}
