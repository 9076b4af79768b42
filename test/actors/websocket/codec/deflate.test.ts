/**
 * Guards: compressed messages are read and written as ws does, in both directions and in every agreement; what comes out
 * is bounded; what is not a whole message is refused; and a compressed frame is the same for every client.
 */
import { constants, deflateRawSync } from 'node:zlib'
import test from 'ava'
import fc from 'fast-check'
import { encodeDeflated, inflateMessage } from '../../../../actors/websocket/codec/deflate.ts'
import { WebSocketError } from '../../../../actors/websocket/codec/errors.ts'
import { encodeText } from '../../../../actors/websocket/codec/frame-writer.ts'
import { createWebSocketLimits } from '../../../../actors/websocket/limits.ts'
import { everyCut } from '../../http/codec/reading.ts'
import { bytesOf, closing, frame } from './frames.ts'
import { type Agreed, messagesOf, tell } from './oracle.ts'
import { binaryLine, read, readWhole, textLine } from './reading.ts'

const RSV1 = 0x40
const TAKEOVER: Agreed = { server_no_context_takeover: true, client_no_context_takeover: true }
const full = { windowBits: 15 }

/** From RFC 7692 section 7.2.3: whole streams, each with what it says. */
const examples: readonly (readonly [title: string, bytes: Buffer, text: string])[] = [
  ['one block (7.2.3.1)', frame({ opcode: 1, rsv: RSV1, payload: bytesOf('f2 48 cd c9 c9 07 00') }), 'Hello'],
  [
    'one block in two fragments (7.2.3.1)',
    Buffer.concat([
      frame({ opcode: 1, rsv: RSV1, fin: false, payload: bytesOf('f2 48 cd') }),
      frame({ opcode: 0, payload: bytesOf('c9 c9 07 00') }),
    ]),
    'Hello',
  ],
  [
    'a block without compression (7.2.3.3)',
    frame({ opcode: 1, rsv: RSV1, payload: bytesOf('00 05 00 fa ff 48 65 6c 6c 6f 00') }),
    'Hello',
  ],
  [
    'a block that is the last (7.2.3.4)',
    frame({ opcode: 1, rsv: RSV1, payload: bytesOf('f3 48 cd c9 c9 07 00 00') }),
    'Hello',
  ],
  [
    'two blocks (7.2.3.5)',
    frame({ opcode: 1, rsv: RSV1, payload: bytesOf('f2 48 05 00 00 00 ff ff ca c9 c9 07 00') }),
    'Hello',
  ],
  ['an empty message (7.2.3.6)', frame({ opcode: 1, rsv: RSV1, payload: bytesOf('00') }), ''],
  ['a message that is not compressed', frame({ opcode: 1, payload: 'Hello' }), 'Hello'],
]

for (const [title, bytes, text] of examples) {
  test(`reads ${title}, in every cut`, (t) => {
    for (const pieces of everyCut(bytes)) {
      t.deepEqual(read(pieces, { isDeflated: true }), { events: [textLine(text)], verdict: 'open' })
    }
  })
}

