/**
 * Laws: a thread that has nothing to do is given something, whatever was before; no group is larger than the controller says; what
 * is there is shared among the places, unless COMMIT is most of the work; what is not worth a COMMIT is not sent ahead.
 */
import test from 'ava'
import fc from 'fast-check'
import { GroupSize } from '../../../actors/transaction/group-size.ts'

const PLACES = 2

/** As a database that takes so many milliseconds for a transaction, and for a COMMIT. */
function after(groups: number, { eachMs, commitMs, jobs = 32, most = 256 }: Speed): GroupSize {
  const size = new GroupSize(most)
  for (let n = 1; n <= groups; n++) {
    const elapsedMs = commitMs + jobs * eachMs
    size.ended({ nowMs: n * elapsedMs, size: size.now, jobs, elapsedMs, commitMs })
  }
  return size
}

interface Speed {
  readonly eachMs: number
  readonly commitMs: number
  readonly jobs?: number
  readonly most?: number
}

test('an idle thread is given at least one, and never more than the controller allows, whatever was before', (t) => {
  const settled = fc.record({
    waiting: fc.integer({ min: 1, max: 2_000 }),
    underWay: fc.integer({ min: 0, max: 512 }),
    isAhead: fc.boolean(),
    jobs: fc.integer({ min: 1, max: 256 }),
    elapsedMs: fc.double({ min: 0, max: 1e4, noNaN: true }),
    // A clock may be wrong.
    commitMs: fc.double({ min: 0, max: 2e4, noNaN: true }),
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1_024 }), fc.array(settled, { maxLength: 60 }), (most, history) => {
      const size = new GroupSize(most)
      let nowMs = 0
      for (const { waiting, underWay, isAhead, jobs, elapsedMs, commitMs } of history) {
        const next = size.next(waiting, underWay, PLACES, isAhead)
        t.true(Number.isInteger(next) && next >= 0 && next <= size.now && size.now <= most)
        if (!isAhead) t.true(next >= 1)
        if (waiting >= size.now) t.true(next >= 1, 'a full group goes ahead')
        nowMs += elapsedMs
        size.ended({ nowMs, size: size.now, jobs, elapsedMs, commitMs })
      }
    }),
  )
})

test('of a crowd one half is run while the other is answered', (t) => {
  const size = after(50, { eachMs: 0.01, commitMs: 0.3, jobs: 64 })
  t.is(size.next(128, 0, PLACES, false), Math.min(size.now, 64))
  // The second half comes in bits, and goes ahead when it is worth it.
  t.is(size.next(3, 64, PLACES, true), 0)
  t.true(size.next(40, 64, PLACES, true) >= Math.min(40, size.now))
})

test('on a slow disk all go together, and none ahead', (t) => {
  const size = after(50, { eachMs: 0.01, commitMs: 20, jobs: 64 })
  t.is(size.next(128, 0, PLACES, false), size.now)
  t.is(size.next(40, 64, PLACES, true), 0)
})

test('transactions that take long go by fives, so that none waits for a hundred', (t) => {
  const size = after(50, { eachMs: 20, commitMs: 1, jobs: 50 })
  t.is(size.next(100, 0, PLACES, false), 5)
  t.is(size.next(50, 5, PLACES, true), 5)
})

test('a full group goes ahead, whatever COMMIT takes', (t) => {
  const size = after(50, { eachMs: 0.01, commitMs: 200, jobs: 64 })
  t.is(size.next(2_000, 64, PLACES, true), size.now)
})

test('a few do not wait for a crowd that is no more', (t) => {
  const size = after(50, { eachMs: 0.01, commitMs: 0.3 })
  size.next(1_000, 0, PLACES, false)
  t.is(size.next(2, 2, PLACES, true), 0)
  for (let n = 0; n < 300; n++) size.next(1, 1, PLACES, false)
  t.true(size.next(2, 2, PLACES, true) > 0)
})

test('where transactions are not grouped each goes by itself, ahead or not', (t) => {
  const size = new GroupSize(1)
  size.ended({ nowMs: 1, size: 1, jobs: 1, elapsedMs: 1, commitMs: 0 })
  t.is(size.next(5, 9, 10, true), 1)
  t.is(size.next(1, 0, 10, false), 1)
})
