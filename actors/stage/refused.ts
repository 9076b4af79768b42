/** What a stage answers when it takes no job: a value, since it is expected under load. */
import { OverloadError } from '../../runtime/errors.ts'

/**
 * Why a job was not taken: the queue is `full`; admission lets no more in for now (`overloaded`); the stage is `closed`;
 * the job's context has `expired` before it came.
 */
export type RefusedReason = 'full' | 'overloaded' | 'closed' | 'expired'

/** A stage's refusal. HTTP answers it with 503 and `Retry-After`. */
export class Refused {
  /** The stage's name. */
  readonly stage: string
  readonly reason: RefusedReason
  /** After so many whole milliseconds, at least 0, it may be worth asking again. */
  readonly retryAfterMs: number

  constructor(stage: string, reason: RefusedReason, retryAfterMs: number) {
    this.stage = stage
    this.reason = reason
    this.retryAfterMs = Math.max(0, Math.ceil(retryAfterMs))
  }

  /** For those who would rather have it thrown. */
  toError(): StageRefusedError {
    return new StageRefusedError(this)
  }
}

/** Whether `submit` was refused. */
export function isRefused(value: unknown): value is Refused {
  return value instanceof Refused
}

/** A stage took no job (`STAGE_REFUSED`): what `run` fails with, and what `Refused.toError` gives. */
export class StageRefusedError extends OverloadError {
  readonly refused: Refused
  readonly retryAfterMs: number

  constructor(refused: Refused) {
    const { stage, reason, retryAfterMs } = refused
    super('STAGE_REFUSED', `stage "${stage}" refused: ${reason}; ask again in ${retryAfterMs} ms`)
    this.refused = refused
    this.retryAfterMs = retryAfterMs
  }
}
