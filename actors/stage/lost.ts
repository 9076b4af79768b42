/** What a failed question to a member says about the job in it: was it begun, and whose failure is it? */
import { codeOf } from '../../runtime/errors.ts'
import { AskError } from '../../runtime/system/errors.ts'
import type { EndReason } from '../../runtime/system/ref.ts'
import { ThreadLostError } from '../../runtime/worker/errors.ts'

/**
 * - `unbegun`: the member is gone, and had not begun with it. It may be given to another.
 * - `lost`: the member is gone, and had begun with it, or may have. What has been done nobody knows.
 * - `expired`: the job's context has ended.
 * - `answered`: the job itself has failed, or cannot be done.
 */
export type Meaning = 'unbegun' | 'lost' | 'expired' | 'answered'

export function meaningOf(error: unknown): Meaning {
  if (error instanceof ThreadLostError) return error.hasBegun ? 'lost' : 'unbegun'
  if (!(error instanceof AskError)) return 'answered'
  if (error.code === 'ASK_ACTOR_ENDED') return 'lost'
  if (error.refusal === 'closed') return 'unbegun'
  return error.refusal === 'expired' ? 'expired' : 'answered'
}

/** Codes of threads that have never been ready. */
const START_FAILURES: readonly string[] = ['THREAD_START_FAILED', 'THREAD_START_TIMEOUT']

/** Whether a member ended because it could not start. @param hasWorked - it was seen ready, or has begun with a job. */
export function isStartFailure(reason: EndReason, hasWorked: boolean): boolean {
  if (reason.kind !== 'failed') return false
  return reason.phase === 'starting' || START_FAILURES.includes(codeOf(reason.error)) || !hasWorked
}
