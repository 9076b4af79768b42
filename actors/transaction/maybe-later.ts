/**
 * Generators that wait only where they have to: they yield what is not there yet, and go on with what it gives.
 *
 * With a driver that answers at once such a generator runs through in one go, on the caller's stack.
 */
import { Deferred } from '../../runtime/deferred/deferred.ts'
import type { MaybeLater } from './driver.ts'

/** Yields what has to be waited for. */
export type Waiting<T> = Generator<PromiseLike<unknown>, T, unknown>

export function isLater(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  )
}

/** Nobody waits for it: if it fails, that is not reported as unhandled. */
export function silence(value: unknown): void {
  if (isLater(value)) value.then(null, () => {})
}

/** What `value` is, or will be. */
export function* now<T>(value: MaybeLater<T>): Waiting<T> {
  return isLater(value) ? ((yield value) as T) : (value as T)
}

/** Runs it as far as it goes: to its end, or to a deferred of it. */
export function drive<T>(waiting: Waiting<T>): T | Deferred<T> {
  const step = waiting.next()
  return step.done === true ? step.value : wait(waiting, step.value)
}

function wait<T>(waiting: Waiting<T>, first: PromiseLike<unknown>): Deferred<T> {
  const result = new Deferred<T>()
  const goOn = (resume: () => IteratorResult<PromiseLike<unknown>, T>): void => {
    let step: IteratorResult<PromiseLike<unknown>, T>
    try {
      step = resume()
    } catch (error) {
      result.reject(error)
      return
    }
    if (step.done === true) result.resolve(step.value)
    else listen(step.value)
  }
  const listen = (later: PromiseLike<unknown>): void => {
    later.then(
      (value) => goOn(() => waiting.next(value)),
      (error) => goOn(() => waiting.throw(error)),
    )
  }
  listen(first)
  return result
}
