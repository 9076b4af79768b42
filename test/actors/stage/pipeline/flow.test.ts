/** Laws of flows: what becomes of an item on its way. Of random ones: laws.test.ts. */
import test from 'ava'
import type { Stage } from '../../../../actors/stage/interface.ts'
import { type Flow, fanOut, flowOf } from '../../../../actors/stage/pipeline/flow.ts'
import { openStage } from '../../../../actors/stage/stage.ts'
import type { Context } from '../../../../runtime/context/context.ts'
import type { Deferred } from '../../../../runtime/deferred/deferred.ts'
import { codeOf, describe } from '../../../../runtime/errors.ts'
import { inWorld } from '../../../runtime/system/world.ts'
import { Bench, taken } from '../support.ts'
import { slow } from './support.ts'

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
  'an item that fails in the middle fails alone, and gives its place back',
  inWorld(async (t, world) => {
    const first = openStage<number, number>(world.ctx, { handler: (n) => n })
    const second = openStage<number, number>(world.ctx, {
      handler: (n) => {
        if (n === 1) throw new RangeError('one')
        return n
      },
      order: (n) => {
        if (n === 4) throw new RangeError('four')
        return n
      },
    })
    const flow = flowOf(first)
      .map((n) => {
        if (n === 2) throw new TypeError('two')
        // As somebody would write it who has no types.
        return n === 3 ? (Promise.resolve(n) as unknown as number) : n
      })
      .to(second, { window: 1 })
      .fanOut(
        (n) => {
          if (n === 5) throw new TypeError('five')
          return n
        },
        [openStage<number, number>(world.ctx, { handler: (n) => n })],
        { window: 1 },
      )
    const outcomes: string[] = []
    for (const n of [0, 1, 2, 3, 4, 5, 6]) {
      const told = taken(flow.submit(world.ctx, n)).then(String, (error) =>
        codeOf(error) === 'UNKNOWN' ? describe(error) : codeOf(error),
      )
      await world.settle()
      outcomes.push(await told)
    }
    t.deepEqual(outcomes, ['0', 'one', 'two', 'FLOW_MAP_ASYNC', 'four', 'five', '6'])
    t.like(flow.statistics(), { submitted: 7, completed: 2, failed: 5, inside: 0, waiting: 0 })
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
  'an item that is called off just as it enters a stage leaves it again, and one that is done leaves nothing behind',
  inWorld(async (t, world) => {
    const results: Deferred<number>[] = []
    const second = openStage<number, number>(world.ctx, {
      handler: (n) => n,
      admission: false,
      order: (n) => {
        if (n === 1) results[1]?.cancel()
        return n
      },
    })
    const first = openStage<number, number>(world.ctx, { handler: (n) => n, admission: false })
    const flow = flowOf(first).to(second)
    const ctx = world.ctx.withTimeout(100_000)
    const { pending } = world.clock
    for (const n of [0, 1]) results.push(taken(flow.submit(ctx, n)))
    t.deepEqual(await world.outcomes(...results), [0, 'CANCELLED'])
    t.is(world.clock.pending, pending)
    t.like(second.statistics(), { queued: 0, running: 0, completed: 1, expired: 1 })
    t.like(flow.statistics(), { inside: 0, completed: 1, expired: 1 })
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
    const waiting = (results[2] as Deferred<number>).catch(codeOf)
    const closed = second.close()
    t.is(await waiting, 'STAGE_REFUSED')
    bench.done(1)
    await world.settle()
    bench.done(2)
    await world.settle()
    await closed
    t.deepEqual(await Promise.all(results.slice(0, 2)), [1, 2])
    t.like(flow.statistics(), { inside: 0, waiting: 0 })
  }),
)

test(
  'closed from the entrance on, a flow finishes what it has',
  inWorld(async (t, world) => {
    const stages = [1, 5, 2].map((ms, n) =>
      slow<number>(world, ms, n === 0 ? 8 : 1, `slow-${n}`),
    ) as unknown as readonly [Stage<number, number>, Stage<number, number>, Stage<number, number>]
    const flow = flowOf(stages[0]).to(stages[1]).to(stages[2])
    const results = Array.from({ length: 8 }, (_, n) => taken(flow.submit(world.ctx, n)))
    const closed = (async () => {
      await stages[0].close()
      await Promise.all(results)
      await Promise.all([stages[1].close(), stages[2].close()])
    })()
    t.like(flow.submit(world.ctx, 8), { reason: 'closed' })
    await world.advance(100)
    await closed
    t.deepEqual(await Promise.all(results), [...Array(8).keys()])
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
  'lanes of a kind are made by their number, and a key has the same one in every flow',
  inWorld(async (t, world) => {
    const laneOf = () =>
      fanOut(String, {
        count: 5,
        lane: (index) => openStage<string, string>(world.ctx, { handler: (key) => `${key} ${index}` }),
      })
    const keys = Array.from({ length: 40 }, (_, n) => `key-${n}`)
    const run = async (flow: Flow<string, string>) => {
      const results = keys.map((key) => taken(flow.submit(world.ctx, key)))
      await world.settle()
      return Promise.all(results)
    }
    const first = await run(laneOf())
    t.deepEqual(await run(laneOf()), first)
    t.is(new Set(first.map((result) => result.split(' ')[1])).size, 5)
  }),
)

test(
  'options out of bounds are refused, naming them',
  inWorld((t, world) => {
    const stage = openStage<number, number>(world.ctx, { handler: (n) => n })
    const flow = flowOf(stage)
    const invalid: readonly (readonly [() => unknown, RegExp])[] = [
      ...[0, 1.5, 65_537].map((window) => [() => flow.to(stage, { window }), /^window of a flow/] as const),
      [() => flow.to(stage, { waitMs: 0 }), /^waitMs of a flow/],
      [
        () => flow.to(stage, { wait: 1 } as object),
        /^no flow option is named wait; there are window, waitMs$/,
      ],
      [() => flow.to({} as typeof stage), /^a part of a flow must be a stage or a flow/],
      [() => fanOut(() => 1, []), /^lanes of a flow must be a whole number from 1 to 1024/],
      [() => fanOut(() => 1, { count: 1_025, lane: () => stage }), /^lanes of a flow/],
      [() => flow.run(world.ctx, [], { width: 0 }), /^width of a flow/],
      [
        () => flow.run(world.ctx, [], { onFailure: 'stop' as 'end' }),
        /^onFailure of a flow must be "end" or "skip"/,
      ],
    ]
    for (const [make, message] of invalid) t.throws(make, { code: 'FLOW_OPTION_INVALID', message })
  }),
)
