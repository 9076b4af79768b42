/**
 * Laws: what a chat's client reads does not depend on where its bytes are cut; what no server of a chat may send ends it; a text is
 * its key and back; percentiles of counts are those of samples, to 1 %.
 */
import test from 'ava'
import fc from 'fast-check'
import { pongFrame, scanFrames, textFrame } from '../../bench/chat/load/frames.ts'
import { Latencies } from '../../bench/chat/load/latencies.ts'
import { scanLines } from '../../bench/chat/load/lines.ts'
import { Pieces } from '../../bench/chat/load/pieces.ts'
import { Rests } from '../../bench/chat/load/rests.ts'
import { checkUpgrade, wires } from '../../bench/chat/load/wires.ts'
import { countOf, keyAt, keyOf, SENDERS_MAX, senderOf, TEXT_BYTES, textOf } from '../../bench/chat/message.ts'
import { remarkOnSaturation } from '../../bench/chat/saturated.ts'
import { percentile } from '../../bench/overload/outcomes.ts'

// ── Messages ─────────────────────────────────────────────────────────────────────────────────────────────────────

const keys = fc
  .tuple(fc.nat(SENDERS_MAX - 1), fc.nat(2 ** 24 - 1))
  .map(([sender, count]) => keyOf(sender, count))

test('a text is 64 bytes of the JSON that JSON.stringify gives, and has its key in it, wherever it stands', (t) => {
  fc.assert(
    fc.property(keys, fc.nat(20), (key, at) => {
      const text = textOf(key)
      t.is(Buffer.byteLength(text), TEXT_BYTES)
      t.is(JSON.stringify(JSON.parse(text)), text)
      t.is(keyAt(Buffer.from(' '.repeat(at) + text), at), key)
      t.is(keyOf(senderOf(key), countOf(key)), key)
    }),
  )
})

test('there is no key for a sender, or a message, too many', (t) => {
  t.throws(() => keyOf(SENDERS_MAX, 0), { instanceOf: RangeError })
  t.throws(() => keyOf(0, 2 ** 24), { instanceOf: RangeError })
})

// ── Frames and lines ─────────────────────────────────────────────────────────────────────────────────────────────

/** A server's frame: as a client's, without a mask. */
function serverFrame(opcode: number, payload: string): Buffer {
  const { length } = payload
  const head = length < 126 ? [opcode, length] : [opcode, 126, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(head), Buffer.from(payload, 'latin1')])
}

/** What is told of a stream that comes in these chunks, all of which are read into the same bytes. */
function toldOf(wire: 'frames' | 'lines', chunks: readonly Buffer[]): string[] {
  const told: string[] = []
  const sink = {
    text: (bytes: Buffer, from: number, to: number) =>
      told.push(`text ${bytes.toString('latin1', from, to)}`),
    ping: (payload: Buffer) => told.push(`ping ${payload.toString('latin1')}`),
  }
  const scan = wire === 'frames' ? scanFrames : scanLines
  const shared = Buffer.alloc(4_096)
  const pieces = new Pieces()
  for (const chunk of chunks) {
    shared.fill(0x0a)
    chunk.copy(shared)
    pieces.take(shared, chunk.length, (bytes, end) => scan(bytes, end, sink))
  }
  return told
}

const long = 'x'.repeat(300)
const streams = {
  frames: {
    bytes: Buffer.concat([
      serverFrame(0x81, 'one'),
      serverFrame(0x89, 'are you there'),
      serverFrame(0x81, ''),
      serverFrame(0x8a, 'unasked for'),
      serverFrame(0x81, long),
      serverFrame(0x81, 'last'),
    ]),
    told: ['text one', 'ping are you there', 'text ', `text ${long}`, 'text last'],
  },
  lines: {
    bytes: Buffer.from(`one\r\ntwo\n\r\n\n${long}\r\nlast\r\n`),
    told: ['text one', 'text two', 'text ', 'text ', `text ${long}`, 'text last'],
  },
} as const

for (const wire of ['frames', 'lines'] as const) {
  const { bytes, told } = streams[wire]
  test(`${wire} are the same under every cut, and byte by byte`, (t) => {
    for (let cut = 0; cut <= bytes.length; cut++) {
      t.deepEqual(toldOf(wire, [bytes.subarray(0, cut), bytes.subarray(cut)]), told)
    }
    t.deepEqual(
      toldOf(
        wire,
        Array.from(bytes, (byte) => Buffer.from([byte])),
      ),
      told,
    )
  })

  test(`${wire} are the same under any cuts`, (t) => {
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 8 }), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        const chunks = at.slice(1).map((end, index) => bytes.subarray(at[index], end))
        t.deepEqual(toldOf(wire, chunks), told)
      }),
    )
  })
}

