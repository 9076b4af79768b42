/** Law: a pool's members do the jobs, and no job that none of them has begun is lost with one. */
import test from 'ava'
import { batches, jobs } from '../../../actors/stage/member-logic.ts'
import { pool } from '../../../actors/stage/pool.ts'
import { isRefused } from '../../../actors/stage/refused.ts'
import { openStage } from '../../../actors/stage/stage.ts'
import { key } from '../../../runtime/context/key.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { codeOf, InvariantError, UsageError } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { ActorFailedError } from '../../../runtime/system/errors.ts'
import type { AnyLogic } from '../../../runtime/system/logic.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import { ThreadLostError } from '../../../runtime/worker/errors.ts'
import { transfer } from '../../../runtime/worker/transfer.ts'
import { inWorld, type World } from '../../runtime/system/world.ts'
import { Bench, balances, ok, taken } from './support.ts'

const still = { admission: false } as const

test(
  'jobs are shared by the members, the one with the fewest first, and none has more than prefetch',
  inWorld(async (t, world) => {
    const places: string[] = []
    const bench = new Bench<number, number>()
    const member = behaviour({
      initial: 'up',
      states: {
        up: {
          job: ({ self }, { job }: { job: number }): Deferred<number> => {
            places.push(`${job} ${self.path.split('/').at(-1)}`)
            return bench.handle(job)
          },
        },
      },
    })
    const stage = openStage(world.ctx, {
      ...still,
      name: 'work',
      handler: pool(member, { min: 2, max: 2 }),
      limits: { prefetch: 2 },
    })
    const all = [1, 2, 3, 4, 5].map((job) => taken(stage.submit(world.ctx, job)))
    await world.settle()
    t.deepEqual(bench.begun.toSorted(), [1, 2, 3, 4])
    t.is(new Set(places.map((place) => place.slice(2))).size, 2)
    t.like(stage.statistics(), { running: 4, queued: 1, members: 2, membersReady: 2, batchSize: 2 })
    bench.done(3, 3)
    await world.settle()
    t.is(bench.begun[4], 5)
    for (const job of [1, 2, 4, 5]) bench.done(job, job)
    t.deepEqual(await world.outcomes(...all), [1, 2, 3, 4, 5])
    balances(t, stage)
  }),
)

test(
  'a member made by jobs() outlives the failures of its jobs, which keep their errors',
  inWorld(async (t, world) => {
    const error = new UsageError('NO_SUCH_THING', 'no')
    const logic = jobs<string, string>((job) => {
      if (job === 'bad') throw error
      return job
    })
    const stage = openStage(world.ctx, { ...still, handler: pool(logic, { max: 1 }) })
    t.is(await world.error(taken(stage.submit(world.ctx, 'bad'))), error)
    t.is(await world.result(taken(stage.submit(world.ctx, 'good'))), 'good')
    t.deepEqual(world.told('failed'), [])
  }),
)

test(
  'members that take batches are asked once for each, and a failed outcome keeps its error',
  inWorld(async (t, world) => {
    const error = new UsageError('NO_SUCH_ROW', 'no')
    const seen: (readonly number[])[] = []
    const logic = batches<number, number>((rows) => {
      seen.push(rows)
      return rows.map((row) => (row === 2 ? { ok: false, error } : ok(row * 10)))
    })
    const stage = openStage(world.ctx, {
      ...still,
      handler: pool(logic, { takes: 'batches', max: 1 }),
      batch: { initial: 2, batchMax: 2 },
    })
    const all = [1, 2, 3].map((job) => taken(stage.submit(world.ctx, job)))
    t.deepEqual(await world.outcomes(...all), [10, 'NO_SUCH_ROW', 30])
    t.is(await world.error(all[1] as Deferred<number>), error)
    t.deepEqual(seen, [[1, 2], [3]])
    balances(t, stage)
  }),
)

