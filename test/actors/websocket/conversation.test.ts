/** Guards: what a client says comes whole, once and in order, in whatever frames and cuts; and what is said to it, as well. */
import test from 'ava'
import { actorGroup, receiving } from 'greenroom'
import { broadcast, type PeerEvent, type WebSocketMessage } from 'greenroom/actors'
import { message } from './codec/frames.ts'
import { BINARY, DEFLATE, PING, PONG, SocketServer, served, TEXT } from './server.ts'
import { faces, type Met } from './sockets.ts'

const meeting = (): Met => ({ peers: [], ends: [] })

for (const [face, echo] of faces) {
  test(
    `${face}: text and bytes come back as they were said, in order`,
    served(echo(), async (t, server) => {
      const socket = await server.open()
      t.is(socket.status, 101)
      t.regex(socket.head, /\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/)
      socket.send('héllo', Buffer.of(0, 255), '', Buffer.alloc(0), 'x'.repeat(70_000))
      await server.settle()
      t.deepEqual(socket.said, [
        'text héllo',
        'binary 00ff',
        'text ',
        'binary ',
        `text ${'x'.repeat(70_000)}`,
      ])
      socket.close(1000)
      await server.settle()
      t.deepEqual(socket.said.slice(5), ['text ended: peer', 'close 1000'])
      t.true(socket.client.hasEnded)
      t.false(socket.client.wasReset)
    }),
  )

  test(
    `${face}: fragments are one message, with pings and pongs between them`,
    served(echo(), async (t, server) => {
      const socket = await server.open()
      socket.frame({ opcode: TEXT, payload: 'one ', fin: false })
      socket.frame({ opcode: PING, payload: 'a' })
      socket.frame({ opcode: 0, payload: 'two ', fin: false })
      socket.frame({ opcode: PONG })
      socket.frame({ opcode: 0, payload: 'three' })
      socket.frame({ opcode: BINARY, payload: 'x', fin: false })
      await server.settle()
      t.deepEqual(socket.said, ['pong 61', 'text one two three'])
      socket.frame({ opcode: 0, payload: 'y' })
      await server.settle()
      t.is(socket.said[2], 'binary 7879')
      socket.close()
      await server.settle()
      t.is(socket.said.at(-1), 'close')
    }),
  )

  test(
    `${face}: what came in the packet of the request, and in single bytes, is read as any other`,
    served(echo(), async (t, server) => {
      const ahead = server.dial([], message(TEXT, 'ahead', 'of it'))
      const slow = server.dial([], message(TEXT, 'byte by byte'), { pieceBytes: 1 })
      await server.settle()
      t.deepEqual(ahead.said, ['text aheadof it'])
      t.deepEqual(slow.said, ['text byte by byte'])
      for (const socket of [ahead, slow]) socket.close(1000)
      await server.settle()
    }),
  )

  test(
    `${face}: a client that says all, closes, and does not wait gets all`,
    served(echo(), async (t, server) => {
      const said = Array.from({ length: 500 }, (_, i) => `${i}`)
      const ahead = Buffer.concat(said.map((text) => message(TEXT, text)))
      const socket = server.dial([], ahead)
      socket.close(4000, 'enough')
      socket.client.end()
      await server.settle()
      const lines = said.map((text) => `text ${text}`)
      t.deepEqual(socket.said, [...lines, 'text ended: peer', 'close 4000'])
      t.true(socket.client.hasEnded)
    }),
  )

  test(`${face}: a subprotocol that both speak is the peer’s, and is none where there is none`, async (t) => {
    const met = meeting()
    await served({ ...echo(met), protocols: ['chat.v2', 'chat.v1'] }, async (t, server) => {
      const chatting = await server.open(['Sec-WebSocket-Protocol: chat.v1, chat.v3'])
      const plain = await server.open()
      t.regex(chatting.head, /\r\nsec-websocket-protocol: chat\.v1\r\n/)
      t.notRegex(plain.head, /protocol/)
      t.deepEqual(
        met.peers.map(({ protocol }) => protocol),
        ['chat.v1', undefined],
      )
      for (const { client } of [chatting, plain]) client.close()
      await server.settle()
    })(t)
  })

  test(
    `${face}: silence is answered by a ping, and a client that answers stays`,
    served({ ...echo(), limits: { pingIntervalMs: 1_000, idleTimeoutMs: 3_000 } }, async (t, server) => {
      const socket = await server.open()
      await server.advance(999)
      t.deepEqual(socket.said, [])
      for (let i = 1; i <= 5; i++) {
        await server.advance(1)
        t.is(socket.said.length, i)
        socket.frame({ opcode: PONG })
        await server.advance(999)
      }
      t.deepEqual([...new Set(socket.said)], ['ping '])
      // Part of a frame is a sign of life as well, and so is what is said.
      socket.client.write(Buffer.of(0x81))
      await server.advance(999)
      t.is(socket.said.length, 5)
      socket.client.write(Buffer.of(0x80, 1, 2, 3, 4))
      await server.advance(999)
      t.deepEqual(socket.said.slice(5), ['text '])
      socket.client.close()
      await server.settle()
    }),
  )

  test(`${face}: a client that does not answer our ping is told so and dropped`, async (t) => {
    const met = meeting()
    await served(
      { ...echo(met), limits: { pingIntervalMs: 1_000, idleTimeoutMs: 3_000 } },
      async (t, server) => {
        const socket = await server.open()
        await server.advance(2_999)
        t.deepEqual(socket.said, ['ping '])
        t.false(socket.client.hasEnded)
        await server.advance(1)
        t.deepEqual(socket.said, ['ping ', 'text ended: idle', 'close 1001 nothing was heard of you'])
        t.true(socket.client.hasEnded)
        t.deepEqual(met.ends, ['idle'])
        await server.advance(2_000)
        t.is(server.listening.connections, 0)
      },
    )(t)
  })

  test(
    `${face}: with deflate both ways, and with whoever has not agreed plainly`,
    served({ ...echo(), deflate: true, limits: { deflateBytesMin: 10 } }, async (t, server) => {
      const [deflated, plain] = [await server.open([DEFLATE]), await server.open()]
      t.regex(deflated.head, /\r\nsec-websocket-extensions: permessage-deflate; /)
      const text = 'hello '.repeat(100)
      // "Hello", compressed, as in RFC 7692 section 7.2.3.1.
      const hello = Buffer.from('f248cdc9c90700', 'hex')
      deflated.frame({ opcode: TEXT, rsv: 0x40, payload: hello })
      deflated.send(text, 'short')
      plain.send(text)
      await server.settle()
      t.deepEqual(deflated.said, ['text Hello', `text ${text}`, 'text short'])
      t.is(deflated.compressed, 1)
      t.deepEqual(plain.said, [`text ${text}`])
      t.is(plain.compressed, 0)
      for (const { client } of [deflated, plain]) client.close()
      await server.settle()
    }),
  )
}

