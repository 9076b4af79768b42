/** Law: a class over its target gets less, the lower ones first; one that is well below gets more; and what was cut recovers. */
import test from 'ava'
import fc from 'fast-check'
import {
  type AdmissionSample,
  type AdmissionState,
  admissionStep,
  type ClassSample,
  initialAdmission,
  WAIT_SHARE_MIN,
} from '../../../../actors/stage/controllers/admission-controller.ts'
import {
  type AdmissionOptions,
  resolveAdmissionOptions,
} from '../../../../actors/stage/controllers/admission-options.ts'

const steady: ClassSample = { samples: 100, p90Ms: 80, offered: 100, refused: 0, completed: 100 }

/** One, or several classes, judged each second. */
class Controlled {
  readonly options
  state: AdmissionState
  nowMs = 0

  constructor(options: AdmissionOptions = {}, classes?: Record<string, { targetMs?: number }>) {
    this.options = resolveAdmissionOptions({ targetMs: 100, ...options }, classes)
    this.state = admissionStep(initialAdmission(this.options), this.sample([steady]), this.options).state
  }

  sample(classes: readonly Partial<ClassSample>[], more: Partial<AdmissionSample> = {}): AdmissionSample {
    return {
      nowMs: this.nowMs,
      inside: 10,
      use: 0.95,
      unqueuedP90Ms: 10,
      canGrow: false,
      loopDelayMs: 0,
      ...more,
      classes: this.options.classes.map((_, i) => ({ ...steady, ...classes[i] })),
    }
  }

  step(classes: readonly Partial<ClassSample>[], more: Partial<AdmissionSample> = {}, passedMs = 1_000) {
    this.nowMs += passedMs
    const { state, decision } = admissionStep(this.state, this.sample(classes, more), this.options)
    this.state = state
    return decision
  }
}

test('it decides once a second, or after 100 jobs; until then it waits', (t) => {
  const one = new Controlled()
  t.like(one.step([{ completed: 10 }], {}, 500), { action: 'wait', reason: 'not-due' })
  t.not(one.step([{ completed: 10 }], {}, 500).action, 'wait')
  t.not(one.step([{ completed: 100 }], {}, 100).action, 'wait')
})

test('fewer jobs than twenty are not judged', (t) => {
  const one = new Controlled()
  t.is(one.step([{ samples: 19, p90Ms: 500 }]).action, 'hold')
  t.is(one.step([{ samples: 20, p90Ms: 500 }]).action, 'tighten')
})

test('over the target by a queue: the wait share is divided by 1.2, down to its least', (t) => {
  const one = new Controlled()
  const { classes } = one.step([{ p90Ms: 150 }])
  t.like(classes[0], { action: 'tighten', reason: 'over-target', ratePerSecond: null })
  t.is(classes[0]?.waitShare, 1 / 1.2)
  for (let n = 0; n < 30; n++) one.step([{ p90Ms: 150 }])
  t.is(one.state.classes[0]?.waitShare, WAIT_SHARE_MIN)
})

test('over the target without any queue: the rate is cut from what was done, by 1.2', (t) => {
  const one = new Controlled()
  const late = { p90Ms: 150, completed: 180 }
  const { classes } = one.step([late], { unqueuedP90Ms: 150 })
  t.like(classes[0], { action: 'cut', reason: 'over-target', ratePerSecond: 150 })
})

test('a cut that lowers nothing is taken back, and not tried again for ten seconds', (t) => {
  const one = new Controlled()
  const late = { p90Ms: 150, completed: 180 }
  const more = { unqueuedP90Ms: 150 }
  one.step([late], more)
  t.like(one.step([late], more).classes[0], { action: 'release', reason: 'futile', ratePerSecond: null })
  for (let n = 0; n < 9; n++) t.is(one.step([late], more).classes[0]?.reason, 'futile')
  t.is(one.step([late], more).classes[0]?.action, 'cut')
})

test('below half of the target the share grows again by 2 % a step, and within the bands it holds', (t) => {
  const one = new Controlled()
  one.step([{ p90Ms: 150 }])
  const before = one.state.classes[0]?.waitShare as number
  t.is(one.step([{ p90Ms: 80 }]).classes[0]?.reason, 'within-bands')
  t.is(one.state.classes[0]?.waitShare, before)
  // It is smoothed: one good second does not make it well.
  t.is(one.step([{ p90Ms: 10 }]).classes[0]?.reason, 'within-bands')
  const { classes } = one.step([{ p90Ms: 10 }])
  t.like(classes[0], { action: 'raise', reason: 'below-target' })
  t.true(Math.abs((one.state.classes[0]?.waitShare as number) - before - 0.02) < 1e-9)
})

test('while the pool may grow nothing is cut', (t) => {
  const one = new Controlled()
  t.like(one.step([{ p90Ms: 900 }], { canGrow: true }).classes[0], {
    action: 'hold',
    reason: 'pool-may-grow',
  })
  t.is(one.state.classes[0]?.waitShare, 1)
})

