/** Law: the slowest sets the pace. What it cannot take waits before it, in bounded places, and is refused nowhere inside. */
import test from 'ava'
import type { Reservation } from '../../../../actors/stage/interface.ts'
import { jobs } from '../../../../actors/stage/member-logic.ts'
import { type Flow, fanOut, flowOf } from '../../../../actors/stage/pipeline/flow.ts'
import { pool } from '../../../../actors/stage/pool.ts'
import { isRefused } from '../../../../actors/stage/refused.ts'
import { openStage } from '../../../../actors/stage/stage.ts'
import type { Context } from '../../../../runtime/context/context.ts'
import type { Deferred } from '../../../../runtime/deferred/deferred.ts'
import { describe } from '../../../../runtime/errors.ts'
import { ignore, inWorld, type World } from '../../../runtime/system/world.ts'
import { Bench, balances, taken } from '../support.ts'
import { slow } from './support.ts'

test(
  'the slowest sets the pace: bounds hold, it is never refused to inside, and all takes as long as the slowest does',
  inWorld(async (t, world) => {
    const fast = slow<number>(world, 1, 1_024, 'fast')
    const narrow = slow<number>(world, 10, 1, 'narrow')
    const last = slow<number>(world, 1, 1, 'last')
    const flow = flowOf(fast).to(narrow, { window: 4 }).to(last, { window: 3 })
    const results: Deferred<number>[] = []
    const startMs = world.clock.nowMs()
    let endMs = 0
    let refused = 0
    for (let n = 0; n < 50; ) {
      const result = flow.submit(world.ctx, n)
      if (isRefused(result)) {
        t.like(result, { stage: 'fast', reason: 'full' })
        refused += 1
        await world.advance(1)
      } else {
        n += 1
        result.listen(
          () => {
            endMs = world.clock.nowMs()
          },
          (error) => t.fail(describe(error)),
        )
        results.push(result)
      }
      const { inside, waiting, stages } = flow.statistics()
      // The window of the first, that of the second, and what the last one holds.
      t.true(inside <= 4 + 3 + 2, `${inside} inside`)
      t.true(waiting <= 4 + 3)
      for (const { queued } of stages.slice(1)) t.true(queued <= 1)
    }
    await world.advance(200)
    t.deepEqual(await Promise.all(results), [...Array(50).keys()])
    t.is(endMs - startMs, 1 + 50 * 10 + 1)
    t.like(flow.statistics(), { submitted: 50 + refused, completed: 50, refused, inside: 0 })
    for (const stage of [fast, narrow, last]) {
      balances(t, stage)
      t.like(stage.statistics(), { submitted: 50, completed: 50, refused: 0 })
    }
  }),
)

for (const [title, handler] of [
  ['a function', (n: number, ctx: Context) => ctx.after(10).then(() => n)],
  [
    'members',
    pool(
      jobs<number, number>((n, ctx) => ctx.after(10).then(() => n)),
      { min: 8, max: 8 },
    ),
  ],
] as const) {
  test(
    `a stage with a queue of one is kept busy (${title})`,
    inWorld(async (t, world) => {
      const wide = openStage<number, number>(world.ctx, {
        handler,
        limits: { concurrency: 8, queueCapacity: 1, prefetch: 1 },
        admission: false,
      })
      const flow = flowOf(openStage<number, number>(world.ctx, { handler: (n) => n })).to(wide)
      const startMs = world.clock.nowMs()
      const results = Array.from({ length: 64 }, (_, n) => taken(flow.submit(world.ctx, n)))
      let endMs = 0
      results.at(-1)?.listen(
        () => {
          endMs = world.clock.nowMs()
        },
        (error) => t.fail(describe(error)),
      )
      await world.advance(200)
      t.is((await Promise.all(results)).length, 64)
      t.is(endMs - startMs, (64 / 8) * 10)
      t.is(wide.statistics().refused, 0)
    }),
  )
}

test(
  'where the admission of a stage further on refuses, items wait: none is lost, or counted as refused',
  inWorld(async (t, world) => {
    const picky = openStage<number, number>(world.ctx, {
      handler: (n, ctx) => ctx.after(10).then(() => n),
      limits: { concurrency: 1 },
      admission: { targetMs: 30 },
    })
    const flow = flowOf(openStage<number, number>(world.ctx, { handler: (n) => n })).to(picky)
    // It must know what a job costs.
    const first = taken(flow.submit(world.ctx, 0))
    await world.advance(20)
    const results = Array.from({ length: 60 }, (_, n) => taken(flow.submit(world.ctx, n)))
    await world.advance(5)
    t.true(flow.statistics().waiting > 50)
    await world.advance(60 * 10)
    t.deepEqual(await Promise.all(results), [...Array(60).keys()])
    t.is(await first, 0)
    t.like(picky.statistics(), { completed: 61, refused: 0 })
  }),
)