function compressed(data: string | Uint8Array): Buffer {
  return deflateRawSync(data, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
}

const faults: readonly (readonly [title: string, bytes: Buffer, verdict: string])[] = [
  ['RSV1 in a control frame', frame({ opcode: 9, rsv: RSV1 }), '1002 RESERVED_BITS'],
  [
    'RSV1 in a continuation',
    Buffer.concat([frame({ opcode: 1, rsv: RSV1, fin: false }), frame({ opcode: 0, rsv: RSV1 })]),
    '1002 RESERVED_BITS',
  ],
  ['RSV1 and RSV2', frame({ opcode: 1, rsv: RSV1 | 0x20 }), '1002 RESERVED_BITS'],
  ['nothing at all', frame({ opcode: 1, rsv: RSV1 }), '1007 DEFLATE_INVALID'],
  [
    'a reserved kind of block',
    frame({ opcode: 1, rsv: RSV1, payload: bytesOf('06') }),
    '1007 DEFLATE_INVALID',
  ],
  [
    'a distance beyond the beginning',
    frame({ opcode: 1, rsv: RSV1, payload: bytesOf('02 11 00') }),
    '1007 DEFLATE_INVALID',
  ],
  [
    'half a message',
    frame({ opcode: 1, rsv: RSV1, payload: compressed('Hello, hello').subarray(0, -4) }),
    '1007 DEFLATE_INVALID',
  ],
  [
    'a second stream behind the last block',
    frame({ opcode: 1, rsv: RSV1, payload: bytesOf('f3 48 cd c9 c9 07 00 f3 48 cd c9 c9 07 00 00') }),
    '1007 DEFLATE_INVALID',
  ],
  [
    'one byte behind the last block that is no empty block',
    frame({ opcode: 1, rsv: RSV1, payload: bytesOf('f3 48 cd c9 c9 07 00 01') }),
    '1007 DEFLATE_INVALID',
  ],
  [
    'more than an empty block behind the last',
    frame({ opcode: 1, rsv: RSV1, payload: bytesOf('f3 48 cd c9 c9 07 00 00 00') }),
    '1007 DEFLATE_INVALID',
  ],
  [
    'a text that is not UTF-8',
    frame({ opcode: 1, rsv: RSV1, payload: compressed(Buffer.of(0xff)) }),
    '1007 TEXT_INVALID',
  ],
]

for (const [title, bytes, verdict] of faults) {
  test(`refuses ${title}, in every cut`, (t) => {
    for (const pieces of everyCut(bytes))
      t.deepEqual(read(pieces, { isDeflated: true }), { events: [], verdict })
  })
}

test('of two messages, each may be compressed or not', (t) => {
  const bytes = Buffer.concat([
    frame({ opcode: 1, rsv: RSV1, payload: compressed('a') }),
    frame({ opcode: 1, payload: 'b' }),
    frame({ opcode: 2, rsv: RSV1, payload: compressed('c') }),
    closing(1000),
  ])
  t.deepEqual(readWhole(bytes, { isDeflated: true }), {
    events: ['text a', 'text b', 'binary 63', 'close 1000 '],
    verdict: 'closed',
  })
})

const limits = createWebSocketLimits({ messageBytesMax: 1_000 })

const sized: readonly (readonly [title: string, size: number, verdict: string])[] = [
  ['as long as may be', 1_000, 'open'],
  ['one byte longer', 1_001, '1009 MESSAGE_TOO_LARGE'],
  ['a bomb of 100 MB', 100_000_000, '1009 MESSAGE_TOO_LARGE'],
]

for (const [title, size, verdict] of sized) {
  test(`a message that is ${title} when uncompressed`, (t) => {
    // A bomb is compressed twice as far as one message goes: its beginning is enough.
    const payload = compressed(Buffer.alloc(size)).subarray(0, size > 1_000_000 ? 900 : undefined)
    t.is(readWhole(frame({ opcode: 2, rsv: RSV1, payload }), { limits, isDeflated: true }).verdict, verdict)
  })
}

test('a message is refused by its compressed length too, before it has come', (t) => {
  const bytes = frame({ opcode: 2, rsv: RSV1, length: 1_001n }).subarray(0, 4)
  t.is(readWhole(bytes, { limits, isDeflated: true }).verdict, '1009 MESSAGE_TOO_LARGE')
})

test('arbitrary bytes are a message or a fault, and no more comes out than may', (t) => {
  let messages = 0
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 30 }), fc.nat(200), (bytes, bytesMax) => {
      try {
        t.true(inflateMessage(Buffer.from(bytes), bytesMax + 1).length <= bytesMax + 1)
        messages++
      } catch (error) {
        t.true(error instanceof WebSocketError)
        t.regex((error as WebSocketError).code, /^WEBSOCKET_(?:DEFLATE_INVALID|MESSAGE_TOO_LARGE)$/)
      }
    }),
    { numRuns: 3_000, seed: 3 },
  )
  t.true(messages > 10)
})

