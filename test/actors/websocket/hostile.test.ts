/** Guards: whatever a client sends, leaves out or does not read, it costs a bounded amount, and nobody but itself. */
import { deflateRawSync } from 'node:zlib'
import test from 'ava'
import { actorGroup, receiving } from 'greenroom'
import {
  broadcast,
  type Messages,
  type Peer,
  type PeerEvent,
  type SessionEvent,
  type WebSocketMessage,
} from 'greenroom/actors'
import { createSeededRandom } from '../../../runtime/context/random.ts'
import { responses } from '../http/server.ts'
import { closing, frame, message } from './codec/frames.ts'
import {
  BINARY,
  DEFLATE,
  PING,
  PONG,
  requestText,
  type SocketClient,
  SocketServer,
  served,
  TEXT,
} from './server.ts'
import { faces, type Met } from './sockets.ts'

const [, echo] = faces[0]!

for (const [title, headers, status, field] of [
  ['a plain GET', ['Upgrade: ', 'Connection: keep-alive'], 426, 'upgrade'],
  ['another protocol', ['Upgrade: h2c'], 426, 'upgrade'],
  ['another version', ['Sec-WebSocket-Version: 8'], 426, 'sec-websocket-version'],
  ['no key', ['Sec-WebSocket-Key: '], 400, undefined],
  ['a page of another origin', ['Origin: http://evil.example'], 403, undefined],
  ['a sandboxed page', ['Origin: null'], 403, undefined],
  ['an origin that is none', ['Origin: a, b'], 403, undefined],
  ['subprotocols that are none', ['Sec-WebSocket-Protocol: a,,b'], 400, undefined],
  ['extensions that are none', ['Sec-WebSocket-Extensions: ;'], 400, undefined],
  ['a body', ['Content-Length: 5'], 400, undefined],
  ['a body in chunks', ['Transfer-Encoding: chunked'], 400, undefined],
] as const) {
  test(
    `refused, and no error of ours: ${title}`,
    served(echo(), async (t, server) => {
      const { client } = server.dial(headers, Buffer.from('hello'))
      client.end()
      await server.settle()
      const [answer] = responses(client)
      t.is(answer?.status, status)
      if (field !== undefined) t.truthy(answer?.headers[field])
      t.deepEqual(server.logged, [])
      client.close()
      await server.advance(10_000)
      t.is(server.listening.connections, 0)
    }),
  )
}

test(
  'the answer to a refusal leaves the connection to the next request, and pages of our own may connect',
  served(echo(), async (t, server) => {
    const { client } = server.dial(['Upgrade: '])
    client.write(requestText(['Origin: http://a']))
    client.write(message(TEXT, 'hello'))
    await server.settle()
    t.regex(client.text, /^HTTP\/1\.1 426 .*HTTP\/1\.1 101 .*\r\n\r\n..hello$/s)
    client.close()
    await server.settle()
  }),
)

test('a flood of control frames is told where it ends, and is none if it takes its time', async (t) => {
  await served({ ...echo(), limits: { controlFramesPerSecondMax: 10 } }, async (t, server) => {
    const [flood, patient] = [await server.open(), await server.open()]
    for (let i = 0; i < 30; i++) {
      patient.frame({ opcode: i % 2 === 0 ? PING : PONG })
      await server.advance(100)
    }
    t.is(patient.said.length, 15)
    for (let i = 0; i < 11; i++) flood.frame({ opcode: PONG })
    await server.settle()
    t.is(flood.said.at(-1), 'close 1008 more than 10 control frames in a second')
    for (const { client } of [flood, patient]) client.close()
    await server.settle()
  })(t)
})

for (const whenSlow of ['disconnect', 'dropOldest'] as const) {
  test(`${whenSlow}: a client that never reads costs so much and no more, and the others get all`, async (t) => {
    const room = actorGroup<PeerEvent<string>>('room')
    const met: Peer<string>[] = []
    const server = new SocketServer()
    const { system, ctx } = server.simulation
    await server.listen<string>({
      session: receiving<SessionEvent<WebSocketMessage>, Peer<string>>(function* ({ receive, input }) {
        met.push(input)
        system.registry.join(room, input.ref)
        yield* receive('ended')
      }),
      whenSlow,
      missed: (count) => `${count} missed`,
      limits: { queueMessagesMax: 50, queueBytesMax: 20_000 },
    })
    const slow = await server.open([], { windowBytes: 500 })
    const fast = await server.open()
    const texts = Array.from({ length: 500 }, (_, i) => `${i} ${'x'.repeat(1_000)}`)
    let held = 0
    for (const text of texts) {
      broadcast(ctx, room, text)
      await server.settle()
      held = Math.max(held, heldBy(met[0] as Peer<string>))
    }
    t.deepEqual(
      fast.said,
      texts.map((text) => `text ${text}`),
    )
    t.true(held < 20_000 + 65_536 + 16_384, `${held} bytes`)
    slow.client.drain()
    await server.settle()
    const end = whenSlow === 'disconnect' ? 'close 1008 you read too slowly' : `text ${texts.at(-1)}`
    t.is(slow.said.at(-1), end)
    for (const { client } of [slow, fast]) client.reset()
    await server.settle()
    await server.end()
  })
}

