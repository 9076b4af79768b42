/**
 * Laws: what was begun stays begun, whatever is begun again and however far the numbers have come; what is at work is known
 * while it is; and of a thread and a home that take messages at the same time, each message is exactly one's.
 */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import fc from 'fast-check'
import { BegunNote, nextId } from '../../../runtime/worker/begun.ts'

/** As far as numbers may go at once; it comes by none that means something else. */
const STEP = 2 ** 30 - 1

/** A note of a thread that has come to `from`. */
function noteAt(from: number): BegunNote {
  const note = new BegunNote()
  // It begins with number 1, and its numbers go on from there, never by more than half of all.
  for (let id = 0; id !== from; ) {
    const left = (from - id) | 0
    id = (id + (left > 0 ? Math.min(left, STEP) : STEP)) | 0
    note.begin(id)
  }
  return note
}

test('a message is begun when it, or a later one, was; what comes again changes that for none', (t) => {
  fc.assert(
    fc.property(
      fc.constantFrom(1, 2 ** 31 - 5, -(2 ** 31) + 1, -3),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 20 }),
      (from, program) => {
        const note = noteAt(from)
        let [earlier, last] = [from, from]
        for (const isNew of program) {
          if (isNew) [earlier, last] = [last, nextId(last)]
          const id = isNew ? last : earlier
          t.true(note.begin(id))
          t.is(note.present, id)
          t.true(note.wasBegun(last))
          t.false(note.wasBegun(nextId(last)))
          note.end()
          t.is(note.present, 0)
        }
      },
    ),
    { numRuns: 100 },
  )
})

test('numbers go round, and pass by the two that mean something else', (t) => {
  t.is(nextId(2 ** 31 - 1), -(2 ** 31) + 1)
  t.is(nextId(-1), 1)
})

test('what is sealed begins nothing more, neither new nor again', (t) => {
  const note = noteAt(5)
  note.seal()
  const there = new BegunNote(note.cells)
  for (const id of [4, 5, 6]) t.false(there.begin(id))
  note.seal()
  t.true(note.wasBegun(5))
  t.false(note.wasBegun(6))
})

test('a thread and home agree to the message on what was begun', async (t) => {
  const bootstrap = new URL('../../../runtime/worker/bootstrap.js', import.meta.url)
  const entry = new URL('./beginner.ts', import.meta.url).href
  for (let round = 0; round < 5; round++) {
    const note = new BegunNote()
    const worker = new Worker(bootstrap, { workerData: { entry, module: entry, cells: note.cells } })
    const told = once(worker, 'message')
    while (note.present < 1_000 * (round + 1)) await Promise.race([told, roundOfNode()])
    note.seal()
    const [begun] = (await told) as [number]
    t.is(note.last, begun)
    await worker.terminate()
  }
})

function roundOfNode(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