test('what is broadcast is encoded once for each agreement, and is in order with what is said to one', async (t) => {
  const room = actorGroup<PeerEvent<string>>('room')
  const server = new SocketServer()
  const { system } = server.simulation
  const encoded: string[] = []
  await server.listen<string>({
    *converse(_ctx, messages) {
      system.registry.join(room, messages.peer.ref)
      while ((yield* messages.receive()) !== undefined);
    },
    encode(message) {
      encoded.push(message)
      return message
    },
    deflate: true,
    limits: { deflateBytesMin: 10 },
  })
  const window = (bits: number) => `${DEFLATE}; server_max_window_bits=${bits}`
  const headers = [[], [], [DEFLATE], [DEFLATE], [window(9)], [window(15)], [window(8)]]
  const sockets = []
  for (const lines of headers) sockets.push(await server.open(lines))
  const text = 'news '.repeat(20)
  t.is(broadcast(system.ctx, room, text), 7)
  await server.settle()
  for (const socket of sockets) t.deepEqual(socket.said, [`text ${text}`])
  // Plain, which the window of 8 bits is spoken with as well; 15 bits; 9 bits.
  t.is(encoded.length, 3)
  t.deepEqual(
    sockets.map(({ compressed }) => compressed),
    [0, 0, 1, 1, 1, 1, 0],
  )
  for (const { client } of sockets) client.close()
  await server.settle()
  await server.end()
})

test('what a session says before anything was heard comes behind the answer that opens', async (t) => {
  const session = receiving<never, { send(text: string): unknown }>(function* ({ input, receive }) {
    input.send('welcome')
    yield* receive()
  })
  await served({ session: session as never }, async (t, server) => {
    const socket = await server.open()
    t.is(socket.client.chunks.length, 1)
    t.deepEqual(socket.said, ['text welcome'])
    socket.client.reset()
    await server.settle()
  })(t)
})

test('messages are what `encode` makes of them', async (t) => {
  await served<{ readonly n: number }>(
    {
      *converse(_ctx, messages) {
        for (let n = 0; ; n++) {
          const message: WebSocketMessage | undefined = yield* messages.receive()
          if (message === undefined) return
          messages.send({ n })
        }
      },
      encode: ({ n }) => (n === 1 ? Buffer.of(n) : JSON.stringify({ n })),
    },
    async (t, server) => {
      const socket = await server.open()
      socket.send('a', 'b', 'c')
      await server.settle()
      t.deepEqual(socket.said, ['text {"n":0}', 'binary 01', 'text {"n":2}'])
      socket.client.close()
      await server.settle()
    },
  )(t)
})

test('a session that needs time is not drowned: no more is read than messages and bytes allow, and nothing is lost', async (t) => {
  for (const [limits, length] of [
    [{ messagesAheadMax: 4 }, 1_000],
    [{ bytesAheadMax: 5_000 }, 2_000],
    [{ bytesAheadMax: 1 }, 2_000],
  ] as const) {
    const taken: WebSocketMessage[] = []
    let waiting = 0
    const session = receiving<{ type: 'message'; message: WebSocketMessage } | { type: 'ended' }, unknown>(
      function* ({ receive, wait, ctx }) {
        for (;;) {
          const { event } = yield* receive()
          if (event.type === 'ended') return
          taken.push(event.message)
          yield* wait(ctx.after(10))
        }
      },
    )
    await served({ session: session as never, limits }, async (t, server) => {
      const socket = await server.open()
      const said = Array.from({ length: 300 }, (_, i) => `${i} ${'x'.repeat(length)}`)
      socket.send(...said)
      await server.settle()
      waiting = socket.client.unsentBytes
      t.true(waiting > 100_000, `${waiting} bytes not taken`)
      await server.advance(3_000)
      t.deepEqual(taken, said)
      socket.close()
      await server.settle()
      t.deepEqual(socket.said, ['close'])
    })(t)
  }
})
