/**
 * The wheel against a model that cannot be wrong: a list sorted by (instant, order of scheduling). Also what the wheel
 * is for: work that does not depend on how many timers wait, and nothing kept of those that were cancelled.
 */
import test from 'ava'
import fc from 'fast-check'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'
import { TimerWheel } from '../../../runtime/time/timer-wheel.ts'

interface ModelTimer {
  atMs: number
  id: number
}

/** Delays that stay in a slot, change levels, and lie at their borders; whole, halved and odd fractions. */
const delayMs = fc
  .tuple(
    fc.oneof(
      fc.nat(3),
      fc.nat(600),
      fc.nat(200_000),
      fc.nat(2 ** 31 - 2),
      fc.constantFrom(255, 256, 257, 65_535, 65_536, 65_537, 2 ** 24 - 1, 2 ** 24, 2 ** 24 + 1),
    ),
    fc.constantFrom(0, 0, 0.5, 0.25, 0.999),
  )
  .map(([whole, fraction]) => whole + fraction)

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('schedule' as const), ms: delayMs }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), pick: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: delayMs }) },
)

// The last starts let the wheel run over 2^31 and 2^32, where 32-bit arithmetic would go wrong.
const startMs = fc.constantFrom(0, 0.75, 1000, 65_500.5, 2 ** 31 - 300, 2 ** 32 - 300, 2 ** 40 + 0.5)

test('fires exactly what a sorted list would, in its order, at its instants', (t) => {
  fc.assert(
    fc.property(startMs, fc.array(step, { maxLength: 120 }), (start, steps) => {
      const clock = createManualClock({ startMs: start })
      const fired: string[] = []
      const expected: string[] = []
      let model: ModelTimer[] = []
      const cancels = new Map<number, () => void>()
      steps.forEach((one, id) => {
        if (one.kind === 'schedule') {
          const atMs = clock.nowMs() + one.ms
          const timer = clock.schedule(atMs, () => fired.push(`${id}@${clock.nowMs()}`))
          cancels.set(id, () => timer.cancel())
          model.push({ atMs, id })
        } else if (one.kind === 'cancel') {
          const victim = model[one.pick % Math.max(1, model.length)]
          if (victim === undefined) return
          cancels.get(victim.id)?.()
          model = model.filter((timer) => timer !== victim)
        } else {
          const endMs = clock.nowMs() + one.ms
          const due = model.filter((timer) => timer.atMs <= endMs)
          model = model.filter((timer) => timer.atMs > endMs)
          due.sort((a, b) => a.atMs - b.atMs || a.id - b.id)
          for (const timer of due) expected.push(`${timer.id}@${timer.atMs}`)
          clock.advanceTo(endMs)
        }
        t.deepEqual(fired, expected)
        t.is(clock.pending, model.length)
        t.is(clock.nextDueMs, Math.min(Infinity, ...model.map((timer) => timer.atMs)))
      })
    }),
    { numRuns: 300 },
  )
})

test('keeps the order with many timers in one tick, of which some are cancelled when it has come', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ fraction: fc.integer({ min: 0, max: 7 }), isCancelled: fc.boolean() }), {
        maxLength: 60,
      }),
      (plan) => {
        const clock = createManualClock()
        const fired: number[] = []
        clock.schedule(10, () => {
          for (const [id, { isCancelled }] of plan.entries()) if (isCancelled) timers[id]?.cancel()
        })
        const timers = plan.map(({ fraction }, id) => clock.schedule(10 + fraction / 8, () => fired.push(id)))
        clock.advance(20)
        const expected = [...plan.entries()]
          .filter(([, { isCancelled }]) => !isCancelled)
          .sort(([a, { fraction: x }], [b, { fraction: y }]) => x - y || a - b)
        t.deepEqual(
          fired,
          expected.map(([id]) => id),
        )
      },
    ),
  )
})

/** Work of a wheel on which one timer falls due in each of 1,000 ticks, beside `pending` ones an hour and more ahead. */
function workOfThousandTicks(pending: number): { slotsVisited: number; timersMoved: number } {
  const wheel = new TimerWheel()
  for (let i = 0; i < pending; i++) wheel.add(3_600_000 + i * 17.3, () => {})
  for (let tick = 1; tick <= 1000; tick++) {
    wheel.add(tick, () => {})
    const due = wheel.dueBy(tick)
    if (due !== undefined) wheel.remove(due)
  }
  return { slotsVisited: wheel.slotsVisited, timersMoved: wheel.timersMoved }
}

test('a tick does the same work with 100,000 timers waiting as with 100', (t) => {
  const few = workOfThousandTicks(100)
  t.deepEqual(workOfThousandTicks(100_000), few)
  t.true(few.slotsVisited >= 990 && few.slotsVisited <= 1000)
})

test('ticks in which nothing is due visit no slot', (t) => {
  const wheel = new TimerWheel()
  for (let i = 0; i < 100_000; i++) wheel.add(3_600_000 + i, () => {})
  for (let tick = 1; tick <= 60_000; tick++) wheel.dueBy(tick)
  t.is(wheel.slotsVisited, 0)
})

test('a timer moves at most three times before it is reached', (t) => {
  const wheel = new TimerWheel()
  wheel.add(2 ** 24 + 2 ** 16 + 2 ** 8 + 1, () => {})
  t.is(wheel.dueBy(2 ** 31)?.atMs, 2 ** 24 + 2 ** 16 + 2 ** 8 + 1)
  t.is(wheel.timersMoved, 4, 'three times down, and once into the heap')
})

test('timers that were cancelled leave no slot to visit', (t) => {
  const wheel = new TimerWheel()
  const timers = Array.from({ length: 10_000 }, (_, i) => wheel.add(1 + i * 13.7, () => {}))
  for (const timer of timers) timer.cancel()
  t.is(wheel.size, 0)
  t.is(wheel.nextWakeMs(), Infinity)
  t.is(wheel.dueBy(1_000_000), undefined)
  t.is(wheel.slotsVisited, 0)
})

test('a kept handle of a cancelled or fired timer holds neither its action, its wheel nor its neighbours', (t) => {
  const wheel = new TimerWheel()
  const action = (): void => {}
  const [cancelled, fired] = [wheel.add(700, action), wheel.add(1, action)]
  wheel.add(700, action)
  cancelled.cancel()
  wheel.dueBy(5)
  wheel.remove(fired)
  for (const timer of [cancelled, fired]) {
    t.not(timer.action, action)
    t.is(timer.holder, undefined)
    t.is(timer.next, timer)
    t.is(timer.previous, timer)
  }
})

test('clear empties every level and the heap, and says that the wheel is empty', (t) => {
  let emptied = 0
  const wheel = new TimerWheel(() => emptied++)
  const timers = [0, 5, 5, 300, 70_000, 2 ** 25, 2 ** 30].map((atMs) => wheel.add(atMs, () => {}))
  wheel.clear()
  t.is(wheel.size, 0)
  t.is(emptied, 1)
  t.is(wheel.earliestMs(), Infinity)
  for (const timer of timers) timer.cancel()
  t.is(wheel.size, 0)
})
