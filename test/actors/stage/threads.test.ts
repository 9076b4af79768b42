/**
 * Law: what goes wrong with a thread harms the jobs that it had begun, and no others.
 *
 * Real threads and real time: tests wait for events, and a deadline only where the deadline is what is tested. One after
 * another, since they count threads.
 */
import test from 'ava'
import { pool } from '../../../actors/stage/pool.ts'
import { openStage } from '../../../actors/stage/stage.ts'
import { codeOf, describe, OverloadError, UsageError } from '../../../runtime/errors.ts'
import { ThreadLostError } from '../../../runtime/worker/errors.ts'
import { onThread } from '../../../runtime/worker/on-thread.ts'
import { threadModule } from '../../../runtime/worker/thread-module.ts'
import { transfer } from '../../../runtime/worker/transfer.ts'
import { balances } from './support.ts'
import type { Deed } from './thread-jobs.ts'
import { patient, raised, threadJobs, withThreads } from './threaded.ts'

const still = { admission: false, limits: { ...patient, prefetch: 3 } } as const
const work = onThread(threadJobs, 'work', { stuckMs: 200 })

/** Each one's value, or its error's code. */
async function codes(all: readonly PromiseLike<unknown>[]): Promise<unknown[]> {
  const settled = await Promise.allSettled(all)
  return settled.map((one) => (one.status === 'fulfilled' ? one.value : codeOf(one.reason)))
}

function echo(value: number): Deed {
  return { do: 'echo', value }
}

test.serial(
  'jobs are done on threads, and fail with the errors that they fail with there',
  withThreads(async (t, system) => {
    const { ctx } = system
    const stage = openStage(ctx, { ...still, handler: pool(work, { min: 2, max: 2 }) })
    const all = Array.from({ length: 100 }, (_, value) => stage.run(ctx, echo(value)))
    t.deepEqual(
      await Promise.all(all),
      all.map((_, i) => i),
    )
    const error = await t.throwsAsync(async () => stage.run(ctx, { do: 'fail', code: 'NO_SUCH_THING' }))
    t.true(error instanceof UsageError)
    t.is(codeOf(error), 'NO_SUCH_THING')
    t.like(stage.statistics(), { members: 2, membersReady: 2, completed: 100, failed: 1 })
  }),
)

test.serial(
  'a thread that dies in the middle of a batch fails that batch, and the next is done by another',
  withThreads(async (t, system) => {
    const { ctx } = system
    const stage = openStage(ctx, {
      ...still,
      handler: pool(onThread(threadJobs, 'workAll'), { takes: 'batches', max: 1 }),
      batch: { initial: 3, batchMax: 3, batchMsMax: 60_000 },
    })
    const deeds: Deed[] = [echo(1), { do: 'exit' }, echo(3), echo(4), { do: 'fail', code: 'BUSY' }, echo(6)]
    const all = deeds.map((deed) => stage.run(ctx, deed))
    t.deepEqual(await codes(all), ['THREAD_LOST', 'THREAD_LOST', 'THREAD_LOST', 4, 'BUSY', 6])
    const error = await t.throwsAsync(async () => all[4])
    t.true(error instanceof OverloadError, 'an outcome keeps the kind of its error')
    balances(t, stage)
  }),
)

test.serial(
  'a thread that exits fails the job that it had begun; those behind it are done by another',
  withThreads(async (t, system) => {
    const { ctx } = system
    const stage = openStage(ctx, { ...still, handler: pool(work, { max: 1 }) })
    const lost: string[] = []
    stage.events.on('memberLost', ({ reason }) => lost.push(reason.kind))
    const deeds: Deed[] = [echo(1), { do: 'exit' }, echo(3), echo(4)]
    const all = deeds.map((deed) => stage.run(ctx, deed))
    t.deepEqual(await codes(all), [1, 'THREAD_LOST', 3, 4])
    const error = await t.throwsAsync(async () => all[1])
    t.true(error instanceof ThreadLostError && error.hasBegun)
    t.is(codeOf(error.cause), 'THREAD_EXITED')
    t.deepEqual(lost, ['failed'])
    t.like(stage.statistics(), { completed: 3, failed: 1, members: 1 })
  }),
)