test(
  'members that give the wrong number of outcomes fail their batch',
  inWorld(async (t, world) => {
    const logic = batches<number, number>(() => [ok(1)])
    const stage = openStage(world.ctx, {
      ...still,
      handler: pool(logic, { takes: 'batches', max: 1 }),
      batch: { initial: 2, batchMax: 2 },
    })
    const all = [1, 2].map((job) => taken(stage.submit(world.ctx, job)))
    t.deepEqual(await world.outcomes(...all), ['STAGE_BATCH_MISMATCH', 'STAGE_BATCH_MISMATCH'])
  }),
)

test(
  'with batch on, members that take single jobs are given as many ahead as its controller says',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const stage = openStage(world.ctx, {
      ...still,
      handler: pool(jobs<number, number>(bench.handle), { max: 1 }),
      batch: { initial: 4, batchMax: 4, batchMsMax: 60_000 },
    })
    const samples: unknown[] = []
    stage.events.on('decided', (event) => event.controller === 'batch' && samples.push(event.decision.sample))
    const all = [1, 2, 3, 4, 5].map((job) => taken(stage.submit(world.ctx, job)))
    await world.advance(10)
    t.deepEqual(bench.begun, [1, 2, 3, 4])
    for (const job of [1, 2, 3, 4]) bench.done(job)
    await world.settle()
    t.like(samples, [{ batchSize: 4, jobs: 4, elapsedMs: 10 }])
    bench.done(5)
    t.deepEqual(await world.outcomes(...all), [1, 2, 3, 4, 5])
  }),
)

test(
  'a job is done in its own context: its deadline, its cancellation and its values',
  inWorld(async (t, world) => {
    const Name = key<string>('name')
    const seen: unknown[] = []
    const logic = jobs<number, number>((_job, ctx) => {
      seen.push(ctx.find(Name), ctx.remainingMs)
      ctx.onCancel(() => seen.push(codeOf(ctx.failure())))
      return new Deferred<number>()
    })
    const stage = openStage(world.ctx, { ...still, handler: pool(logic, { max: 1 }) })
    const job = taken(stage.submit(world.ctx.with(Name, 'ann').withTimeout(50), 1))
    world.look(job)
    await world.advance(50)
    t.deepEqual(seen, ['ann', 50, 'DEADLINE_EXCEEDED'])
    t.is(await world.failure(job), 'DEADLINE_EXCEEDED')
    t.like(stage.statistics(), { expired: 1, running: 0 })
  }),
)

/** Members whose jobs say what becomes of them: an error that their question fails with, or the member with. */
function faulty(begun: string[] = []) {
  return behaviour({
    initial: 'up',
    states: {
      up: {
        job: (_, { job }: { job: string | Error | (() => unknown) }) => {
          begun.push(String(job))
          if (job instanceof Error) return Deferred.fail(job)
          return typeof job === 'function' ? job() : job
        },
      },
    },
  })
}

function lost(hasBegun: boolean): ThreadLostError {
  return new ThreadLostError('work/member-1', hasBegun, new Error('gone'))
}

test(
  'a job that the lost thread had not begun goes back, before those that wait',
  inWorld(async (t, world) => {
    const begun: string[] = []
    let isLost = true
    const logic = behaviour({
      initial: 'up',
      states: {
        up: {
          job: (_, { job }: { job: string }) => {
            begun.push(job)
            if (!isLost) return job
            if (job === 'second') isLost = false
            return Deferred.fail(lost(false))
          },
        },
      },
    })
    const stage = openStage(world.ctx, { ...still, handler: pool(logic, { max: 1 }) })
    const all = ['first', 'second', 'third'].map((job) => taken(stage.submit(world.ctx, job)))
    t.deepEqual(await world.outcomes(...all), ['first', 'second', 'third'])
    t.deepEqual(begun, ['first', 'second', 'first', 'second', 'third'])
    t.like(stage.statistics(), { submitted: 3, completed: 3 })
  }),
)

