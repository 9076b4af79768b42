/** The batch controller: each of its rules alone, and what it finds in simulated work. */
import test from 'ava'
import {
  type BatchSample,
  type BatchState,
  batchStep,
  initialBatch,
} from '../../../../actors/stage/controllers/batch-controller.ts'
import { type BatchOptions, resolveBatchOptions } from '../../../../actors/stage/controllers/batch-options.ts'

const options = resolveBatchOptions({ batchMax: 100, windowMs: 40, batchMsMax: 20 })

/** A full batch of the present size, whose work takes so long. */
function batch(state: BatchState, elapsedMs: number): BatchSample {
  const { batchSize } = state
  return { nowMs: 0, batchSize, jobs: batchSize, elapsedMs }
}

function at(given: Partial<BatchState>): BatchState {
  return { ...initialBatch(options), ...given }
}

const table: readonly {
  readonly title: string
  readonly state: Partial<BatchState>
  readonly elapsedMs: number
  readonly action: string
  readonly reason: string
  readonly size: number
}[] = [
  {
    title: 'less than a window of work says nothing',
    state: { batchSize: 10 },
    elapsedMs: 9.9,
    action: 'hold',
    reason: 'measuring',
    size: 10,
  },
  {
    title: 'the first look grows: there is nothing to compare with',
    state: { batchSize: 10 },
    elapsedMs: 10,
    action: 'grow',
    reason: 'throughput-rises',
    size: 12,
  },
  {
    title: 'a throughput that rises by more than 2 % grows on',
    state: { batchSize: 10, best: 0.9 },
    elapsedMs: 10,
    action: 'grow',
    reason: 'throughput-rises',
    size: 12,
  },
  {
    title: 'one that rises by less is passed over once',
    state: { batchSize: 10, best: 0.99 },
    elapsedMs: 10,
    action: 'grow',
    reason: 'looking-further',
    size: 12,
  },
  {
    title: 'a second one turns back',
    state: { batchSize: 10, best: 0.99, misses: 1 },
    elapsedMs: 10,
    action: 'shrink',
    reason: 'keeps-throughput',
    size: 8,
  },
  {
    title: 'a smaller size that keeps 90 % is kept, and a smaller one tried',
    state: { batchSize: 10, phase: 'down', best: 1.05 },
    elapsedMs: 10,
    action: 'shrink',
    reason: 'keeps-throughput',
    size: 8,
  },
  {
    title: 'one that does not goes one up, and rests',
    state: { batchSize: 10, phase: 'down', best: 1.2 },
    elapsedMs: 10,
    action: 'grow',
    reason: 'loses-throughput',
    size: 12,
  },
  {
    title: 'a batch that takes too long is made smaller, whatever it brings',
    state: { batchSize: 10, best: 0.1 },
    elapsedMs: 21,
    action: 'shrink',
    reason: 'too-long',
    size: 8,
  },
  {
    title: 'what would take too long is not tried',
    state: { batchSize: 10 },
    elapsedMs: 17,
    action: 'shrink',
    reason: 'keeps-throughput',
    size: 8,
  },
  {
    title: 'one is the least',
    state: { batchSize: 1, phase: 'down', best: 0.1 },
    elapsedMs: 10,
    action: 'hold',
    reason: 'at-bound',
    size: 1,
  },
  {
    title: 'at rest nothing changes',
    state: { batchSize: 10, phase: 'rest', smoothed: 1 },
    elapsedMs: 10,
    action: 'hold',
    reason: 'settled',
    size: 10,
  },
  {
    title: 'a sudden drop begins again with the largest',
    state: { batchSize: 10, phase: 'rest', smoothed: 2.1 },
    elapsedMs: 10,
    action: 'reset',
    reason: 'sudden-drop',
    size: 100,
  },
  {
    title: 'a throughput that has risen tries to grow anew',
    state: { batchSize: 10, phase: 'rest', smoothed: 0.7 },
    elapsedMs: 10,
    action: 'hold',
    reason: 'throughput-rises',
    size: 10,
  },
]

