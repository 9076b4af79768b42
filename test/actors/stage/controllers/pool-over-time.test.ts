/** The pool controller: each of its rules alone, and what it does over time. */
import test from 'ava'
import {
  initialPool,
  type PoolDecision,
  type PoolSample,
  type PoolState,
  poolStep,
} from '../../../../actors/stage/controllers/pool-controller.ts'
import { resolvePoolOptions } from '../../../../actors/stage/controllers/pool-options.ts'

const options = resolvePoolOptions({ min: 1, max: 4 })
const calm: PoolSample = {
  nowMs: 10_000,
  ready: 2,
  starting: 0,
  queued: 0,
  busyPeak: 2,
  completed: 10,
  refused: 0,
}
const before: PoolState = { ...initialPool(options), sampledAtMs: 9_900, ready: 2 }

interface Row {
  readonly title: string
  readonly state?: Partial<PoolState>
  readonly sample?: Partial<PoolSample>
  readonly given?: { readonly min?: number; readonly max?: number }
  readonly expected: readonly [action: string, reason: string, members: number]
}

const slow = { members: 2, completed: 100, elapsedMs: 1_000, sinceMs: 9_000 }
const table: readonly Row[] = [
  { title: 'nothing calls for a change', expected: ['hold', 'enough', 2] },
  { title: 'one is missing', sample: { ready: 0, busyPeak: 0 }, expected: ['grow', 'below-min', 1] },
  { title: 'there are too many', sample: { ready: 6 }, expected: ['retire', 'above-max', 4] },
  {
    title: 'an empty pool without jobs stays empty',
    given: { min: 0 },
    sample: { ready: 0, busyPeak: 0 },
    expected: ['hold', 'enough', 0],
  },
  {
    title: 'the first job calls for a member, at once',
    given: { min: 0 },
    sample: { ready: 0, busyPeak: 0, queued: 1 },
    expected: ['grow', 'first-job', 1],
  },
  {
    title: 'so does one that was refused',
    given: { min: 0 },
    sample: { ready: 0, busyPeak: 0, refused: 1 },
    expected: ['grow', 'first-job', 1],
  },
  { title: 'one sample above the mark is a burst', sample: { queued: 3 }, expected: ['hold', 'enough', 2] },
  {
    title: 'a queue at the mark is none above it',
    state: { above: 1 },
    sample: { queued: 2 },
    expected: ['hold', 'enough', 2],
  },
  {
    title: 'two above the mark in a row make a member',
    state: { above: 1 },
    sample: { queued: 3 },
    expected: ['grow', 'queue-above-mark', 3],
  },
  {
    title: 'refusals are a queue that does not show',
    state: { above: 1 },
    sample: { refused: 1 },
    expected: ['grow', 'queue-above-mark', 3],
  },
  {
    title: 'none is made while one starts',
    state: { above: 1 },
    sample: { queued: 9, starting: 1 },
    expected: ['hold', 'member-starting', 3],
  },
  {
    title: 'there are no more than max',
    state: { above: 1 },
    sample: { queued: 9, ready: 4 },
    expected: ['hold', 'at-max', 4],
  },
  {
    title: 'after thrashing there is no growth for a while',
    state: { above: 1, heldUntilMs: 10_001 },
    sample: { queued: 9 },
    expected: ['hold', 'held', 2],
  },
  {
    title: 'and then there is',
    state: { above: 1, heldUntilMs: 10_000 },
    sample: { queued: 9 },
    expected: ['grow', 'queue-above-mark', 3],
  },
  {
    title: 'growing that cost more than a fifth of the throughput is taken back',
    state: { trial: slow, measure: { members: 3, completed: 100, elapsedMs: 1_500 } },
    sample: { ready: 3, queued: 9, completed: 5 },
    expected: ['retire', 'thrashing', 2],
  },
  {
    title: 'growing that cost less is not',
    state: { trial: slow, measure: { members: 3, completed: 100, elapsedMs: 1_000 } },
    sample: { ready: 3, queued: 9 },
    expected: ['hold', 'enough', 3],
  },
  {
    title: 'a hundred jobs are looked at before it is judged',
    state: { trial: slow, measure: { members: 3, completed: 80, elapsedMs: 9_000 } },
    sample: { ready: 3, queued: 9 },
    expected: ['hold', 'enough', 3],
  },
  {
    title: 'a member that was not needed for 5 s is retired',
    state: { idleSinceMs: 5_000, idlePeak: 1 },
    sample: { busyPeak: 1 },
    expected: ['retire', 'idle', 1],
  },
  {
    title: 'all that were not needed are',
    state: { idleSinceMs: 5_000, idlePeak: 1 },
    sample: { ready: 4, busyPeak: 2 },
    expected: ['retire', 'idle', 2],
  },
  {
    title: 'not a moment before',
    state: { idleSinceMs: 5_001, idlePeak: 1 },
    sample: { busyPeak: 1 },
    expected: ['hold', 'enough', 2],
  },
  {
    title: 'min is kept, however idle',
    given: { min: 2 },
    state: { idleSinceMs: 0 },
    sample: { busyPeak: 0 },
    expected: ['hold', 'enough', 2],
  },
  {
    title: 'with min 0 the last one goes too',
    given: { min: 0 },
    state: { idleSinceMs: 0 },
    sample: { ready: 1, busyPeak: 0 },
    expected: ['retire', 'idle', 0],
  },
]

