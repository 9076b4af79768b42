/**
 * Holds back what is said to an actor, until the test lets it through: for everything that depends on who is heard
 * first. The counterpart of `MemoryClient.fence`, for messages instead of bytes.
 *
 * It stands before one ref, and holds for those who were given the fence's ref in its place. Senders notice nothing: a
 * held message is `accepted`, a held question may be cancelled, is cancelled with its context, and runs into its timeout.
 */
import type { Context } from '../context/context.ts'
import type { Deferred } from '../deferred/deferred.ts'
import { defaultLimits } from '../limits.ts'
import type { EventObject } from '../mailbox/envelope.ts'
import { Fifo } from '../mailbox/fifo.ts'
import type { Offer } from '../mailbox/refusal.ts'
import { AskError } from '../system/errors.ts'
import type { AnyEvent, AskOptions, Down, Ref } from '../system/ref.ts'
import { System } from '../system/system.ts'

export interface MessageFenceOptions {
  /** Messages that may be held; one more is answered `full`. Default 1,024, as a mailbox's. */
  readonly capacity?: number
}

export interface MessageFence<E extends EventObject> {
  /** To be given to those whose messages are to be held. In all else it is the ref of the actor itself. */
  readonly ref: Ref<E>
  /** The messages held, the oldest first. */
  readonly held: readonly E[]
  /** Lets the oldest through, `count` of them (default 1), and goes on holding. @returns how many there were. */
  pass(count?: number): number
  /** Lets everything through, in order, and holds nothing from now on. */
  release(): void
}

export function createMessageFence<E extends EventObject>(
  ref: Ref<E>,
  options: MessageFenceOptions = {},
): MessageFence<E> {
  const fence = new FencedRef(
    ref as unknown as Ref<AnyEvent>,
    options.capacity ?? defaultLimits.mailboxCapacity,
  )
  return {
    ref: fence as unknown as Ref<E>,
    get held() {
      return fence.heldEvents as E[]
    },
    pass: (count = 1) => fence.pass(count),
    release: () => fence.release(),
  }
}

interface HeldMessage {
  readonly event: EventObject
  letThrough(): void
}

class FencedRef implements Ref<AnyEvent> {
  private readonly target: Ref<AnyEvent>
  private readonly capacity: number
  private readonly waiting = new Fifo<HeldMessage>()
  private isOpen = false

  constructor(target: Ref<AnyEvent>, capacity: number) {
    this.target = target
    this.capacity = capacity
  }

  get path(): string {
    return this.target.path
  }

  get isAlive(): boolean {
    return this.target.isAlive
  }

  get actor(): Ref['actor'] {
    return this.target.actor
  }

  send(ctx: Context, event: AnyEvent, sender?: Ref): Offer {
    const { target } = this
    if (!this.holds(ctx)) return target.send(ctx, event, sender)
    if (this.isFull) return 'full'
    this.waiting.push({ event, letThrough: () => void target.send(ctx, event, sender) })
    return 'accepted'
  }

  ask(ctx: Context, event: AnyEvent, options: AskOptions = {}): Deferred<unknown> {
    const { target, path, capacity } = this
    if (!this.holds(ctx)) return target.ask(ctx, event, options)
    if (this.isFull) {
      const why = `the fence before ${path} holds ${capacity} of ${capacity} messages`
      return this.failed(ctx, new AskError('ASK_REFUSED', path, why, { refusal: 'full' }))
    }
    const { clock } = ctx
    const timeoutMs = options.timeoutMs ?? (ctx.find(System)?.limits ?? defaultLimits).askTimeoutMs
    const timeoutAtMs = clock.nowMs() + timeoutMs
    // Ended by whatever comes first: its time, its context, a cancellation, or the question's way through.
    const hold = ctx.after(timeoutMs)
    const reply = ctx.deferred<unknown>((reason) => hold.cancel(reason))
    const message: HeldMessage = {
      event,
      letThrough: () => {
        reply.resolve(target.ask(ctx, event, { ...options, timeoutMs: timeoutAtMs - clock.nowMs() }))
        hold.cancel()
      },
    }
    this.waiting.push(message)
    const giveUp = (error: unknown) => {
      this.waiting.remove(message)
      reply.reject(error)
    }
    hold.listen(
      () => giveUp(new AskError('ASK_TIMEOUT', path, `${path} did not answer within ${timeoutMs} ms`)),
      giveUp,
    )
    return reply
  }

  stop(reason?: unknown): Deferred<void> {
    return this.target.stop(reason)
  }

  watch(ctx?: Context): Deferred<Down> {
    return this.target.watch(ctx)
  }

  get heldEvents(): readonly EventObject[] {
    return Array.from(this.waiting, ({ event }) => event)
  }

  pass(count: number): number {
    let passed = 0
    for (; passed < count; passed++) {
      const message = this.waiting.shift()
      if (message === undefined) break
      message.letThrough()
    }
    return passed
  }

  release(): void {
    this.pass(Infinity)
    this.isOpen = true
  }

  /** What would be refused at the actor's door is refused by the actor. */
  private holds(ctx: Context): boolean {
    return !this.isOpen && this.target.isAlive && !ctx.isCancelled
  }

  private get isFull(): boolean {
    return this.waiting.size >= this.capacity
  }

  private failed(ctx: Context, error: AskError): Deferred<never> {
    const reply = ctx.deferred<never>()
    reply.reject(error)
    return reply
  }
}
