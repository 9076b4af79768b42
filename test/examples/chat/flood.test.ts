/** Law: whoever keeps to the rate is never refused, and nobody says more at once than may be said at once. */
import test from 'ava'
import { Flood } from '../../../examples/chat/flood.ts'

function takenOf(flood: Flood, nowMs: number, tries = 1_000): number {
  let taken = 0
  for (let i = 0; i < tries; i++) if (flood.takes(nowMs, 1)) taken += 1
  return taken
}

test('twenty at once, and ten a second', (t) => {
  const flood = new Flood(0)
  t.is(takenOf(flood, 0), 20)
  t.is(takenOf(flood, 1_000), 10)
  t.is(takenOf(flood, 1_050), 0)
  t.is(takenOf(flood, 1_100), 1)
})

test('rest saves up no more than may be said at once, whatever the session did in between', (t) => {
  const flood = new Flood(0)
  t.is(takenOf(flood, 0), 20)
  // Something that is none of the peer's happens after a long rest.
  flood.rested(90_000)
  flood.wasBusy(90_001)
  t.is(takenOf(flood, 90_001), 20)
})

test('what the session was busy for counts in full', (t) => {
  const flood = new Flood(0)
  t.is(takenOf(flood, 0), 20)
  flood.rested(0)
  flood.wasBusy(10_000)
  t.is(takenOf(flood, 10_000), 100)
})
