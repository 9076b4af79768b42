/** Law: a job is taken or refused at once, is done, and its deferred is settled once. */
import test from 'ava'
import { isRefused, type Refused } from '../../../actors/stage/refused.ts'
import { openStage } from '../../../actors/stage/stage.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { codeOf, describe } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { inWorld, type World } from '../../runtime/system/world.ts'
import { Bench, balances, taken } from './support.ts'

test(
  "the result of a job is its handler's",
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, { handler: (job: number) => job * 2 })
    t.is(await world.result(taken(stage.submit(world.ctx, 21))), 42)
    balances(t, stage)
  }),
)

test(
  'a handler that throws, or rejects, fails its job with that error and no other',
  inWorld(async (t, world) => {
    const error = new Error('no')
    const stage = openStage(world.ctx, {
      handler: (job: string): unknown => {
        if (job === 'throws') throw error
        if (job === 'rejects') return Promise.reject(error)
        if (job === 'fails') return Deferred.fail(error)
        return job
      },
    })
    for (const job of ['throws', 'rejects', 'fails']) {
      t.is(await world.error(taken(stage.submit(world.ctx, job))), error)
    }
    t.is(await world.result(taken(stage.submit(world.ctx, 'fine'))), 'fine')
    t.like(stage.statistics(), { submitted: 4, completed: 1, failed: 3 })
  }),
)

test(
  'no more than concurrency jobs are begun, and one that is done makes room for the next',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const stage = openStage(world.ctx, { handler: bench.handle, limits: { concurrency: 2 } })
    const all = [1, 2, 3, 4].map((job) => taken(stage.submit(world.ctx, job)))
    await world.settle()
    t.deepEqual(bench.begun, [1, 2])
    t.like(stage.statistics(), { queued: 2, running: 2 })
    bench.done(20, 2)
    await world.settle()
    t.deepEqual(bench.begun, [1, 2, 3])
    for (const job of [1, 3]) bench.done(job)
    await world.settle()
    bench.done(4)
    t.deepEqual(await world.outcomes(...all), [1, 20, 3, 4])
    balances(t, stage)
  }),
)

test(
  'jobs of one turn are handed over in one step, however many they are',
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, { handler: (job: number) => job, limits: { concurrency: 1_000 } })
    const all = Array.from({ length: 1_000 }, (_, job) => taken(stage.submit(world.ctx, job)))
    t.is(world.turn().steps, 1)
    t.true(all.every(({ status }) => status === 'fulfilled'))
  }),
)

function refusal(
  t: { is(a: unknown, b: unknown): void; true(a: boolean): void },
  result: unknown,
  reason: string,
): Refused {
  t.true(isRefused(result))
  t.is((result as Refused).reason, reason)
  return result as Refused
}

test(
  'a job too many is refused as full, and costs nobody else',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const stage = openStage(world.ctx, {
      name: 'small',
      handler: bench.handle,
      limits: { concurrency: 1, queueCapacity: 2 },
    })
    const first = taken(stage.submit(world.ctx, 1))
    await world.settle()
    const more = [2, 3].map((job) => taken(stage.submit(world.ctx, job)))
    const { retryAfterMs, stage: name } = refusal(t, stage.submit(world.ctx, 4), 'full')
    t.true(retryAfterMs > 0)
    t.is(name, 'small')
    t.is(await world.failure(stage.run(world.ctx, 4)), 'STAGE_REFUSED')
    balances(t, stage)
    for (const value of [1, 2, 3]) {
      bench.done(value)
      await world.settle()
    }
    t.deepEqual(await world.outcomes(first, ...more), [1, 2, 3])
    t.like(stage.statistics(), { submitted: 5, completed: 3, refused: 2 })
  }),
)

test(
  'several are taken all together, or none of them',
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, { handler: (job: number) => job, limits: { queueCapacity: 3 } })
    refusal(t, stage.submitMany(world.ctx, [1, 2, 3, 4]), 'full')
    t.is(stage.statistics().queued, 0)
    const all = stage.submitMany(world.ctx, [1, 2, 3])
    if (isRefused(all)) throw all.toError()
    t.deepEqual(await world.outcomes(...all), [1, 2, 3])
    t.like(stage.statistics(), { submitted: 7, completed: 3, refused: 4 })
    t.deepEqual(stage.submitMany(world.ctx, []), [])
  }),
)

test(
  'a context that has ended is refused as expired, and a closed stage refuses as closed',
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, { handler: (job: number) => job })
    const [ctx, cancel] = world.ctx.withCancel()
    cancel('gone')
    refusal(t, stage.submit(ctx, 1), 'expired')
    refusal(t, stage.submit(world.ctx.withTimeout(0), 1), 'expired')
    refusal(t, stage.reserve(ctx), 'expired')
    const closed = stage.close()
    refusal(t, stage.submit(world.ctx, 1), 'closed')
    await world.result(closed)
    refusal(t, stage.submit(world.ctx, 1), 'closed')
    refusal(t, stage.reserve(world.ctx), 'closed')
    balances(t, stage)
  }),
)

