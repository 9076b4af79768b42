/** How jobs come into a stage: one, several, or for a slot that was reserved. All of it on the submitter's stack. */
import type { Context } from '../../runtime/context/context.ts'
import type { Deferred } from '../../runtime/deferred/deferred.ts'
import type { EventObject } from '../../runtime/mailbox/envelope.ts'
import type { Clock } from '../../runtime/time/clock.ts'
import { invalid } from './controllers/options.ts'
import type { Counters } from './counters.ts'
import type { Door } from './door.ts'
import type { StageEvents } from './events.ts'
import type { Reply } from './interface.ts'
import type { StagePlan } from './plan.ts'
import type { Refused } from './refused.ts'
import { type Slot, type SlotOwner, Slots } from './reservation.ts'

/** Where jobs go that were let in. */
export interface Entrance {
  readonly isOpen: boolean
  readonly counters: Counters
  readonly events: StageEvents
  /** A slot is held no longer. */
  freed(): void
  enter(
    ctx: Context,
    input: unknown,
    index: number,
    key: PropertyKey | undefined,
    nowMs: number,
    reply: Reply<unknown, EventObject> | undefined,
  ): Deferred<unknown>
}

interface Options {
  readonly reply?: Reply<unknown, EventObject>
}

export class Intake implements SlotOwner {
  readonly name: string
  private readonly plan: StagePlan
  private readonly clock: Clock
  private readonly door: Door
  private readonly entrance: Entrance
  private readonly slots: Slots

  constructor(plan: StagePlan, clock: Clock, door: Door, entrance: Entrance) {
    this.name = plan.name
    this.plan = plan
    this.clock = clock
    this.door = door
    this.entrance = entrance
    this.slots = new Slots(this, clock, plan.limits.reservationMs)
  }

  /** Slots that are held. */
  get reserved(): number {
    return this.slots.size
  }

  /** Takes jobs, all or none. @param index - of their class. */
  take(
    ctx: Context,
    given: readonly unknown[],
    index: number,
    options: Options | undefined,
  ): readonly Deferred<unknown>[] | Refused {
    if (!Array.isArray(given)) invalid('jobs', given, 'an array')
    // A hole is a job that is undefined, not one that is left out.
    const inputs = Array.from(given)
    const keys = inputs.map((input) => this.keyOf(input))
    const nowMs = this.clock.nowMs()
    const refused = this.refuses(ctx, index, inputs.length, nowMs)
    if (refused !== undefined) return refused
    return inputs.map((input, i) => this.entrance.enter(ctx, input, index, keys[i], nowMs, options?.reply))
  }

  /** As `take`, for one: without a list. */
  takeOne(
    ctx: Context,
    input: unknown,
    index: number,
    options: Options | undefined,
  ): Deferred<unknown> | Refused {
    const key = this.keyOf(input)
    const nowMs = this.clock.nowMs()
    const refused = this.refuses(ctx, index, 1, nowMs)
    return refused ?? this.entrance.enter(ctx, input, index, key, nowMs, options?.reply)
  }

  /** As `takeOne`, for a flow, which keeps what is refused until there is room: the refusal is not counted, and not told. */
  offer(ctx: Context, input: unknown): Deferred<unknown> | Refused {
    const key = this.keyOf(input)
    const nowMs = this.clock.nowMs()
    return this.looksAt(ctx, 0, 1, nowMs) ?? this.entrance.enter(ctx, input, 0, key, nowMs, undefined)
  }

  reserve(ctx: Context, index: number, options: Options | undefined): Slot | Refused {
    const nowMs = this.clock.nowMs()
    const refused = this.refuses(ctx, index, 1, nowMs)
    return refused ?? this.slots.hold(ctx, { class: index, reply: options?.reply }, nowMs)
  }

  /** No slot is held any more. */
  close(): void {
    this.slots.endAll('the stage has closed')
  }

  // ── SlotOwner ──────────────────────────────────────────────────────────────────────────────────────────────────

  fill({ ctx, options }: Slot, input: unknown, key: PropertyKey | undefined): Deferred<unknown> {
    return this.entrance.enter(ctx, input, options.class, key, this.clock.nowMs(), options.reply)
  }

  freed(): void {
    this.entrance.freed()
  }

  late(): void {
    const { counters } = this.entrance
    counters.submitted += 1
    counters.refused += 1
  }

  private refuses(ctx: Context, index: number, jobs: number, nowMs: number): Refused | undefined {
    const refused = this.looksAt(ctx, index, jobs, nowMs)
    if (refused === undefined) return undefined
    const { counters, events } = this.entrance
    counters.submitted += jobs
    counters.refused += jobs
    if (events.has('refused')) {
      events.emit('refused', { refused, ctx, class: this.plan.classes[index] as string, jobs })
    }
    return refused
  }

  private looksAt(ctx: Context, index: number, jobs: number, nowMs: number): Refused | undefined {
    return this.entrance.isOpen ? this.door.refuses(ctx, index, jobs, nowMs) : this.door.closed()
  }

  keyOf(input: unknown): PropertyKey | undefined {
    const { order } = this.plan
    return typeof order === 'function' ? order(input) : undefined
  }
}
