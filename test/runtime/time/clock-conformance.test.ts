/** The laws of `Clock`, for every implementation: what a timer may rely on, whoever moves the time. */
import test from 'ava'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { CancelledError, UsageError } from '../../../runtime/errors.ts'
import type { Clock, ClockOptions } from '../../../runtime/time/clock.ts'
import { DELAY_MS_MAX, FIRE_MAX } from '../../../runtime/time/limits.ts'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'
import { NodeClock } from '../../../runtime/time/node-clock.ts'
import { FakeHost } from './fake-host.ts'

interface Subject {
  clock: Clock
  moveTo(atMs: number): void
}

const implementations: [string, (options?: ClockOptions) => Subject][] = [
  [
    'manual clock',
    (options = {}) => {
      const clock = createManualClock(options)
      return { clock, moveTo: (atMs) => clock.advanceTo(atMs) }
    },
  ],
  [
    'real clock',
    (options = {}) => {
      const host = new FakeHost()
      return { clock: new NodeClock(options, host), moveTo: (atMs) => host.moveTo(atMs) }
    },
  ],
  [
    'real clock whose alarms ring early',
    (options = {}) => {
      const host = new FakeHost({ earlyMs: 3 })
      return { clock: new NodeClock(options, host), moveTo: (atMs) => host.moveTo(atMs) }
    },
  ],
]

function outcomeOf(deferred: Deferred<void>): { value: unknown } {
  const outcome: { value: unknown } = { value: 'pending' }
  deferred.listen(
    () => {
      outcome.value = 'fulfilled'
    },
    (error) => {
      outcome.value = error
    },
  )
  return outcome
}