test(
  'a job that the lost thread had begun fails with that, and is not done again',
  inWorld(async (t, world) => {
    const begun: string[] = []
    const stage = openStage(world.ctx, { ...still, handler: pool(faulty(begun), { max: 1 }) })
    t.is(await world.failure(taken(stage.submit(world.ctx, lost(true)))), 'THREAD_LOST')
    t.is(begun.length, 1)
    t.like(stage.statistics(), { failed: 1 })
  }),
)

test(
  'with rerun, it is done again so many times, but not when nobody wants it any more',
  inWorld(async (t, world) => {
    const begun: string[] = []
    const stage = openStage(world.ctx, { ...still, handler: pool(faulty(begun), { max: 1 }), rerun: 2 })
    t.is(await world.failure(taken(stage.submit(world.ctx, lost(true)))), 'THREAD_LOST')
    t.is(begun.length, 3)
    const [ctx, cancel] = world.ctx.withCancel()
    const job = () => {
      begun.push('again')
      cancel()
      return Deferred.fail(lost(true))
    }
    t.is(await world.failure(taken(stage.submit(ctx, job))), 'CANCELLED')
    t.is(begun.filter((line) => line === 'again').length, 1)
    balances(t, stage)
  }),
)

test(
  'a member that fails takes along the job that it failed over; those in its mailbox go to another',
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, {
      ...still,
      name: 'work',
      handler: pool(faulty(), { max: 1 }),
      limits: { prefetch: 3, replaceMinMs: 10 },
    })
    const bad = taken(
      stage.submit(world.ctx, () => {
        throw new RangeError('crash')
      }),
    )
    const others = ['one', 'two', 'three'].map((job) => taken(stage.submit(world.ctx, job)))
    const error = await world.error(bad)
    t.true(error instanceof ActorFailedError)
    t.like(stage.statistics(), { members: 0, queued: 3, failed: 1 })
    world.look(...others)
    await world.advance(20)
    t.deepEqual(await world.outcomes(...others), ['one', 'two', 'three'])
    t.deepEqual(world.told('spawned'), ['work', 'work/member-1', 'work/member-2'])
    balances(t, stage)
  }),
)

test(
  'a job that a failed member had begun beside another fails too: what it has done nobody knows',
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, { ...still, handler: pool(faulty(), { max: 1 }) })
    const slow = taken(stage.submit(world.ctx, () => new Deferred()))
    const bad = taken(
      stage.submit(world.ctx, () => {
        throw new RangeError('crash')
      }),
    )
    t.deepEqual(await world.outcomes(slow, bad), ['ASK_ACTOR_ENDED', 'ACTOR_FAILED'])
    t.like(stage.statistics(), { failed: 2 })
  }),
)

test(
  'a member that somebody stops is replaced, and its waiting jobs are not lost',
  inWorld(async (t, world) => {
    const spawned: Ref[] = []
    world.system.events.on('spawned', ({ ref }) => spawned.push(ref))
    const stage = openStage(world.ctx, {
      ...still,
      handler: pool(faulty(), { max: 1 }),
      limits: { prefetch: 3 },
    })
    const lostFor: string[] = []
    stage.events.on('memberLost', ({ ref, reason }) => lostFor.push(`${ref === spawned[1]} ${reason.kind}`))
    const stopping = taken(
      stage.submit(world.ctx, () => {
        spawned[1]?.stop('enough')
        return 'done'
      }),
    )
    const waiting = ['one', 'two'].map((job) => taken(stage.submit(world.ctx, job)))
    world.look(...waiting)
    t.is(await world.result(stopping), 'done')
    t.deepEqual(lostFor, ['true stopped'])
    await world.advance(200)
    t.deepEqual(await world.outcomes(...waiting), ['one', 'two'])
  }),
)