test(
  'each window bounds the stage before it, and that alone',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const pass = () => openStage<number, number>(world.ctx, { handler: (n) => n })
    const end = openStage<number, number>(world.ctx, {
      handler: bench.handle,
      limits: { concurrency: 1, queueCapacity: 1 },
    })
    const tail = flowOf(pass()).to(end, { window: 3 })
    const flow = flowOf(pass()).to(tail, { window: 5 })
    const results: Deferred<number>[] = []
    for (;;) {
      const result = flow.submit(world.ctx, results.length)
      if (isRefused(result)) break
      results.push(result)
      await world.settle()
    }
    t.is(results.length, 5 + 3 + 2)
    t.like(flow.statistics(), { inside: 10, waiting: 8 })
    // A window is of one flow: what is in this one is not in the other.
    t.is(tail.statistics().waiting, 0)
    for (let n = 0; n < 10; n++) {
      bench.done(n)
      await world.settle()
    }
    t.deepEqual(await Promise.all(results), bench.begun)
  }),
)

test(
  'two flows into one stage take turns, and one that leads through a stage twice does not stand in its own way',
  inWorld(async (t, world) => {
    const shared = slow<string>(world, 10, 1, 'shared')
    const pass = () => flowOf(openStage<string, string>(world.ctx, { handler: (s) => s }))
    const ends: string[] = []
    const give = (flow: Flow<string, string>, items: readonly string[]) => {
      for (const item of items) {
        taken(flow.submit(world.ctx, item)).listen(
          (value) => void ends.push(value),
          (error) => t.fail(describe(error)),
        )
      }
    }
    give(pass().to(shared), ['a', 'a', 'a', 'a', 'a', 'a'])
    give(pass().to(shared), ['b', 'b', 'b', 'b', 'b', 'b'])
    await world.advance(200)
    // Which is first does not matter; after the first few they alternate.
    t.regex(ends.join('').slice(3, 10), /^(ab)*a?$|^(ba)*b?$/)
    t.is(ends.length, 12)

    give(pass().to(shared).to(shared, { window: 2 }), ['c', 'c', 'c', 'c', 'c', 'c'])
    await world.advance(200)
    t.is(ends.length, 18)
  }),
)

test(
  'a slot that is given back is room for what waits',
  inWorld(async (t, world) => {
    const stage = openStage<number, number>(world.ctx, {
      handler: (n) => n,
      limits: { queueCapacity: 1, reservationMs: 1_000 },
    })
    const flow = flowOf(openStage<number, number>(world.ctx, { handler: (n) => n })).to(stage)
    await world.settle()
    for (const giveBack of [
      (slot: Reservation<number, number>) => slot.abort(),
      () => world.advance(1_000),
    ]) {
      const slot = stage.reserve(world.ctx)
      if (isRefused(slot)) throw slot.toError()
      const result = taken(flow.submit(world.ctx, 1))
      await world.settle()
      t.like(flow.statistics(), { waiting: 1 })
      await giveBack(slot)
      await world.settle()
      t.is(await result, 1)
    }
  }),
)

test(
  'a job that leaves the queue, whoever gave it in, makes room for what waits',
  inWorld(async (t, world) => {
    const bench = new Bench<string, string>()
    const stage = openStage<string, string>(world.ctx, {
      handler: bench.handle,
      limits: { concurrency: 1, queueCapacity: 1 },
      admission: false,
    })
    await world.settle()
    taken(stage.submit(world.ctx, 'under way')).listen(ignore, ignore)
    await world.settle()
    const queued = taken(stage.submit(world.ctx, 'queued'))
    const flow = flowOf(openStage<string, string>(world.ctx, { handler: (s) => s })).to(stage)
    const result = taken(flow.submit(world.ctx, 'of the flow'))
    await world.settle()
    t.like(flow.statistics(), { waiting: 1 })
    queued.cancel()
    t.like(flow.statistics(), { waiting: 0, inside: 1 })
    for (const job of ['under way', 'of the flow']) {
      bench.done(job)
      await world.settle()
    }
    t.is(await result, 'of the flow')
  }),
)