/** Texts that compress, texts that do not, and sizes around those of zlib's buffers. */
const data = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)),
  fc
    .tuple(fc.constantFrom('ab', 'Hello, é€😀 ', 'x'), fc.integer({ min: 10, max: 8_000 }))
    .map(([word, count]) => Buffer.from(word.repeat(count))),
  fc
    .tuple(fc.constantFrom(1, 500, 16_383, 16_384, 16_385, 32_768, 65_536, 100_000), fc.integer())
    .map(([size, seed]) => noise(size, seed)),
)

/** Bytes that do not compress, the same for the same seed. */
function noise(size: number, seed: number): Buffer {
  const bytes = Buffer.alloc(size)
  let state = seed | 1
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) | 0
    bytes[i] = state >>> 16
  }
  return bytes
}

test('what ws compresses as a client, in fragments too, is read as it was given to it', async (t) => {
  const parts = fc.array(data, { minLength: 1, maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(fc.array(parts, { minLength: 1, maxLength: 3 }), async (messages) => {
      const bytes = await messagesOf(
        messages.map((all) => all.map((one) => ({ data: one, compress: true }))),
        { agreed: TAKEOVER },
      )
      t.is(bytes[0]! & RSV1, RSV1)
      t.deepEqual(readWhole(bytes, { isDeflated: true }), {
        events: messages.map((all) => binaryLine(Buffer.concat(all))),
        verdict: 'open',
      })
    }),
    { numRuns: 100 },
  )
})

test('what we compress is read by ws as a client, for every window, and is shorter', async (t) => {
  let frames = 0
  await fc.assert(
    fc.asyncProperty(
      data,
      fc.integer({ min: 9, max: 15 }),
      fc.boolean(),
      async (payload, windowBits, isText) => {
        const isUtf8 = Buffer.from(payload.toString()).equals(payload)
        const type = isText && isUtf8 ? 'text' : 'binary'
        const encoded = encodeDeflated(type, payload, { windowBits }, 0)
        if (encoded === undefined) return
        frames++
        t.true(encoded.length < payload.length + 10)
        const bytes = Buffer.concat([encoded, encoded, encodeText('x')])
        const agreed: Agreed = { ...TAKEOVER, server_max_window_bits: windowBits }
        const line = type === 'text' ? textLine(payload.toString()) : binaryLine(payload)
        t.deepEqual(await tell(bytes, { isServer: false, agreed }), {
          events: [line, line, 'text x'],
          verdict: 'open',
        })
      },
    ),
    { numRuns: 200, seed: 5 },
  )
  t.true(frames > 50)
})

// zlib reaches back as far as the 16 KiB of its output go, whatever the window: the distance here is beyond both.
test('the agreed window is kept to: a reader with a smaller one fails', async (t) => {
  const block = noise(20_000, 9)
  const payload = Buffer.concat([block, block])
  const agreed: Agreed = { ...TAKEOVER, server_max_window_bits: 9 }
  const narrow = encodeDeflated(
    'binary',
    Buffer.concat([payload, Buffer.alloc(3_000)]),
    { windowBits: 9 },
    0,
  )!
  const wide = encodeDeflated('binary', payload, full, 0)!
  t.is((await tell(narrow, { isServer: false, agreed })).verdict, 'open')
  t.is((await tell(wide, { isServer: false, agreed })).verdict, '1007')
})

test('is not compressed: what is below the threshold, and what would not get shorter', (t) => {
  const text = Buffer.from('a'.repeat(1_024))
  t.is(encodeDeflated('text', text.subarray(1), full, 1_024), undefined)
  t.not(encodeDeflated('text', text, full, 1_024), undefined)
  t.is(encodeDeflated('binary', noise(2_000, 1), full, 1_024), undefined)
  t.is(encodeDeflated('text', Buffer.alloc(0), full, 0), undefined)
})

test('a compressed frame does not depend on those before', (t) => {
  const first = encodeDeflated('text', Buffer.from('Hello, hello, hello'), full, 0)
  encodeDeflated('text', Buffer.from('Hello, hello, hello, hello'), full, 0)
  t.deepEqual(encodeDeflated('text', Buffer.from('Hello, hello, hello'), full, 0), first)
  t.is(first![0], 0x80 | RSV1 | 1)
})
