/** The gate, and what is measured behind it. */
import test from 'ava'
import { Admission, type Load } from '../../../../actors/stage/controllers/admission.ts'
import {
  type AdmissionOptions,
  resolveAdmissionOptions,
} from '../../../../actors/stage/controllers/admission-options.ts'

/** An admission that knows that a job takes 10 ms. */
function knowing(
  options: AdmissionOptions = { targetMs: 100 },
  classes?: Record<string, { targetMs?: number }>,
): Admission {
  const admission = new Admission(resolveAdmissionOptions(options, classes))
  for (let i = 0; i < 50; i += 1) admission.served(10)
  return admission
}

function load(queued: number, running = 1, servers = 1, nowMs = 0): Load {
  return { nowMs, queued, running, servers }
}

/** How many may be inside before one is refused. */
function room(admission: Admission, index: number, servers = 1): number {
  for (let inside = 0; ; inside += 1) {
    const running = Math.min(inside, servers)
    if (admission.offer(index, 1, load(inside - running, running, servers)) > 0) return inside
  }
}

test('nobody is refused who may expect to be in time, and nobody let in who may not', (t) => {
  // Of 100 ms, nine tenths: eight ahead, of which half of one is over, take 75 ms, and oneself 10 ms.
  t.is(room(knowing(), 0), 9)
  t.is(room(knowing(), 0, 4), 36)
  t.is(room(knowing({ targetMs: 1_000 }), 0), 90)
})

test('a free server is kept from nobody, however late it will be', (t) => {
  t.is(knowing({ targetMs: 1 }).offer(0, 1, load(0, 3, 4)), 0)
  t.true(knowing({ targetMs: 1 }).offer(0, 1, load(0, 4, 4)) > 0)
})

test('what cannot be in time even alone is let in where nothing is inside, and waited for', (t) => {
  const admission = knowing()
  t.is(admission.offer(0, 500, load(0, 0)), 0)
  t.true(admission.offer(0, 1, load(499, 1)) > 0)
})

test('a list is let in if its last job may expect to be in time', (t) => {
  t.is(knowing().offer(0, 8, load(0)), 0)
  t.true(knowing().offer(0, 9, load(0)) > 0)
})

test('while nothing is known nobody is refused; then the age of the first job is what is known', (t) => {
  const admission = new Admission(resolveAdmissionOptions({ targetMs: 100 }))
  t.is(admission.offer(0, 1, load(1_000, 0)), 0)
  t.is(admission.offer(0, 1, load(10, 1, 1, 1_000)), 0)
  t.is(admission.offer(0, 1, load(10, 1, 1, 1_005)), 0)
  t.true(admission.offer(0, 1, load(10, 1, 1, 1_020)) > 0)
})

test('each class may fill half of what the next higher one may', (t) => {
  const admission = knowing({ targetMs: 200 }, { high: {}, middle: {}, low: {} })
  const rooms = [0, 1, 2].map((index) => room(admission, index))
  t.deepEqual(rooms, [18, 9, 4])
})

test('a low class with an easy target does not fill the queue of a high one with a hard one', (t) => {
  const admission = knowing({}, { high: { targetMs: 100 }, low: { targetMs: 60_000 } })
  t.true(room(admission, 1) < room(admission, 0))
})

test('it is said to come back when what is inside has left; at once is never', (t) => {
  t.is(knowing().offer(0, 1, load(19, 1)), 200)
  t.is(knowing().offer(0, 1, load(38, 2, 2)), 200)
  const quick = new Admission(resolveAdmissionOptions({ targetMs: 1 }))
  quick.served(0.4)
  t.is(quick.offer(0, 1, load(2)), 2)
})

test('it is said to come back later where many come, and never later than the bound', (t) => {
  const admission = knowing({ targetMs: 100, retryAfterMsMax: 700 })
  const refused = load(19, 1)
  let nowMs = 0
  for (let i = 0; i < 40; i += 1) {
    nowMs += 500
    for (let j = 0; j < 3; j += 1) admission.offer(0, 1, { ...refused, nowMs })
    admission.offer(0, 1, load(0, 0, 1, nowMs))
    admission.step({ ...refused, nowMs, canGrow: false, loopDelayMs: 0 })
  }
  t.is(admission.offer(0, 1, refused), 700)
})

test('a rate is kept by a bucket: what comes beyond is told when the next token is there', (t) => {
  const admission = knowing({ targetMs: 100, burstMs: 0 })
  const working = { ...load(0), canGrow: false, loopDelayMs: 500 }
  admission.step({ ...working, nowMs: 0 })
  for (let i = 0; i < 12; i += 1) {
    admission.offer(0, 1, load(0, 0))
    admission.ended(0, 10, 500)
  }
  t.is(admission.step({ ...working, nowMs: 1_000 }).action, 'cut')
  t.is(admission.ratePerSecond(0), 10)
  t.is(admission.offer(0, 1, load(0, 0, 1, 1_000)), 0)
  t.is(admission.offer(0, 1, load(0, 0, 1, 1_000)), 100)
  t.is(admission.offer(0, 1, load(0, 0, 1, 1_101)), 0)
})

test('jobs that were let in to wait before anything was known are no samples', (t) => {
  const admission = new Admission(resolveAdmissionOptions({ targetMs: 100 }))
  const tick = { ...load(0), canGrow: false, loopDelayMs: 0 }
  const samples = (nowMs: number) => admission.step({ ...tick, nowMs }).sample.classes[0]?.samples
  samples(0)
  admission.offer(0, 1, load(0, 0, 1, 100))
  for (const enteredMs of [101, 102, 103]) admission.offer(0, 1, load(0, 1, 1, enteredMs))
  admission.served(50)
  admission.ended(0, 50, 150)
  for (const enteredMs of [101, 102, 103]) admission.ended(0, 300 - enteredMs, 300)
  t.is(samples(1_000), 1, 'the first one had not to wait')
  for (let enteredMs = 1_100; enteredMs < 1_130; enteredMs += 1) admission.ended(0, 90, enteredMs + 90)
  t.is(samples(2_000), 31)
  t.is(admission.p90Ms(0), 90)
})