for (const { title, state, elapsedMs, action, reason, size } of table) {
  test(`${title}: ${action}, ${reason}`, (t) => {
    let step = { state: at(state), decision: {} }
    for (let i = 0; i < 4; i += 1) step = batchStep(step.state, batch(step.state, elapsedMs), options)
    t.like(step.decision, { action, reason, batchSize: size })
  })
}

test('after long rest growing is tried again', (t) => {
  let step = { state: at({ batchSize: 10, phase: 'rest', smoothed: 1, looks: 1_200 }), decision: {} }
  for (let i = 0; i < 4; i += 1) step = batchStep(step.state, batch(step.state, 10), options)
  t.like(step, { state: { phase: 'up' }, decision: { action: 'hold', reason: 'looking-again' } })
})

test('a look takes in at least four batches, however long', (t) => {
  let state = at({ batchSize: 1 })
  for (const expected of ['measuring', 'measuring', 'measuring', 'keeps-throughput']) {
    const step = batchStep({ ...state, phase: 'down', best: 0.001 }, batch(state, 100), options)
    state = step.state
    t.is(step.decision.reason === 'measuring', expected === 'measuring')
  }
})

test('a batch that was not full, or was taken at another size, says nothing', (t) => {
  const state = at({ batchSize: 10 })
  t.deepEqual(batchStep(state, { nowMs: 0, batchSize: 10, jobs: 9, elapsedMs: 100 }, options).state, state)
  t.deepEqual(batchStep(state, { nowMs: 0, batchSize: 8, jobs: 8, elapsedMs: 100 }, options).state, state)
})

interface Work {
  /** Milliseconds that a batch costs, whatever is in it; and each job of it. */
  readonly batchMs: number
  readonly jobMs: number
}

/** A stage that always has full batches; `batches` of them. Gives the sizes. */
function work(given: BatchOptions, batches: number, workAt: (i: number) => Work): readonly number[] {
  const resolved = resolveBatchOptions(given)
  let state = initialBatch(resolved)
  const sizes: number[] = []
  for (let i = 0; i < batches; i += 1) {
    const { batchMs, jobMs } = workAt(i)
    const sample = batch(state, batchMs + jobMs * state.batchSize)
    const step = batchStep(state, sample, resolved)
    state = step.state
    sizes.push(step.decision.batchSize)
  }
  return sizes
}

const share = ({ batchMs, jobMs }: Work, size: number) => (size * jobMs) / (batchMs + size * jobMs)

for (const [batchMs, jobMs] of [
  [0.1, 0.1],
  [0.2, 0.05],
  [1, 0.1],
  [0.05, 0.01],
  [0, 0.1],
  [0, 5],
] as const) {
  test(`with ${batchMs} ms a batch and ${jobMs} ms a job it finds a size with 80 % of the best throughput, and no more than is of use`, (t) => {
    const one = { batchMs, jobMs }
    const sizes = work({}, 20_000, () => one)
    const size = sizes.at(-1) as number
    const best = share(one, 64)
    t.true(share(one, size) >= 0.8 * best, `${size} has ${share(one, size)} of ${best}`)
    // The least size that has 97 % of the best: beyond it there is only latency.
    const enough = Array.from({ length: 64 }, (_, i) => i + 1).find(
      (n) => share(one, n) >= 0.97 * best,
    ) as number
    t.true(size <= enough, `${size}, where ${enough} is enough`)
    t.true(new Set(sizes.slice(-200)).size <= 2, 'it rests')
  })
}

for (const jobMs of [25, 250, 1_000]) {
  test(`jobs of ${jobMs} ms are taken one at a time, from the first to the last`, (t) => {
    t.deepEqual([...new Set(work({}, 500, () => ({ batchMs: 1, jobMs })))], [1])
  })
}

test('jobs that become long are taken in smaller batches, four of each size at most, down to one', (t) => {
  const sizes = work({}, 20_000, (i) => ({ batchMs: 1, jobMs: i < 19_900 ? 0.1 : 50 }))
  t.true((sizes[19_899] as number) > 5)
  const after = sizes.slice(19_900)
  t.is(after.at(-1), 1)
  t.true(after.indexOf(1) <= 5 * new Set(after).size, after.join())
})