for (const { title, state, sample, given, expected } of table) {
  test(`${title}: ${expected.join(', ')}`, (t) => {
    const resolved = resolvePoolOptions({ min: 1, max: 4, ...given })
    const { decision } = poolStep({ ...before, ...state }, { ...calm, ...sample }, resolved)
    t.deepEqual([decision.action, decision.reason, decision.members], expected)
  })
}

test('it may grow while there are fewer than max, and it is not held', (t) => {
  t.true(poolStep(before, calm, options).decision.canGrow)
  t.false(poolStep(before, { ...calm, ready: 4 }, options).decision.canGrow)
  t.false(poolStep({ ...before, heldUntilMs: 20_000 }, calm, options).decision.canGrow)
})

/** A pool over time, sampled each 100 ms: `demand` members would be needed, and k of them do `speed(k)` jobs in 100 ms. */
function live(
  seconds: number,
  demand: (s: number) => number,
  speed: (k: number, s: number) => number = (k) => 10 * k,
) {
  let state = initialPool(options)
  let ready = 1
  const changes: PoolDecision[] = []
  for (let nowMs = 0; nowMs < seconds * 1_000; nowMs += 100) {
    const needed = demand(nowMs / 1_000)
    const busyPeak = Math.min(ready, Math.ceil(needed))
    const queued = needed > ready ? 50 : 0
    const completed = speed(busyPeak, nowMs / 1_000)
    const step = poolStep(
      state,
      { nowMs, ready, starting: 0, queued, busyPeak, completed, refused: 0 },
      options,
    )
    state = step.state
    if (step.decision.action !== 'hold') changes.push(step.decision)
    ready = step.decision.members
  }
  return {
    changes,
    ready,
    reasons: changes.map(({ action, reason, members }) => `${action} ${reason} ${members}`),
  }
}

test('a step of load makes the members that it needs within a second, and no more changes', (t) => {
  const { changes, reasons } = live(60, () => 3.5)
  t.deepEqual(reasons, ['grow queue-above-mark 2', 'grow queue-above-mark 3', 'grow queue-above-mark 4'])
  t.true((changes.at(-1)?.sample.nowMs as number) < 1_000)
})

test('a ramp up and down makes and retires each member once', (t) => {
  const { reasons } = live(120, (s) => Math.max(0.5, 4 - Math.abs(60 - s) / 10))
  t.deepEqual(reasons, [
    'grow queue-above-mark 2',
    'grow queue-above-mark 3',
    'grow queue-above-mark 4',
    'retire idle 3',
    'retire idle 2',
    'retire idle 1',
  ])
})

test('when load drops to nothing, all but min go together, after 5 s', (t) => {
  const { changes } = live(40, (s) => (s < 10 ? 4 : 0))
  const last = changes.at(-1) as PoolDecision
  t.like(last, { action: 'retire', reason: 'idle', members: 1 })
  t.true(last.sample.nowMs >= 15_000 && last.sample.nowMs <= 15_300)
})

test('load that comes each 6 s does not make it flap: it learns to wait', (t) => {
  const { changes } = live(600, (s) => (s % 6 < 0.5 ? 3 : 0.5))
  t.true(changes.length <= 12, `${changes.length} changes`)
  t.true(changes.filter(({ sample }) => sample.nowMs > 60_000).length === 0, 'none after the first minute')
})

test('where more members do less, it goes back, and tries ever more rarely', (t) => {
  const { changes, ready } = live(
    600,
    () => 9,
    (k) => [0, 10, 20, 12, 6][k] as number,
  )
  const thrashed = changes.filter(({ reason }) => reason === 'thrashing')
  t.true(thrashed.length >= 3 && thrashed.length <= 5, `${thrashed.length} times`)
  t.deepEqual([...new Set(thrashed.map(({ members }) => members))], [2])
  t.is(ready, 2)
  const gaps = thrashed
    .slice(1)
    .map(({ sample }, i) => sample.nowMs - (thrashed[i] as PoolDecision).sample.nowMs)
  t.true(
    gaps.every((gap, i) => i === 0 || gap > 1.8 * (gaps[i - 1] as number)),
    gaps.join(),
  )
})

test('work that becomes heavier for all is no thrashing', (t) => {
  const { reasons } = live(
    60,
    () => 9,
    (k, s) => 10 * k * (s < 30 ? 1 : 0.4),
  )
  t.false(reasons.some((reason) => reason.includes('thrashing')))
})
