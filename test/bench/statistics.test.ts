/**
 * Law: a disturbance that hits a whole round moves no ratio, and "above 1" means better, whatever the unit.
 */

import test from 'ava'
import fc from 'fast-check'
import { median, pairedRatio, summarise } from '../../bench/harness/statistics.ts'

const sample = fc.double({ min: 1e-3, max: 1e9, noNaN: true })
const rounds = fc.array(fc.tuple(sample, sample), { minLength: 1, maxLength: 20 })
const isClose = (a: number, b: number) => Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))

for (const { samples, middle } of [
  { samples: [7], middle: 7 },
  { samples: [3, 1], middle: 2 },
  { samples: [9, 1, 5], middle: 5 },
  { samples: [10, 9, 1, 100], middle: 9.5 },
]) {
  test(`the median of ${samples.join(', ')} is ${middle}`, (t) => {
    t.is(median(samples), middle)
  })
}

test('the median of no samples is refused', (t) => {
  t.throws(() => median([]), { instanceOf: RangeError })
})

test('the median leaves its samples in their order, since rounds are paired by it', (t) => {
  const samples = [3, 1, 2]
  median(samples)
  t.deepEqual(samples, [3, 1, 2])
})

test('a summary has the median between the extremes', (t) => {
  fc.assert(
    fc.property(fc.array(sample, { minLength: 1 }), (samples) => {
      const { min, median: middle, max } = summarise(samples)
      return min <= middle && middle <= max && samples.includes(min) && samples.includes(max)
    }),
  )
  t.pass()
})

test('twice the rate and half the time are both a ratio of 2', (t) => {
  t.is(pairedRatio([200, 400, 600], [100, 200, 300], 'higher'), 2)
  t.is(pairedRatio([10, 20, 30], [20, 40, 60], 'lower'), 2)
})

test('ratios are taken round by round, so a slow moment that both met does not count', (t) => {
  // The medians, 100 and 90, would say 1.11: they come from different moments.
  t.is(pairedRatio([100, 20, 200], [50, 10, 90], 'higher'), 2)
})

test('slowing down both contenders of a round by one factor changes no ratio', (t) => {
  fc.assert(
    fc.property(
      rounds,
      fc.array(fc.double({ min: 0.1, max: 10, noNaN: true }), { minLength: 20 }),
      (pairs, factors) => {
        const ours = pairs.map(([our]) => our)
        const theirs = pairs.map(([, their]) => their)
        const slow = (samples: number[]) => samples.map((value, round) => value * (factors[round] ?? 1))
        return isClose(pairedRatio(slow(ours), slow(theirs), 'lower'), pairedRatio(ours, theirs, 'lower'))
      },
    ),
  )
  t.pass()
})

test('contenders that ran different rounds are not paired', (t) => {
  t.throws(() => pairedRatio([1, 2], [1], 'higher'), { instanceOf: RangeError, message: /2 rounds with 1/ })
})
