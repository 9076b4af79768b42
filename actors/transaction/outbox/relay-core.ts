/**
 * What a relay does, step by step: it claims, sends, and writes what became of each message.
 *
 * Theory of operation. Whatever happens (a claim is answered, a delivery ends, a timer rings) is only noted, and a step is
 * asked for; the step looks at the whole and does what is to be done. So nothing can be missed, and what happens in one turn
 * costs one step and goes into one settlement.
 *
 * Rules: a message is sent only if its whole `sendMs` fits into its lease. What is thrown by a destination, or the store, is
 * the matter of that message, or of that attempt: neither ends the relay.
 */
import type { Context } from '../../../runtime/context/context.ts'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { GreenroomError } from '../../../runtime/errors.ts'
import type { System } from '../../../runtime/system/system.ts'
import { calling } from './calling.ts'
import { type Claim, Claimer } from './claimer.ts'
import { type Delivery, type Destination, undeliverable } from './destination.ts'
import { type Held, type Lane, Lanes } from './lanes.ts'
import type { OutboxStore } from './outbox-store.ts'
import type { RelayLimits } from './relay-limits.ts'
import { RelayCounters, type RelayReport, type RelayStatistics } from './relay-report.ts'
import { Settlements } from './settlements.ts'
import { failureOf } from './verdict.ts'

export interface RelayPlan {
  readonly store: OutboxStore
  /** By the names that are given to `tx.publish`. */
  readonly destinations: ReadonlyMap<string, Destination>
  readonly limits: RelayLimits
  readonly report: (report: RelayReport) => void
}

export class RelayCore {
  private readonly ctx: Context<typeof System>
  private readonly plan: RelayPlan
  private readonly onChange: () => void
  private readonly lanes: Lanes
  private readonly claimer: Claimer
  private readonly settlements: Settlements
  private readonly counters = new RelayCounters()
  private isDraining = false
  private isOver = false

  /**
   * @param ctx - the actor's own.
   * @param onChange - asks for a step.
   */
  constructor(ctx: Context<typeof System>, plan: RelayPlan, onChange: () => void) {
    this.ctx = ctx
    this.plan = plan
    this.onChange = onChange
    const { store, limits } = plan
    const strict = [...plan.destinations].flatMap(([name, { order }]) => (order === 'strict' ? [name] : []))
    this.lanes = new Lanes(limits, new Set(strict))
    this.claimer = new Claimer(ctx, store, limits, strict, onChange, (error) =>
      this.storeFailed('claim', error),
    )
    this.settlements = new Settlements(
      ctx,
      store,
      limits,
      (id, isFree) => this.settled(id, isFree),
      onChange,
      (error) => this.storeFailed('settle', error),
    )
  }

  wake(): void {
    this.claimer.wake()
  }

  /** Claims no more, and gives back what is not under way. */
  drain(): void {
    this.isDraining = true
    this.settlements.drain()
  }

  /** Draining, and nothing is left to do. */
  get isDrained(): boolean {
    return this.isDraining && !this.claimer.isAsking && this.lanes.sending === 0 && this.settlements.isEmpty
  }

  step(): void {
    const claim = this.claimer.take()
    if (claim !== undefined) this.claimed(claim)
    for (const lane of this.lanes.values()) {
      if (this.isDraining) this.giveBack(lane)
      else this.send(lane)
    }
    this.settlements.step()
    if (!this.isDraining) this.claimer.step(this.lanes)
  }

  /** The end, however it came: leases see to what is left. */
  close(): void {
    this.isOver = true
    this.claimer.close()
    this.settlements.close()
  }

  statistics(): RelayStatistics {
    return this.counters.read(this.lanes.held, this.lanes.sending)
  }

  private claimed({ answer, askedMs }: Claim): void {
    const { leaseMs, sendMs } = this.plan.limits
    const sendByMs = askedMs + (leaseMs - sendMs) / 2
    for (const message of answer.messages) {
      // One whose lease has run out in our own hands: what became of it is still to be written.
      if (!this.lanes.has(message.id)) this.lanes.add({ ...message, sendByMs })
    }
    for (const { id, attempt } of answer.died) {
      this.died(id, attempt - 1, new GreenroomError('OUTBOX_NEVER_HEARD_OF', 'nobody said what became of it'))
    }
  }

  private send(lane: Lane): void {
    for (let held = this.lanes.next(lane); held !== undefined; held = this.lanes.next(lane)) {
      if (this.ctx.clock.nowMs() > held.sendByMs) this.settlements.release(held)
      else this.begin(lane, held)
    }
  }

  private giveBack(lane: Lane): void {
    for (const held of lane.waiting) this.settlements.release(held)
    lane.waiting = []
  }

  private begin(lane: Lane, held: Held): void {
    lane.sending += 1
    const { sendMs } = this.plan.limits
    // Ended when it is over, so that nothing of it is left: neither its timer nor who listens to its signal.
    const [ctx, end] = this.ctx
      .withTrace(held.traceparent ?? undefined)
      .withTimeout(sendMs)
      .withCancel()
    const delivery: Deferred<unknown> = ctx.bind(calling(() => this.deliver(ctx, held)))
    const over = (outcome: () => void): void => {
      end('its delivery is over')
      if (this.isOver) return
      lane.sending -= 1
      outcome()
      this.onChange()
    }
    delivery.listen(
      () => over(() => this.delivered(held)),
      (error) => over(() => this.failed(lane, held, error)),
    )
  }

  private deliver(ctx: Context<typeof System>, held: Held): unknown {
    const { destinations } = this.plan
    const destination = destinations.get(held.destination)
    if (destination === undefined) throw unknownDestination(held.destination, destinations)
    const message: Delivery = {
      id: held.id,
      destination: held.destination,
      payload: parsed(held.payload),
      attempt: held.attempt,
      createdMs: held.createdMs,
    }
    return destination.deliver(ctx, message)
  }

  private delivered(held: Held): void {
    this.counters.delivered += 1
    this.settlements.acknowledge(held)
  }

  private failed(lane: Lane, held: Held, error: unknown): void {
    const { id, attempt, destination } = held
    const { clock, random } = this.ctx
    const nowMs = clock.wallMs()
    const failure = failureOf(held, error, nowMs, random, this.plan.limits)
    this.settlements.fail(failure)
    if (failure.dueMs === undefined) {
      this.died(id, attempt, error, destination)
      return
    }
    this.counters.failed += 1
    this.plan.report({ type: 'failed', id, destination, attempt, error, retryInMs: failure.dueMs - nowMs })
    // They come again behind it.
    if (lane.isStrict) this.giveBack(lane)
  }

  private settled(id: number, isFree: boolean): void {
    this.lanes.drop(id)
    if (isFree) this.claimer.wake()
  }

  private died(id: number, attempt: number, error: unknown, destination?: string): void {
    this.counters.died += 1
    this.plan.report({ type: 'died', id, destination, attempt, error })
  }

  private storeFailed(during: 'claim' | 'settle', error: unknown): void {
    this.plan.report({ type: 'storeFailed', during, error })
  }
}

function parsed(payload: string): unknown {
  try {
    return JSON.parse(payload)
  } catch (error) {
    throw undeliverable(new SyntaxError('its payload is not JSON', { cause: error }))
  }
}

function unknownDestination(name: string, destinations: ReadonlyMap<string, Destination>): GreenroomError {
  const known = [...destinations.keys()].map((other) => `"${other}"`).join(', ')
  return new GreenroomError(
    'OUTBOX_UNKNOWN_DESTINATION',
    `no destination is named "${name}"; there ${known === '' ? 'is none' : `are ${known}`}`,
  )
}
