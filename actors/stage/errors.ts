/** What can become of a job that a stage has taken, beside its handler's own failures. */
import { describe, OverloadError, UsageError } from '../../runtime/errors.ts'

/** The stage ended before the job had a result (`STAGE_CLOSED`). `cause`: why it ended, where that was a failure. */
export function closedError(stage: string, cause: unknown): OverloadError {
  return new OverloadError(
    'STAGE_CLOSED',
    `stage "${stage}" ended before the job had a result`,
    cause === undefined ? undefined : { cause },
  )
}

/** No member of the pool is left and the last one did not start (`STAGE_NO_MEMBERS`); `cause` says why. */
export function noMembersError(stage: string, cause: unknown): OverloadError {
  return new OverloadError(
    'STAGE_NO_MEMBERS',
    `stage "${stage}" has no member to do the job: the last one did not start: ${describe(cause)}`,
    { cause },
  )
}

/** The reserved slot is no longer held (`STAGE_RESERVATION_OVER`). */
export function reservationOverError(stage: string, why: string): OverloadError {
  return new OverloadError('STAGE_RESERVATION_OVER', `the slot reserved in stage "${stage}" is over: ${why}`)
}

/** A handler of batches must give one outcome for each job, in their order (`STAGE_BATCH_MISMATCH`). */
export function mismatchError(stage: string, jobs: number, given: unknown): UsageError {
  const what = Array.isArray(given) ? `${given.length}, or some that are none` : describe(given)
  return new UsageError(
    'STAGE_BATCH_MISMATCH',
    `the handler of stage "${stage}" was given ${jobs} jobs and must give as many outcomes, not ${what}`,
  )
}
