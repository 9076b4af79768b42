/**
 * What holds for the controllers whatever they see: bounds, numbers that are numbers, the same answer to the same
 * question, inputs left alone, and a state that may go through JSON on its way to the next step.
 */
import test, { type ExecutionContext } from 'ava'
import fc from 'fast-check'
import {
  admissionStep,
  initialAdmission,
  WAIT_SHARE_MIN,
} from '../../../../actors/stage/controllers/admission-controller.ts'
import { resolveAdmissionOptions } from '../../../../actors/stage/controllers/admission-options.ts'
import { batchStep, initialBatch } from '../../../../actors/stage/controllers/batch-controller.ts'
import { resolveBatchOptions } from '../../../../actors/stage/controllers/batch-options.ts'
import { initialPool, poolStep } from '../../../../actors/stage/controllers/pool-controller.ts'
import { resolvePoolOptions } from '../../../../actors/stage/controllers/pool-options.ts'

/** Milliseconds, also none and many. */
const ms = fc.oneof(fc.constantFrom(0, 0.001, 1, 1e7), fc.double({ min: 0, max: 5_000, noNaN: true }))
const count = fc.oneof(fc.constant(0), fc.nat(10), fc.nat(100_000))

/** Every number in it is finite: else it would not come back from JSON. */
function checkNumbers(t: ExecutionContext, value: unknown, path = ''): void {
  if (typeof value === 'number') t.true(Number.isFinite(value), `${path} is ${value}`)
  else if (typeof value === 'object' && value !== null) {
    for (const [name, part] of Object.entries(value)) checkNumbers(t, part, `${path}.${name}`)
  }
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen)
  return value
}

/**
 * Steps through the samples with frozen inputs, each step twice, the second time with a state that has been text. Gives
 * the last state and all decisions.
 */
function follow<S, Q, D>(
  t: ExecutionContext,
  start: S,
  samples: readonly Q[],
  step: (state: S, sample: Q) => { readonly state: S; readonly decision: D },
): readonly { readonly state: S; readonly decision: D }[] {
  let state = frozen(start)
  return samples.map((sample) => {
    const result = step(state, frozen(sample))
    t.deepEqual(step(JSON.parse(JSON.stringify(state)) as S, sample), result)
    checkNumbers(t, result)
    state = frozen(result.state)
    return result
  })
}

test('a batch has from 1 to batchMax jobs, whatever batches took', (t) => {
  const given = fc.integer({ min: 1, max: 300 }).chain((batchMax) =>
    fc.record({
      batchMax: fc.constant(batchMax),
      initial: fc.integer({ min: 1, max: batchMax }),
      factor: fc.double({ min: 1.01, max: 4, noNaN: true }),
    }),
  )
  const batches = fc.array(fc.record({ elapsedMs: ms, isFull: fc.boolean() }), { maxLength: 100 })
  fc.assert(
    fc.property(given, batches, (some, taken) => {
      const options = resolveBatchOptions({ windowMs: 1, ...some })
      let batchSize = options.initial
      let state = initialBatch(options)
      for (const { elapsedMs, isFull } of taken) {
        const sample = { nowMs: 0, batchSize, jobs: isFull ? batchSize : 1, elapsedMs }
        const [result] = follow(t, state, [sample], (a, b) => batchStep(a, b, options))
        if (result === undefined) return
        state = result.state
        batchSize = result.decision.batchSize
        t.true(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= options.batchMax)
      }
    }),
    { numRuns: 200 },
  )
})

test('a pool is asked for min to max members, one more at a time', (t) => {
  const sample = fc.record({
    passedMs: ms,
    starting: fc.nat(2),
    queued: count,
    busyPeak: fc.nat(12),
    completed: count,
    refused: fc.oneof(fc.constant(0), count),
    lost: fc.boolean(),
  })
  const bounds = fc
    .tuple(fc.nat(4), fc.integer({ min: 1, max: 8 }))
    .map(([min, more]) => ({ min, max: min + more }))
  fc.assert(
    fc.property(bounds, fc.array(sample, { maxLength: 80 }), (given, seen) => {
      const options = resolvePoolOptions(given)
      let members = given.min
      let nowMs = 0
      let state = initialPool(options)
      for (const { passedMs, lost, starting, ...rest } of seen) {
        nowMs += passedMs
        const ready = Math.max(0, members - starting - (lost ? 1 : 0))
        const [result] = follow(t, state, [{ nowMs, ready, starting, ...rest }], (a, b) =>
          poolStep(a, b, options),
        )
        if (result === undefined) return
        const { action, members: asked, canGrow } = result.decision
        const before = ready + starting
        t.true(asked <= Math.max(options.max, before) && (asked >= options.min || asked > before))
        t.is(asked - before, action === 'hold' ? 0 : action === 'grow' ? 1 : asked - before)
        t.true(action !== 'retire' || asked < before)
        t.false(canGrow && asked >= options.max)
        state = result.state
        members = asked
      }
    }),
    { numRuns: 200 },
  )
})

test('admission limits no class below its least, nor its share, whatever it sees', (t) => {
  const seen = fc.record({
    samples: fc.nat(100),
    p90: ms,
    offered: count,
    refused: count,
    completed: count,
  })
  const sample = fc.record({
    passedMs: ms,
    inside: count,
    use: fc.double({ min: 0, max: 1, noNaN: true }),
    unqueuedP90Ms: ms,
    canGrow: fc.boolean(),
    loopDelayMs: ms,
    classes: fc.tuple(seen, seen, seen),
  })
  const options = resolveAdmissionOptions(
    { targetMs: 100 },
    { high: {}, middle: { targetMs: 1_000 }, low: {} },
  )
  fc.assert(
    fc.property(fc.array(sample, { maxLength: 80 }), (all) => {
      let nowMs = 0
      const samples = all.map(({ passedMs, classes, ...rest }) => {
        nowMs += passedMs
        return {
          ...rest,
          nowMs,
          classes: classes.map(({ p90, ...one }) => ({ ...one, p90Ms: one.samples === 0 ? null : p90 })),
        }
      })
      for (const { state, decision } of follow(t, initialAdmission(options), samples, (a, b) =>
        admissionStep(a, b, options),
      )) {
        for (const { ratePerSecond, waitShare } of state.classes) {
          t.true(ratePerSecond === null || ratePerSecond >= options.ratePerSecondMin)
          t.true(waitShare >= WAIT_SHARE_MIN && waitShare <= 1)
        }
        t.is(decision.classes.length, 3)
      }
    }),
    { numRuns: 200 },
  )
})
