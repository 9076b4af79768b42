/** One message on its way: what is said, in which context, by whom, and who waits for the answer. Never changed. */
import type { Context } from '../context/context.ts'
import type { Deferred } from '../deferred/deferred.ts'
import type { DeadReason } from './refusal.ts'

/** A message as an actor sees it: named by `type`, as in xstate. */
export interface EventObject {
  readonly type: string
}

export class Envelope {
  readonly event: EventObject
  readonly ctx: Context
  /** Who sent it, if it told; opaque here, a `Ref` in `runtime/system`. */
  readonly sender: unknown
  /** Settled with the reply, where the message is a question. */
  readonly reply: Deferred<unknown> | undefined

  constructor(event: EventObject, ctx: Context, sender: unknown, reply: Deferred<unknown> | undefined) {
    this.event = event
    this.ctx = ctx
    this.sender = sender
    this.reply = reply
  }

  /** It was accepted, or offered, and reached no handler: for one that came from elsewhere, where that is to be known. */
  undelivered(_reason: DeadReason): void {}

  /** What it is handled in: its context, and where it is a question, as that of who answers it. */
  get handlingCtx(): Context {
    return this.reply === undefined ? this.ctx : this.ctx.answering(this.reply)
  }

  /** Nobody wants it any more: its deadline has passed, its context was cancelled, or its question was withdrawn. */
  get isExpired(): boolean {
    return this.ctx.isCancelled || (this.reply !== undefined && !this.reply.isPending)
  }
}