test.serial(
  'with rerun, a job that a lost thread had begun is done again by another',
  withThreads(async (t, system) => {
    const { ctx } = system
    const stage = openStage(ctx, { ...still, handler: pool(work, { max: 1 }), rerun: 1 })
    const flags = new Int32Array(new SharedArrayBuffer(4))
    const once = stage.run(ctx, { do: 'exitOnce', flags, value: 1 })
    t.deepEqual(await codes([once, stage.run(ctx, echo(2))]), [1, 2])
    t.deepEqual(await codes([stage.run(ctx, { do: 'exit' })]), ['THREAD_LOST'])
    t.like(stage.statistics(), { completed: 2, failed: 1 })
  }),
)

test.serial(
  'a handler that loops for ever loses its thread after the deadline; the jobs behind it are not lost',
  withThreads(async (t, system) => {
    const { ctx } = system
    const stage = openStage(ctx, { ...still, handler: pool(work, { max: 1 }) })
    await stage.run(ctx, echo(0))
    const spinning = stage.run(ctx.withTimeout(50), { do: 'spin' })
    const behind = [1, 2, 3].map((value) => stage.run(ctx, echo(value)))
    t.deepEqual(await codes([spinning, ...behind]), ['DEADLINE_EXCEEDED', 1, 2, 3])
    t.like(stage.statistics(), { completed: 4, failed: 0, expired: 1 })
    balances(t, stage)
  }),
)

test.serial(
  'jobs for a module that does not load fail with what it failed with',
  withThreads(async (t, system) => {
    const { ctx } = system
    const module = threadModule<typeof import('./broken-jobs.ts')>(
      new URL('./broken-jobs.ts', import.meta.url),
    )
    const stage = openStage(ctx, { ...still, handler: pool(onThread(module, 'work'), { max: 2 }) })
    const error = await t.throwsAsync(async () => stage.run(ctx, 1))
    t.is(codeOf(error), 'STAGE_NO_MEMBERS')
    t.is(codeOf(error?.cause), 'THREAD_START_FAILED')
    t.regex(describe(error), /this module does not load/)
    balances(t, stage)
  }),
)

test.serial(
  'a job, or a result, that cannot be cloned fails that job alone',
  withThreads(async (t, system) => {
    const { ctx } = system
    const stage = openStage(ctx, { ...still, handler: pool(work, { max: 1 }) })
    const uncloneable = { do: 'echo', value: () => {} } as never
    const all = [echo(1), uncloneable, { do: 'function' } as const, echo(4)].map((deed) =>
      stage.run(ctx, deed),
    )
    t.deepEqual(await codes(all), [1, 'MESSAGE_NOT_CLONEABLE', 'REPLY_NOT_CLONEABLE', 4])
    t.like(stage.statistics(), { completed: 2, failed: 2, members: 1 })
  }),
)

test.serial(
  'a job in a batch that cannot be cloned fails alone: the others were not begun, and are asked one by one',
  withThreads(async (t, system) => {
    const { ctx } = system
    const stage = openStage(ctx, {
      ...still,
      handler: pool(onThread(threadJobs, 'workAll'), { takes: 'batches', max: 1 }),
      batch: { initial: 3, batchMax: 3, batchMsMax: 60_000 },
    })
    const uncloneable = { do: 'echo', value: () => {} } as never
    const all = [echo(1), uncloneable, echo(3)].map((deed) => stage.run(ctx, deed))
    t.deepEqual(await codes(all), [1, 'MESSAGE_NOT_CLONEABLE', 3])
    balances(t, stage)
  }),
)

for (const takes of ['jobs', 'batches'] as const) {
  test.serial(
    `buffers that are marked in a job, or in a result, are handed over (${takes})`,
    withThreads(async (t, system) => {
      const { ctx } = system
      const handler =
        takes === 'jobs'
          ? pool(work, { max: 1 })
          : pool(onThread(threadJobs, 'workAll'), { takes: 'batches', max: 1 })
      const stage = openStage<Deed, unknown>(ctx, { ...still, handler })
      await stage.run(ctx, echo(0))
      const bytes = Uint8Array.of(1, 2, 3)
      const job = stage.run(ctx, transfer({ do: 'copy', bytes } as const, [bytes.buffer]))
      t.deepEqual(await job, Uint8Array.of(1, 2, 3))
      t.is(bytes.length, 0, 'it is no longer here')
    }),
  )
}

