/**
 * Guards: what the grammar makes comes back as it was made, and so do all requests before a broken one, whose verdict is
 * foretold by the way it is broken; no cut changes what is read, and nothing is read behind a refusal.
 */
import test from 'ava'
import fc from 'fast-check'
import { POISON } from '../../smuggling/vector.ts'
import { type Reading, read } from '../reading.ts'
import { breakages } from './breakages.ts'
import { messageOf, write } from './parts.ts'
import { request } from './valid.ts'

const positions = fc.array(fc.nat(), { maxLength: 8 })

/** The one reading of these bytes, whatever the cuts. */
function readCut(text: string, cuts: readonly number[]): Reading {
  const bytes = Buffer.from(text, 'latin1')
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  const reading = read(at.slice(1).map((end, i) => Buffer.from(bytes.subarray(at[i], end))))
  const bytewise = read(Array.from(bytes, (byte) => Buffer.of(byte)))
  if (JSON.stringify(reading) !== JSON.stringify(bytewise))
    throw new Error(`cuts matter: ${JSON.stringify([reading, bytewise])}`)
  return reading
}

test('what the grammar makes comes back, pipelined and in any cut', (t) => {
  const pipeline = fc.tuple(fc.array(request({ isLast: false }), { maxLength: 3 }), request())
  fc.assert(
    fc.property(pipeline, positions, ([first, last], cuts) => {
      const all = [...first, last]
      t.deepEqual(readCut(all.map(write).join(''), cuts), { messages: all.map(messageOf), verdict: 'end' })
    }),
    { numRuns: 500 },
  )
})

test('nothing is read behind the last request of a connection', (t) => {
  fc.assert(
    fc.property(request({ isLast: true }), positions, (last, cuts) => {
      t.deepEqual(readCut(write(last) + POISON, cuts), { messages: [messageOf(last)], verdict: 'end' })
    }),
  )
})

test('a request that ends too soon was cut off, wherever', (t) => {
  fc.assert(
    fc.property(request(), fc.nat(), positions, (parts, end, cuts) => {
      const text = write(parts)
      const start = parts.emptyLines.length
      const { messages, verdict } = readCut(
        text.slice(0, start + 1 + (end % (text.length - start - 1))),
        cuts,
      )
      t.deepEqual({ messages, verdict }, { messages: [], verdict: '400 HTTP_TRUNCATED' })
    }),
  )
})

for (const { name, verdict, of, broken } of breakages) {
  test(`broken: ${name}: ${verdict}`, (t) => {
    const first = fc.array(request({ isLast: false }), { maxLength: 1 })
    const bad = request({ minor: 1, ...of, isLast: false }).chain(broken)
    fc.assert(
      fc.property(first, bad, positions, (before, parts, cuts) => {
        const text = before.map(write).join('') + write(parts) + POISON
        t.deepEqual(readCut(text, cuts), { messages: before.map(messageOf), verdict })
      }),
      { numRuns: 60 },
    )
  })
}