test('an event loop that is late counts as over the target', (t) => {
  const one = new Controlled()
  const { classes } = one.step([{ p90Ms: 10, completed: 180 }], { loopDelayMs: 101 })
  t.like(classes[0], { action: 'cut', reason: 'loop-delayed', ratePerSecond: 150 })
  t.is(new Controlled().step([{ p90Ms: 10 }], { loopDelayMs: 100 }).action, 'hold')
})

test('a class over its target: the lower ones are cut to a tenth before its own is, and recover after', (t) => {
  const three = new Controlled({}, { high: {}, middle: {}, low: {} })
  const late = [{ p90Ms: 150 }, {}, {}]
  let { classes } = three.step(late)
  t.deepEqual(
    classes.map(({ action }) => action),
    ['hold', 'cut', 'cut'],
  )
  t.deepEqual(
    classes.slice(1).map(({ ratePerSecond, reason }) => [ratePerSecond, reason]),
    [
      [10, 'higher-class'],
      [10, 'higher-class'],
    ],
  )
  const unused = { offered: 10, refused: 10, completed: 0, samples: 0, p90Ms: null }
  ;({ classes } = three.step([{ p90Ms: 150 }, unused, unused]))
  t.is(classes[0]?.action, 'tighten', 'nobody below has anything left to give')
  const throttled = three.state.classes[2]?.ratePerSecond as number
  for (let n = 0; n < 400; n++)
    three.step([{ p90Ms: 10 }, { ...unused, refused: 0 }, { ...unused, refused: 0 }])
  t.true((three.state.classes[2]?.ratePerSecond ?? Number.POSITIVE_INFINITY) > throttled)
  t.is(three.state.classes[2]?.ratePerSecond, null, 'it is no longer limited')
})

test('a class over its target leaves the higher ones alone', (t) => {
  const two = new Controlled({}, { high: {}, low: { targetMs: 50 } })
  const { classes } = two.step([{ p90Ms: 80 }, { p90Ms: 80 }])
  t.deepEqual(
    classes.map(({ action }) => action),
    ['hold', 'tighten'],
  )
})

test('idle, with nothing limited, it is at rest and needs no timer', (t) => {
  const one = new Controlled()
  const idle = { samples: 0, p90Ms: null, offered: 0, completed: 0 }
  t.true(one.step([idle], { inside: 0 }).isAtRest)
  one.step([{ p90Ms: 150 }])
  t.false(one.step([idle], { inside: 0 }).isAtRest)
  for (let n = 0; n < 30; n++) one.step([idle], { inside: 0 })
  t.true(one.step([idle], { inside: 0 }).isAtRest, 'what was throttled has recovered by itself')
})

test('any samples: shares and rates stay within their bounds, nothing is changed in place, and a state that was written down goes on the same', (t) => {
  const klass = fc.record({
    samples: fc.nat(100),
    p90Ms: fc.option(fc.double({ min: 0, max: 1e5, noNaN: true })),
    offered: fc.nat(1_000),
    refused: fc.nat(1_000),
    completed: fc.nat(1_000),
  })
  const steps = fc.array(
    fc.record({
      passedMs: fc.integer({ min: 0, max: 5_000 }),
      inside: fc.nat(100),
      use: fc.double({ min: 0, max: 1, noNaN: true }),
      unqueuedP90Ms: fc.double({ min: 0, max: 1e4, noNaN: true }),
      canGrow: fc.boolean(),
      loopDelayMs: fc.double({ min: 0, max: 500, noNaN: true }),
      classes: fc.tuple(klass, klass),
    }),
    { maxLength: 100 },
  )
  const options = resolveAdmissionOptions({ targetMs: 100 }, { high: {}, low: {} })
  fc.assert(
    fc.property(steps, (given) => {
      let state = Object.freeze(initialAdmission(options))
      let nowMs = 0
      for (const { passedMs, classes, ...more } of given) {
        nowMs += passedMs
        const whole = classes.map((one) => ({ ...one, samples: one.p90Ms === null ? 0 : one.samples }))
        const sample = Object.freeze({ ...more, classes: whole, nowMs })
        const step = admissionStep(state, sample, options)
        t.deepEqual(admissionStep(JSON.parse(JSON.stringify(state)), sample, options), step)
        for (const { ratePerSecond, waitShare } of step.state.classes) {
          t.true(waitShare >= WAIT_SHARE_MIN - 1e-9 && waitShare <= 1)
          t.true(
            ratePerSecond === null ||
              (ratePerSecond >= options.ratePerSecondMin && Number.isFinite(ratePerSecond)),
          )
        }
        state = Object.freeze(step.state)
      }
      t.pass()
    }),
    { numRuns: 100 },
  )
})
