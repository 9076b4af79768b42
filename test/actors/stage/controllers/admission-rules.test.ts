/** The admission controller: each of its rules alone, with one class and with three. */
import test from 'ava'
import {
  type AdmissionSample,
  type AdmissionState,
  admissionStep,
  type ClassSample,
  type ClassState,
  initialAdmission,
  WAIT_SHARE_MIN,
} from '../../../../actors/stage/controllers/admission-controller.ts'
import { resolveAdmissionOptions } from '../../../../actors/stage/controllers/admission-options.ts'

const one = resolveAdmissionOptions({ targetMs: 100 })
const three = resolveAdmissionOptions({ targetMs: 100 }, { high: {}, middle: {}, low: {} })

const busy: ClassSample = { samples: 100, p90Ms: 80, offered: 100, refused: 0, completed: 100 }
const idle: ClassSample = { samples: 0, p90Ms: null, offered: 0, refused: 0, completed: 0 }
const late: ClassSample = { ...busy, p90Ms: 120 }
const usual: AdmissionSample = {
  nowMs: 11_000,
  inside: 10,
  use: 0.95,
  unqueuedP90Ms: 10,
  canGrow: false,
  loopDelayMs: 0,
  classes: [busy],
}

interface Row {
  readonly title: string
  readonly state?: Partial<ClassState>
  readonly sample?: Partial<Omit<AdmissionSample, 'classes'>>
  readonly seen?: Partial<ClassSample>
  readonly expected: readonly [action: string, reason: string]
  readonly becomes?: Partial<ClassState>
}

