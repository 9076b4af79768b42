/** What can go wrong between actors. */
import { describe, GreenroomError, OverloadError, UsageError } from '../errors.ts'
import type { DeadReason } from '../mailbox/refusal.ts'

/** A question got no reply: `ASK_REFUSED`, `ASK_TIMEOUT`, `ASK_ACTOR_ENDED` or `ASK_UNHANDLED`. */
export class AskError extends OverloadError {
  /** The actor that was asked. */
  readonly path: string
  /** Why it was not delivered, where that is the matter. */
  readonly refusal: DeadReason | undefined

  constructor(
    code: string,
    path: string,
    message: string,
    options: { refusal?: DeadReason; cause?: unknown } = {},
  ) {
    super(code, message, options.cause === undefined ? undefined : { cause: options.cause })
    this.path = path
    this.refusal = options.refusal
  }
}

/** The answer to a question that was not delivered. `capacity` is the mailbox's, in envelopes. */
export function refusalError(path: string, capacity: number, reason: DeadReason): AskError {
  switch (reason) {
    case 'unhandled':
      return new AskError('ASK_UNHANDLED', path, `${path} has no answer to that`)
    case 'full':
    case 'dropped':
      return refused(path, reason, `${capacity} of ${capacity} envelopes waiting`)
    case 'closed':
      return refused(path, reason, 'it has ended')
    case 'expired':
      return refused(path, reason, 'the deadline has passed, or the context was cancelled')
  }
}

function refused(path: string, refusal: DeadReason, why: string): AskError {
  return new AskError('ASK_REFUSED', path, `${path} refused: ${why}`, { refusal })
}

/** The actor that was asked failed over the question (`ACTOR_FAILED`); `cause` is what it threw. */
export class ActorFailedError extends GreenroomError {
  readonly path: string

  constructor(path: string, cause: unknown) {
    super('ACTOR_FAILED', `${path} failed: ${describe(cause)}`, { cause })
    this.path = path
  }
}

/** An actor failed more often than its restart intensity allows (`RESTART_INTENSITY`); `cause` is the last failure. */
export class RestartIntensityError extends GreenroomError {
  constructor(path: string, intensity: number, periodMs: number, cause: unknown) {
    super(
      'RESTART_INTENSITY',
      `${path} was given up: more than ${intensity} restarts within ${periodMs} ms; last failure: ${describe(cause)}`,
      { cause },
    )
  }
}

/** A sibling has that name already (`ACTOR_NAME_TAKEN`). */
export class NameTakenError extends UsageError {
  constructor(path: string) {
    super('ACTOR_NAME_TAKEN', `an actor named ${path} is alive already`)
  }
}