test(
  'a class or an option that is none is refused, and named',
  inWorld((t, world) => {
    const handler = (job: number) => job
    const stage = openStage(world.ctx, { handler, classes: { paid: {}, free: {} } })
    const wrong = { code: 'STAGE_OPTION_INVALID' }
    t.throws(() => stage.submit(world.ctx, 1, { class: 'other' }), {
      ...wrong,
      message: /"other".*paid, free/,
    })
    t.throws(() => stage.run(world.ctx, 1, { class: '' }), wrong)
    const open = (config: object) => () => openStage(world.ctx, { handler, ...config })
    t.throws(open({ handler: 5 }), { ...wrong, message: /handler/ })
    t.throws(open({ order: 'lifo' }), { ...wrong, message: /order/ })
    t.throws(open({ name: 'a/b' }), { ...wrong, message: /name/ })
    t.throws(open({ retries: 1 }), { ...wrong, message: /retries/ })
    t.throws(open({ rerun: -1 }), { ...wrong, message: /rerun/ })
    t.throws(open({ batch: {} }), { ...wrong, message: /batch/ })
    t.throws(open({ classes: {} }), { ...wrong, message: /classes/ })
    t.throws(open({ classes: { a: { targetMs: 0 } } }), { ...wrong, message: /classes\.a\.targetMs/ })
    t.throws(open({ limits: { queueCapacity: 0 } }), { ...wrong, message: /limits\.queueCapacity/ })
    t.throws(open({ limits: { capacity: 1 } }), { ...wrong, message: /limits\.capacity/ })
    t.throws(open({ admission: { targetMs: -1 } }), { ...wrong, message: /admission\.targetMs/ })
    t.is(world.system.actors, 1, 'and nothing was spawned')
  }),
)

test(
  "a reply is sent to its receiver, in the job's context, whatever came of the job",
  inWorld(async (t, world) => {
    const told: unknown[] = []
    const receiver = listener(world, told)
    const stage = openStage(world.ctx, {
      handler: (job: number) => {
        if (job < 0) throw new RangeError('negative')
        return job
      },
    })
    const reply = { to: receiver, event: (outcome: unknown) => ({ type: 'done' as const, outcome }) }
    const fine = taken(stage.submit(world.ctx, 1, { reply }))
    const failed = taken(stage.submit(world.ctx, -1, { reply }))
    t.deepEqual(await world.outcomes(fine, failed), [1, 'UNKNOWN'])
    t.like(told, [{ outcome: { ok: true, value: 1 } }, { outcome: { ok: false } }])
  }),
)

test(
  'a failure that is sent as a reply has been looked at; one that nobody asked for is reported',
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, {
      handler: (): never => {
        throw new RangeError('no')
      },
    })
    const reply = { to: listener(world, []), event: () => ({ type: 'done' as const }) }
    stage.submit(world.ctx, 1, { reply })
    await world.settle()
    t.deepEqual(world.unobserved, [])
    stage.submit(world.ctx, 1)
    await world.settle()
    t.deepEqual(world.unobserved.splice(0).map(codeOf), ['UNKNOWN'])
  }),
)

function listener(world: World, told: unknown[]) {
  return world.spawn(
    world.ctx,
    behaviour({ initial: 'up', states: { up: { done: (_, event) => void told.push(event) } } }),
  )
}

test(
  'what a handler gives and cannot even be looked at fails its job, and nothing else',
  inWorld(async (t, world) => {
    const trap = Object.defineProperty({}, 'then', {
      get() {
        throw new RangeError('a trap')
      },
    })
    const stage = openStage<string, unknown>(world.ctx, { handler: (job) => (job === 'trap' ? trap : job) })
    const outcomes = Promise.all(
      ['a', 'trap', 'b'].map((job) => stage.run(world.ctx, job).then(String, describe)),
    )
    await world.settle()
    t.deepEqual(await outcomes, ['a', 'a trap', 'b'])
    balances(t, stage)
  }),
)

test(
  'the context of a job ends with it: what it has left behind there goes',
  inWorld(async (t, world) => {
    const ends: string[] = []
    const stage = openStage<string, string>(world.ctx, {
      admission: false,
      handler: async (job, ctx) => {
        ctx.onCancel(() => ends.push(job))
        await ctx.after(1)
        return job
      },
    })
    const done = stage.run(world.ctx, 'a')
    await world.advance(1)
    t.is(await done, 'a')
    t.deepEqual(ends, ['a'])
    t.is(world.clock.pending, 0)
  }),
)

test(
  'names of classes that JavaScript would put first, and jobs that are no list, are refused',
  inWorld((t, world) => {
    const handler = (job: string) => job
    t.throws(() => openStage(world.ctx, { handler, classes: { high: {}, 1: {} } }), {
      code: 'STAGE_OPTION_INVALID',
      message: /classes/,
    })
    const stage = openStage(world.ctx, { handler })
    t.throws(() => stage.submitMany(world.ctx, new Set(['a']) as never), { code: 'STAGE_OPTION_INVALID' })
  }),
)
