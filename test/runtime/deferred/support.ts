/** What the tests of deferreds share: how one ended, as a value, and a watch that keeps what it is told. */
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import type { FailureWatch } from '../../../runtime/deferred/failure-watch.ts'

export type Outcome = readonly ['pending'] | readonly ['value', unknown] | readonly ['error', unknown]

/** Filled in when `deferred` settles. */
export function watchOutcome(deferred: Deferred<unknown>): { now: Outcome; count: number } {
  const seen: { now: Outcome; count: number } = { now: ['pending'], count: 0 }
  deferred.listen(
    (value) => {
      seen.now = ['value', value]
      seen.count += 1
    },
    (error) => {
      seen.now = ['error', error]
      seen.count += 1
    },
  )
  return seen
}

export class RecordingWatch implements FailureWatch {
  readonly errors: unknown[] = []

  failed(_failed: unknown, error: unknown): void {
    this.errors.push(error)
  }
}

/** A deferred whose failure may go unobserved. */
export function quiet<T>(canceller?: (reason: unknown) => void): Deferred<T> {
  return new Deferred<T>(canceller, new RecordingWatch())
}

/** When every job and every microtask has run, and Node has reported what it had to report. */
export function microtasksDone(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
