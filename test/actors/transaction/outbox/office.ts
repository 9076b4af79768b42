/**
 * An outbox with its relay in a world of its own: the real statements on SQLite in memory, the manual clock, and destinations
 * that do what the test says.
 */
import { list } from '../../../../actors/transaction/outbox/desk.ts'
import type { Delivery, Destination } from '../../../../actors/transaction/outbox/destination.ts'
import type { Claimed, Entry } from '../../../../actors/transaction/outbox/message.ts'
import type { OutboxStore } from '../../../../actors/transaction/outbox/outbox-store.ts'
import { type RelayEvent, relay } from '../../../../actors/transaction/outbox/relay.ts'
import type { RelayLimits } from '../../../../actors/transaction/outbox/relay-limits.ts'
import type { RelayReport } from '../../../../actors/transaction/outbox/relay-report.ts'
import { claim, insertPublished, settle } from '../../../../actors/transaction/outbox/store.ts'
import type { Context } from '../../../../runtime/context/context.ts'
import { Deferred } from '../../../../runtime/deferred/deferred.ts'
import type { Ref } from '../../../../runtime/system/ref.ts'
import type { World } from '../../../runtime/system/world.ts'
import { type Bench, openSqlite } from './bench.ts'

/** One delivery that the test has to answer. */
export interface Sent extends Delivery {
  readonly ctx: Context
  readonly atMs: number
  readonly answer: Deferred<unknown>
}

export class Office {
  readonly world: World
  readonly bench: Bench = openSqlite()
  /** All deliveries that were begun, in order. */
  readonly sent: Sent[] = []
  readonly reports: RelayReport[] = []
  /** Messages that claims have given. */
  readonly claims: { readonly atMs: number; readonly messages: readonly Claimed[] }[] = []
  settlements = 0
  /** What the store fails with from now on. */
  failure: unknown = undefined
  /** What `claim`, or `settle`, waits for from now on. */
  gates: { claim?: Deferred<void> | undefined; settle?: Deferred<void> | undefined } = {}

  constructor(world: World) {
    this.world = world
  }

  /** A destination whose deliveries the test answers by itself. */
  byHand(order?: 'concurrent' | 'strict'): Destination {
    return this.answering(() => new Deferred<unknown>(), order)
  }

  answering(answer: (message: Delivery) => unknown, order?: 'concurrent' | 'strict'): Destination {
    return {
      ...(order === undefined ? {} : { order }),
      deliver: (ctx, message) => {
        const deferred = Deferred.from(answer(message))
        const atMs = this.world.clock.nowMs()
        this.sent.push({ ...message, ctx: ctx as unknown as Context, atMs, answer: deferred })
        return deferred
      },
    }
  }

  /** Every destination: its deliveries succeed at once, unless `answer` says otherwise. */
  relay(
    destinations: Readonly<Record<string, Destination>>,
    limits: Partial<RelayLimits> = {},
  ): Ref<RelayEvent> {
    const { ctx } = this.world
    const report = (told: RelayReport) => void this.reports.push(told)
    return this.world.spawn(ctx, relay({ store: this.store, destinations, limits, report }), {
      shutdownMs: 60_000,
    })
  }

  readonly store: OutboxStore = {
    claim: async (_ctx, request) => {
      await this.gates.claim
      this.checkWell()
      const answer = await this.bench.transact((tx) => claim(tx, request))
      this.claims.push({ atMs: this.world.clock.nowMs(), messages: answer.messages })
      return answer
    },
    settle: async (_ctx, settlement) => {
      await this.gates.settle
      this.checkWell()
      await this.bench.transact((tx) => settle(tx, settlement))
      this.settlements += 1
    },
  }

  publish(destinations: readonly string[], traceparent?: string, delayMs = 0): Promise<void> {
    const published = destinations.map((destination, index) => ({
      destination,
      payload: `{"n":${index}}`,
      delayMs,
    }))
    return this.bench.transact((tx) => insertPublished(tx, published, this.world.clock.wallMs(), traceparent))
  }

  entries(): Promise<Entry[]> {
    const nowMs = this.world.clock.wallMs()
    return this.bench.transact((tx) => list(tx, { nowMs, limit: 1_000, payloadMax: 100 }))
  }

  /** Ids of the messages that were sent, in order. */
  get ids(): number[] {
    return this.sent.map(({ id }) => id)
  }

  private checkWell(): void {
    if (this.failure !== undefined) throw this.failure
  }
}