test(
  'a stage that has just been opened is kept busy from its first step on',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const stage = openStage<number, number>(world.ctx, {
      handler: bench.handle,
      limits: { concurrency: 4, queueCapacity: 1 },
      admission: false,
    })
    const results = flowOf(stage).run(world.ctx, [1, 2, 3, 4, 5, 6, 7])
    const first = results.next()
    await world.settle()
    t.deepEqual(bench.begun, [1, 2, 3, 4])
    bench.done(1)
    t.is((await first).value, 1)
    await results.return()
    for (const { result } of bench.open) result.resolve(0)
  }),
)

test(
  'nothing waits for ever: what found no room for `waitMs` has missed its deadline',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const stuck = openStage<number, number>(world.ctx, {
      name: 'stuck',
      handler: bench.handle,
      limits: { concurrency: 1, queueCapacity: 1 },
    })
    const flow = flowOf(openStage<number, number>(world.ctx, { handler: (n) => n })).to(stuck, {
      waitMs: 500,
    })
    const results: Deferred<number>[] = []
    for (const n of [1, 2, 3]) {
      results.push(taken(flow.submit(world.ctx, n)))
      await world.settle()
    }
    const late = (results[2] as Deferred<number>).catch(describe)
    await world.advance(499)
    t.is(flow.statistics().inside, 3)
    await world.advance(1)
    t.is(await late, 'an item that waited 500 ms for stage "stuck" missed its deadline')
    t.like(flow.statistics(), { inside: 2, waiting: 0, expired: 1 })
    for (const n of [1, 2]) {
      bench.done(n)
      await world.settle()
    }
    t.deepEqual(await Promise.all(results.slice(0, 2)), [1, 2])
  }),
)

test(
  'who leaves the head of the line makes way: the next one goes into its own lane, and nobody waits for nothing',
  inWorld(async (t, world) => {
    const [busy, free] = await oneKeyOfEach(world, 2)
    const bench = new Bench<number, number>()
    const lanes = fanOut(
      (n: number) => (n < 10 ? busy : free) as string,
      [0, 1].map(() =>
        openStage<number, number>(world.ctx, {
          handler: bench.handle,
          limits: { concurrency: 1, queueCapacity: 1 },
        }),
      ),
    )
    const flow = flowOf(openStage<number, number>(world.ctx, { handler: (n) => n })).to(lanes)
    const results: Deferred<number>[] = []
    for (const n of [1, 2, 3, 11]) {
      results.push(taken(flow.submit(world.ctx, n)))
      await world.settle()
    }
    t.deepEqual(bench.begun, [1])
    t.is(flow.statistics().waiting, 2)
    results[2]?.cancel()
    await world.settle()
    t.deepEqual(bench.begun, [1, 11])

    for (const n of [11, 1]) bench.done(n, n)
    await world.settle()
    const before = world.clock.pending
    for (const n of [4, 5]) {
      results.push(taken(flow.submit(world.ctx, n)))
      await world.settle()
    }
    t.is(flow.statistics().waiting, 1)
    results.at(-1)?.cancel()
    t.is(world.clock.pending, before)
    for (const n of [2, 4]) {
      bench.done(n, n)
      await world.settle()
    }
    t.like(flow.statistics(), { completed: 4, expired: 2, inside: 0 })
  }),
)

test(
  'who asks a lane in vain takes no place in it',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const narrow = slow<number>(world, 10, 1, 'narrow')
    const end = openStage<number, number>(world.ctx, {
      handler: bench.handle,
      limits: { concurrency: 1, queueCapacity: 1 },
    })
    const lane = flowOf(narrow).to(end, { window: 3 })
    const flow = flowOf(openStage<number, number>(world.ctx, { handler: (n) => n })).fanOut(() => 1, [lane])
    const results = Array.from({ length: 40 }, (_, n) => taken(flow.submit(world.ctx, n)))
    for (let n = 0; n < 20; n++) {
      await world.advance(20)
      bench.done(n)
    }
    await world.advance(500)
    // Two are at the end; the lane holds as many as its window says.
    t.is(narrow.statistics().submitted, 20 + 2 + 3)
    for (let n = 20; n < 40; n++) {
      await world.advance(20)
      bench.done(n)
    }
    t.deepEqual(await Promise.all(results), bench.begun)
  }),
)

/** For each lane of so many a key that leads there. */
async function oneKeyOfEach(world: World, count: number): Promise<readonly string[]> {
  const keys: string[] = []
  const probe = fanOut(String, {
    count,
    lane: (index) =>
      openStage<string, string>(world.ctx, {
        handler: (key) => {
          keys[index] = key
          return key
        },
      }),
  })
  const results = Array.from({ length: 20 }, (_, n) => taken(probe.submit(world.ctx, `key-${n}`)))
  await world.settle()
  await Promise.all(results)
  return keys
}
