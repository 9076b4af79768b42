/** Laws of a run: demand comes from the consumer, and nothing is left when he leaves. */
import test from 'ava'
import fc from 'fast-check'
import { flowOf } from '../../../../actors/stage/pipeline/flow.ts'
import type { RunOptions } from '../../../../actors/stage/pipeline/limits.ts'
import { openStage } from '../../../../actors/stage/stage.ts'
import { codeOf, describe } from '../../../../runtime/errors.ts'
import { inWorld, World } from '../../../runtime/system/world.ts'
import { Bench } from '../support.ts'
import { endInProperty } from './support.ts'

const OVER = { done: true, value: undefined }

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
  'what is taken is made up for at once: a consumer who takes one after another is not kept waiting',
  inWorld(async (t, world) => {
    const stage = openStage<number, number>(world.ctx, {
      handler: (n, ctx) => ctx.after(40).then(() => n),
      limits: { concurrency: 4 },
      admission: false,
    })
    const startMs = world.clock.nowMs()
    const reading = (async () => {
      for await (const _ of flowOf(stage).run(world.ctx, counted(20).source, { width: 5 }))
        await world.ctx.after(10)
      return world.clock.nowMs() - startMs
    })()
    await world.advance(1_000)
    t.is(await reading, 40 + 20 * 10)
  }),
)

test(
  'who leaves calls off what is under way, and closes the source; whoever waits for a result is told that there is none',
  inWorld(async (t, world) => {
    const stage = echo(world, 1_000, 1)
    const { seen, source } = counted(100)
    const results = flowOf(stage).run(world.ctx, source, { width: 4 })
    const first = results.next()
    await world.advance(1_005)
    t.is((await first).value, 1)
    const second = results.next()
    const third = results.next()
    t.deepEqual(await results.return(), { done: true, value: undefined })
    t.true(seen.closed)
    t.deepEqual(await Promise.all([second, third, results.next()]), Array(3).fill(OVER))
    await world.settle()
    t.like(stage.statistics(), { queued: 0, running: 0 })
    t.is(stage.statistics().expired, seen.asked - stage.statistics().completed)
  }),
)

test(
  'a source that never answers keeps nobody who leaves',
  inWorld(async (t, world) => {
    async function* never() {
      await new Promise(() => {})
      yield 1
    }
    const results = flowOf(echo(world, 1)).run(world.ctx, never())
    const first = results.next()
    await world.settle()
    t.deepEqual(await Promise.all([results.return(), first]), [OVER, OVER])
  }),
)

test(
  'a run waits where the entrance has no room: that is no refusal, and the source is not asked meanwhile',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const stage = openStage<number, number>(world.ctx, {
      handler: bench.handle,
      limits: { concurrency: 1, queueCapacity: 1 },
      admission: false,
    })
    const flow = flowOf(stage)
    const { seen, source } = counted(100)
    const results = flow.run(world.ctx, source)
    for (let n = 1; n <= 5; n++) {
      const next = results.next()
      await world.settle()
      // One under way, one that waits in the stage, one that waits for room.
      t.is(seen.asked, n + 2)
      bench.done(n)
      await world.settle()
      t.is((await next).value, n)
    }
    void results.next()
    await world.settle()
    await results.return()
    t.true(seen.closed)
    bench.done(6)
    await world.settle()
    t.is(seen.asked, 8)
    t.deepEqual(bench.begun, [1, 2, 3, 4, 5, 6])
    t.like(flow.statistics(), { submitted: 7, completed: 5, refused: 0, inside: 0 })
  }),
)

