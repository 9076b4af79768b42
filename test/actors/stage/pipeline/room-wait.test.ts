/** Law: who found no room comes again once: when there is room, or when admission may let him in by time, and at a given instant at the latest. */
import test from 'ava'
import { RoomWait } from '../../../../actors/stage/pipeline/room-wait.ts'
import { Refused, type RefusedReason } from '../../../../actors/stage/refused.ts'
import { Room } from '../../../../actors/stage/room.ts'
import { createManualClock } from '../../../../runtime/time/manual-clock.ts'

const NEVER = Number.POSITIVE_INFINITY

const cases: readonly [reason: RefusedReason, retryAfterMs: number, untilMs: number, again: number][] = [
  ['overloaded', 50, NEVER, 50],
  ['overloaded', 0, NEVER, 1],
  ['overloaded', 30_000, NEVER, 1_000],
  ['overloaded', 50, 20, 20],
  ['full', 50, 20, 20],
  ['full', 50, NEVER, NEVER],
]

for (const [reason, retryAfterMs, untilMs, expected] of cases) {
  const title = `${reason}, again after ${retryAfterMs} ms, until ${untilMs} ms: comes after ${expected} ms`
  test(`${title}, or when there is room`, (t) => {
    for (const roomAtMs of [NEVER, 10]) {
      const clock = createManualClock()
      const room = new Room(() => true)
      const came: number[] = []
      const wait = new RoomWait(() => came.push(clock.nowMs()))
      const startMs = clock.nowMs()
      wait.start({ refused: new Refused('a', reason, retryAfterMs), room }, clock, startMs + untilMs)
      if (roomAtMs < expected) {
        clock.advance(roomAtMs)
        room.tell()
      }
      clock.advance(100_000)
      room.tell()
      const first = Math.min(roomAtMs, expected)
      t.deepEqual(came, first === NEVER ? [startMs + 100_000] : [startMs + first])
      t.is(clock.pending, 0)
      t.false(room.isAwaited)
    }
  })
}

test('who has stopped waiting is not told', (t) => {
  const clock = createManualClock()
  const room = new Room(() => true)
  const wait = new RoomWait(() => t.fail())
  wait.start({ refused: new Refused('a', 'overloaded', 5), room }, clock)
  wait.stop()
  clock.advance(100)
  room.tell()
  t.is(clock.pending, 0)
})

test('those who wait are told in their order, as long as there is room; who is too late is the first next time', (t) => {
  let room = 2
  const told: string[] = []
  const hall = new Room(() => room > 0)
  const comes = (name: string): void => {
    hall.wait(() => {
      told.push(name)
      room -= 1
      comes(name)
    })
  }
  for (const name of ['a', 'b', 'c']) comes(name)
  hall.tell()
  t.deepEqual(told, ['a', 'b'])
  room = 5
  hall.tell()
  // Each once: who is still there was told, and waits again.
  t.deepEqual(told, ['a', 'b', 'c', 'a', 'b'])
  hall.tell()
  t.is(told.length, 7)
})