test(
  'where no member can start, those that wait fail with that, and it is tried again for the next',
  inWorld(async (t, world) => {
    let canStart = false
    const logic = behaviour({
      initial: 'up',
      data: () => {
        if (!canStart) throw new RangeError('no such module')
      },
      states: { up: { job: (_, { job }: { job: number }) => job } },
    })
    const stage = openStage(world.ctx, { ...still, name: 'work', handler: pool(logic, { max: 2 }) })
    const first = taken(stage.submit(world.ctx, 1))
    world.look(first)
    t.like(stage.statistics(), { members: 0, queued: 1 })
    await world.advance(150)
    const error = await world.error(first)
    t.is(codeOf(error), 'STAGE_NO_MEMBERS')
    t.is((error as Error).cause instanceof RangeError, true)
    canStart = true
    const second = taken(stage.submit(world.ctx, 2))
    world.look(second)
    await world.advance(1_000)
    t.is(await world.result(second), 2)
    t.like(stage.statistics(), { failed: 1, completed: 1 })
  }),
)

test(
  'an idle stage whose members do not start does not try for ever',
  inWorld(async (t, world) => {
    const logic = behaviour({
      initial: 'up',
      data: () => {
        throw new RangeError('no')
      },
      states: { up: { job: () => 1 } },
    })
    openStage(world.ctx, { ...still, handler: pool(logic, { max: 1 }) })
    await world.advance(60_000)
    t.is(world.told('failed').length, 1)
    t.is(world.clock.pending, 0)
  }),
)

test(
  'a bug of ours in a member is not replaced away: it fails the stage',
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, { ...still, handler: pool(faulty(), { max: 1 }) })
    const bad = taken(
      stage.submit(world.ctx, () => {
        throw new InvariantError('IMPOSSIBLE', 'it has happened')
      }),
    )
    const next = taken(stage.submit(world.ctx, 'next'))
    t.deepEqual(await world.outcomes(bad, next), ['ACTOR_FAILED', 'STAGE_CLOSED'])
    t.false(stage.ref.isAlive)
    balances(t, stage)
  }),
)

test(
  'with min 0 the first job calls for a member, and when all is quiet there is none again',
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, { ...still, handler: pool(faulty(), { min: 0, max: 2 }) })
    t.is(stage.statistics().members, 0)
    t.is(await world.result(taken(stage.submit(world.ctx, 'one'))), 'one')
    t.is(stage.statistics().members, 1)
    await world.advance(10_000)
    t.is(stage.statistics().members, 0)
    t.is(world.clock.pending, 0)
    t.is(await world.result(taken(stage.submit(world.ctx, 'two'))), 'two')
  }),
)

test(
  'a pool with work for more members gets them up to max, and gives them back',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const logic = jobs<number, number>((job) => bench.handle(job))
    const stage = openStage(world.ctx, {
      ...still,
      handler: pool(logic, { max: 3, sampleMs: 100, idleMs: 1_000 }),
      limits: { prefetch: 1 },
    })
    const decided: string[] = []
    stage.events.on('decided', ({ controller, decision }) => {
      if (decision.action !== 'hold') decided.push(`${controller} ${decision.action}`)
    })
    const all = Array.from({ length: 20 }, (_, job) => taken(stage.submit(world.ctx, job)))
    await world.advance(2_000)
    t.is(stage.statistics().members, 3)
    t.is(bench.open.length, 3)
    while (bench.open.length > 0) {
      bench.done(0)
      await world.settle()
    }
    t.deepEqual(await world.outcomes(...all), Array(20).fill(0))
    await world.advance(10_000)
    t.is(stage.statistics().members, 1)
    t.true(decided.includes('pool grow') && decided.includes('pool retire'))
    balances(t, stage)
  }),
)

test(
  'a member that may be busy still with what was called off gets the next job last',
  inWorld(async (t, world) => {
    const begun: string[] = []
    const member = behaviour({
      initial: 'up',
      states: {
        up: {
          job: ({ self }, { job }: { job: string }): Deferred<string> => {
            begun.push(`${job} ${self.path.at(-1)}`)
            return new Deferred()
          },
        },
      },
    })
    const handler = pool(member, { min: 2, max: 2 })
    const stage = openStage(world.ctx, { ...still, name: 'work', handler, limits: { prefetch: 1 } })
    const first = taken(stage.submit(world.ctx, 'first'))
    await world.settle()
    first.cancel()
    for (const job of ['second', 'third']) {
      taken(stage.submit(world.ctx, job))
      await world.settle()
    }
    t.deepEqual(begun, ['first 1', 'second 2', 'third 1'])
    stage.ref.stop()
    await world.settle()
    world.unobserved.length = 0
  }),
)

