/** Guards: what a client says is read as RFC 6455 means it, and what breaks the protocol is refused with the right code. */
import test from 'ava'
import { Input } from '../../../../actors/connection/input.ts'
import { WebSocketError } from '../../../../actors/websocket/codec/errors.ts'
import { MessageReader } from '../../../../actors/websocket/codec/message-reader.ts'
import { createWebSocketLimits, defaultWebSocketLimits } from '../../../../actors/websocket/limits.ts'
import { PeerError } from '../../../../runtime/errors.ts'
import { everyCut } from '../../http/codec/reading.ts'
import { closing, frame, message } from './frames.ts'
import { type Reading, read, readWhole } from './reading.ts'
import { invalidStreams, validStreams } from './streams.ts'

for (const [title, bytes, events, verdict = 'open'] of validStreams) {
  test(`takes ${title}, in every cut`, (t) => {
    for (const pieces of everyCut(bytes)) t.deepEqual(read(pieces), { events, verdict })
  })
}

for (const [title, bytes, verdict, events = []] of invalidStreams) {
  test(`refuses ${title}, in every cut`, (t) => {
    for (const pieces of everyCut(bytes)) t.deepEqual(read(pieces), { events, verdict })
  })
}

const limits = createWebSocketLimits({ messageBytesMax: 10, fragmentsMax: 3 })
const ten = 'x'.repeat(10)

const bounded: readonly (readonly [title: string, bytes: Buffer, reading: Reading])[] = [
  ['as many bytes as may be', message(1, ten), { events: [`text ${ten}`], verdict: 'open' }],
  ['as many bytes in fragments', message(1, 'xxxxx', 'xxxxx'), { events: [`text ${ten}`], verdict: 'open' }],
  ['one byte more', message(1, `${ten}x`), { events: [], verdict: '1009 MESSAGE_TOO_LARGE' }],
  [
    'one byte more in fragments',
    message(1, 'xxxxx', 'xxxxxx'),
    { events: [], verdict: '1009 MESSAGE_TOO_LARGE' },
  ],
  [
    'a header that announces one byte more, before anything of it has come',
    frame({ opcode: 1, length: 11n }).subarray(0, 2),
    { events: [], verdict: '1009 MESSAGE_TOO_LARGE' },
  ],
  ['as many fragments as may be', message(1, 'a', 'b', 'c'), { events: ['text abc'], verdict: 'open' }],
  ['one fragment more', message(1, 'a', 'b', 'c', 'd'), { events: [], verdict: '1008 TOO_MANY_FRAGMENTS' }],
  ['one empty fragment more', message(1, '', '', '', ''), { events: [], verdict: '1008 TOO_MANY_FRAGMENTS' }],
  [
    'many messages, each within the limits',
    Buffer.concat([message(1, 'aaaa', 'bbb', 'ccc'), message(2, ten), message(1, 'a', 'b', 'c')]),
    { events: ['text aaaabbbccc', `binary ${'78'.repeat(10)}`, 'text abc'], verdict: 'open' },
  ],
  [
    'control frames, which are bounded by themselves',
    Buffer.concat([
      frame({ opcode: 1, payload: ten, fin: false }),
      ...Array.from({ length: 4 }, () => frame({ opcode: 9, payload: 'x'.repeat(11) })),
      frame({ opcode: 0 }),
    ]),
    {
      events: [...Array.from({ length: 4 }, () => `ping ${'78'.repeat(11)}`), `text ${ten}`],
      verdict: 'open',
    },
  ],
]

for (const [title, bytes, reading] of bounded) {
  test(`limits: ${title}, in every cut`, (t) => {
    for (const pieces of everyCut(bytes)) t.deepEqual(read(pieces, { limits }), reading)
  })
}

test("a fault is the peer's, and says what to close with", (t) => {
  const input = new Input()
  input.push(frame({ opcode: 1, payload: Buffer.of(0xff) }))
  const reader = new MessageReader({ limits: defaultWebSocketLimits })
  const error = t.throws(() => reader.next(input), { instanceOf: WebSocketError })
  t.true(error instanceof PeerError)
  t.is(error.code, 'WEBSOCKET_TEXT_INVALID')
  t.is(error.closeCode, 1007)
  t.is(error.message, 'connection closed with 1007: a text is not UTF-8')
})

test('behind a fault nothing is read any more', (t) => {
  const input = new Input()
  input.push(frame({ opcode: 3 }))
  const reader = new MessageReader({ limits: defaultWebSocketLimits })
  const first = t.throws(() => reader.next(input))
  input.push(message(1, 'a'))
  t.is(
    t.throws(() => reader.next(input)),
    first,
  )
})

test('every reason fits into a close frame', (t) => {
  const faults = [...invalidStreams.map(([, bytes]) => bytes), ...bounded.map(([, bytes]) => bytes)]
  let count = 0
  for (const bytes of faults) {
    const input = new Input()
    input.push(Buffer.from(bytes))
    const reader = new MessageReader({ limits })
    try {
      while (reader.next(input) !== undefined);
    } catch (error) {
      count++
      t.regex((error as WebSocketError).reason, /^[\x20-\x7e]{1,123}$/)
    }
  }
  t.true(count > 40)
})

test('each call gives one event, and leaves in the input what follows', (t) => {
  const input = new Input()
  const last = message(1, 'c')
  input.push(Buffer.concat([message(1, 'a'), frame({ opcode: 9 }), last]))
  const reader = new MessageReader({ limits: defaultWebSocketLimits })
  t.deepEqual(reader.next(input), { type: 'text', text: 'a' })
  t.is(reader.next(input)?.type, 'ping')
  t.is(input.available, last.length)
})

test('a payload is moved out of the input as it comes, so that a small high-water mark does not stop it', (t) => {
  const input = new Input()
  const bytes = message(2, Buffer.alloc(100_000))
  const reader = new MessageReader({ limits: defaultWebSocketLimits })
  let most = 0
  for (let at = 0; at < bytes.length - 1; at += 1_000) {
    input.push(Buffer.from(bytes.subarray(at, Math.min(at + 1_000, bytes.length - 1))))
    t.is(reader.next(input), undefined)
    most = Math.max(most, input.available)
  }
  t.is(most, 0)
  input.push(Buffer.from(bytes.subarray(-1)))
  t.is(reader.next(input)?.type, 'binary')
})

test('behind a close the input is emptied and nothing is said', (t) => {
  const input = new Input()
  input.push(Buffer.concat([closing(1000), message(1, 'a')]))
  const reader = new MessageReader({ limits: defaultWebSocketLimits })
  t.false(reader.isClosed)
  t.is(reader.next(input)?.type, 'close')
  t.true(reader.isClosed)
  t.is(reader.next(input), undefined)
  t.is(input.available, 0)
  t.is(readWhole(closing(1000)).verdict, 'closed')
})
