/** Law: a handler of batches gets what waits, and every job of a batch its own outcome. */
import test from 'ava'
import { batched } from '../../../actors/stage/batched.ts'
import type { Outcome, StageJob } from '../../../actors/stage/outcome.ts'
import { openStage } from '../../../actors/stage/stage.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { inWorld } from '../../runtime/system/world.ts'
import { balances, ok, taken } from './support.ts'

const batch = { initial: 3, batchMax: 3, batchMsMax: 60_000 }

/** A handler whose batches end when the test says so. */
function gathering<J, R>() {
  const open: { readonly jobs: readonly StageJob<J>[]; readonly result: Deferred<readonly Outcome<R>[]> }[] =
    []
  const handler = batched<J, R>((jobs) => {
    const result = new Deferred<readonly Outcome<R>[]>()
    open.push({ jobs, result })
    return result
  })
  return { open, handler, sizes: () => open.map(({ jobs }) => jobs.length) }
}

test(
  'what waits is handed over together, up to the batch size, one batch at a time',
  inWorld(async (t, world) => {
    const { open, handler, sizes } = gathering<number, number>()
    const stage = openStage(world.ctx, { handler, batch })
    const all = [1, 2, 3, 4, 5].map((job) => taken(stage.submit(world.ctx, job)))
    await world.settle()
    t.deepEqual(sizes(), [3])
    t.like(stage.statistics(), { running: 3, queued: 2, batchSize: 3 })
    for (const { jobs, result } of open) result.resolve(jobs.map(({ job }) => ok(job * 10)))
    await world.settle()
    t.deepEqual(sizes(), [3, 2])
    open[1]?.result.resolve([ok(40), { ok: false, error: new RangeError('five') }])
    t.deepEqual(await world.outcomes(...all), [10, 20, 30, 40, 'UNKNOWN'])
    t.like(stage.statistics(), { completed: 4, failed: 1 })
  }),
)

test(
  'a batch that throws or rejects fails all of its jobs with that error',
  inWorld(async (t, world) => {
    const error = new RangeError('all')
    let isAsync = false
    const handler = batched<number, number>(() => {
      if (isAsync) return Promise.reject(error)
      throw error
    })
    const stage = openStage(world.ctx, { handler, batch })
    for (const way of [false, true]) {
      isAsync = way
      const all = [1, 2].map((job) => taken(stage.submit(world.ctx, job)))
      world.look(...all)
      for (const job of all) t.is(await world.error(job), error)
    }
    balances(t, stage)
  }),
)

for (const [what, given] of [
  ['too few', [ok(1)]],
  ['too many', [ok(1), ok(2), ok(3)]],
  ['none', undefined],
  ['what are no outcomes', [1, 2]],
] as const) {
  test(
    `a handler that gives ${what} for two jobs fails both`,
    inWorld(async (t, world) => {
      const handler = batched<number, number>(() => given as never)
      const stage = openStage(world.ctx, { name: 'pairs', handler, batch })
      const all = [1, 2].map((job) => taken(stage.submit(world.ctx, job)))
      t.deepEqual(await world.outcomes(...all), ['STAGE_BATCH_MISMATCH', 'STAGE_BATCH_MISMATCH'])
      t.like(stage.statistics(), { failed: 2 })
    }),
  )
}

test(
  'a job of a batch that is called off has its own context ended, and the others their outcomes',
  inWorld(async (t, world) => {
    const { open, handler } = gathering<number, number>()
    const stage = openStage(world.ctx, { handler, batch })
    const [first, second] = [1, 2].map((job) => taken(stage.submit(world.ctx, job))) as [
      Deferred<number>,
      Deferred<number>,
    ]
    await world.settle()
    first.cancel()
    const { jobs, result } = open[0] as (typeof open)[0]
    t.deepEqual(
      jobs.map(({ ctx }) => ctx.isCancelled),
      [true, false],
    )
    result.resolve([ok(1), ok(2)])
    t.deepEqual(await world.outcomes(first, second), ['CANCELLED', 2])
    t.like(stage.statistics(), { completed: 1, expired: 1 })
  }),
)

test(
  'every batch that ends is a decision with its inputs, and the size is what was decided',
  inWorld(async (t, world) => {
    const { open, handler } = gathering<number, number>()
    const stage = openStage(world.ctx, { handler, batch })
    const decided: unknown[] = []
    stage.events.on('decided', (event) => event.controller === 'batch' && decided.push(event.decision))
    const all = [1, 2].map((job) => taken(stage.submit(world.ctx, job)))
    await world.advance(5)
    open[0]?.result.resolve([ok(1), ok(2)])
    await world.outcomes(...all)
    t.like(decided, [
      { batchSize: stage.statistics().batchSize, sample: { batchSize: 3, jobs: 2, elapsedMs: 5 } },
    ])
  }),
)