const limited = { ratePerSecond: 100 }
/** Jobs are late without having waited. */
const crowded = { unqueuedP90Ms: 110 }
const table: readonly Row[] = [
  {
    title: 'before a second and a hundred jobs nothing is decided',
    sample: { nowMs: 10_500 },
    seen: { completed: 99 },
    expected: ['wait', 'not-due'],
  },
  {
    title: 'a hundred jobs are enough before the second is over',
    sample: { nowMs: 10_500 },
    expected: ['hold', 'within-bands'],
  },
  { title: 'a second is enough, also of nothing', seen: idle, expected: ['hold', 'not-limited'] },
  {
    title: 'between the bands nothing changes',
    state: { waitShare: 0.5 },
    expected: ['hold', 'within-bands'],
    becomes: { waitShare: 0.5, p90Ms: 80 },
  },
  {
    title: 'between the bands a share that keeps somebody out creeps up',
    state: { waitShare: 0.5 },
    seen: { refused: 5 },
    expected: ['raise', 'within-bands'],
    becomes: { waitShare: 0.505 },
  },
  {
    title: 'over its target the share is divided by 1.2',
    seen: late,
    expected: ['tighten', 'over-target'],
    becomes: { waitShare: 1 / 1.2, ratePerSecond: null, sinceMs: 11_000, p90Ms: null },
  },
  {
    title: 'the share does not fall below a tenth; then the rate is cut',
    state: { waitShare: 0.1 },
    seen: late,
    expected: ['cut', 'over-target'],
    becomes: { waitShare: 0.1, ratePerSecond: 100 / 1.2 },
  },
  {
    title: 'a p90 is smoothed: seven tenths of it are the past',
    state: { p90Ms: 90 },
    seen: late,
    expected: ['hold', 'within-bands'],
    becomes: { p90Ms: 99 },
  },
  {
    title: 'nineteen jobs judge nobody',
    seen: { ...late, samples: 19 },
    expected: ['hold', 'too-few-samples'],
    becomes: { p90Ms: null },
  },
  {
    title: 'below half its target a share grows by 2 %',
    state: { waitShare: 0.5 },
    seen: { p90Ms: 49 },
    expected: ['raise', 'below-target'],
    becomes: { waitShare: 0.52 },
  },
  {
    title: 'nothing at all is also below target',
    state: { waitShare: 0.5 },
    seen: idle,
    expected: ['raise', 'idle'],
    becomes: { waitShare: 0.52 },
  },
  {
    title: 'a share ends at the whole',
    state: { waitShare: 0.99 },
    seen: idle,
    expected: ['raise', 'idle'],
    becomes: { waitShare: 1 },
  },
  {
    title: 'late without a queue: the rate begins at what was measured, divided by 1.2',
    sample: crowded,
    seen: late,
    expected: ['cut', 'over-target'],
    becomes: { waitShare: 1, ratePerSecond: 100 / 1.2, cutP90Ms: 120, sinceMs: 11_600 },
  },
  {
    title: 'late without a queue where servers are free: nothing is crowded',
    sample: { ...crowded, use: 0.7 },
    seen: late,
    expected: ['hold', 'futile'],
  },
  {
    title: 'a cut that helped is followed by another',
    state: { ...limited, cutP90Ms: 200 },
    sample: crowded,
    seen: late,
    expected: ['cut', 'over-target'],
    becomes: { ratePerSecond: 100 / 1.2, cutP90Ms: 200 },
  },
  {
    title: 'a cut is judged by twice as many jobs',
    state: { ...limited, cutP90Ms: 130 },
    sample: crowded,
    seen: { ...late, samples: 39 },
    expected: ['hold', 'too-few-samples'],
  },
  {
    title: 'a cut that did not help is taken back, for ten seconds',
    state: { ...limited, cutP90Ms: 130 },
    sample: crowded,
    seen: late,
    expected: ['release', 'futile'],
    becomes: { ratePerSecond: null, futileUntilMs: 21_000, futileTimes: 1 },
  },
  {
    title: 'the third time for forty',
    state: { ...limited, cutP90Ms: 130, futileTimes: 2 },
    sample: crowded,
    seen: late,
    expected: ['release', 'futile'],
    becomes: { futileUntilMs: 51_000, futileTimes: 3 },
  },
  {
    title: 'and is not tried again before',
    state: { futileUntilMs: 11_001 },
    sample: crowded,
    seen: late,
    expected: ['hold', 'futile'],
  },
  {
    title: 'half of the capacity crowds nobody: a class does not cut itself below',
    state: { ratePerSecond: 50, cutP90Ms: 200 },
    sample: crowded,
    seen: late,
    expected: ['release', 'futile'],
  },
  {
    title: 'while the pool may grow nothing is cut',
    sample: { canGrow: true },
    seen: late,
    expected: ['hold', 'pool-may-grow'],
    becomes: { waitShare: 1 },
  },
  {
    title: 'a rate grows by 1.8 % of the capacity when nothing comes',
    state: { ratePerSecond: 50 },
    seen: idle,
    expected: ['raise', 'idle'],
    becomes: { ratePerSecond: 50 + 0.02 * 0.9 * 100 },
  },
  {
    title: 'by 0.82 % just below half the target',
    state: { ratePerSecond: 50 },
    seen: { p90Ms: 49 },
    expected: ['raise', 'below-target'],
    becomes: { ratePerSecond: 50 + 0.02 * 0.41 * 100 },
  },
  {
    title: 'a rate that no longer binds is dropped',
    state: { ratePerSecond: 149.5 },
    seen: { p90Ms: 10 },
    expected: ['release', 'below-target'],
    becomes: { ratePerSecond: null },
  },
  {
    title: 'a late event loop cuts the rate, to what was measured, divided by 1.2',
    sample: { loopDelayMs: 101 },
    expected: ['cut', 'loop-delayed'],
    becomes: { ratePerSecond: 100 / 1.2 },
  },
  {
    title: 'but not below half of the capacity: others may be the cause',
    state: { ratePerSecond: 59 },
    sample: { loopDelayMs: 101 },
    expected: ['hold', 'loop-delayed'],
  },
  {
    title: 'nor that of a stage without work',
    sample: { loopDelayMs: 500, inside: 0 },
    seen: idle,
    expected: ['hold', 'not-limited'],
  },
  {
    title: 'nor while the pool may grow',
    sample: { loopDelayMs: 500, canGrow: true },
    expected: ['hold', 'pool-may-grow'],
  },
]

for (const { title, state, sample, seen, expected, becomes = {} } of table) {
  test(`${title}: ${expected.join(', ')}`, (t) => {
    const [fresh] = initialAdmission(one).classes
    const before = {
      decidedAtMs: 10_000,
      capacityPerSecond: 100,
      classes: [{ ...(fresh as ClassState), ...state }],
    }
    const step = admissionStep(before, { ...usual, ...sample, classes: [{ ...busy, ...seen }] }, one)
    t.deepEqual([step.decision.action, step.decision.reason], expected)
    const [after] = step.state.classes
    for (const [name, value] of Object.entries(becomes)) {
      const found = after?.[name as keyof ClassState]
      if (typeof value === 'number')
        t.true(Math.abs((found as number) - value) < 1e-9, `${name}: ${found}, not ${value}`)
      else t.is(found, value, name)
    }
  })
}

