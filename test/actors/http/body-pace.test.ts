/** The law: who waits for a body waits no longer than its rate, its idle time and its deadline allow, and no less. */
import test from 'ava'
import fc from 'fast-check'
import { createHttpLimits } from 'greenroom/actors'
import { BodyPace } from '../../../actors/http/body-pace.ts'

const limits = createHttpLimits({ bodyIdleTimeoutMs: 1_000, bodyBytesPerSecondMin: 100, bodyGraceMs: 300 })
const NEVER = Number.MAX_SAFE_INTEGER

test('before the first byte there is the grace', (t) => {
  t.is(new BodyPace(limits, NEVER).waits(50), 300)
})

test('each byte earns its time, and waiting uses it up', (t) => {
  const pace = new BodyPace(limits, NEVER)
  pace.waits(0)
  pace.arrived(20, 100)
  t.is(pace.waits(100), 300 + 200 - 100)
  pace.arrived(1, 500)
  t.is(pace.waits(500), 10)
})

test('while nobody waits no time is used up, and what comes unasked earns as well', (t) => {
  const pace = new BodyPace(limits, NEVER)
  pace.waits(0)
  pace.arrived(20, 100)
  pace.arrived(20, 900_000)
  t.is(pace.waits(900_000), 300 + 400 - 100)
})

test('asking again does not begin anew', (t) => {
  const pace = new BodyPace(limits, NEVER)
  t.deepEqual(
    [0, 100, 299, 300, 301].map((nowMs) => pace.waits(nowMs)),
    [300, 200, 1, 0, 0],
  )
})

test('no piece may take longer than the idle time, however much was earned', (t) => {
  const pace = new BodyPace(limits, NEVER)
  pace.arrived(1_000_000, 0)
  t.is(pace.waits(0), 1_000)
})

test('the deadline of the whole request is not moved by anything', (t) => {
  const pace = new BodyPace(limits, 5_000)
  pace.arrived(1_000_000, 4_900)
  t.is(pace.waits(4_900), 100)
  t.is(new BodyPace(limits, 0).waits(1), 0)
})

test('a rate of 0 asks for none: only the idle time counts', (t) => {
  const pace = new BodyPace(createHttpLimits({ bodyIdleTimeoutMs: 1_000, bodyBytesPerSecondMin: 0 }), NEVER)
  for (let nowMs = 0; nowMs < 100_000; nowMs += 999) {
    t.is(pace.waits(nowMs), 1_000)
    pace.arrived(1, nowMs + 999)
  }
})

test('whoever keeps the rate is never cut off, and whoever stays below it is, within the grace of what is due', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1 }), (gapsMs) => {
      const steady = new BodyPace(limits, NEVER)
      let nowMs = 0
      for (const gapMs of gapsMs) {
        // Paid ahead of time: a byte for each 10 ms to come.
        steady.arrived(Math.ceil(gapMs / 10), nowMs)
        if (steady.waits(nowMs) < gapMs) return false
        nowMs += gapMs
      }
      const slow = new BodyPace(limits, NEVER)
      let waitedMs = 0
      let bytes = 0
      for (;;) {
        const leftMs = slow.waits(waitedMs)
        if (leftMs < 50) break
        waitedMs += 50
        bytes += 1
        slow.arrived(1, waitedMs)
      }
      return waitedMs <= 300 + bytes * 10
    }),
  )
  t.pass()
})
