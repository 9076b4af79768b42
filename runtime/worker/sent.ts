/** A message that is under way to a thread: from when it was sent until the thread has said what became of it. */
import type { Deferred, Keeper } from '../deferred/deferred.ts'
import type { Envelope } from '../mailbox/envelope.ts'
import { QuestionKeeper } from '../system/ask.ts'
import type { ContextOut } from './contexts-out.ts'

/** Told of messages that end, and of those for which nobody waits any more. */
export interface SentOwner {
  /** The thread has settled it, or is lost. */
  over(sent: Sent): void
  abandoned(sent: Sent, reason: unknown): void
}

/**
 * Where it is a question that did not wait at home, this keeps it in the place of what would have kept it there, so that
 * a question to a thread has one keeper, and no timer of its own.
 */
export class Sent implements Keeper {
  readonly id: number
  readonly envelope: Envelope
  private readonly thread: SentOwner
  /** When it fails, if it is kept here; else never. */
  timeoutAtMs = Number.POSITIVE_INFINITY
  /** Milliseconds that it may take. */
  timeoutMs = 0
  /** The context that it has crossed in. */
  context: ContextOut | undefined = undefined
  /** Nobody waits for it any more. */
  isAbandoned = false
  /** Since when the thread could know of that: when that was sent to it. */
  abandonedAtMs: number | undefined = undefined
  /** The thread has settled it, or is lost. */
  isOver = false
  /** Set when its thread or its actor there has ended. */
  hasBegun = false
  private unlisten: (() => void) | undefined = undefined
  /** What would keep its question at home. */
  private keeper: QuestionKeeper | undefined = undefined
  private readonly sentAtMs: number

  constructor(id: number, envelope: Envelope, thread: SentOwner, nowMs: number) {
    this.id = id
    this.envelope = envelope
    this.thread = thread
    this.sentAtMs = nowMs
    const { ctx, reply } = envelope
    if (reply === undefined) {
      if (!ctx.isBackground) this.unlisten = ctx.onCancel(() => this.gone(ctx.failure()))
      return
    }
    const { keeper } = reply
    if (!(keeper instanceof QuestionKeeper)) {
      // It has waited in the mailbox, and is kept already.
      reply.attend(
        () => this.gone(undefined),
        (error) => this.gone(error),
      )
      return
    }
    reply.keeper = this
    this.keeper = keeper
    this.timeoutMs = keeper.timeoutMs
    const timeoutAtMs = nowMs + keeper.timeoutMs
    if (ctx.isBackground) {
      this.timeoutAtMs = timeoutAtMs
    } else {
      // An earlier deadline of the context reports itself, through its cancellation.
      if (timeoutAtMs < ctx.deadlineMs) this.timeoutAtMs = timeoutAtMs
      this.unlisten = ctx.onCancel(() => {
        const failure = ctx.failure()
        this.gone(failure)
        reply.reject(failure)
      })
    }
  }

  /** Its question is called off. */
  cancelled(_question: Deferred<unknown>): void {}

  /** Its question is settled: by the thread, which has said so before, or by somebody who does not wait any longer. */
  released(): void {
    this.gone(undefined)
  }

  /** The thread has settled it, or will not any more. */
  over(): void {
    this.isOver = true
    this.timeoutAtMs = Number.POSITIVE_INFINITY
    this.unlisten?.()
    this.thread.over(this)
  }

  /** It was not begun, and is to wait at home again: its question is kept there, for the time that it has left. */
  backHome(): void {
    const { keeper } = this
    const { reply } = this.envelope
    if (keeper !== undefined && reply?.isPending) reply.keeper = keeper.from(this.sentAtMs)
  }

  private gone(reason: unknown): void {
    if (this.isOver || this.isAbandoned) return
    this.isAbandoned = true
    this.unlisten?.()
    this.timeoutAtMs = Number.POSITIVE_INFINITY
    this.thread.abandoned(this, reason)
  }
}
