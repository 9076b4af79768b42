/** What came of a job, as a value: where several are answered at once, and in the message that `reply` sends. */
import type { Context } from '../../runtime/context/context.ts'
import { isThenable } from '../../runtime/deferred/thenable.ts'

export type Outcome<R> =
  | { readonly ok: true; readonly value: R }
  | { readonly ok: false; readonly error: unknown }

/** A job as a handler of batches gets it. */
export interface StageJob<J> {
  readonly job: J
  /** The job's own: its deadline, cancellation and trace. It ends when nobody waits for this job any more. */
  readonly ctx: Context
}

/** Whether it can be read as an outcome. A promise is no value: nobody would wait for it in time. */
export function isOutcome(value: unknown): value is Outcome<unknown> {
  if (typeof value !== 'object' || value === null) return false
  const { ok, value: given } = value as { ok?: unknown; value?: unknown }
  return typeof ok === 'boolean' && !isThenable(given)
}
