/** Occupied slots are found in order, and never in another level than the one asked for. */
import test from 'ava'
import { LEVELS, SLOTS_PER_LEVEL, SlotBits } from '../../../runtime/time/slot-bits.ts'

test('finds the first occupied slot from a digit on, at the borders of words and levels too', (t) => {
  const digits = [0, 1, 31, 32, 63, 64, 254, 255]
  for (let level = 0; level < LEVELS; level++) {
    for (const digit of digits) {
      const bits = new SlotBits()
      const slot = level * SLOTS_PER_LEVEL + digit
      bits.set(slot)
      for (let other = 0; other < LEVELS; other++) {
        for (let from = 0; from <= SLOTS_PER_LEVEL; from++) {
          t.is(bits.next(other, from), other === level && from <= digit ? slot : -1)
        }
      }
    }
  }
})

test('passes over a slot that was cleared', (t) => {
  const bits = new SlotBits()
  for (const slot of [3, 31, 200]) bits.set(slot)
  bits.clear(31)
  t.is(bits.next(0, 4), 200)
})