test(
  'buffers marked in a job stay where they are, where it does not cross',
  inWorld(async (t, world) => {
    const bytes = Uint8Array.of(1, 2, 3)
    const logic = jobs<{ bytes: Uint8Array }, Uint8Array>((job) => job.bytes)
    const stage = openStage(world.ctx, { ...still, handler: pool(logic) })
    const job = taken(stage.submit(world.ctx, transfer({ bytes }, [bytes.buffer])))
    t.is(await world.result(job), bytes)
    t.is(bytes.length, 3)
  }),
)

test(
  'a pool that may have no member is refused, and so is what it needs and the context lacks',
  inWorld((t, world) => {
    const logic = jobs<number, number>((job) => job)
    t.throws(() => pool(logic, { max: 0 }), { code: 'STAGE_OPTION_INVALID', message: /pool\.max/ })
    t.throws(() => pool(logic, { min: 3, max: 2 }), { code: 'STAGE_OPTION_INVALID' })
    t.throws(() => pool(logic, { takes: 'some' } as never), {
      code: 'STAGE_OPTION_INVALID',
      message: /takes/,
    })
    const Salt = key<string>('salt')
    const needy = jobs<number, string, typeof Salt>((_, ctx) => ctx.get(Salt), { needs: [Salt] })
    t.throws(() => openStage(world.ctx, { handler: pool(needy) }), { code: 'CONTEXT_KEY_MISSING' })
  }),
)

test(
  "a member finds what it needs in the stage's context, where the job's lacks it",
  inWorld(async (t, world) => {
    const Salt = key<string>('salt')
    const needy = jobs<number, string, typeof Salt>((job, ctx) => `${job}${ctx.get(Salt)}`, { needs: [Salt] })
    const stage = openStage(world.ctx.with(Salt, 'x'), { ...still, handler: pool(needy) })
    t.is(await world.result(taken(stage.submit(world.ctx, 1))), '1x')
  }),
)

/** A member that takes 900 ms to start, and then 5 ms for each job, one at a time. */
function slowStarter(world: World): AnyLogic {
  return {
    name: 'slow starter',
    needs: [],
    create(host, ctx) {
      let isUp = false
      let isAtWork = false
      const wake = (): void => {
        isUp = true
        isAtWork = false
        host.resumeLater()
      }
      ctx.after(900).listen(wake, () => {})
      return {
        receive(envelope) {
          isAtWork = true
          const done = world.ctx.after(5).then(() => 'done')
          done.listen(wake, () => {})
          host.answer(envelope, done)
        },
        get isBusy() {
          return !isUp || isAtWork
        },
        get value() {
          return isUp ? 'running' : 'starting'
        },
        resume() {},
        drains: false,
        release() {},
        context: undefined,
      }
    },
  }
}

test(
  'the time in which a member starts is not what its first job costs: a burst right after it is let in',
  inWorld(async (t, world) => {
    const stage = openStage<string, string>(world.ctx, {
      admission: { targetMs: 200 },
      handler: pool(slowStarter(world), { min: 1, max: 1 }) as never,
    })
    const first = taken(stage.submit(world.ctx, 'first'))
    await world.advance(1_000)
    t.is(await world.result(first), 'done')
    const second = taken(stage.submit(world.ctx, 'second'))
    await world.advance(10)
    t.is(await world.result(second), 'done')
    const burst = Array.from({ length: 100 }, () => stage.submit(world.ctx, 'one of many'))
    // 200 ms hold 40 of them; the gate leaves a tenth of that for what a stage does not see.
    const admitted = burst.filter((result) => !isRefused(result)).length
    t.true(admitted > 30 && admitted <= 40, `${admitted} of 100 were let in`)
    await world.advance(1_000)
    balances(t, stage)
  }),
)