for (const [name, create] of implementations) {
  test(`${name}: fires at its instant or after it, never before`, (t) => {
    const { clock, moveTo } = create()
    const seen: number[] = []
    for (const atMs of [0.5, 3, 3.25, 40, 300.75, 70_000.5, 20_000_000]) {
      clock.schedule(atMs, () => {
        t.true(clock.nowMs() >= atMs, `${atMs} fired at ${clock.nowMs()}`)
        seen.push(atMs)
      })
    }
    moveTo(20_000_001)
    t.deepEqual(seen, [0.5, 3, 3.25, 40, 300.75, 70_000.5, 20_000_000])
    t.is(clock.pending, 0)
  })

  test(`${name}: what fireDue leaves is announced again`, (t) => {
    const { clock, moveTo } = create()
    let [announced, fired] = [0, 0]
    clock.onDue = () => announced++
    for (let i = 0; i < 3; i++) clock.schedule(5, () => fired++)
    moveTo(10)
    for (const left of [2, 1, 0]) {
      t.true(announced > 0, `${left + 1} are due`)
      announced = 0
      t.is(clock.fireDue(1), 1)
      moveTo(10)
    }
    t.deepEqual([announced, fired], [0, 3])
  })

  test(`${name}: fires in the order of instants, then of scheduling`, (t) => {
    const { clock, moveTo } = create()
    const fired: string[] = []
    const plan: [number, string][] = [
      [7.5, 'c'],
      [7.25, 'a'],
      [300, 'e'],
      [7.25, 'b'],
      [7.5, 'd'],
      [300, 'f'],
    ]
    for (const [atMs, label] of plan) clock.schedule(atMs, () => fired.push(label))
    moveTo(400)
    t.deepEqual(fired, ['a', 'b', 'c', 'd', 'e', 'f'])
  })

  test(`${name}: fires an instant in the past without delay, but not within schedule`, (t) => {
    const { clock, moveTo } = create()
    moveTo(100)
    let count = 0
    clock.schedule(5, () => count++)
    clock.schedule(-5, () => count++)
    t.is(count, 0)
    moveTo(100)
    t.is(count, 2)
  })

  test(`${name}: fires what an action schedules within the span`, (t) => {
    const { clock, moveTo } = create()
    const seen: string[] = []
    clock.schedule(10, () => {
      seen.push('first')
      clock.schedule(12, () => seen.push('second'))
      clock.schedule(1, () => seen.push('overdue'))
    })
    clock.schedule(13.5, () => seen.push('last'))
    moveTo(20)
    t.deepEqual(seen, ['first', 'overdue', 'second', 'last'])
  })

  test(`${name}: a cancelled timer does not fire, and cancelling again or after firing is harmless`, (t) => {
    const { clock, moveTo } = create()
    let fired = 0
    const early = clock.schedule(5, () => fired++)
    const late = clock.schedule(500, () => fired++)
    const kept = clock.schedule(6, () => fired++)
    early.cancel()
    early.cancel()
    late.cancel()
    t.is(clock.pending, 1)
    moveTo(1000)
    kept.cancel()
    t.is(fired, 1)
    t.is(clock.pending, 0)
  })

  test(`${name}: an action may cancel a timer that is due at the same instant`, (t) => {
    const { clock, moveTo } = create()
    let fired = false
    clock.schedule(5, () => victim.cancel())
    const victim = clock.schedule(5, () => {
      fired = true
    })
    moveTo(10)
    t.false(fired)
    t.is(clock.pending, 0)
  })

  test(`${name}: an action that throws stops no other, and its error is reported`, (t) => {
    const errors: unknown[] = []
    const { clock, moveTo } = create({ onError: (error) => errors.push(error) })
    const failure = new Error('broken action')
    let fired = 0
    clock.schedule(5, () => fired++)
    clock.schedule(5, () => {
      throw failure
    })
    clock.schedule(5, () => fired++)
    moveTo(10)
    t.is(fired, 2)
    t.deepEqual(errors, [failure])
  })

  test(`${name}: after fulfils its deferred once the delay has passed`, (t) => {
    const { clock, moveTo } = create()
    const outcome = outcomeOf(clock.after(250))
    moveTo(249.9)
    t.is(outcome.value, 'pending')
    moveTo(254)
    t.is(outcome.value, 'fulfilled')
  })

  test(`${name}: cancelling the deferred of after removes its timer`, (t) => {
    const { clock } = create()
    const deferred = clock.after(250)
    const outcome = outcomeOf(deferred)
    t.is(clock.pending, 1)
    deferred.cancel('client left')
    t.is(clock.pending, 0)
    t.true(outcome.value instanceof CancelledError)
  })

  for (const ms of [Number.NaN, -1, -0.001, DELAY_MS_MAX + 1, Infinity, -Infinity]) {
    test(`${name}: after refuses a delay of ${ms} ms and changes nothing`, (t) => {
      const { clock } = create()
      const error = t.throws(() => clock.after(ms), { instanceOf: UsageError })
      t.is(error?.code, 'TIMER_BAD_DELAY')
      t.true(error?.message.includes(`${ms} given`))
      t.is(clock.pending, 0)
    })
  }

  for (const atMs of [Number.NaN, DELAY_MS_MAX + 1001, Infinity, -Infinity]) {
    test(`${name}: schedule refuses the instant ${atMs} and changes nothing`, (t) => {
      const { clock, moveTo } = create()
      moveTo(1000)
      for (const others of [0, 1]) {
        const error = t.throws(() => clock.schedule(atMs, () => {}), { instanceOf: UsageError })
        t.is(error?.code, 'TIMER_BAD_INSTANT')
        t.is(clock.pending, others)
        clock.schedule(2000, () => {})
      }
    })
  }

  test(`${name}: takes the longest delay from any instant, and meets it`, (t) => {
    const { clock, moveTo } = create()
    clock.schedule(DELAY_MS_MAX, () => {})
    moveTo(1000.5)
    const outcome = outcomeOf(clock.after(DELAY_MS_MAX))
    moveTo(1000.5 + DELAY_MS_MAX - 1)
    t.is(outcome.value, 'pending')
    moveTo(1000.5 + DELAY_MS_MAX + 4)
    t.is(outcome.value, 'fulfilled')
  })

  test(`${name}: fireDue fires no more than it is told and leaves the rest due`, (t) => {
    const { clock, moveTo } = create()
    let fired = 0
    clock.onDue = () => {}
    for (let i = 0; i < FIRE_MAX + 5; i++) clock.schedule(3, () => fired++)
    moveTo(5)
    t.is(fired, 0)
    t.is(clock.fireDue(2), 2)
    t.is(clock.fireDue(), FIRE_MAX)
    t.is(clock.pending, 3)
    t.is(clock.fireDue(), 3)
    t.is(clock.fireDue(), 0)
  })

  test(`${name}: with onDue set, the reactor is told and fires the timers itself`, (t) => {
    const { clock, moveTo } = create()
    const log: string[] = []
    clock.onDue = () => {
      log.push('due')
      clock.fireDue()
    }
    clock.schedule(3, () => log.push('a'))
    clock.schedule(3, () => log.push('b'))
    clock.schedule(8, () => log.push('c'))
    moveTo(20)
    t.deepEqual(log, ['due', 'a', 'b', 'due', 'c'])
  })

  test(`${name}: tells the reactor once until it fires`, (t) => {
    const { clock, moveTo } = create()
    const log: string[] = []
    clock.onDue = () => log.push('due')
    clock.schedule(3, () => log.push('a'))
    clock.schedule(8, () => log.push('b'))
    moveTo(20)
    t.deepEqual(log, ['due'])
    t.is(clock.fireDue(), 2)
    t.deepEqual(log, ['due', 'a', 'b'])
    clock.schedule(25, () => log.push('c'))
    moveTo(30)
    t.deepEqual(log, ['due', 'a', 'b', 'due'])
  })

  test(`${name}: close forgets all timers, and a closed clock refuses new ones`, (t) => {
    const { clock, moveTo } = create()
    let fired = 0
    const timers = [1, 300, 70_000].map((atMs) => clock.schedule(atMs, () => fired++))
    clock.close()
    clock.close()
    t.is(clock.pending, 0)
    moveTo(100_000)
    t.is(fired, 0)
    for (const timer of timers) timer.cancel()
    t.is(clock.pending, 0)
    t.throws(() => clock.schedule(200_000, () => {}), { instanceOf: UsageError, message: /closed/ })
  })

  test(`${name}: wall time moves along with monotonic time`, (t) => {
    const { clock, moveTo } = create()
    const wallMs = clock.wallMs()
    const startMs = clock.nowMs()
    moveTo(startMs + 1500)
    t.is(clock.wallMs() - wallMs, 1500)
  })
}
