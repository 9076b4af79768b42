/** Law: a job that nobody wants any more leaves at once, is not begun, and is counted once as expired. */
import test from 'ava'
import { openStage } from '../../../actors/stage/stage.ts'
import type { Context } from '../../../runtime/context/context.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { codeOf } from '../../../runtime/errors.ts'
import { inWorld } from '../../runtime/system/world.ts'
import { Bench, balances, taken } from './support.ts'

const one = { concurrency: 1 }

test(
  'a job whose deferred is cancelled while it waits leaves the queue at once, and is never begun',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const stage = openStage(world.ctx, { handler: bench.handle, limits: { ...one, queueCapacity: 2 } })
    const first = taken(stage.submit(world.ctx, 1))
    await world.settle()
    const second = taken(stage.submit(world.ctx, 2))
    const third = taken(stage.submit(world.ctx, 3))
    second.cancel('enough')
    t.like(stage.statistics(), { queued: 1, running: 1, expired: 1 })
    const fourth = taken(stage.submit(world.ctx, 4))
    for (const job of [1, 3, 4]) {
      bench.done(job)
      await world.settle()
    }
    t.deepEqual(await world.outcomes(first, second, third, fourth), [1, 'CANCELLED', 3, 4])
    t.deepEqual(bench.begun, [1, 3, 4])
    balances(t, stage)
  }),
)

test(
  'a job whose context ends while it waits leaves at once, with the cause of that end',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const stage = openStage(world.ctx, { handler: bench.handle, limits: one })
    const first = taken(stage.submit(world.ctx, 1))
    await world.settle()
    const [ctx, cancel] = world.ctx.withCancel()
    const left = taken(stage.submit(ctx, 2))
    const late = taken(stage.submit(world.ctx.withTimeout(50), 3))
    world.look(left, late)
    cancel('the client has left')
    t.is(left.status, 'rejected')
    t.is(stage.statistics().queued, 1)
    await world.advance(50)
    t.is(stage.statistics().queued, 0)
    bench.done(1)
    t.deepEqual(await world.outcomes(first, left, late), [1, 'CANCELLED', 'DEADLINE_EXCEEDED'])
    t.deepEqual(bench.begun, [1])
    t.like(stage.statistics(), { completed: 1, expired: 2 })
    balances(t, stage)
  }),
)

test(
  'a job that is called off while it runs is settled at once; its place is free when its handler is done',
  inWorld(async (t, world) => {
    const contexts: Context[] = []
    const work: Deferred<string>[] = []
    const stage = openStage(world.ctx, {
      handler: (_job: number, ctx) => {
        contexts.push(ctx)
        const result = new Deferred<string>()
        work.push(result)
        return result
      },
      limits: one,
    })
    const first = taken(stage.submit(world.ctx, 1))
    const second = taken(stage.submit(world.ctx, 2))
    await world.settle()
    first.cancel('enough')
    t.true(contexts[0]?.isCancelled)
    t.is(await world.failure(first), 'CANCELLED')
    t.is(contexts.length, 1, 'the handler is still busy')
    t.like(stage.statistics(), { running: 0, queued: 1, expired: 1 })
    work[0]?.resolve('too late')
    await world.settle()
    t.is(contexts.length, 2)
    work[1]?.resolve('fine')
    t.is(await world.result(second), 'fine')
    t.like(stage.statistics(), { completed: 1, failed: 0, expired: 1 })
  }),
)

test(
  'the end of its context while it runs ends the context of its handler, and its result is dropped',
  inWorld(async (t, world) => {
    const reasons: string[] = []
    const work = new Deferred<string>()
    const stage = openStage(world.ctx, {
      handler: (_job: number, ctx) => {
        ctx.onCancel(() => reasons.push(codeOf(ctx.failure())))
        return work
      },
    })
    const job = taken(stage.submit(world.ctx.withTimeout(20), 1))
    world.look(job)
    await world.advance(20)
    t.deepEqual(reasons, ['DEADLINE_EXCEEDED'])
    work.resolve('too late')
    t.is(await world.failure(job), 'DEADLINE_EXCEEDED')
    t.like(stage.statistics(), { completed: 0, expired: 1 })
  }),
)

test(
  'a job without a deadline has jobTimeoutMs, waiting or running, and one timer serves them all',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const config = {
      handler: bench.handle,
      limits: { ...one, jobTimeoutMs: 1_000 },
      admission: false,
    } as const
    const stage = openStage(world.ctx, config)
    const running = taken(stage.submit(world.ctx, 1))
    const waiting = [2, 3, 4].map((job) => taken(stage.submit(world.ctx, job)))
    world.look(running, ...waiting)
    await world.advance(400)
    const later = taken(stage.submit(world.ctx, 5))
    world.look(later)
    // One of the stage, one of the context of the handler that runs: nobody listens to it, so it has none.
    t.is(world.clock.pending, 1)
    await world.advance(600)
    t.deepEqual(await world.outcomes(running, ...waiting), Array(4).fill('DEADLINE_EXCEEDED'))
    t.is(later.status, 'pending')
    await world.advance(400)
    t.is(await world.failure(later), 'DEADLINE_EXCEEDED')
    t.is(world.clock.pending, 0)
    t.deepEqual(bench.begun, [1])
    t.is(stage.statistics().expired, 5)
    bench.done(0)
  }),
)

test(
  'a deadline of its own is kept, also where it is later than jobTimeoutMs',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const stage = openStage(world.ctx, { handler: bench.handle, limits: { ...one, jobTimeoutMs: 100 } })
    const longer = taken(stage.submit(world.ctx.withTimeout(1_000), 1))
    const usual = taken(stage.submit(world.ctx, 2))
    world.look(longer, usual)
    await world.advance(500)
    t.is(usual.status, 'rejected')
    bench.done(1)
    t.is(await world.result(longer), 1)
  }),
)

test(
  'an idle stage holds no timer, once admission has judged what it has seen',
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, { handler: (job: number) => job })
    t.is(world.clock.pending, 0)
    t.is(await world.result(taken(stage.submit(world.ctx, 1))), 1)
    await world.advance(1_200)
    t.is(world.clock.pending, 0)
  }),
)

test(
  'who only waits for what was derived from a job calls it off as well; who shares it does not',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const stage = openStage(world.ctx, { handler: bench.handle, limits: one })
    const alone = taken(stage.submit(world.ctx, 1))
    alone.then((value) => value + 1).cancel()
    t.is(stage.statistics().expired, 1)
    const shared = taken(stage.submit(world.ctx, 2))
    const [left, right] = [shared.then(), shared.then()]
    left.cancel()
    await world.settle()
    bench.done(2)
    t.is(await world.result(right), 2)
    t.like(stage.statistics(), { completed: 1, expired: 1 })
  }),
)

test(
  'whoever is told of an end may submit, cancel and close within that call',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const stage = openStage(world.ctx, { handler: bench.handle, limits: one })
    const [first, second, third] = [1, 2, 3].map((job) => taken(stage.submit(world.ctx, job))) as [
      Deferred<number>,
      Deferred<number>,
      Deferred<number>,
    ]
    let fourth: Deferred<number> | undefined
    first.listen(
      () => {
        second.cancel()
        fourth = taken(stage.submit(world.ctx, 4))
        stage.close()
      },
      () => {},
    )
    await world.settle()
    bench.done(1)
    await world.settle()
    bench.done(3)
    await world.settle()
    bench.done(4)
    t.deepEqual(await world.outcomes(second, third, fourth as Deferred<number>), ['CANCELLED', 3, 4])
    t.false(stage.ref.isAlive)
    balances(t, stage)
  }),
)
