/** Laws of flows: the slowest sets the pace, and what was taken is refused nowhere later. */
import test from 'ava'
import { fanOut, flowOf } from '../../../../actors/stage/pipeline/flow.ts'
import { isRefused } from '../../../../actors/stage/refused.ts'
import { openStage } from '../../../../actors/stage/stage.ts'
import type { Context } from '../../../../runtime/context/context.ts'
import type { Deferred } from '../../../../runtime/deferred/deferred.ts'
import { codeOf, describe } from '../../../../runtime/errors.ts'
import { inWorld, type World } from '../../../runtime/system/world.ts'
import { Bench, balances, taken } from '../support.ts'

/** A stage whose every job takes `ms`, one at a time. */
function slow<T>({ ctx }: World, ms: number, queueCapacity = 1_024, name = 'slow') {
  return openStage<T, T>(ctx, {
    name,
    handler: (job, ctx) => ctx.after(ms).then(() => job),
    limits: { concurrency: 1, queueCapacity },
    admission: false,
  })
}

test(
  'an item goes through all stages, and what is between them',
  inWorld(async (t, world) => {
    const half = openStage<number, number>(world.ctx, { handler: (n) => n / 2 })
    const text = openStage<string, string>(world.ctx, { handler: (s) => `<${s}>` })
    const flow = flowOf(half).map(String).to(text)
    const result = taken(flow.submit(world.ctx, 5))
    await world.settle()
    t.is(await result, '<2.5>')
    t.like(flow.statistics(), { inside: 0, waiting: 0 })
  }),
)

test(
  'the slowest sets the pace: it is never refused to inside, bounds hold, and all takes as long as the slowest does',
  inWorld(async (t, world) => {
    const fast = slow<number>(world, 1, 1_024, 'fast')
    const narrow = slow<number>(world, 10, 1, 'narrow')
    const last = slow<number>(world, 1, 1, 'last')
    const flow = flowOf(fast).to(narrow, { window: 4 }).to(last, { window: 3 })
    const results: Deferred<number>[] = []
    let refused = 0
    const startMs = world.clock.nowMs()
    for (let n = 0; results.length < 50; ) {
      const result = flow.submit(world.ctx, n)
      if (isRefused(result)) {
        t.is(result.reason, 'full')
        refused += 1
        await world.advance(1)
        continue
      }
      n += 1
      results.push(result)
      const { inside, waiting, stages } = flow.statistics()
      t.true(inside <= 4 + 3 + 2, `${inside} inside`)
      t.true(waiting <= 7)
      t.true((stages[1]?.queued ?? 0) <= 1)
    }
    await world.advance(200)
    t.deepEqual(await Promise.all(results), [...Array(50).keys()])
    t.true(refused > 0)
    t.is(narrow.statistics().completed, 50)
    t.is(last.statistics().completed, 50)
    t.true(world.clock.nowMs() - startMs <= 50 * 10 + 200 + 20)
    for (const stage of [fast, narrow, last]) balances(t, stage)
  }),
)

test(
  'an item that fails in the middle fails alone, and gives its place back',
  inWorld(async (t, world) => {
    const first = openStage<number, number>(world.ctx, { handler: (n) => n })
    const second = openStage<number, number>(world.ctx, {
      handler: (n) => {
        if (n === 1) throw new RangeError('one')
        return n
      },
    })
    const flow = flowOf(first)
      .map((n) => {
        if (n === 2) throw new TypeError('two')
        return n
      })
      .to(second, { window: 1 })
    const outcomes: string[] = []
    for (const n of [0, 1, 2, 3]) {
      const told = taken(flow.submit(world.ctx, n)).then(String, describe)
      await world.settle()
      outcomes.push(await told)
    }
    t.deepEqual(outcomes, ['0', 'one', 'two', '3'])
    t.like(flow.statistics(), { inside: 0, waiting: 0 })
  }),
)

