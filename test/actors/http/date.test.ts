/** Guards: the date is the one that `Date` would print, on every day of the range. */
import test from 'ava'
import fc from 'fast-check'
import { formatHttpDate } from '../../../actors/http/date.ts'

const lastMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999)

test('prints the example of RFC 9110', (t) => {
  t.is(formatHttpDate(784_111_777_000), 'Sun, 06 Nov 1994 08:49:37 GMT')
})

test('agrees with Date at leap days and at both ends', (t) => {
  const days = [
    0,
    lastMs,
    Date.UTC(2000, 1, 29),
    Date.UTC(2000, 2, 1),
    Date.UTC(2100, 1, 28),
    Date.UTC(2100, 2, 1),
  ]
  for (const wallMs of days) t.is(formatHttpDate(wallMs), new Date(wallMs).toUTCString())
})

test('agrees with Date everywhere', (t) => {
  const instant = fc.double({ min: 0, max: lastMs, noNaN: true })
  fc.assert(fc.property(instant, (wallMs) => formatHttpDate(wallMs) === new Date(wallMs).toUTCString()))
  t.pass()
})
