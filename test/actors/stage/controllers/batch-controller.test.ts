/** Law: the batch controller finds the least size that keeps the throughput, and never lets a batch take too long. */
import test from 'ava'
import fc from 'fast-check'
import {
  type BatchDecision,
  type BatchSample,
  type BatchState,
  batchStep,
  initialBatch,
} from '../../../../actors/stage/controllers/batch-controller.ts'
import { type BatchOptions, resolveBatchOptions } from '../../../../actors/stage/controllers/batch-options.ts'

/** Full batches at whatever size is in force, each of which takes as long as `msOf` says. */
function run(state: BatchState, batches: number, msOf: (jobs: number) => number, options: BatchOptions = {}) {
  const resolved = resolveBatchOptions(options)
  const decisions: BatchDecision[] = []
  let now = state
  for (let n = 0; n < batches; n++) {
    const jobs = now.batchSize
    const step = batchStep(now, { nowMs: n, batchSize: jobs, jobs, elapsedMs: msOf(jobs) }, resolved)
    now = step.state
    decisions.push(step.decision)
  }
  return { state: now, decisions, reasons: new Set(decisions.map(({ reason }) => reason)) }
}

const begin = (options: BatchOptions = {}) => initialBatch(resolveBatchOptions(options))
/** A batch costs `perBatch`, and each job in it `perJob`. */
const cost = (perBatch: number, perJob: number) => (jobs: number) => perBatch + perJob * jobs

test('where a batch has a cost of its own it grows, as long as that raises the throughput, and then is as small as keeps it', (t) => {
  const { state, reasons } = run(begin(), 2_000, cost(1, 0.1))
  for (const reason of ['measuring', 'throughput-rises', 'keeps-throughput', 'loses-throughput', 'settled'])
    t.true(reasons.has(reason as BatchDecision['reason']), reason)
  const size = state.batchSize
  const throughput = (jobs: number) => jobs / (1 + 0.1 * jobs)
  t.true(throughput(size) >= 0.8 * throughput(64), `${size} jobs do ${throughput(size)} a ms`)
  t.true(size < 64)
})

test('where it has none, one job at a time is enough', (t) => {
  t.is(run(begin(), 500, cost(0, 1)).state.batchSize, 1)
})

test('a job that takes longer than a batch may is done alone', (t) => {
  const { state, decisions } = run(begin(), 50, cost(5, 250))
  t.is(state.batchSize, 1)
  t.true(decisions.every(({ batchSize }) => batchSize === 1))
})

test('a batch that has become too long is made smaller, whatever it does for the throughput', (t) => {
  const { state } = run(begin(), 2_000, cost(1, 0.1))
  const { state: slower, reasons } = run(state, 2_000, cost(5, 2))
  t.true(reasons.has('too-long'))
  t.true(cost(5, 2)(slower.batchSize) <= 20 || slower.batchSize === 1)
})

test('a sudden drop of the throughput begins anew at the largest', (t) => {
  const { state } = run(begin({ batchMax: 8 }), 4_000, cost(0, 0.1), { batchMax: 8 })
  const { decisions } = run(state, 400, cost(0.5, 0.1), { batchMax: 8 })
  const reset = decisions.find(({ action }) => action === 'reset')
  t.like(reset, { reason: 'sudden-drop', batchSize: 8 })
})

test('a batch that was not full, or taken at another size, says nothing', (t) => {
  const options = resolveBatchOptions({ initial: 4 })
  const state = initialBatch(options)
  for (const sample of [
    { nowMs: 0, batchSize: 4, jobs: 3, elapsedMs: 1_000 },
    { nowMs: 0, batchSize: 3, jobs: 4, elapsedMs: 1_000 },
  ]) {
    const step = batchStep(state, sample, options)
    t.deepEqual(step.state, state)
    t.like(step.decision, { action: 'hold', reason: 'measuring', batchSize: 4 })
  }
})

test('once settled it does not flap', (t) => {
  const { state } = run(begin(), 2_000, cost(1, 0.1))
  let n = 0
  const noisy = (jobs: number) => cost(1, 0.1)(jobs) * (1 + 0.2 * Math.sin(n++))
  const { decisions } = run(state, 5_000, noisy)
  const changes = decisions.filter(({ action }) => action !== 'hold').length
  t.true(changes <= 10, `${changes} changes`)
})

test('any samples: the size stays within its bounds; nothing is changed in place; a state that was written down goes on the same', (t) => {
  const samples = fc.array(
    fc.record({
      jobs: fc.integer({ min: 1, max: 40 }),
      elapsedMs: fc.double({ min: 0, max: 1e4, noNaN: true }),
    }),
    { maxLength: 200 },
  )
  const options = fc.record({
    batchMax: fc.integer({ min: 1, max: 40 }),
    factor: fc.double({ min: 1.01, max: 4, noNaN: true }),
    windowMs: fc.double({ min: 0.1, max: 100, noNaN: true }),
  })
  fc.assert(
    fc.property(samples, options, (given, config) => {
      const resolved = resolveBatchOptions(config)
      let state = Object.freeze(initialBatch(resolved))
      for (const [nowMs, { jobs, elapsedMs }] of given.entries()) {
        const size = state.batchSize
        const sample: BatchSample = Object.freeze({
          nowMs,
          batchSize: size,
          jobs: Math.max(jobs, size),
          elapsedMs,
        })
        const step = batchStep(state, sample, resolved)
        t.deepEqual(batchStep(JSON.parse(JSON.stringify(state)), sample, resolved), step)
        const { batchSize } = step.decision
        t.true(Number.isInteger(batchSize) && batchSize >= 1 && batchSize <= config.batchMax)
        state = Object.freeze(step.state)
      }
    }),
    { numRuns: 50 },
  )
})
