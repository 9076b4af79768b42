/**
 * Refs to actors at home, as an actor on a thread holds them: found in its messages' contexts, and as their senders.
 *
 * `send` answers `accepted` when the message leaves for home; whether it is taken there, the actor's mailbox there decides, and
 * what it refuses is a dead letter there. The window of what is under way is bounded as the other way.
 */
import type { Context } from '../context/context.ts'
import { Deferred } from '../deferred/deferred.ts'
import { UsageError } from '../errors.ts'
import type { EventObject } from '../mailbox/envelope.ts'
import type { Offer } from '../mailbox/refusal.ts'
import { askTimeout } from '../system/ask.ts'
import { refusalError } from '../system/errors.ts'
import type { AnyEvent, AskOptions, Down, EndReason, Ref } from '../system/ref.ts'

/** Carries home what is said to a ref. */
export interface Carrier {
  /** Messages that may be under way at once. */
  readonly credits: number
  readonly hasRoom: boolean
  /** @returns false where as much is under way as may be. */
  tell(ref: HomeRef, ctx: Context, event: EventObject): boolean
  ask(ref: HomeRef, ctx: Context, event: EventObject, timeoutMs?: number): Deferred<unknown>
  /** For one that has not ended. Holds `ref` until the deferred is settled: nobody else may. */
  watch(ref: HomeRef): Deferred<Down>
  stop(ref: HomeRef, reason: unknown): void
}

export class HomeRef implements Ref<AnyEvent> {
  readonly path: string
  /** @internal */
  readonly number: number
  private readonly carrier: Carrier
  /** @internal Set when this thread is told of the actor's end. */
  end: EndReason | undefined

  constructor(carrier: Carrier, number: number, path: string, end?: EndReason) {
    this.carrier = carrier
    this.number = number
    this.path = path
    this.end = end
  }

  /** Whether it was alive when this thread last heard of it. */
  get isAlive(): boolean {
    return this.end === undefined
  }

  /** @throws UsageError (`REF_ELSEWHERE`): what xstate knows of an actor stays on its thread. */
  get actor(): Ref['actor'] {
    throw new UsageError('REF_ELSEWHERE', `${this.path} is on another thread: it has no xstate actor here`)
  }

  send(ctx: Context, event: EventObject): Offer {
    if (!this.isAlive) return 'closed'
    if (ctx.isCancelled) return 'expired'
    return this.carrier.tell(this, ctx, event) ? 'accepted' : 'full'
  }

  ask(ctx: Context, event: EventObject, options?: AskOptions): Deferred<never> {
    const timeoutMs = askTimeout(options)
    const { carrier, path } = this
    const refusal = !this.isAlive
      ? 'closed'
      : ctx.isCancelled
        ? 'expired'
        : carrier.hasRoom
          ? undefined
          : 'full'
    if (refusal !== undefined) {
      const refused = new Deferred<never>(undefined, ctx.failures)
      refused.reject(refusalError(path, carrier.credits, refusal))
      return refused
    }
    return carrier.ask(this, ctx, event, timeoutMs) as Deferred<never>
  }

  stop(reason?: unknown): Deferred<void> {
    if (!this.isAlive) return Deferred.of<void>(undefined)
    this.carrier.stop(this, reason)
    return this.watch().then(() => {})
  }

  watch(ctx?: Context): Deferred<Down> {
    const { carrier, end } = this
    if (end !== undefined) return Deferred.of<Down>({ type: 'down', ref: this, reason: end })
    const down = carrier.watch(this)
    return ctx === undefined ? down : ctx.bind(down)
  }

  toJSON(): string {
    return this.path
  }
}
