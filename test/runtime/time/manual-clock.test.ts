/** What is particular to the manual clock: an action's time is its own instant, and time moves as told or not at all. */
import test from 'ava'
import { UsageError } from '../../../runtime/errors.ts'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'

test('begins where it is told, on a fixed date by default', (t) => {
  const clock = createManualClock({ startMs: 500, wallMs: 7000 })
  t.is(clock.nowMs(), 500)
  t.is(clock.wallMs(), 7000)
  t.is(createManualClock().wallMs(), Date.UTC(2000, 0, 1))
})

test('an action sees its own instant, fractions included', (t) => {
  const clock = createManualClock()
  const seen: number[] = []
  for (const atMs of [1.5, 1.75, 2, 700.125]) clock.schedule(atMs, () => seen.push(clock.nowMs()))
  clock.advance(1000)
  t.deepEqual(seen, [1.5, 1.75, 2, 700.125])
  t.is(clock.nowMs(), 1000)
})

test('an overdue action sees the present', (t) => {
  const clock = createManualClock({ startMs: 100 })
  let seenMs = 0
  clock.schedule(50, () => {
    seenMs = clock.nowMs()
  })
  clock.advance(0)
  t.is(seenMs, 100)
})

test('nextDueMs is the exact instant of the first timer, however far', (t) => {
  const clock = createManualClock()
  t.is(clock.nextDueMs, Infinity)
  clock.schedule(90_000.5, () => {})
  clock.schedule(90_000.25, () => {})
  t.is(clock.nextDueMs, 90_000.25)
  const near = clock.schedule(3.75, () => {})
  t.is(clock.nextDueMs, 3.75)
  near.cancel()
  t.is(clock.nextDueMs, 90_000.25)
})

test('stepping from one nextDueMs to the next visits every instant', (t) => {
  const clock = createManualClock()
  for (const atMs of [3, 3, 4.5, 1000]) clock.schedule(atMs, () => {})
  clock.onDue = () => {}
  const visited: number[] = []
  while (clock.pending > 0) {
    clock.advanceTo(clock.nextDueMs)
    visited.push(clock.nowMs())
    clock.fireDue()
  }
  t.deepEqual(visited, [3, 4.5, 1000])
})

test('an interval made of timers keeps its pace over a long advance', (t) => {
  const clock = createManualClock()
  const seen: number[] = []
  const tick = (): void => {
    seen.push(clock.nowMs())
    clock.schedule(clock.nowMs() + 250, tick)
  }
  clock.schedule(250, tick)
  clock.advance(1000)
  t.deepEqual(seen, [250, 500, 750, 1000])
  t.is(clock.pending, 1)
})

test('an action may advance the clock itself, and time never goes back', (t) => {
  const clock = createManualClock()
  const seen: [string, number][] = []
  clock.schedule(10, () => {
    clock.advance(100)
    seen.push(['outer', clock.nowMs()])
  })
  clock.schedule(20, () => seen.push(['inner', clock.nowMs()]))
  clock.advance(50)
  t.deepEqual(seen, [
    ['inner', 20],
    ['outer', 110],
  ])
  t.is(clock.nowMs(), 110)
})

test('advanceTo an instant in the past moves nothing back', (t) => {
  const clock = createManualClock({ startMs: 100 })
  clock.advanceTo(50)
  t.is(clock.nowMs(), 100)
})

for (const ms of [-1, Number.NaN, Infinity]) {
  test(`advance refuses ${ms} ms`, (t) => {
    const clock = createManualClock()
    const error = t.throws(() => clock.advance(ms), { instanceOf: UsageError })
    t.is(error?.code, 'CLOCK_BAD_ADVANCE')
    t.is(clock.nowMs(), 0)
  })
}

for (const startMs of [-1, Number.NaN, Infinity]) {
  test(`does not begin at ${startMs} ms`, (t) => {
    t.throws(() => createManualClock({ startMs }), { instanceOf: UsageError, message: /startMs/ })
  })
}

test('an action that reschedules itself for the same instant fails the advance instead of hanging it', (t) => {
  const clock = createManualClock()
  const again = (): void => void clock.schedule(clock.nowMs(), again)
  clock.schedule(5, again)
  const error = t.throws(() => clock.advance(10), { instanceOf: UsageError })
  t.is(error?.code, 'CLOCK_STALLED')
  t.is(clock.nowMs(), 5)
})