test('a client that pings and never reads is not read from, and reset in the end', async (t) => {
  await served(
    { ...echo(), limits: { controlFramesPerSecondMax: 1_000_000 } },
    async (t, server) => {
      const socket = await server.open([], { windowBytes: 200 })
      for (let i = 0; i < 5_000; i++) socket.frame({ opcode: PING, payload: 'x'.repeat(125) })
      await server.settle()
      t.true(socket.client.unsentBytes > 300_000, `${socket.client.unsentBytes} not taken`)
      await server.advance(5_000)
      t.true(socket.client.wasReset)
      t.is(server.listening.connections, 0)
    },
    { connection: { writeTimeoutMs: 2_000 } },
  )(t)
})

test('a bomb is let out no further than a message may be, and a row of them no faster than they are taken', async (t) => {
  const taken: number[] = []
  const session = receiving<SessionEvent<WebSocketMessage>, unknown>(function* ({ receive, wait, ctx }) {
    for (;;) {
      const { event } = yield* receive()
      if (event.type === 'ended') return
      taken.push(event.message.length)
      yield* wait(ctx.after(1_000))
    }
  })
  const bomb = (length: number): Buffer =>
    frame({ opcode: BINARY, rsv: 0x40, payload: deflateRawSync(Buffer.alloc(length)) })
  await served(
    { session: session as never, deflate: true, limits: { messageBytesMax: 100_000 } },
    async (t, server) => {
      const [single, row] = [await server.open([DEFLATE]), await server.open([DEFLATE])]
      single.client.write(bomb(100_001))
      for (let i = 0; i < 500; i++) row.client.write(bomb(100_000))
      await server.settle()
      t.is(single.said.at(-1), 'close 1009 a message has more than 100000 bytes')
      // Some 1 MiB waits for the session, and the rest as it was sent.
      t.is(taken.length, 1)
      row.client.reset()
      single.client.close()
      await server.settle()
      t.true(server.deadLetters.length <= 12, `${server.deadLetters.length} waited`)
      server.deadLetters.length = 0
    },
  )(t)
})

test('half a frame, half a message, and nothing: each is dropped when its time is over', async (t) => {
  await served({ ...echo(), limits: { pingIntervalMs: 500, idleTimeoutMs: 1_000 } }, async (t, server) => {
    const sockets = [await server.open(), await server.open(), await server.open()] as const
    sockets[0].client.write(Buffer.of(0x81, 0xff, 0))
    sockets[1].frame({ opcode: TEXT, payload: 'half', fin: false })
    await server.advance(1_000)
    for (const { said, client } of sockets) {
      t.deepEqual(said, ['ping ', 'text ended: idle', 'close 1001 nothing was heard of you'])
      t.true(client.hasEnded)
    }
    await server.advance(10_000)
    t.is(server.listening.connections, 0)
  })(t)
})

test('a WebSocket that is silent is no idle connection that makes room for a newcomer', async (t) => {
  await served(
    echo(),
    async (t, server) => {
      const [one, two] = [await server.open(), await server.open()]
      const late = server.dial()
      await server.settle()
      t.true(late.client.wasReset)
      for (const socket of [one, two]) socket.send('here')
      await server.settle()
      for (const { said } of [one, two]) t.deepEqual(said, ['text here'])
      for (const { client } of [one, two]) client.close()
      await server.settle()
    },
    { connection: { connectionsMax: 2 } },
  )(t)
})

test('5,000 idle clients are pinged, hear what is broadcast, and leave nothing', async (t) => {
  const room = actorGroup<PeerEvent<string>>('room')
  const server = new SocketServer()
  const { system, ctx } = server.simulation
  await server.listen<string>({
    *converse(_ctx: unknown, messages: Messages<WebSocketMessage, string>) {
      system.registry.join(room, messages.peer.ref)
      while ((yield* messages.receive()) !== undefined);
    },
  })
  const sockets: SocketClient[] = []
  for (let i = 0; i < 5_000; i++) {
    sockets.push(server.dial())
    // No more than a listener's backlog at once.
    if (i % 250 === 249) await server.settle()
  }
  t.is(server.listening.connections, 5_000)
  t.is(broadcast(ctx, room, 'news'), 5_000)
  await server.advance(30_000)
  const heard = sockets.filter(({ said }) => said.join() === 'text news,ping ')
  t.is(heard.length, 5_000)
  for (const socket of sockets) socket.close(1000)
  await server.settle()
  t.is(sockets.filter(({ said, client }) => said.at(-1) === 'close 1000' && client.hasEnded).length, 5_000)
  for (const { client } of sockets) client.close()
  await server.end()
  t.deepEqual(server.deadLetters, [])
})

