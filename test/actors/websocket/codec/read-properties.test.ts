/**
 * Guards: whatever clients say in whatever frames is read as it was said; no cut changes what is read, of broken streams
 * too; and arbitrary bytes give events or a `WebSocketError` and nothing else.
 */
import test from 'ava'
import fc from 'fast-check'
import { createWebSocketLimits } from '../../../../actors/websocket/limits.ts'
import { frame } from './frames.ts'
import { messagesOf } from './oracle.ts'
import { binaryLine, read, readWhole, textLine } from './reading.ts'
import { invalidStreams, validStreams } from './streams.ts'

const limits = createWebSocketLimits({ messageBytesMax: 200_000 })

const cuts = fc.array(fc.nat(), { maxLength: 8 })

function cutAt(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return at.slice(1).map((end, i) => Buffer.from(bytes.subarray(at[i], end)))
}

function inPiecesOf(bytes: Buffer, size: number): Buffer[] {
  const count = Math.ceil(bytes.length / size)
  return Array.from({ length: count }, (_, i) => Buffer.from(bytes.subarray(i * size, (i + 1) * size)))
}

/** Around every form of length, and around every bound of our own. */
const sizes = fc.oneof(
  { weight: 6, arbitrary: fc.nat(300) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(125, 126, 127, 128, 255, 256, 4_095, 4_096, 65_535, 65_536, 70_001),
  },
)

const payload = fc
  .tuple(sizes, fc.nat(255))
  .map(([size, seed]) => Buffer.from(Array.from({ length: size }, (_, i) => (seed + i * 31) & 0xff)))

const text = fc.string({ unit: 'binary', maxLength: 300 })

interface Said {
  readonly frames: readonly Buffer[]
  readonly event: string
  readonly controls: readonly string[]
}

/** A message in fragments, with pings between them. */
const said: fc.Arbitrary<Said> = fc
  .tuple(
    fc.oneof(
      text.map((data) => ({ opcode: 1, bytes: Buffer.from(data), event: textLine(data) })),
      payload.map((bytes) => ({ opcode: 2, bytes, event: binaryLine(bytes) })),
    ),
    fc.array(fc.nat(), { maxLength: 4 }),
    fc.array(fc.uint8Array({ maxLength: 125 }), { maxLength: 3 }),
    fc.integer(),
  )
  .map(([{ opcode, bytes, event }, positions, pings, key]) => {
    const parts = cutAt(bytes, positions)
    const frames = parts.flatMap((part, i) => {
      const fin = i === parts.length - 1
      const data = frame({ opcode: i === 0 ? opcode : 0, payload: part, fin, key: (key + i) >>> 0 })
      const ping = i === 0 ? undefined : pings[i - 1]
      return ping === undefined ? [data] : [frame({ opcode: 9, payload: ping }), data]
    })
    const controls = pings
      .slice(0, parts.length - 1)
      .map((ping) => `ping ${Buffer.from(ping).toString('hex')}`)
    return { frames, event, controls }
  })

test('what is said in any fragments, with pings between them, is read as it was said, in any cut', (t) => {
  fc.assert(
    fc.property(
      fc.array(said, { maxLength: 4 }),
      cuts,
      fc.integer({ min: 1, max: 5_000 }),
      (all, positions, size) => {
        const bytes = Buffer.concat(all.flatMap(({ frames }) => frames))
        const expected = {
          events: all.flatMap(({ controls, event }) => [...controls, event]),
          verdict: 'open',
        }
        t.deepEqual(readWhole(bytes, { limits }), expected)
        t.deepEqual(read(cutAt(bytes, positions), { limits }), expected)
        t.deepEqual(read(inPiecesOf(bytes, size), { limits }), expected)
      },
    ),
    { numRuns: 300 },
  )
})

test('what ws sends as a client is read as it was given to it', async (t) => {
  const part = fc.oneof(text, payload)
  const parts = fc.oneof(
    fc.array(text, { minLength: 1, maxLength: 4 }),
    fc.array(payload, { minLength: 1, maxLength: 4 }),
    part.map((one) => [one]),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(parts, { maxLength: 4 }), cuts, async (messages, positions) => {
      const bytes = await messagesOf(messages.map((all) => all.map((data) => ({ data }))))
      const events = messages.map((all) =>
        typeof all[0] === 'string' ? textLine(all.join('')) : binaryLine(Buffer.concat(all as Buffer[])),
      )
      t.deepEqual(read(cutAt(bytes, positions), { limits: { ...limits, messageBytesMax: 300_000 } }), {
        events,
        verdict: 'open',
      })
    }),
    { numRuns: 200 },
  )
})

test('one byte changed, added or left out: the verdict does not depend on the cut', (t) => {
  const seeds = [...validStreams.map(([, bytes]) => bytes), ...invalidStreams.map(([, bytes]) => bytes)]
  const long = seeds.filter((bytes) => bytes.length > 0)
  fc.assert(
    fc.property(
      fc.constantFrom(...long),
      fc.nat(),
      fc.nat(255),
      fc.nat(2),
      fc.boolean(),
      cuts,
      (bytes, at, put, mode, isDeflated, positions) => {
        const mutant = [...bytes]
        mutant.splice(at % mutant.length, mode === 0 ? 0 : 1, ...(mode === 2 ? [] : [put]))
        const buffer = Buffer.from(mutant)
        const whole = readWhole(buffer, { isDeflated })
        t.deepEqual(read(cutAt(buffer, positions), { isDeflated }), whole)
        t.deepEqual(read(inPiecesOf(buffer, 1), { isDeflated }), whole)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('arbitrary bytes and nearly frames give events or a fault, and nothing else', (t) => {
  const nearly = fc
    .record({
      opcode: fc.nat(15),
      payload: fc.uint8Array({ maxLength: 10 }),
      fin: fc.boolean(),
      rsv: fc.constantFrom(0, 0, 0, 0x40),
      lengthBits: fc.constantFrom(7, 7, 7, 16, 64),
    })
    .map((init) => frame(init))
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((all) => Buffer.from(all)),
    fc.array(nearly, { maxLength: 5 }).map((all) => Buffer.concat(all)),
  )
  const verdicts = new Set<string>()
  fc.assert(
    fc.property(bytes, fc.boolean(), cuts, (all, isDeflated, positions) => {
      const whole = readWhole(all, { isDeflated })
      t.regex(whole.verdict, /^(?:open|within|closed|1002 [A-Z_]+|1007 [A-Z_]+|1009 [A-Z_]+)$/)
      t.deepEqual(read(cutAt(all, positions), { isDeflated }), whole)
      verdicts.add(whole.verdict)
    }),
    { numRuns: 3_000, seed: 1 },
  )
  // The test would be idle if all ended at the first byte.
  for (const verdict of [
    'open',
    'closed',
    '1002 LENGTH_INVALID',
    '1007 DEFLATE_INVALID',
    '1007 TEXT_INVALID',
  ]) {
    t.true(verdicts.has(verdict), verdict)
  }
})
