/** Law: admission is wired as it was measured: what it decides is what the door does, and is told with its inputs. */
import test from 'ava'
import type { Decided } from '../../../actors/stage/events.ts'
import { isRefused } from '../../../actors/stage/refused.ts'
import { openStage } from '../../../actors/stage/stage.ts'
import { inWorld, type World } from '../../runtime/system/world.ts'
import { balances } from './support.ts'

/** Jobs that come whatever becomes of those before, `everyMs`, for `ms`. */
async function flood(
  world: World,
  submit: (number: number) => unknown,
  everyMs: number,
  ms: number,
): Promise<void> {
  for (let number = 0; number * everyMs < ms; number++) {
    submit(number)
    await world.advance(everyMs)
  }
}

/** A handler that takes so long, on the manual clock. */
function taking(ms: number) {
  return async (_job: number, ctx: { after(ms: number): PromiseLike<void> }) => {
    await ctx.after(ms)
  }
}

test(
  'at four times its capacity a stage refuses most, and answers what it has let in within the target',
  inWorld(async (t, world) => {
    const targetMs = 100
    const stage = openStage(world.ctx, {
      handler: taking(10),
      limits: { concurrency: 1 },
      admission: { targetMs },
    })
    const elapsed: number[] = []
    stage.events.on('settled', ({ elapsedMs }) => elapsed.push(elapsedMs))
    const waits: number[] = []
    await flood(
      world,
      (number) => {
        const result = stage.submit(world.ctx, number)
        if (isRefused(result)) {
          t.is(result.reason, 'overloaded')
          waits.push(result.retryAfterMs)
        }
      },
      2.5,
      2_000,
    )
    await world.advance(1_000)
    const { completed, refused } = stage.statistics()
    t.true(completed >= 190, `${completed} of 200 that could be done`)
    t.true(refused > 550)
    t.true(elapsed.toSorted((a, b) => a - b)[Math.floor(elapsed.length * 0.9)]! <= targetMs * 1.2)
    t.true(waits.every((ms) => Number.isInteger(ms) && ms >= 1 && ms <= 30_000))
    balances(t, stage)
    await world.advance(10_000)
    t.is(world.clock.pending, 0, 'and it comes to rest')
  }),
)

test(
  'at half its capacity a stage refuses nobody',
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, {
      handler: taking(10),
      limits: { concurrency: 1 },
      admission: { targetMs: 100 },
    })
    await flood(world, (number) => stage.submit(world.ctx, number), 20, 2_000)
    await world.advance(100)
    t.like(stage.statistics(), { submitted: 100, completed: 100, refused: 0 })
  }),
)

test(
  'a decision is told with the inputs that it was made from, as plain data',
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, { handler: taking(10), admission: { intervalMs: 100, samplesMin: 1 } })
    const decided: Decided[] = []
    stage.events.on('decided', (event) => decided.push(event))
    stage.submit(world.ctx, 1)
    await world.advance(500)
    const [first] = decided
    t.like(first, { controller: 'admission', decision: { sample: { inside: 0 } } })
    t.deepEqual(JSON.parse(JSON.stringify(first)), first)
    t.like(stage.statistics(), { targetMs: 1_000, admittedPerSecond: Number.POSITIVE_INFINITY })
    t.is(stage.statistics().p90Ms, 10)
  }),
)

test(
  'without admission only a full queue refuses',
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, {
      handler: taking(10),
      admission: false,
      limits: { concurrency: 1, queueCapacity: 5 },
    })
    const reasons = new Set<string>()
    for (let job = 0; job < 50; job++) {
      const result = stage.submit(world.ctx, job)
      if (isRefused(result)) reasons.add(result.reason)
      await world.advance(1)
    }
    t.deepEqual([...reasons], ['full'])
    t.like(stage.statistics(), { targetMs: undefined, p90Ms: undefined })
    await world.advance(100)
    balances(t, stage)
  }),
)

test(
  'every refusal is told, with whose it was',
  inWorld((t, world) => {
    const stage = openStage(world.ctx, {
      handler: (job: number) => job,
      classes: { paid: {}, free: {} },
      limits: { queueCapacity: 1 },
    })
    const told: unknown[] = []
    stage.events.on('refused', ({ refused, class: name, jobs, ctx }) => {
      told.push([refused.reason, name, jobs, ctx === world.ctx])
    })
    stage.submitMany(world.ctx, [1, 2], { class: 'free' })
    stage.close()
    stage.run(world.ctx, 1).catch(() => {})
    t.deepEqual(told, [
      ['full', 'free', 2, true],
      ['closed', 'paid', 1, true],
    ])
  }),
)

test(
  'a listener that throws harms neither the stage nor the listeners after it, and can be taken off',
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, { handler: (job: number) => job, admission: false })
    let settled = 0
    const broken = () => {
      throw new RangeError('listener')
    }
    const counting = () => {
      settled += 1
    }
    stage.events.on('settled', broken).on('settled', counting)
    t.is(await world.result(stage.run(world.ctx, 1)), 1)
    t.is(settled, 1)
    t.is(world.listenerFailures.splice(0).length, 1)
    stage.events.off('settled', broken).off('settled', counting)
    t.false(stage.events.has('settled'))
    t.is(await world.result(stage.run(world.ctx, 2)), 2)
    t.is(settled, 1)
  }),
)
