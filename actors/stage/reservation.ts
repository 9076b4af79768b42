/** Slots of the queue that are held for jobs yet to come. */
import type { Context } from '../../runtime/context/context.ts'
import { Deferred } from '../../runtime/deferred/deferred.ts'
import { UsageError } from '../../runtime/errors.ts'
import type { EventObject } from '../../runtime/mailbox/envelope.ts'
import type { Clock, Timer } from '../../runtime/time/clock.ts'
import { reservationOverError } from './errors.ts'
import type { Reply, Reservation } from './interface.ts'
import { Linked, LinkedList } from './linked-list.ts'

export interface SlotOptions {
  /** Index of the class. */
  readonly class: number
  readonly reply: Reply<unknown, EventObject> | undefined
}

/** Who takes the job for a slot. */
export interface SlotOwner {
  readonly name: string
  /** @throws what the function throws that gives a job's key. */
  keyOf(job: unknown): PropertyKey | undefined
  /** The slot becomes a job of its context. */
  fill(slot: Slot, job: unknown, key: PropertyKey | undefined): Deferred<unknown>
  /** A job came for a slot that was held no longer. */
  late(): void
  /** A slot was given back, or taken back, without a job. */
  freed(): void
}

export class Slot extends Linked implements Reservation<unknown, unknown> {
  private readonly slots: Slots
  readonly ctx: Context
  /** What was said when it was reserved. */
  readonly options: SlotOptions
  readonly untilMs: number
  /** Why it is held no longer, where nobody has used it. */
  private over: string | undefined = undefined
  private isUsed = false
  unlisten: (() => void) | undefined = undefined

  constructor(slots: Slots, ctx: Context, options: SlotOptions, untilMs: number) {
    super()
    this.slots = slots
    this.ctx = ctx
    this.options = options
    this.untilMs = untilMs
  }

  get isHeld(): boolean {
    return !this.isUsed && this.over === undefined
  }

  commit(job: unknown): Deferred<unknown> {
    const { owner } = this.slots
    if (this.isUsed) {
      throw new UsageError(
        'STAGE_RESERVATION_USED',
        `the slot reserved in stage "${owner.name}" has been committed or aborted already`,
      )
    }
    const key = owner.keyOf(job)
    // Its deadline may have passed a moment ago, and nobody has noticed yet.
    if (this.over === undefined && this.ctx.isCancelled) this.end('its context has ended')
    this.isUsed = true
    if (this.over !== undefined) {
      owner.late()
      const late = new Deferred<unknown>(undefined, this.ctx.failures)
      late.reject(reservationOverError(owner.name, this.over))
      return late
    }
    this.slots.remove(this)
    return owner.fill(this, job, key)
  }

  abort(): void {
    const { isHeld } = this
    this.isUsed = true
    if (!isHeld) return
    this.slots.remove(this)
    this.slots.owner.freed()
  }

  end(why: string): void {
    if (!this.isHeld) return
    this.over = why
    this.slots.remove(this)
    this.slots.owner.freed()
  }
}

export class Slots {
  readonly owner: SlotOwner
  private readonly clock: Clock
  private readonly holdMs: number
  private readonly held = new LinkedList<Slot>()
  /** One for all: of the oldest. */
  private timer: Timer | undefined = undefined

  constructor(owner: SlotOwner, clock: Clock, holdMs: number) {
    this.owner = owner
    this.clock = clock
    this.holdMs = holdMs
  }

  get size(): number {
    return this.held.size
  }

  hold(ctx: Context, options: SlotOptions, nowMs: number): Slot {
    const slot = new Slot(this, ctx, options, nowMs + this.holdMs)
    this.held.push(slot)
    this.arm()
    if (!ctx.isBackground) slot.unlisten = ctx.onCancel(() => slot.end('its context has ended'))
    return slot
  }

  remove(slot: Slot): void {
    this.held.remove(slot)
    slot.unlisten?.()
    if (this.held.size > 0) return
    this.timer?.cancel()
    this.timer = undefined
  }

  endAll(why: string): void {
    for (let slot = this.held.first; slot !== undefined; slot = this.held.first) slot.end(why)
  }

  private arm(): void {
    const { first } = this.held
    if (first === undefined) return
    this.timer ??= this.clock.schedule(first.untilMs, () => {
      this.timer = undefined
      const nowMs = this.clock.nowMs()
      for (let slot = this.held.first; slot !== undefined && slot.untilMs <= nowMs; slot = this.held.first) {
        slot.end(`it was held for ${this.holdMs} ms`)
      }
      this.arm()
    })
  }
}
