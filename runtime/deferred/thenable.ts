/** Whether a result comes later: a deferred, a promise, or anything else that has a `then`. */
export function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T>
export function isThenable(value: unknown): value is PromiseLike<unknown>
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}
