/** Laws of a run: demand comes from the consumer, and nothing is left when he leaves. */
import test from 'ava'
import fc from 'fast-check'
import { flowOf } from '../../../../actors/stage/pipeline/flow.ts'
import { openStage } from '../../../../actors/stage/stage.ts'
import { codeOf } from '../../../../runtime/errors.ts'
import { inWorld, World } from '../../../runtime/system/world.ts'

/** A source that notes how far it was asked, and whether it was closed. */
function counted(length: number) {
  const seen = { asked: 0, closed: false }
  function* source() {
    try {
      for (; seen.asked < length; ) {
        seen.asked += 1
        yield seen.asked
      }
    } finally {
      seen.closed = true
    }
  }
  return { seen, source: source() }
}

/** Takes what comes while time passes. */
async function collect<T>(world: World, results: AsyncIterable<T>, stepMs = 1): Promise<T[]> {
  const taken: T[] = []
  let isDone = false
  const reading = (async () => {
    for await (const one of results) taken.push(one)
  })().finally(() => {
    isDone = true
  })
  for (let steps = 0; !isDone && steps < 10_000; steps++) await world.advance(stepMs)
  await reading
  return taken
}

const echo = (world: World, ms: number, concurrency = 4) =>
  openStage<number, number>(world.ctx, {
    handler: (n, ctx) => ctx.after(ms + (n % 3)).then(() => n),
    limits: { concurrency, queueCapacity: 8 },
    admission: false,
  })

test(
  'results come in the order of the source, or as they are there; all of them once',
  inWorld(async (t, world) => {
    const flow = flowOf(echo(world, 2)).to(echo(world, 3), { window: 2 })
    const all = Array.from({ length: 30 }, (_, n) => n)
    t.deepEqual(await collect(world, flow.run(world.ctx, all)), all)
    const loose = await collect(world, flow.run(world.ctx, all, { isOrdered: false }))
    t.deepEqual(
      [...loose].sort((a, b) => a - b),
      all,
    )
    t.notDeepEqual(loose, all)
  }),
)

test(
  'nothing is asked of the source before the first result is; then no more than the width is between it and the consumer',
  inWorld(async (t, world) => {
    const { seen, source } = counted(100)
    const results = flowOf(echo(world, 1)).run(world.ctx, source, { width: 5 })
    await world.advance(50)
    t.is(seen.asked, 0)
    for (let taken = 0; taken < 10; taken++) {
      const next = results.next()
      await world.advance(5)
      t.is((await next).value, taken + 1)
      await world.advance(50)
      t.true(seen.asked <= taken + 1 + 5, `${seen.asked} were asked for when ${taken + 1} were taken`)
    }
    await results.return()
    await world.settle()
    t.true(seen.closed)
  }),
)

test(
  'who leaves calls off what is under way, and closes the source',
  inWorld(async (t, world) => {
    const stage = echo(world, 1_000)
    const { seen, source } = counted(100)
    const results = flowOf(stage).run(world.ctx, source, { width: 4 })
    const first = results.next()
    await world.advance(1_005)
    t.is((await first).value, 1)
    await world.settle()
    await results.return()
    await world.settle()
    t.true(seen.closed)
    t.like(stage.statistics(), { queued: 0 })
    t.is(stage.statistics().expired, seen.asked - stage.statistics().completed)
  }),
)

test(
  'an item that fails ends the run with its error, or is left out',
  inWorld(async (t, world) => {
    const stage = openStage<number, number>(world.ctx, {
      handler: (n) => {
        if (n === 3) throw new RangeError('three')
        return n
      },
    })
    const flow = flowOf(stage)
    await t.throwsAsync(collect(world, flow.run(world.ctx, [1, 2, 3, 4])), { message: 'three' })
    t.deepEqual(await collect(world, flow.run(world.ctx, [1, 2, 3, 4], { onFailure: 'skip' })), [1, 2, 4])
  }),
)

test(
  'the end of its context ends a run, also one that waits for its source',
  inWorld(async (t, world) => {
    async function* never() {
      await new Promise(() => {})
      yield 1
    }
    const [ctx, cancel] = world.ctx.withCancel()
    const results = flowOf(echo(world, 1)).run(ctx, never())
    const ended = results.next().then(() => 'a result', codeOf)
    await world.settle()
    cancel('enough')
    t.is(await ended, 'CANCELLED')
  }),
)

test(
  'a source that fails ends the run, once what it gave before is taken',
  inWorld(async (t, world) => {
    function* failing() {
      yield 1
      yield 2
      throw new RangeError('the source')
    }
    const taken: number[] = []
    const run = (async () => {
      for await (const n of flowOf(echo(world, 1)).run(world.ctx, failing())) taken.push(n)
    })()
    await world.advance(50)
    await t.throwsAsync(run, { message: 'the source' })
    t.deepEqual(taken, [1, 2])
  }),
)

test('any flow, any speeds: every item comes out once, in order, and never more than the width is inside', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ ms: fc.nat(5), concurrency: fc.integer({ min: 1, max: 4 }) }), {
        minLength: 1,
        maxLength: 4,
      }),
      fc.integer({ min: 1, max: 8 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 0, max: 40 }),
      async (speeds, width, window, length) => {
        const world = new World()
        const [first, ...rest] = speeds.map(({ ms, concurrency }) => echo(world, ms, concurrency))
        let flow = flowOf(first as ReturnType<typeof echo>)
        for (const stage of rest) flow = flow.to(stage, { window })
        const all = Array.from({ length }, (_, n) => n)
        let most = 0
        const results = flow.run(world.ctx, all, { width })
        const taken: number[] = []
        const reading = (async () => {
          for await (const one of results) taken.push(one)
        })()
        for (let step = 0; taken.length < length && step < 5_000; step++) {
          most = Math.max(most, flow.statistics().inside)
          await world.advance(1)
        }
        await reading
        t.deepEqual(taken, all)
        t.true(most <= width)
        const stopped = world.system.stop()
        await world.advance(10_000)
        await stopped
      },
    ),
    { numRuns: 40 },
  )
})
