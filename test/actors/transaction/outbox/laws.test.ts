/**
 * Laws, over random programs of messages, answers, failures, crashes and time, with two relays at one outbox:
 *
 * - every message is delivered at least once, or dead after its attempts;
 * - none is sent again that was delivered, or is under way, before the lease of that attempt has run out;
 * - none is sent more often than it may be, and each delivery has to end before its lease;
 * - of a strict destination none is sent while an earlier one is neither delivered nor dead;
 * - when all is well again nothing is left but the dead.
 */
import test from 'ava'
import fc from 'fast-check'
import type { Delivery } from '../../../../actors/transaction/outbox/destination.ts'
import type { RelayEvent } from '../../../../actors/transaction/outbox/relay.ts'
import type { RelayLimits } from '../../../../actors/transaction/outbox/relay-limits.ts'
import { Deferred } from '../../../../runtime/deferred/deferred.ts'
import type { Ref } from '../../../../runtime/system/ref.ts'
import { World } from '../../../runtime/system/world.ts'
import { Office } from './office.ts'

const names = ['well', 'hand', 'strict', 'unknown'] as const

const limits: Partial<RelayLimits> = {
  batch: 6,
  heldMax: 12,
  concurrency: 3,
  attemptsMax: 5,
  leaseMs: 3_000,
  sendMs: 2_000,
  retryMaxMs: 4_000,
  pollMaxMs: 1_000,
}

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      to: fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 9 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant('answer' as const), which: fc.nat(20), isWell: fc.boolean() }),
  },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.nat(2_500) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wake' as const), relay: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fail' as const), isDown: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('crash' as const), relay: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drain' as const), relay: fc.nat(1) }) },
)

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

/** What is known of one delivery. */
interface Begun {
  readonly delivery: Delivery
  readonly wallMs: number
  readonly answer: Deferred<unknown>
  outcome: 'open' | 'delivered' | 'failed'
}

class Run {
  readonly world = new World()
  readonly office = new Office(this.world)
  readonly begun: Begun[] = []
  readonly destinationOf = new Map<number, string>()
  readonly relays: Ref<RelayEvent>[] = []
  /** From now on everybody answers. */
  isWell = false

  async begin(): Promise<void> {
    this.relays.push(this.spawn(), this.spawn())
    await this.world.settle()
  }

  async do(step: Step): Promise<void> {
    const { world, office } = this
    switch (step.do) {
      case 'publish':
        await office.publish(step.to)
        for (const { id, destination } of await office.entries()) this.destinationOf.set(id, destination)
        break
      case 'answer': {
        const open = this.begun.filter(({ answer }) => answer.isPending)
        const one = open[step.which % Math.max(1, open.length)]
        if (step.isWell) one?.answer.resolve(undefined)
        else one?.answer.reject(new RangeError('no'))
        break
      }
      case 'advance':
        await world.advance(step.ms)
        break
      case 'wake':
        this.relays[step.relay]?.send(world.ctx, { type: 'wake' })
        break
      case 'fail':
        office.failure = step.isDown ? new Error('down') : undefined
        break
      case 'crash':
        void this.relays[step.relay]?.stop()
        this.relays[step.relay] = this.spawn()
        break
      case 'drain':
        this.relays[step.relay]?.send(world.ctx, { type: 'drain' })
        this.relays[step.relay] = this.spawn()
    }
    await world.settle()
  }

  /** Everything is well again, and time passes until nothing happens any more. */
  async recover(): Promise<void> {
    this.isWell = true
    this.office.failure = undefined
    for (const { answer } of this.begun) answer.resolve(undefined)
    await this.world.advance(60_000)
  }

  private spawn(): Ref<RelayEvent> {
    return this.office.relay(
      {
        well: { deliver: (_ctx, message) => this.deliver(message, true) },
        hand: { deliver: (_ctx, message) => this.deliver(message, false) },
        strict: { deliver: (_ctx, message) => this.deliver(message, false), order: 'strict' },
      },
      limits,
    )
  }

  private deliver(delivery: Delivery, isWell: boolean): Deferred<unknown> {
    const answer = new Deferred<unknown>()
    const begun: Begun = { delivery, wallMs: this.world.clock.wallMs(), answer, outcome: 'open' }
    this.check(begun)
    this.begun.push(begun)
    answer.listen(
      () => {
        begun.outcome = 'delivered'
      },
      () => {
        begun.outcome = 'failed'
      },
    )
    if (isWell || this.isWell) answer.resolve(undefined)
    return answer
  }

  private check({ delivery, wallMs }: Begun): void {
    const { id, attempt, destination } = delivery
    if (attempt > 5) throw new Error(`attempt ${attempt} of ${id}`)
    if (wallMs + 2_000 > this.leaseOf(delivery)) throw new Error(`${id} may outlast its lease`)
    for (const before of this.begun) {
      if (before.delivery.id !== id || before.outcome === 'failed') continue
      if (wallMs < this.leaseOf(before.delivery)) throw new Error(`${id} is sent again while it is leased`)
    }
    if (destination !== 'strict') return
    for (const [other, name] of this.destinationOf) {
      if (other < id && name === 'strict' && !this.isDone(other)) throw new Error(`${id} overtakes ${other}`)
    }
  }

  isDone(id: number): boolean {
    return this.isDelivered(id) || this.office.reports.some((told) => told.type === 'died' && told.id === id)
  }

  isDelivered(id: number): boolean {
    return this.begun.some(({ delivery, outcome }) => delivery.id === id && outcome === 'delivered')
  }

  /** When the lease of this attempt runs out, as Unix time in milliseconds. */
  private leaseOf({ id, attempt }: Delivery): number {
    let untilMs = 0
    for (const { messages } of this.office.claims) {
      for (const claimed of messages) {
        if (claimed.id === id && claimed.attempt === attempt)
          untilMs = Math.max(untilMs, claimed.leasedUntilMs)
      }
    }
    return untilMs
  }
}

test('whatever happens, messages are delivered at least once, in time, and no more often than they must', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (program) => {
      const run = new Run()
      await run.begin()
      for (const one of program) await run.do(one)
      await run.recover()
      const left = await run.office.entries()
      const dead = new Set(left.filter(({ state }) => state === 'dead').map(({ id }) => id))
      t.is(left.length, dead.size, 'what is left is dead')
      for (const [id, destination] of run.destinationOf) {
        if (destination === 'unknown') t.true(dead.has(id))
        else t.true(dead.has(id) || run.isDelivered(id), `${id} was delivered, or is dead`)
        if (destination === 'well') t.false(dead.has(id))
      }
      t.deepEqual(
        run.office.reports.filter((told) => told.type !== 'storeFailed' && codeOfBug(told.error)),
        [],
      )
      await run.world.end(t)
      await run.office.bench.close()
    }),
    { numRuns: Number(process.env.RUNS ?? 40) },
  )
})

/** What `check` has thrown became a failure of its delivery. */
function codeOfBug(error: unknown): boolean {
  return error instanceof Error && error.constructor === Error && error.message !== 'down'
}
