/** The heap gives the first timer by (instant, order of scheduling), whichever are removed, from wherever they lie. */
import test from 'ava'
import fc from 'fast-check'
import { TimerHeap } from '../../../runtime/time/timer-heap.ts'
import { isBefore, WheelTimer } from '../../../runtime/time/wheel-timer.ts'

const nobody = { remove(): void {} }

test('its first timer is the least of those in it, after every push and every removal', (t) => {
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ isPush: fc.constant(true), n: fc.nat(1000) }) },
    { weight: 2, arbitrary: fc.record({ isPush: fc.constant(false), n: fc.nat(1000) }) },
  )
  fc.assert(
    fc.property(fc.array(step, { minLength: 50, maxLength: 300, size: 'max' }), (steps) => {
      const heap = new TimerHeap()
      const model: WheelTimer[] = []
      for (const [sequence, { isPush, n }] of steps.entries()) {
        if (isPush) {
          const timer = new WheelTimer(nobody, n / 8, sequence, () => {})
          heap.push(timer)
          model.push(timer)
        } else if (model.length > 0) {
          const [victim] = model.splice(n % model.length, 1)
          heap.remove(victim as WheelTimer)
        }
        const least = model.reduce<WheelTimer | undefined>(
          (found, timer) => (found === undefined || isBefore(timer, found) ? timer : found),
          undefined,
        )
        t.is(heap.first, least)
      }
    }),
  )
})