function steps(
  samples: readonly (readonly ClassSample[])[],
  states: readonly Partial<ClassState>[] = [{}, {}, {}],
) {
  const start = initialAdmission(three)
  let state: AdmissionState = {
    ...start,
    decidedAtMs: 10_000,
    classes: start.classes.map((c, i) => ({ ...c, ...states[i] })),
  }
  const decisions = samples.map((classes, i) => {
    const step = admissionStep(state, { ...usual, nowMs: 11_000 + 1_000 * i, classes }, three)
    state = step.state
    return step.decision.classes.map(({ action, reason }) => `${action} ${reason}`)
  })
  return { state, decisions, rates: state.classes.map((c) => c.ratePerSecond) }
}

test('a class over its target divides the rates of all lower ones by 10, before its own is cut', (t) => {
  const { decisions, rates, state } = steps([[late, busy, busy]])
  t.deepEqual(decisions, [['hold over-target', 'cut higher-class', 'cut higher-class']])
  t.deepEqual(rates, [null, 10, 10])
  t.is(state.classes[0]?.waitShare, 1)
})

test('a higher class that is in time is not touched, nor one below that nobody uses', (t) => {
  const { decisions, rates } = steps([[busy, late, idle]])
  t.deepEqual(decisions, [['hold within-bands', 'tighten over-target', 'hold higher-class']])
  t.deepEqual(rates, [null, null, null])
})

test('only when the lower ones are at their least its own is cut', (t) => {
  const least = { ratePerSecond: three.ratePerSecondMin }
  const { decisions } = steps([[late, busy, busy]], [{}, least, least])
  t.deepEqual(decisions, [['tighten over-target', 'hold at-least', 'hold at-least']])
})

test('four decisions in a row bring the lower ones to their least, and never below', (t) => {
  const { rates } = steps(Array(5).fill([late, busy, busy]))
  t.deepEqual(rates, [null, three.ratePerSecondMin, three.ratePerSecondMin])
})

test('a lower class that was cut for a higher one is not let in again because it is late itself', (t) => {
  const { decisions, rates } = steps(
    [[busy, busy, late]],
    [{}, {}, { ratePerSecond: 3, waitShare: WAIT_SHARE_MIN }],
  )
  t.deepEqual(decisions[0]?.[2], 'hold at-least')
  t.is(rates[2], 3)
})

test('the lower ones do not grow while a higher one is late, and recover when it is not', (t) => {
  const good = { ...busy, p90Ms: 20 }
  const cut = steps([[late, good, good]])
  t.deepEqual(cut.rates, [null, 10, 10])
  const recovered = steps([[late, good, good], ...Array(300).fill([good, good, good])])
  t.deepEqual(recovered.rates, [null, null, null])
})

test('it is at rest when nothing is inside and nothing is limited', (t) => {
  const rests = (inside: number, state: Partial<ClassState>) => {
    const classes = [{ ...(initialAdmission(one).classes[0] as ClassState), ...state }]
    const before = { decidedAtMs: 10_000, capacityPerSecond: 100, classes }
    return admissionStep(before, { ...usual, inside, classes: [idle] }, one).decision.isAtRest
  }
  t.true(rests(0, {}))
  t.false(rests(1, {}))
  t.false(rests(0, { ratePerSecond: 5 }))
  t.false(rests(0, { waitShare: 0.9 }))
})

test('the first step only notes the time', (t) => {
  const { state, decision } = admissionStep(initialAdmission(one), usual, one)
  t.deepEqual([decision.action, state.decidedAtMs], ['wait', 11_000])
})

test('a stage that was throttled to the least recovers by itself, in a minute without a job', (t) => {
  const start = initialAdmission(one)
  let state: AdmissionState = {
    ...start,
    capacityPerSecond: 100,
    classes: [{ ...(start.classes[0] as ClassState), ratePerSecond: 0.05, waitShare: 0.1 }],
  }
  let nowMs = 0
  let isAtRest = false
  while (!isAtRest && nowMs < 120_000) {
    nowMs += 100
    const step = admissionStep(state, { ...usual, nowMs, inside: 0, classes: [idle] }, one)
    state = step.state
    isAtRest = step.decision.isAtRest
  }
  t.true(isAtRest)
  t.true(nowMs <= 100_000, `${nowMs} ms`)
})