test(
  'wherever an item is, its context or its deferred calls it off, and its place is free at once',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const first = openStage<number, number>(world.ctx, { handler: (n) => n })
    const second = openStage<number, number>(world.ctx, {
      handler: bench.handle,
      limits: { concurrency: 1, queueCapacity: 1 },
    })
    const flow = flowOf(first).to(second, { window: 2 })
    const [leaving, leave] = world.ctx.withCancel()
    const running = taken(flow.submit(world.ctx, 1))
    await world.settle()
    const queued = taken(flow.submit(world.ctx, 2))
    await world.settle()
    const left = taken(flow.submit(leaving as Context, 3)).catch(codeOf)
    await world.settle()
    t.like(flow.statistics(), { inside: 3, waiting: 1 })
    leave('gone')
    t.is(await left, 'CANCELLED')
    t.like(flow.statistics(), { inside: 2, waiting: 0 })
    queued.cancel()
    bench.done(10)
    t.is(await running, 10)
    await world.settle()
    t.deepEqual(bench.begun, [1])
    t.like(flow.statistics(), { inside: 0, waiting: 0 })
  }),
)

test(
  'a stage further on that closes fails what waits for it with its refusal',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const second = openStage<number, number>(world.ctx, {
      name: 'second',
      handler: bench.handle,
      limits: { concurrency: 1, queueCapacity: 1 },
    })
    const flow = flowOf(openStage<number, number>(world.ctx, { handler: (n) => n })).to(second)
    const results: Deferred<number>[] = []
    for (const n of [1, 2, 3]) {
      results.push(taken(flow.submit(world.ctx, n)))
      await world.settle()
    }
    const waiting = results[2]?.catch(codeOf)
    const closed = second.close()
    bench.done(1)
    await world.settle()
    bench.done(2)
    await world.settle()
    await closed
    t.is(await results[0], 1)
    t.is(await results[1], 2)
    t.is(await waiting, 'STAGE_REFUSED')
  }),
)

test(
  'fan-out: a key has one lane, in which its items keep their order; lanes do not wait for each other',
  inWorld(async (t, world) => {
    interface Line {
      readonly of: string
      readonly n: number
    }
    const lanes = [5, 1, 9].map((ms, index) => slow<Line>(world, ms, 1_024, `lane-${index}`))
    const entrance = openStage<Line, Line>(world.ctx, { handler: (line) => line })
    const flow = flowOf(entrance).to(fanOut(({ of }: Line) => of, lanes))
    const ends: Line[] = []
    const keys = ['ann', 'bob', 'cy', 'di', 'ed']
    const lines = Array.from({ length: 40 }, (_, n): Line => ({ of: keys[n % 5] as string, n }))
    const results = lines.map((line) => taken(flow.submit(world.ctx, line)))
    for (const result of results)
      result.listen(
        (line) => void ends.push(line),
        (error) => t.fail(describe(error)),
      )
    await world.advance(500)
    t.is(ends.length, 40)
    for (const key of keys) {
      const numbers = ends.filter(({ of }) => of === key).map(({ n }) => n)
      t.deepEqual(
        numbers,
        [...numbers].sort((a, b) => a - b),
      )
    }
    const used = lanes.map((lane) => lane.statistics().completed)
    t.is(
      used.reduce((sum, count) => sum + count),
      40,
    )
    t.true(used.filter((count) => count > 0).length >= 2)
  }),
)

test(
  'options out of bounds are refused, naming them',
  inWorld((t, world) => {
    const stage = openStage<number, number>(world.ctx, { handler: (n) => n })
    for (const window of [0, 1.5, 65_537]) {
      t.throws(() => flowOf(stage).to(stage, { window }), { code: 'FLOW_OPTION_INVALID', message: /window/ })
    }
    t.throws(() => fanOut(() => 1, []), { code: 'FLOW_OPTION_INVALID', message: /lanes/ })
    t.throws(() => flowOf(stage).run(world.ctx, [], { width: 0 }), {
      code: 'FLOW_OPTION_INVALID',
      message: /width/,
    })
  }),
)
