/**
 * Law: one timer serves all questions to a thread, and each fails at its own instant. A thread is taken to be stuck when it
 * has been busy for stuckMs with a message that nobody waits for: not before, and not much later.
 */
import test from 'ava'
import fc from 'fast-check'
import { createManualClock } from 'greenroom/testing'
import { BegunNote } from '../../../runtime/worker/begun.ts'
import { Numbered } from '../../../runtime/worker/numbered.ts'
import type { Sent } from '../../../runtime/worker/sent.ts'
import { Timeouts } from '../../../runtime/worker/timeouts.ts'
import { Watchdog } from '../../../runtime/worker/watchdog.ts'

type Fake = Pick<Sent, 'id'> & { timeoutAtMs: number; abandonedAtMs: number | undefined }

function sentOf(count = 16): Numbered<Sent> {
  return new Numbered<Sent>(count)
}

const ms = fc.integer({ min: 0, max: 100 })

test('each question fails at its instant, unless it was settled before', (t) => {
  const question = fc.record({ atMs: ms, takesMs: ms, settledMs: fc.option(ms) })
  fc.assert(
    fc.property(fc.array(question, { maxLength: 20 }), (questions) => {
      const clock = createManualClock()
      const sent = sentOf()
      const failed: (readonly [id: number, atMs: number])[] = []
      const timeouts = new Timeouts(clock, sent, (message) => {
        failed.push([message.id, clock.nowMs()])
        message.timeoutAtMs = Number.POSITIVE_INFINITY
        sent.delete(message.id)
      })
      const expected: (readonly [id: number, atMs: number])[] = []
      for (const [id, { atMs, takesMs, settledMs }] of questions.entries()) {
        clock.schedule(atMs, () => {
          sent.add({ id, timeoutAtMs: atMs + takesMs } as Sent)
          timeouts.note(atMs + takesMs)
        })
        if (settledMs !== null) clock.schedule(atMs + settledMs, () => void sent.delete(id))
        // Settled in the very same instant, it may go either way.
        fc.pre(settledMs !== takesMs)
        if (settledMs === null || settledMs > takesMs) expected.push([id, atMs + takesMs])
      }
      clock.advance(1_000)
      const byId = (a: readonly number[], b: readonly number[]) => (a[0] ?? 0) - (b[0] ?? 0)
      t.deepEqual(failed.toSorted(byId), expected.toSorted(byId))
      t.is(clock.pending, 0)
    }),
  )
})

test('where nothing is under way there is no timer', (t) => {
  const clock = createManualClock()
  const sent = sentOf()
  const timeouts = new Timeouts(clock, sent, () => t.fail())
  for (const [id, timeoutAtMs] of [30, 10, 20].entries()) {
    sent.add({ id, timeoutAtMs } as Sent)
    timeouts.note(timeoutAtMs)
  }
  t.is(clock.pending, 1)
  timeouts.rest()
  t.is(clock.pending, 0)
  clock.advance(100)
})

const STUCK_MS = 40

/** A message on its thread: how long the thread is busy with it, and when it is abandoned, if it is. */
interface Work {
  readonly busyMs: number
  readonly abandonedMs: number | null
}

/**
 * A thread that handles one message after another, all of one turn: it hears nothing until the last. What home calls off, it
 * sends at once.
 *
 * @returns when it was first taken to be stuck, and with which.
 */
function watch(works: readonly Work[]) {
  const clock = createManualClock()
  const sent = sentOf()
  const begun = new BegunNote()
  let found: { readonly atMs: number; readonly id: number } | undefined
  let batches = 0
  const dog = new Watchdog({
    clock,
    sent,
    begun,
    stuckMs: STUCK_MS,
    stuck: () => {
      found ??= { atMs: clock.nowMs(), id: begun.present }
    },
  })
  /** Since when a thread would be stuck, by id. */
  const sinceMs = new Map<number, { fromMs: number; toMs: number }>()
  let atMs = 0
  for (const [index, { busyMs, abandonedMs }] of works.entries()) {
    const id = index + 1
    const message: Fake = { id, timeoutAtMs: 0, abandonedAtMs: undefined }
    sent.add(message as unknown as Sent)
    const [beginMs, endMs] = [atMs, atMs + busyMs]
    clock.schedule(beginMs, () => void begun.begin(id))
    clock.schedule(endMs, () => {
      begun.end()
      sent.delete(id)
    })
    if (abandonedMs !== null) {
      clock.schedule(abandonedMs, () => {
        if (sent.get(id) === undefined) return
        message.abandonedAtMs = clock.nowMs()
        batches += 1
        dog.told(batches)
      })
      sinceMs.set(id, { fromMs: Math.max(beginMs, abandonedMs), toMs: endMs })
    }
    atMs = endMs
  }
  clock.schedule(atMs, () => begun.hear(batches))
  clock.advance(atMs + 10 * STUCK_MS)
  return { clock, found, sinceMs }
}

const works = fc.array(fc.record({ busyMs: fc.integer({ min: 1, max: 120 }), abandonedMs: fc.option(ms) }), {
  minLength: 1,
  maxLength: 8,
})

test('a thread is not taken to be stuck before stuckMs are over', (t) => {
  fc.assert(
    fc.property(works, (all) => {
      const { found, sinceMs } = watch(all)
      if (found === undefined) return
      const { fromMs } = sinceMs.get(found.id) ?? { fromMs: Number.POSITIVE_INFINITY }
      t.true(found.atMs - fromMs >= STUCK_MS, `${found.id} after ${found.atMs - fromMs} ms`)
    }),
    { numRuns: 500 },
  )
})

test('time counts from when it was told, however long before home has called it off', (t) => {
  const clock = createManualClock()
  const sent = sentOf()
  const begun = new BegunNote()
  let stuckAtMs: number | undefined
  const stuck = () => {
    stuckAtMs ??= clock.nowMs()
  }
  const dog = new Watchdog({ clock, sent, begun, stuckMs: STUCK_MS, stuck })
  const message: Fake = { id: 1, timeoutAtMs: 0, abandonedAtMs: undefined }
  sent.add(message as unknown as Sent)
  begun.begin(1)
  clock.advance(1_000)
  message.abandonedAtMs = clock.nowMs()
  dog.told(1)
  clock.advance(STUCK_MS - 1)
  t.is(stuckAtMs, undefined)
  clock.advance(1)
  t.is(stuckAtMs, 1_000 + STUCK_MS)
})

test('one that is stuck is found within one and a half times stuckMs, and then no timer is left', (t) => {
  const latestMs = 1.5 * STUCK_MS + 1
  fc.assert(
    fc.property(works, (all) => {
      const { clock, found, sinceMs } = watch(all)
      for (const { fromMs, toMs } of sinceMs.values()) {
        if (toMs - fromMs > latestMs) t.true(found !== undefined && found.atMs <= fromMs + latestMs)
      }
      t.is(clock.pending, 0)
    }),
    { numRuns: 500 },
  )
})
