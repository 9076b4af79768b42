/** Calls into code that is not ours: what it throws is a failure like any other. */
import { Deferred } from '../../../runtime/deferred/deferred.ts'

/** What a function gives, or fails with: also where it throws instead. */
export function calling<T>(call: () => T | PromiseLike<T>): Deferred<T> {
  try {
    return Deferred.from(call())
  } catch (error) {
    return Deferred.fail(error)
  }
}
