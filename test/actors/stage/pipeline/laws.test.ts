/**
 * Laws, over random flows of random speeds, with items that fail, are called off, or are too late anywhere:
 *
 * - every item that was taken is settled once, and the flow's books balance after every step;
 * - one that nobody calls off, and that fails nowhere, has gone through every stage, each once;
 * - no stage holds more than it may, nor the flow; no stage but the first has refused anything;
 * - items of one key come out in their order, if each stage keeps it;
 * - in the end nothing is left: no item, no actor, no timer, no failure unseen.
 */
import test from 'ava'
import fc from 'fast-check'
import type { Stage, StageConfig } from '../../../../actors/stage/interface.ts'
import { jobs } from '../../../../actors/stage/member-logic.ts'
import { type Flow, fanOut, flowOf } from '../../../../actors/stage/pipeline/flow.ts'
import { pool } from '../../../../actors/stage/pool.ts'
import { isRefused } from '../../../../actors/stage/refused.ts'
import { openStage } from '../../../../actors/stage/stage.ts'
import type { Context } from '../../../../runtime/context/context.ts'
import { codeOf } from '../../../../runtime/errors.ts'
import { World } from '../../../runtime/system/world.ts'
import { endInProperty } from './support.ts'

const stagePlan = fc.record({
  ms: fc.nat(5),
  concurrency: fc.integer({ min: 1, max: 3 }),
  queueCapacity: fc.integer({ min: 1, max: 4 }),
  order: fc.constantFrom('none', 'fifo', 'key'),
  hasAdmission: fc.boolean(),
  isPool: fc.boolean(),
})
type StagePlan = typeof stagePlan extends fc.Arbitrary<infer S> ? S : never

/** A stage, or lanes: each a stage, and another one behind it. */
const partPlan = fc.record({
  lanes: fc.array(stagePlan, { minLength: 1, maxLength: 3 }),
  isDeep: fc.boolean(),
  window: fc.integer({ min: 1, max: 5 }),
})
type PartPlan = typeof partPlan extends fc.Arbitrary<infer P> ? P : never

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      key: fc.nat(3),
      /** The stage in which it fails, in the order in which they were made. */
      failsAt: fc.option(fc.nat(6), { freq: 4 }),
      leaves: fc.option(
        fc.record({ how: fc.constantFrom('deferred', 'context', 'deadline'), afterMs: fc.nat(30) }),
        { freq: 4 },
      ),
    }),
  },
  { weight: 4, arbitrary: fc.record({ ms: fc.nat(8) }) },
)
type Step = typeof step extends fc.Arbitrary<infer S> ? S : never

interface Item {
  readonly id: number
  readonly key: number
  readonly failsAt: number | null
  readonly path: number[]
}

interface Known {
  readonly item: Item
  readonly canLeave: boolean
  readonly settled: unknown[]
}

class Program {
  readonly world = new World()
  private readonly stages: {
    readonly stage: Stage<Item, Item>
    readonly plan: StagePlan
  }[] = []
  private readonly flow: Flow<Item, Item>
  private readonly depth: number
  private readonly insideMax: number
  private readonly isOrdered: boolean
  private readonly known: Known[] = []
  private readonly cameOut: Item[] = []
  private refused = 0

  constructor(first: StagePlan, parts: readonly PartPlan[]) {
    let flow = flowOf(this.open(first))
    // Of each stage but the last of all, what its window allows, lanes by lanes; of those, what they hold.
    let before = 0
    let held = first.concurrency + first.queueCapacity
    for (const part of parts) {
      const { window, lanes, isDeep } = part
      before += window
      held = 0
      const sections = lanes.map((lane) => {
        const one = flowOf(this.open(lane))
        held += lane.concurrency + lane.queueCapacity + (isDeep ? window : 0)
        return isDeep ? one.map((item) => item).to(this.open(lane), { window }) : one
      })
      flow = flow.to(
        sections.length === 1 ? (sections[0] as typeof flow) : fanOut(({ key }) => key, sections),
        {
          window,
        },
      )
    }
    this.flow = flow
    this.insideMax = before + held
    this.depth = 1 + parts.reduce((sum, { isDeep }) => sum + (isDeep ? 2 : 1), 0)
    this.isOrdered = this.stages.every(({ plan }) => plan.order !== 'none' || plan.concurrency === 1)
  }