for (const { title, bytes, message } of [
  { title: 'a mask', bytes: Buffer.from([0x81, 0x83, 0, 0, 0, 0, 1, 2, 3]), message: 'a masked frame' },
  { title: 'a part of a message', bytes: serverFrame(0x01, 'one'), message: /begins with 0x1$/ },
  { title: 'binary data', bytes: serverFrame(0x82, 'one'), message: /begins with 0x82$/ },
  { title: 'compression', bytes: serverFrame(0xc1, 'one'), message: /begins with 0xc1$/ },
  { title: 'a frame too long', bytes: Buffer.from([0x81, 127, 0, 0]), message: /more than 65,535/ },
  { title: 'a close', bytes: serverFrame(0x88, '\x03\xf1too big'), message: 'a close, 1009 too big' },
]) {
  test(`refuses ${title}`, (t) => {
    t.throws(() => toldOf('frames', [bytes]), { instanceOf: RangeError, message })
  })
}

test("a client's frames have a mask, of zeros, and are as short as messages are", (t) => {
  t.deepEqual([...textFrame('ab')], [0x81, 0x82, 0, 0, 0, 0, 0x61, 0x62])
  t.deepEqual([...pongFrame(Buffer.of(7))], [0x8a, 0x81, 0, 0, 0, 0, 7])
  t.throws(() => textFrame('x'.repeat(126)), { instanceOf: RangeError })
})

// ── Wires ────────────────────────────────────────────────────────────────────────────────────────────────────────

const right = 'HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo='

test('an upgrade is accepted with the right answer to its key, and no extension', (t) => {
  t.notThrows(() => checkUpgrade(right))
  for (const [head, message] of [
    ['HTTP/1.1 404 Not Found\r\n', 'no upgrade: HTTP/1.1 404 Not Found'],
    [right.replace('s3p', 's4p'), /another Sec-WebSocket-Accept/],
    [`${right}\r\nSec-WebSocket-Extensions: permessage-deflate`, /extension/],
  ] as const) {
    t.throws(() => checkUpgrade(head), { instanceOf: RangeError, message })
  }
})

test('Socket.IO is joined, and its pings are answered', (t) => {
  const { answerTo } = wires['socket.io']
  t.deepEqual(answerTo('0{"sid":"a"}'), { reply: '40' })
  t.deepEqual(answerTo('40{"sid":"b"}'), { reply: undefined })
  t.is(answerTo('42["welcome"]'), 'welcome')
  t.deepEqual(answerTo('2'), { reply: '3' })
})

test('what nobody said is no payload of any wire', (t) => {
  for (const { answerTo } of Object.values(wires)) {
    t.throws(() => answerTo('{"from":10}'), { instanceOf: RangeError, message: '"{"from":10}"' })
  }
})

// ── Figures ──────────────────────────────────────────────────────────────────────────────────────────────────────

test('a percentile of counts is that of the samples, to 1 % and to the microsecond', (t) => {
  const times = fc.array(fc.double({ min: 0, max: 1e5, noNaN: true }), { minLength: 1 })
  fc.assert(
    fc.property(times, fc.constantFrom(0, 0.5, 0.99, 1), (samples, fraction) => {
      const latencies = new Latencies()
      for (const ms of samples) latencies.record(ms)
      const exact = percentile(samples, fraction) ?? 0
      const about = latencies.percentile(fraction)
      t.true(about >= exact - 1e-9 && about <= exact * 1.01 + 0.0011, `${about} for ${exact}`)
    }),
  )
})

test('without samples, and after they are cleared, a percentile is 0; what takes half an hour is the longest', (t) => {
  const latencies = new Latencies()
  t.is(latencies.percentile(0.5), 0)
  latencies.record(1e9)
  t.true(latencies.percentile(0.5) > 2e6)
  latencies.clear()
  t.is(latencies.percentile(0.5), 0)
})

test('the load rests longer while it finds too little at a look, within bounds, and soon not at all where it finds much', (t) => {
  const rests = new Rests(32)
  let before = 0
  for (let look = 0; look < 100; look++) {
    const ms = rests.after(10, 10)
    t.true(ms >= before && ms <= 50)
    before = ms
  }
  t.is(before, 50)
  t.is(rests.after(10, 40), 50)
  for (let look = 0; look < 6; look++) before = rests.after(10, 320)
  t.is(before, 0)
  t.is(rests.after(10, 0), 0.125)
})

for (const { title, load, server, remark } of [
  { title: 'says nothing where the server was saturated', load: 0.4, server: 0.97, remark: /^undefined$/ },
  {
    title: 'says so where the load was the limit',
    load: 0.97,
    server: 0.6,
    remark: /^limited by the load, .*97 %/,
  },
  { title: 'says so where nobody was', load: 0.4, server: 0.5, remark: /^limited by neither, .*50 %.*40 %/ },
]) {
  test(`the remark ${title}`, (t) => {
    t.regex(String(remarkOnSaturation([{ load, server }])), remark)
  })
}
