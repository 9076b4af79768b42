/** Law: what is taken together ends together: once the outcome is known, whatever still runs is cancelled. */
import test from 'ava'
import { all, race } from '../../../runtime/deferred/combinators.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { CancelledError, UsageError } from '../../../runtime/errors.ts'
import { quiet, watchOutcome } from './support.ts'

const failure = new Error('failure')

/** Three members, and with which reasons each was cancelled. */
function members(): {
  deferreds: [Deferred<number>, Deferred<number>, Deferred<number>]
  reasons: unknown[][]
} {
  const reasons: unknown[][] = [[], [], []]
  const make = (n: number) => quiet<number>((reason) => reasons[n]?.push(reason))
  return { deferreds: [make(0), make(1), make(2)], reasons }
}

test('all gives the results in the order of its members, not of their arrival', (t) => {
  const { deferreds, reasons } = members()
  const [a, b, c] = deferreds
  const seen = watchOutcome(all(deferreds))
  c.resolve(3)
  a.resolve(1)
  t.deepEqual(seen.now, ['pending'])
  b.resolve(2)
  t.deepEqual(seen.now, ['value', [1, 2, 3]])
  t.deepEqual(reasons, [[], [], []])
})

test('all takes values, promises and deferreds, and nothing at all', async (t) => {
  t.deepEqual(await all([1, Promise.resolve('two'), Deferred.of(3)]), [1, 'two', 3])
  t.deepEqual(await all([]), [])
})

test('the first failure fails all at once and is the reason for which the others are cancelled', (t) => {
  const { deferreds, reasons } = members()
  const seen = watchOutcome(all(deferreds))
  deferreds[0].resolve(1)
  deferreds[1].reject(failure)
  t.deepEqual(seen.now, ['error', failure])
  t.deepEqual(reasons, [[], [], [failure]])
  t.false(deferreds[2].resolve(3))
  t.is(seen.count, 1)
})

test('a member that has failed before cancels the others, and is observed', (t) => {
  const { deferreds, reasons } = members()
  const seen = watchOutcome(all([deferreds[0], Deferred.fail(failure), Deferred.fail(new Error('second'))]))
  t.deepEqual(seen.now, ['error', failure])
  t.deepEqual(reasons[0], [failure])
})

test('cancelling all cancels every member that is left', (t) => {
  const { deferreds, reasons } = members()
  const together = all(deferreds)
  const seen = watchOutcome(together)
  deferreds[0].resolve(1)
  t.true(together.cancel('enough'))
  t.deepEqual(reasons, [[], ['enough'], ['enough']])
  t.is((seen.now[1] as CancelledError).reason, 'enough')
})

for (const [how, settle] of [
  ['value', (d: Deferred<number>) => d.resolve(5)],
  ['error', (d: Deferred<number>) => d.reject(failure)],
] as const) {
  test(`the first ${how} decides a race, and the losers are cancelled`, (t) => {
    const { deferreds, reasons } = members()
    const seen = watchOutcome(race(deferreds))
    settle(deferreds[1])
    t.deepEqual(seen.now, [how, how === 'value' ? 5 : failure])
    t.deepEqual(
      reasons.map(({ length }) => length),
      [1, 0, 1],
    )
    t.is(deferreds[0].status, 'rejected')
    t.is(seen.count, 1)
  })
}

test('of members that are settled already the first in order wins the race', (t) => {
  const { deferreds, reasons } = members()
  const seen = watchOutcome(race([deferreds[0], Deferred.of('first'), Deferred.fail(failure)]))
  t.deepEqual(seen.now, ['value', 'first'])
  t.is(reasons[0]?.length, 1)
})

test('cancelling a race cancels every member', (t) => {
  const { deferreds, reasons } = members()
  const together = race(deferreds)
  const seen = watchOutcome(together)
  together.cancel('enough')
  t.deepEqual(reasons, [['enough'], ['enough'], ['enough']])
  t.true(seen.now[1] instanceof CancelledError)
})

test('a race of nothing is refused, since it would never end', (t) => {
  const error = t.throws(() => race([]), { instanceOf: UsageError })
  t.is(error?.code, 'RACE_EMPTY')
})
