/** Guards: what we write is the frame of RFC 6455 section 5.2, read by ws as it was meant, and shared safely. */
import test from 'ava'
import fc from 'fast-check'
import {
  encodeBinary,
  encodeClose,
  encodePing,
  encodePong,
  encodeText,
} from '../../../../actors/websocket/codec/frame-writer.ts'
import { bytesOf } from './frames.ts'
import { messagesOf, tell } from './oracle.ts'
import { binaryLine, closeLine, textLine } from './reading.ts'

const table: readonly (readonly [title: string, frame: Uint8Array, hex: string])[] = [
  ['"Hello" of RFC 6455 section 5.7', encodeText('Hello'), '81 05 48656c6c6f'],
  ['an empty text', encodeText(''), '81 00'],
  ['a text that is not ASCII', encodeText('é'), '81 02 c3a9'],
  ['a lone surrogate, as U+FFFD', encodeText('\ud800'), '81 03 efbfbd'],
  ['125 bytes', encodeText('a'.repeat(125)).subarray(0, 3), '81 7d 61'],
  ['126 bytes', encodeText('a'.repeat(126)).subarray(0, 5), '81 7e 007e 61'],
  ['65,535 bytes', encodeText('a'.repeat(65_535)).subarray(0, 5), '81 7e ffff 61'],
  ['65,536 bytes', encodeText('a'.repeat(65_536)).subarray(0, 11), '81 7f 0000000000010000 61'],
  ['a binary', encodeBinary(Buffer.of(0, 255))[0]!, '82 02 00ff'],
  ['a ping', encodePing(Buffer.from('Hello')), '89 05 48656c6c6f'],
  ['a pong', encodePong(new Uint8Array()), '8a 00'],
  ['a close without a code', encodeClose(), '88 00'],
  ['a close that answers one without a code', encodeClose(1005), '88 00'],
  ['a close', encodeClose(1000), '88 02 03e8'],
  ['a close with a reason', encodeClose(4999, 'é'), '88 04 1387 c3a9'],
]

for (const [title, frame, hex] of table) {
  test(`writes ${title}`, (t) => t.deepEqual(Buffer.from(frame), bytesOf(hex)))
}

const refused: readonly (readonly [title: string, encode: () => unknown, code: string])[] = [
  ['a ping of 126', () => encodePing(Buffer.alloc(126)), 'WEBSOCKET_PAYLOAD_TOO_LONG'],
  ['a pong of 126', () => encodePong(Buffer.alloc(126)), 'WEBSOCKET_PAYLOAD_TOO_LONG'],
  ['a reason of 124 bytes', () => encodeClose(1000, 'é'.repeat(62)), 'WEBSOCKET_PAYLOAD_TOO_LONG'],
  ['a reason without a code', () => encodeClose(1005, 'bye'), 'WEBSOCKET_CLOSE_CODE_INVALID'],
  ...[0, 999, 1004, 1006, 1015, 2999, 5000, 1000.5, Number.NaN].map(
    (code) => [`close code ${code}`, () => encodeClose(code), 'WEBSOCKET_CLOSE_CODE_INVALID'] as const,
  ),
]

for (const [title, encode, code] of refused) {
  test(`does not write ${title}`, (t) => {
    const error = t.throws(encode, { name: 'UsageError' })
    t.is((error as unknown as { code: string }).code, code)
  })
}

test('a reason of 123 bytes is written', (t) => t.is(encodeClose(1000, `${'é'.repeat(61)}x`).length, 127))

test('a large binary is not copied, a small one is', (t) => {
  const large = Buffer.alloc(4_097)
  const pieces = encodeBinary(large)
  t.is(pieces.length, 2)
  t.is(pieces[1], large)
  const small = Buffer.from('abc')
  const [copy] = encodeBinary(small)
  small.fill(0)
  t.deepEqual(copy, bytesOf('82 03 616263'))
})

test('ws reads each message, as a client, as it was written', async (t) => {
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: 'grapheme-ascii', maxLength: 200 }),
    fc
      .tuple(
        fc.constantFrom('a', 'é', '€', '😀'),
        fc.constantFrom(24, 25, 62, 63, 125, 126, 30_000, 65_535, 65_536),
      )
      .map(([char, count]) => char.repeat(count)),
  )
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.constantFrom(4_096, 4_097, 65_535, 65_536).map((size) => new Uint8Array(size).fill(7)),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(text, bytes), { maxLength: 5 }), async (messages) => {
      const frames = messages.flatMap((message) =>
        typeof message === 'string' ? [encodeText(message)] : encodeBinary(message),
      )
      const events = messages.map((message) =>
        typeof message === 'string' ? textLine(message) : binaryLine(Buffer.from(message)),
      )
      t.deepEqual(await tell(Buffer.concat(frames), { isServer: false }), { events, verdict: 'open' })
    }),
    { numRuns: 300 },
  )
})

test('each frame is byte for byte what ws writes as a server', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc.uint8Array({ maxLength: 200 }),
      async (text, bytes) => {
        const data = Buffer.from(bytes)
        const theirs = await messagesOf([[{ data: text }], [{ data }]], { isServer: true })
        t.deepEqual(Buffer.concat([encodeText(text), ...encodeBinary(data)]), theirs)
      },
    ),
    { numRuns: 300 },
  )
})

test('ws reads each control frame as it was written', async (t) => {
  const codes = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]
  await fc.assert(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 125 }),
      fc.constantFrom(...codes),
      fc.string({ unit: 'grapheme', maxLength: 20 }).filter((reason) => Buffer.byteLength(reason) <= 123),
      async (payload, code, reason) => {
        const hex = Buffer.from(payload).toString('hex')
        const bytes = Buffer.concat([encodePing(payload), encodePong(payload), encodeClose(code, reason)])
        t.deepEqual(await tell(bytes, { isServer: false }), {
          events: [`ping ${hex}`, `pong ${hex}`, closeLine(code, reason)],
          verdict: 'closed',
        })
      },
    ),
    { numRuns: 200 },
  )
})
