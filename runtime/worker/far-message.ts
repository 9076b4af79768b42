/** A message as it stands on its thread: the envelope, and the keeper of the question in it. */
import type { Cancel, Context } from '../context/context.ts'
import { Deferred, type Keeper } from '../deferred/deferred.ts'
import { Envelope, type EventObject } from '../mailbox/envelope.ts'
import type { DeadReason } from '../mailbox/refusal.ts'

/** Told what became of messages. */
export interface FarMessages {
  /** A question is settled. */
  answered(message: FarMessage, isFulfilled: boolean, result: unknown): void
  /** One that was only told reached no handler. */
  dead(message: FarMessage, reason: DeadReason): void
  /** It may still wait for its turn. */
  withdraw(question: Deferred<unknown>): void
}

export class FarMessage extends Envelope implements Keeper {
  readonly id: number
  private readonly end: FarMessages
  private readonly cancelContext: Cancel | undefined

  constructor(
    id: number,
    ctx: Context,
    event: EventObject,
    sender: unknown,
    isQuestion: boolean,
    cancel: Cancel | undefined,
    end: FarMessages,
  ) {
    super(event, ctx, sender, isQuestion ? new Deferred<unknown>(undefined, SEEN) : undefined)
    this.id = id
    this.end = end
    this.cancelContext = cancel
    if (this.reply !== undefined) this.reply.keeper = this
  }

  /** Nobody waits for it any more, at home. */
  cancel(reason: unknown): void {
    this.cancelContext?.(reason)
    this.reply?.cancel(reason)
  }

  /** A question in it fails, which is told there. */
  override undelivered(reason: DeadReason): void {
    if (this.reply === undefined) this.end.dead(this, reason)
  }

  cancelled(question: Deferred<unknown>): void {
    this.end.withdraw(question)
  }

  released(): void {
    const { reply } = this
    if (reply !== undefined) this.end.answered(this, reply.status === 'fulfilled', reply.settledWith)
  }
}

/** A failure is looked at at home. */
const SEEN = { failed() {} }
