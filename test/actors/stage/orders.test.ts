/** Law: jobs are begun and answered in the order that was asked for. */
import test from 'ava'
import { openStage } from '../../../actors/stage/stage.ts'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { codeOf } from '../../../runtime/errors.ts'
import { inWorld } from '../../runtime/system/world.ts'
import { Bench, balances, taken } from './support.ts'

/** Notes what is settled, in the order in which it is. */
function noting(jobs: readonly Deferred<unknown>[], names: readonly string[]): string[] {
  const settled: string[] = []
  for (const [i, job] of jobs.entries()) {
    job.listen(
      () => settled.push(names[i] as string),
      (error) => settled.push(`${names[i]} ${codeOf(error)}`),
    )
  }
  return settled
}

test(
  'fifo: a result is held back until all earlier jobs are settled, and a failure too',
  inWorld(async (t, world) => {
    const bench = new Bench<string, string>()
    const stage = openStage(world.ctx, { handler: bench.handle, order: 'fifo' })
    const names = ['a', 'b', 'c', 'd']
    const settled = noting(
      names.map((job) => taken(stage.submit(world.ctx, job))),
      names,
    )
    await world.settle()
    bench.done('', 'd')
    bench.failed(new RangeError(), 'b')
    bench.done('', 'c')
    t.deepEqual(settled, [])
    t.like(stage.statistics(), { running: 4 })
    bench.done('', 'a')
    t.deepEqual(settled, ['a', 'b UNKNOWN', 'c', 'd'])
    balances(t, stage)
  }),
)

test(
  'fifo: one that expires or is called off waits for nobody, and nobody waits for it',
  inWorld(async (t, world) => {
    const bench = new Bench<string, string>()
    const stage = openStage(world.ctx, { handler: bench.handle, order: 'fifo' })
    const slow = taken(stage.submit(world.ctx.withTimeout(10), 'slow'))
    const held = taken(stage.submit(world.ctx, 'held'))
    const gone = taken(stage.submit(world.ctx, 'gone'))
    const last = taken(stage.submit(world.ctx, 'last'))
    const settled = noting([slow, held, gone, last], ['slow', 'held', 'gone', 'last'])
    await world.settle()
    bench.done('', 'held')
    bench.done('', 'gone')
    bench.done('', 'last')
    gone.cancel()
    t.deepEqual(settled, ['gone CANCELLED'])
    await world.advance(10)
    t.deepEqual(settled, ['gone CANCELLED', 'slow DEADLINE_EXCEEDED', 'held', 'last'])
    t.like(stage.statistics(), { completed: 2, expired: 2 })
    bench.done('', 'slow')
  }),
)

test(
  'by key: jobs of one key run one after another, in order, and those of other keys overtake',
  inWorld(async (t, world) => {
    const bench = new Bench<string, string>()
    const stage = openStage(world.ctx, { handler: bench.handle, order: (job: string) => job[0] as string })
    for (const job of ['a1', 'a2', 'b1', 'a3', 'c1', 'b2']) taken(stage.submit(world.ctx, job))
    await world.settle()
    t.deepEqual(bench.begun, ['a1', 'b1', 'c1'])
    bench.done('', 'a1')
    await world.settle()
    t.deepEqual(bench.begun.slice(3), ['a2'])
    bench.failed(new RangeError(), 'b1')
    await world.settle()
    t.deepEqual(bench.begun.slice(4), ['b2'])
    for (const job of ['a2', 'c1', 'b2']) bench.done('', job)
    await world.settle()
    bench.done('', 'a3')
    await world.settle()
    t.like(stage.statistics(), { completed: 5, failed: 1 })
    world.unobserved.length = 0
  }),
)

test(
  'by key: the next one waits until the work on a job that was called off is over',
  inWorld(async (t, world) => {
    const bench = new Bench<string, string>()
    const stage = openStage(world.ctx, { handler: bench.handle, order: () => 'same' })
    const first = taken(stage.submit(world.ctx, 'first'))
    const second = taken(stage.submit(world.ctx, 'second'))
    const third = taken(stage.submit(world.ctx, 'third'))
    await world.settle()
    first.cancel()
    second.cancel()
    await world.settle()
    t.deepEqual(bench.begun, ['first'])
    bench.done('', 'first')
    await world.settle()
    t.deepEqual(bench.begun, ['first', 'third'])
    bench.done('3')
    t.is(await world.result(third), '3')
    t.deepEqual(await world.outcomes(first, second), ['CANCELLED', 'CANCELLED'])
  }),
)

test(
  'by key: one that holds its key and is called off while it waits lets the next of its key pass',
  inWorld(async (t, world) => {
    const bench = new Bench<string, string>()
    const order = (job: string) => job[0] as string
    const stage = openStage(world.ctx, { handler: bench.handle, order, limits: { concurrency: 1 } })
    const [first, ...others] = ['a1', 'b1', 'b2'].map((job) => taken(stage.submit(world.ctx, job)))
    await world.settle()
    others[0]?.cancel()
    bench.done('', 'a1')
    await world.settle()
    t.deepEqual(bench.begun, ['a1', 'b2'])
    bench.done('')
    t.deepEqual(await world.outcomes(first as Deferred<string>), [''])
  }),
)

test(
  'the more important class is taken first, and in a class the oldest',
  inWorld(async (t, world) => {
    const bench = new Bench<string, string>()
    const stage = openStage(world.ctx, {
      handler: bench.handle,
      classes: { paid: {}, free: {} },
      limits: { concurrency: 1 },
    })
    const submit = (job: string, name: string) => taken(stage.submit(world.ctx, job, { class: name }))
    submit('busy', 'free')
    await world.settle()
    for (const job of ['f1', 'p1', 'f2', 'p2']) submit(job, job.startsWith('p') ? 'paid' : 'free')
    for (let left = 5; left > 0; left--) {
      bench.done('')
      await world.settle()
    }
    t.deepEqual(bench.begun, ['busy', 'p1', 'p2', 'f1', 'f2'])
  }),
)

test(
  'fifo: classes do not overtake',
  inWorld(async (t, world) => {
    const bench = new Bench<string, string>()
    const classes = { paid: {}, free: {} }
    const stage = openStage(world.ctx, { handler: bench.handle, classes, order: 'fifo' })
    taken(stage.submit(world.ctx, 'free', { class: 'free' }))
    taken(stage.submit(world.ctx, 'paid', { class: 'paid' }))
    await world.settle()
    t.deepEqual(bench.begun, ['free', 'paid'])
    for (const job of ['free', 'paid']) bench.done('', job)
  }),
)

test(
  'what an order throws, submit throws, and nothing was taken',
  inWorld((t, world) => {
    const order = (job: number) => {
      if (job === 2) throw new RangeError('two')
      return job
    }
    const stage = openStage(world.ctx, { handler: (job: number) => job, order })
    t.throws(() => stage.submit(world.ctx, 2), { instanceOf: RangeError })
    t.throws(() => stage.submitMany(world.ctx, [1, 2]), { instanceOf: RangeError })
    t.like(stage.statistics(), { submitted: 0, queued: 0 })
  }),
)
