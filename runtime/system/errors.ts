/** What can go wrong between actors. */
import { describe, GreenroomError, OverloadError, UsageError } from '../errors.ts'
import type { EventObject } from '../mailbox/envelope.ts'
import type { DeadReason } from '../mailbox/refusal.ts'
import type { EndReason } from './ref.ts'
import type { RestartBounds } from './restarts.ts'

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

/**
 * A question came back to an actor that waits, in the same chain of questions, for an answer of its own
 * (`ASK_DEADLOCK`): it could wait for ever. `chain` are the paths, from that actor around to it again.
 */
export class DeadlockError extends UsageError {
  readonly chain: readonly string[]

  constructor(chain: readonly string[]) {
    super('ASK_DEADLOCK', `this question would wait for itself: ${chain.join(' asks ')}`)
    this.chain = chain
  }
}

/** One more was to be set aside, by a receiving generator or by `postpone`, than may be (`STASH_FULL`). */
export function stashFullError({ type }: EventObject, capacity: number, wanted?: string): OverloadError {
  const meanwhile = wanted === undefined ? '' : `, waiting for ${wanted}`
  return new OverloadError(
    'STASH_FULL',
    `"${type}" was to be set aside where ${capacity} of ${capacity} events were already${meanwhile}`,
  )
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
    case 'uncloneable':
      return refused(path, reason, 'it cannot cross to another thread')
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

/**
 * More restarts were called for than the intensity allows (`RESTART_INTENSITY`): of an actor, or of a supervisor's
 * children. `cause` is the last failure.
 */
export class RestartIntensityError extends GreenroomError {
  constructor(path: string, { intensity, periodMs }: RestartBounds, last: EndReason) {
    const cause = last.kind === 'failed' ? last.error : undefined
    super(
      'RESTART_INTENSITY',
      `${path} was given up: more than ${intensity} restarts within ${periodMs} ms; last failure: ${
        last.kind === 'failed' ? describe(rootOf(cause)) : 'none, it had finished'
      }`,
      { cause },
    )
  }
}

/** A sibling has that name already, or another actor that name in the registry (`ACTOR_NAME_TAKEN`). */
export class NameTakenError extends UsageError {
  constructor(name: string) {
    super('ACTOR_NAME_TAKEN', `an actor named ${name} is alive already`)
  }
}

/** A child of a supervisor failed over its first start (`CHILD_START_FAILED`); `cause` is what it threw. */
export class ChildStartError extends GreenroomError {
  /** Of the child. */
  readonly path: string

  constructor(path: string, cause: unknown) {
    super('CHILD_START_FAILED', `${path} did not start: ${describe(cause)}`, { cause })
    this.path = path
  }
}

/** What it began with: supervisors that fail one after the other name that, and not each other. */
function rootOf(error: unknown): unknown {
  let root = error
  while (root instanceof RestartIntensityError || root instanceof ChildStartError) ({ cause: root } = root)
  return root
}

/** What becomes of the questions that an actor had taken, when it has ended. */
export function unanswered(path: string, reason?: EndReason): AskError {
  const said = `${path} ended before it answered`
  if (reason?.kind !== 'failed') return new AskError('ASK_ACTOR_ENDED', path, said)
  const { error } = reason
  return new AskError('ASK_ACTOR_ENDED', path, `${said}: ${describe(error)}`, { cause: error })
}