test(
  'an entrance that is closed, or closes, fails the run, and the source is closed',
  inWorld(async (t, world) => {
    for (const isBefore of [true, false]) {
      const bench = new Bench<number, number>()
      const stage = openStage<number, number>(world.ctx, {
        handler: bench.handle,
        limits: { concurrency: 1, queueCapacity: 1 },
      })
      const { seen, source } = counted(100)
      const results = flowOf(stage).run(world.ctx, source)
      if (isBefore) stage.close()
      const first = results.next().then(() => 'a result', codeOf)
      await world.settle()
      if (!isBefore) stage.close()
      t.is(await first, 'STAGE_REFUSED')
      t.true(seen.closed)
      t.deepEqual(await results.next(), OVER)
      for (const { result } of bench.open) result.resolve(0)
    }
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
  'the end of its context ends a run, whether somebody waits or not: the first who asks is told, and the source is closed',
  inWorld(async (t, world) => {
    for (const isAsked of [true, false]) {
      const [ctx, cancel] = world.ctx.withCancel()
      const { seen, source } = counted(100)
      const stage = echo(world, 10, 1)
      const results = flowOf(stage).run(ctx, source)
      const first = results.next()
      await world.advance(12)
      t.is((await first).value, 1)
      const asked = isAsked ? Promise.all([...Array(12)].map(() => results.next())).catch(codeOf) : undefined
      cancel('enough')
      t.true(seen.closed)
      t.is(await (asked ?? results.next().catch(codeOf)), 'CANCELLED')
      t.deepEqual(await results.next(), OVER)
      await world.settle()
      t.like(stage.statistics(), { queued: 0, running: 0 })
    }
    const [ended, cancel] = world.ctx.withCancel()
    cancel()
    await t.throwsAsync(() => flowOf(echo(world, 1)).run(ended, [1]).next(), { code: 'CANCELLED' })
  }),
)

test(
  'a source that cannot be closed tells whoever leaves; where a run has failed, that is what is told',
  inWorld(async (t, world) => {
    const flow = flowOf(echo(world, 1))
    for (const isAsync of [true, false]) {
      const source = (): AsyncIterable<number> => {
        let n = 0
        const fails = (): never => {
          throw new RangeError('it cannot be closed')
        }
        const iterator = {
          next: async () => ({ done: false, value: ++n }) as const,
          return: isAsync ? async () => fails() : fails,
        }
        return { [Symbol.asyncIterator]: () => iterator }
      }
      const left = flow.run(world.ctx, source())
      const first = left.next()
      await world.advance(10)
      await first
      await t.throwsAsync(() => left.return(), { message: 'it cannot be closed' })
      t.deepEqual(await left.return(), OVER)

      const failing = flow
        .map(() => {
          throw new TypeError('the item')
        })
        .run(world.ctx, source())
      const failed = failing.next().catch(describe)
      await world.advance(10)
      t.is(await failed, 'the item')
    }
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

interface Plan {
  readonly speeds: readonly { readonly ms: number; readonly concurrency: number }[]
  readonly window: number
  readonly length: number
  readonly failsEvery: number
  /** After so many results. */
  readonly leaves: { readonly after: number; readonly how: 'return' | 'context' } | null
  readonly isAsync: boolean
  readonly pauseMs: readonly number[]
}

const anyPlan: fc.Arbitrary<Plan> = fc.record({
  speeds: fc.array(fc.record({ ms: fc.nat(5), concurrency: fc.integer({ min: 1, max: 4 }) }), {
    minLength: 1,
    maxLength: 4,
  }),
  window: fc.integer({ min: 1, max: 6 }),
  length: fc.nat(40),
  failsEvery: fc.constantFrom(0, 0, 7),
  leaves: fc.option(fc.record({ after: fc.nat(20), how: fc.constantFrom('return', 'context') }), { freq: 2 }),
  isAsync: fc.boolean(),
  pauseMs: fc.array(fc.nat(10), { minLength: 1, maxLength: 5 }),
})

const anyOptions: fc.Arbitrary<Required<RunOptions>> = fc.record({
  width: fc.integer({ min: 1, max: 8 }),
  isOrdered: fc.boolean(),
  onFailure: fc.constantFrom('end', 'skip'),
})

test('any flow, speeds and consumer: each result comes once, no more than the width is between, and nothing is left', async (t) => {
  await fc.assert(
    fc.asyncProperty(anyPlan, anyOptions, async (plan, options) => {
      const { speeds, window, length, failsEvery, leaves, isAsync, pauseMs } = plan
      const world = new World()
      const [first, ...rest] = speeds.map(({ ms, concurrency }) => echo(world, ms, concurrency))
      let flow = flowOf(first as ReturnType<typeof echo>)
      for (const stage of rest) flow = flow.to(stage, { window })
      const fails = (n: number) => failsEvery > 0 && n % failsEvery === 0
      flow = flow.map((n) => {
        if (fails(n)) throw new RangeError(`item ${n}`)
        return n
      })
      const { seen, source } = counted(length)
      async function* slowly() {
        for (const n of source) {
          await world.ctx.after(n % 3)
          yield n
        }
      }
      const [ctx, cancel] = world.ctx.withCancel()
      const results = flow.run(ctx, isAsync ? slowly() : source, options)
      const taken: number[] = []
      const skipped = (): number =>
        options.onFailure === 'skip' ? Math.floor(seen.asked / (failsEvery || 99)) : 0
      const reading = (async () => {
        for await (const one of results) {
          taken.push(one)
          if (taken.length === leaves?.after) {
            if (leaves.how === 'return') return 'left'
            cancel('enough')
          }
          await world.ctx.after(pauseMs[one % pauseMs.length] as number)
        }
        return 'done'
      })().catch((error) => (error instanceof RangeError ? error.message : codeOf(error)))
      let outcome: string | undefined
      void reading.then((what) => {
        outcome = what
      })
      for (let ms = 0; outcome === undefined; ms++) {
        if (ms > 5_000) throw new Error('it does not come to its end')
        await world.advance(1)
        const between = seen.asked - taken.length - skipped()
        if (between > options.width) throw new Error(`${between} between the source and the consumer`)
        if (flow.statistics().inside > options.width) throw new Error('more inside than the width')
      }
      await world.advance(20)

      const all = Array.from({ length }, (_, n) => n + 1).filter((n) => !fails(n))
      const inOrder = options.isOrdered ? taken : [...taken].sort((a, b) => a - b)
      if (options.isOrdered || outcome === 'done') t.deepEqual(inOrder, all.slice(0, taken.length))
      t.is(new Set(taken).size, taken.length)
      if (outcome === 'done') t.is(taken.length, all.length)
      else if (outcome === 'left' || outcome === 'CANCELLED') t.is(taken.length, leaves?.after ?? -1)
      else t.true(options.onFailure === 'end' && /^item \d+$/.test(outcome), outcome)
      t.true(seen.closed || seen.asked === 0)
      t.is(flow.statistics().inside, 0)
      await endInProperty(world)
    }),
    { numRuns: 200, includeErrorInReport: true },
  )
})