test.serial(
  'calling a job off ends its context on the thread, and the reply that comes too late is dropped',
  withThreads(async (t, system) => {
    const { ctx } = system
    const stage = openStage(ctx, { ...still, handler: pool(work, { max: 1 }) })
    const flags = new Int32Array(new SharedArrayBuffer(8))
    const job = stage.run(ctx, { do: 'flag', flags })
    await raised(flags, 0)
    job.cancel('enough')
    t.like(stage.statistics(), { running: 0, expired: 1 })
    await raised(flags, 1)
    t.is(await stage.run(ctx, echo(2)), 2)
    t.deepEqual(await codes([job]), ['CANCELLED'])
    t.like(stage.statistics(), { completed: 1, failed: 0, expired: 1 })
  }),
)

test.serial(
  'a job sees its deadline on the thread; one without has the one that the stage gives it',
  withThreads(async (t, system) => {
    const { ctx } = system
    const stage = openStage(ctx, { ...still, handler: pool(work, { max: 1 }) })
    await stage.run(ctx, echo(0))
    const own = (await stage.run(ctx.withTimeout(30_000), { do: 'remaining' })) as number
    const given = (await stage.run(ctx, { do: 'remaining' })) as number
    t.true(own > 0 && own <= 30_000, `${own}`)
    t.true(given > 30_000 && given < 62_000, `${given}`)
  }),
)

test.serial(
  'while the main thread is busy nothing is lost: what the threads have done meanwhile is there afterwards',
  withThreads(async (t, system) => {
    const { ctx } = system
    const stage = openStage(ctx, { ...still, handler: pool(work, { min: 2, max: 2 }) })
    await stage.run(ctx, echo(0))
    const all = Array.from({ length: 20 }, (_, value) => stage.run(ctx, { do: 'block', ms: 1, value }))
    await stage.run(ctx, echo(0))
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300)
    t.deepEqual(
      await codes(all),
      all.map((_, i) => i),
    )
    balances(t, stage)
  }),
)

test.serial(
  'a pool of zero has a thread when there is a job, and none when there has been none for a while',
  withThreads(async (t, system) => {
    const { ctx } = system
    const handler = pool(work, { min: 0, max: 1, sampleMs: 10, idleMs: 50 })
    const stage = openStage(ctx, { ...still, handler })
    t.is(stage.statistics().members, 0)
    t.is(await stage.run(ctx, echo(1)), 1)
    await new Promise<void>((resolve) => stage.events.once('memberRetired', () => resolve()))
    t.is(stage.statistics().members, 0)
    t.is(await stage.run(ctx, echo(2)), 2)
  }),
)

test.serial(
  'a stage that closes waits for its threads, and one that is killed does not',
  withThreads(async (t, system) => {
    const { ctx } = system
    const closing = openStage(ctx, { ...still, handler: pool(work, { max: 1 }) })
    const all = [1, 2, 3, 4, 5].map((value) => closing.run(ctx, { do: 'wait', ms: 10, value }))
    await closing.close()
    t.deepEqual(await codes(all), [1, 2, 3, 4, 5])
    const killed = openStage(ctx, { ...still, handler: pool(work, { max: 1 }) })
    const flags = new Int32Array(new SharedArrayBuffer(8))
    const begun = killed.run(ctx, { do: 'flag', flags })
    const waiting = [1, 2, 3].map((value) => killed.run(ctx, echo(value)))
    const outcomes = codes([begun, ...waiting])
    await raised(flags, 0)
    await killed.ref.stop()
    const [first, ...others] = await outcomes
    t.is(first, 'STAGE_CLOSED')
    t.true(others.every((code) => code === 'STAGE_CLOSED' || typeof code === 'number'))
    balances(t, killed)
  }),
)