const breakages: readonly (() => Buffer)[] = [
  () => frame({ opcode: 3 }),
  () => frame({ opcode: TEXT, key: undefined }),
  () => message(TEXT, Buffer.of(0xc0)),
  () => frame({ opcode: BINARY, length: 1n << 40n, lengthBits: 64 }),
  () => frame({ opcode: 0 }),
  () => closing(999),
]

for (let seed = 1; seed <= 12; seed++) {
  test(`anything in any order leaves nothing, and each hears what it said in order (seed ${seed})`, async (t) => {
    const server = new SocketServer({ seed, faults: seed % 3 === 0 ? { pieceBytesMax: 7 } : {} })
    const random = createSeededRandom(seed)
    const below = (n: number): number => random.nextUint32() % n
    const pick = <T>(from: readonly T[]): T => from[below(from.length)] as T
    const met: Met = { peers: [], ends: [] }
    const [, face] = faces[seed % 2]!
    await server.listen(
      {
        ...face(met),
        deflate: true,
        whenSlow: seed % 4 < 2 ? 'disconnect' : 'dropOldest',
        limits: {
          queueMessagesMax: 20,
          messagesAheadMax: 3,
          bytesAheadMax: 10_000,
          messageBytesMax: 60_000,
          deflateBytesMin: 100,
          pingIntervalMs: 2_000,
          idleTimeoutMs: 4_000,
          sessionGraceMs: 1_000,
          closeTimeoutMs: 1_000,
        },
      },
      { connection: { writeTimeoutMs: 3_000, lingerTimeoutMs: 500 } },
    )
    const sockets: SocketClient[] = []
    let number = 0
    const say = (length: number): string => `#${number++} ${'x'.repeat(length)}`
    const acts: readonly ((socket: SocketClient) => unknown)[] = [
      (socket) => socket.send(say(below(50))),
      (socket) => socket.send(say(5), say(40_000)),
      (socket) => socket.send(...Array.from({ length: 30 }, () => say(600))),
      (socket) => socket.client.write(message(TEXT, `#${number++} `, 'x', 'x')),
      (socket) => socket.frame({ opcode: pick([PING, PONG]), payload: 'p' }),
      (socket) => socket.client.read(1 + below(50_000)),
      (socket) => socket.client.drain(),
      () => met.peers.length > 0 && pick(met.peers).send('from afar'),
      () => below(8) === 0 && met.peers.length > 0 && pick(met.peers).hangUp({ code: 4000 }),
      (socket) => below(10) === 0 && socket.close(pick([undefined, 1000, 4999])),
      (socket) => below(20) === 0 && socket.client.end(),
      (socket) => below(20) === 0 && socket.client.close(),
      (socket) => below(20) === 0 && socket.client.reset(),
      (socket) => below(12) === 0 && socket.client.write(pick(breakages)()),
      (socket) => below(12) === 0 && socket.send(pick(['done', 'fail'])),
      () => server.advance(below(300)),
      () => server.settle(),
    ]
    for (let i = 0; i < 500; i++) {
      if (i % 12 === 0)
        sockets.push(server.dial(pick([[], [DEFLATE]]), undefined, pick([{}, { windowBytes: 1_000 }])))
      await pick(acts)(pick(sockets))
    }
    await server.advance(600_000)
    t.is(server.listening.connections, 0)
    t.is(server.simulation.system.actors, 1)
    for (const socket of sockets) {
      if (socket.client.text === '') continue
      let last = -1
      let closes = 0
      for (const line of socket.said) {
        t.is(closes, 0, 'nothing comes behind a close')
        if (line.startsWith('close')) closes += 1
        const said = /^text #(\d+) /.exec(line)?.[1]
        if (said === undefined) continue
        t.true(Number(said) > last)
        last = Number(said)
      }
    }
    t.deepEqual(
      server.deadLetters.filter(
        (letter) =>
          !/^(message|ended|hangUp|received|woken|timedOut|drained) (closed|unhandled)$/.test(letter),
      ),
      [],
    )
    t.deepEqual(
      server.logged.filter(({ message }) => !message.endsWith('boom')),
      [],
    )
    await server.end()
  })
}

/** Bytes that wait for a peer, in its outlet and its stream. */
function heldBy(peer: Peer<string>): number {
  const { connection } = peer as unknown as {
    connection: { port: { outputBytes: number }; receiver: { queuedBytes: number } }
  }
  return connection.port.outputBytes + connection.receiver.queuedBytes
}