  private open(plan: StagePlan): Stage<Item, Item> {
    const { ms, concurrency, queueCapacity, order, hasAdmission, isPool } = plan
    const index = this.stages.length
    const handle = (item: Item, ctx: Context) => {
      if (item.path.includes(index)) throw new Error(`${item.id} came twice`)
      item.path.push(index)
      return ctx.after(ms).then(() => {
        if (item.failsAt === index) throw new RangeError('it fails here')
        return item
      })
    }
    const handler: StageConfig<Item, Item>['handler'] = isPool
      ? pool(jobs<Item, Item>(handle), { min: concurrency, max: concurrency })
      : handle
    const stage = openStage<Item, Item>(this.world.ctx, {
      handler,
      order: order === 'key' ? ({ key }) => key : order,
      admission: hasAdmission ? { targetMs: 20 } : false,
      limits: { concurrency, queueCapacity, prefetch: 1 },
    })
    this.stages.push({ stage, plan })
    return stage
  }

  async take(one: Step): Promise<void> {
    if ('ms' in one) await this.world.advance(one.ms)
    else this.submit(one)
    this.check()
  }

  private submit({ key, failsAt, leaves }: Exclude<Step, { ms: number }>): void {
    const { world } = this
    const item: Item = { id: this.known.length, key, failsAt, path: [] }
    const how = leaves?.how
    const [ctx, cancel] =
      how === 'context'
        ? world.ctx.withCancel()
        : [how === 'deadline' ? world.ctx.withTimeout(leaves?.afterMs ?? 0) : world.ctx, undefined]
    const result = this.flow.submit(ctx, item)
    if (isRefused(result)) {
      this.refused += 1
      return
    }
    const known: Known = { item, canLeave: leaves !== null, settled: [] }
    this.known.push(known)
    result.listen(
      (value) => {
        known.settled.push(value === item ? undefined : 'another one')
        this.cameOut.push(item)
      },
      (error) => void known.settled.push(error instanceof RangeError ? 'RANGE' : codeOf(error)),
    )
    if (leaves === null || how === 'deadline') return
    world.clock.schedule(world.clock.nowMs() + leaves.afterMs, () => {
      if (cancel === undefined) result.cancel()
      else cancel('it leaves')
    })
  }

  private check(): void {
    const { inside, waiting, submitted, completed, failed, refused, expired, stages } = this.flow.statistics()
    const { known } = this
    if (submitted !== completed + failed + refused + expired + inside)
      throw new Error('the books do not balance')
    if (submitted !== known.length + this.refused)
      throw new Error(`${submitted} of ${known.length} submitted`)
    if (inside !== known.filter(({ settled }) => settled.length === 0).length)
      throw new Error(`${inside} inside`)
    if (inside > this.insideMax || waiting > inside) throw new Error(`${inside} inside, ${waiting} wait`)
    if (known.some(({ settled }) => settled.length > 1)) throw new Error('an item was settled twice')
    stages.forEach((stage, at) => {
      const { plan } = this.stages[at] as (typeof this.stages)[number]
      if (stage.queued > plan.queueCapacity) throw new Error(`${stage.queued} wait in stage ${at}`)
      if (at > 0 && stage.refused > 0) throw new Error(`stage ${at} has refused`)
    })
  }

  /** Lets everything come to its end. */
  async end(): Promise<void> {
    await this.world.advance(10_000)
    this.check()
    for (const { item, canLeave, settled } of this.known) {
      const [outcome] = settled
      const isRight =
        outcome === undefined
          ? settled.length === 1 && item.path.length === this.depth
          : outcome === 'RANGE'
            ? item.path.at(-1) === item.failsAt
            : canLeave
      if (!isRight) throw new Error(`${item.id} came by ${item.path}, and was settled: ${settled}`)
    }
    for (const key of this.isOrdered ? [0, 1, 2, 3] : []) {
      const ids = this.cameOut.filter((item) => item.key === key).map(({ id }) => id)
      if (ids.some((id, at) => at > 0 && id < (ids[at - 1] as number))) throw new Error(`key ${key}: ${ids}`)
    }
    if (this.flow.statistics().inside > 0) throw new Error('something is left')
    await endInProperty(this.world)
  }
}

test('the laws hold', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      stagePlan,
      fc.array(partPlan, { maxLength: 3 }),
      fc.array(step, { maxLength: 80, size: 'max' }),
      async (first, parts, steps) => {
        const program = new Program(first, parts)
        for (const one of steps) await program.take(one)
        await program.end()
      },
    ),
    { numRuns: 200, includeErrorInReport: true },
  )
  t.pass()
})
