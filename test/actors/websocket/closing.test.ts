/**
 * Guards: a WebSocket ends by one close frame that says why, behind all that was said before; the client is heard out for a
 * while, but not where it broke the protocol; and nothing is left, however it ends.
 */
import test from 'ava'
import { receiving } from 'greenroom'
import type { SessionEvent, WebSocketMessage } from 'greenroom/actors'
import { closing, frame, message } from './codec/frames.ts'
import { BINARY, CLOSE, PING, type SocketClient, SocketServer, served, TEXT } from './server.ts'
import { faces, type Met } from './sockets.ts'

interface Hands {
  readonly server: SocketServer
  readonly socket: SocketClient
  readonly met: Met
}

/** `close`: the last frame of ours; none where there is nobody to be told. */
const causes: readonly (readonly [
  cause: string,
  title: string,
  act: (hands: Hands) => unknown,
  close: string | undefined,
])[] = [
  [
    'drain',
    'the server stops',
    ({ server }) => void server.listening.close(server.simulation.ctx),
    'close 1001 the server is stopping',
  ],
  ['hangUp', 'somebody hangs up', ({ met }) => met.peers[0]?.hangUp(), 'close 1000'],
  [
    'hangUp',
    'somebody hangs up with a code and a reason',
    ({ met }) => met.peers[0]?.hangUp({ code: 4001, reason: 'banned' }),
    'close 4001 banned',
  ],
  ['hangUp', 'somebody hangs up without a code', ({ met }) => met.peers[0]?.hangUp({ code: 1005 }), 'close'],
  ['idle', 'nothing comes', ({ server }) => server.advance(60_000), 'close 1001 nothing was heard of you'],
  ['peer', 'the client ends its side without a word', ({ socket }) => socket.client.end(), undefined],
  [
    'peer',
    'the client ends its side within a frame',
    ({ socket }) => {
      socket.client.write(Buffer.of(0x81))
      socket.client.end()
    },
    undefined,
  ],
  ['session', 'the conversation is done', ({ socket }) => socket.send('done'), 'close 1000'],
]

for (const [face, echo] of faces) {
  for (const [cause, title, act, close] of causes) {
    test(`${face}: ${cause}: ${title}`, async (t) => {
      const met: Met = { peers: [], ends: [] }
      await served(echo(met), async (t, server) => {
        const socket = await server.open()
        socket.send('hello')
        await server.settle()
        await act({ server, socket, met })
        await server.settle()
        const last = cause === 'session' ? 'text done' : `text ended: ${cause}`
        const said = socket.said.filter((line) => line !== 'ping ')
        t.deepEqual(said, ['text hello', last, ...(close === undefined ? [] : [close])])
        if (cause !== 'session') t.deepEqual(met.ends, [cause])
        t.is(met.peers[0]?.send('late'), 'closed')
        // It is heard out, unless it is not there: then the server ends first.
        t.is(socket.client.hasEnded, close === undefined || cause === 'idle')
        socket.send('too late')
        socket.close(1000)
        await server.settle()
        t.true(socket.client.hasEnded)
        t.false(socket.client.wasReset)
        socket.client.close()
        await server.settle()
        t.is(server.listening.connections, 0)
        t.deepEqual(server.logged, [])
      })(t)
    })
  }

  test(
    `${face}: a close of the client’s is answered with its own code, whatever that is`,
    served(echo(), async (t, server) => {
      for (const code of [
        undefined,
        1000,
        1001,
        1002,
        1003,
        1007,
        1008,
        1009,
        1010,
        1011,
        1012,
        1013,
        1014,
        3000,
        3999,
        4000,
        4999,
      ]) {
        const socket = await server.open()
        socket.close(code, 'as I like')
        await server.settle()
        t.deepEqual(socket.said, ['text ended: peer', code === undefined ? 'close' : `close ${code}`])
        t.true(socket.client.hasEnded)
        socket.client.close()
      }
      await server.settle()
    }),
  )

  test(`${face}: after our close the client has a while to say its own, and no longer`, async (t) => {
    const met: Met = { peers: [], ends: [] }
    await served({ ...echo(met), limits: { closeTimeoutMs: 2_000 } }, async (t, server) => {
      const [silent, talker] = [await server.open(), await server.open()]
      for (const peer of met.peers) peer.hangUp({ code: 4000 })
      for (let i = 0; i < 19; i++) {
        await server.advance(100)
        talker.send('still talking')
        talker.frame({ opcode: PING })
      }
      await server.advance(99)
      for (const { client } of [silent, talker]) t.false(client.hasEnded)
      await server.advance(1)
      for (const { client, said } of [silent, talker]) {
        t.true(client.hasEnded)
        t.deepEqual(said, ['text ended: hangUp', 'close 4000'])
      }
      await server.advance(10_000)
      t.is(server.listening.connections, 0)
    })(t)
  })

  test(`${face}: who closes with a broken frame, after our close, is left`, async (t) => {
    const met: Met = { peers: [], ends: [] }
    await served(echo(met), async (t, server) => {
      const socket = await server.open()
      met.peers[0]?.hangUp()
      await server.settle()
      socket.frame({ opcode: CLOSE, payload: Buffer.of(0) })
      await server.settle()
      t.true(socket.client.hasEnded)
      t.is(socket.said.length, 2)
      socket.client.close()
      await server.settle()
    })(t)
  })

  test(`${face}: both close at once`, async (t) => {
    const met: Met = { peers: [], ends: [] }
    await served(echo(met), async (t, server) => {
      const socket = await server.open()
      met.peers[0]?.hangUp({ code: 4001 })
      socket.close(4002)
      await server.settle()
      t.true(['close 4001', 'close 4002'].includes(socket.said.at(-1) as string))
      t.is(socket.said.filter((line) => line.startsWith('close')).length, 1)
      t.true(socket.client.hasEnded)
      socket.client.close()
      await server.settle()
    })(t)
  })

  test(`${face}: a code or a reason that cannot be sent is an error of ours, and the client is told goodbye`, async (t) => {
    const bad = [
      { code: 1006 },
      { code: 5000 },
      { code: 1.5 },
      { code: 1000, reason: 'x'.repeat(124) },
      { code: 1005, reason: 'x' },
    ]
    for (const why of bad) {
      const met: Met = { peers: [], ends: [] }
      await served(echo(met), async (t, server) => {
        const socket = await server.open()
        met.peers[0]?.hangUp(why)
        await server.settle()
        t.deepEqual(socket.said, ['text ended: hangUp', 'close 1000'])
        t.deepEqual(
          server.logged.map(({ level, message }) => `${level} ${message}`),
          ['error a WebSocket cannot be closed as it was wished'],
        )
        socket.client.close()
        await server.settle()
      })(t)
    }
  })

  test(`${face}: one that fails harms no other`, async (t) => {
    await served(
      { ...echo() },
      async (t, server) => {
        const [broken, sound] = [await server.open(), await server.open()]
        broken.send('fail', 'more')
        await server.settle()
        // A session is an actor of its own, that the conversation outlives.
        if (face === 'session') t.deepEqual(broken.said, ['text fail', 'close 1011 the server has failed'])
        else t.true(broken.client.wasReset)
        t.is(server.logged.filter(({ level }) => level === 'error').length, 1)
        sound.send('still here')
        await server.settle()
        t.deepEqual(sound.said, ['text still here'])
        broken.close(1011)
        for (const { client } of [broken, sound]) client.close()
        await server.settle()
        t.is(server.listening.connections, 0)
      },
      { deadLetters: [face === 'session' ? 'message closed' : 'received closed'] },
    )(t)
  })

  test(`${face}: a client that reads too slowly is told so once it reads`, async (t) => {
    const met: Met = { peers: [], ends: [] }
    await served({ ...echo(met), limits: { queueMessagesMax: 2 } }, async (t, server) => {
      const socket = await server.open([], { windowBytes: 200 })
      const long = 'x'.repeat(70_000)
      const answers = [long, 'b', 'c', 'd', 'e'].map((text) => met.peers[0]?.send(text))
      t.deepEqual(answers, ['accepted', 'accepted', 'accepted', 'full', 'full'])
      await server.settle()
      t.deepEqual(met.ends, ['slow'])
      socket.client.drain()
      await server.settle()
      t.deepEqual(socket.said, [`text ${long}`, 'close 1008 you read too slowly'])
      socket.close(1008)
      await server.settle()
      t.true(socket.client.hasEnded)
      socket.client.close()
      await server.settle()
    })(t)
  })

  test(`${face}: a connection that is lost leaves nothing`, async (t) => {
    const met: Met = { peers: [], ends: [] }
    await served(echo(met), async (t, server) => {
      const socket = await server.open()
      socket.send('a')
      socket.frame({ opcode: TEXT, payload: 'half', fin: false })
      await server.settle()
      socket.client.reset()
      await server.settle()
      t.is(server.listening.connections, 0)
      t.is(met.peers[0]?.send('late'), 'closed')
    })(t)
  })
}

const faults: readonly (readonly [title: string, bytes: Buffer, close: string])[] = [
  ['no mask', frame({ opcode: TEXT, key: undefined }), 'close 1002 a frame of a client is not masked'],
  ['an opcode that is none', frame({ opcode: 3 }), 'close 1002 opcode 3 is not defined'],
  [
    'a bit that nobody has defined',
    frame({ opcode: TEXT, rsv: 0x20 }),
    'close 1002 a reserved bit is set that no extension defines',
  ],
  [
    'compression that was not agreed on',
    frame({ opcode: TEXT, rsv: 0x40 }),
    'close 1002 a reserved bit is set that no extension defines',
  ],
  ['a continuation of nothing', frame({ opcode: 0 }), 'close 1002 there is no message to continue'],
  [
    'a message within a message',
    Buffer.concat([frame({ opcode: TEXT, fin: false }), frame({ opcode: TEXT })]),
    'close 1002 a message begins before the last has ended',
  ],
  ['a ping in fragments', frame({ opcode: PING, fin: false }), 'close 1002 a control frame is fragmented'],
  [
    'a ping that is too long',
    frame({ opcode: PING, payload: 'x'.repeat(126) }),
    'close 1002 a control frame has more than 125 bytes',
  ],
  [
    'a close with a code that is none',
    closing(1005),
    'close 1002 a close frame has no code that may be sent',
  ],
  [
    'a length that is not the shortest',
    frame({ opcode: TEXT, lengthBits: 64 }),
    'close 1002 a length is not written in the shortest form',
  ],
  ['text that is not UTF-8', message(TEXT, Buffer.of(0xff)), 'close 1007 a text is not UTF-8'],
  [
    'a reason that is not UTF-8',
    closing(1000, Buffer.of(0xff)),
    'close 1007 the reason of a close is not UTF-8',
  ],
  [
    'more fragments than may be',
    Buffer.concat(Array.from({ length: 5 }, (_, i) => frame({ opcode: i === 0 ? TEXT : 0, fin: false }))),
    'close 1008 a message has more than 4 frames',
  ],
  [
    'more control frames than may be',
    Buffer.concat(Array.from({ length: 11 }, () => frame({ opcode: PING }))),
    'close 1008 more than 10 control frames in a second',
  ],
  [
    'a message that is too large',
    message(BINARY, Buffer.alloc(1_001)),
    'close 1009 a message has more than 1000 bytes',
  ],
  [
    'the announcement of one',
    frame({ opcode: BINARY, lengthBits: 64, length: 2n ** 62n }),
    'close 1009 a message has more than 1000 bytes',
  ],
  [
    'fragments that are together too large',
    message(BINARY, Buffer.alloc(600), Buffer.alloc(401)),
    'close 1009 a message has more than 1000 bytes',
  ],
]

const limits = { messageBytesMax: 1_000, fragmentsMax: 4, controlFramesPerSecondMax: 10 }

for (const [face, echo] of faces) {
  for (const [title, bytes, close] of faults) {
    test(`${face}: fault: ${title}: what was said before is heard, the client told, and nothing more is read`, async (t) => {
      const met: Met = { peers: [], ends: [] }
      await served({ ...echo(met), limits }, async (t, server) => {
        const socket = await server.open()
        socket.send('before')
        socket.client.write(bytes)
        socket.send('after')
        await server.settle()
        socket.send('and after')
        await server.settle()
        const said = socket.said.filter((line) => line !== 'pong ')
        t.deepEqual(said, ['text before', 'text ended: fault', close])
        t.deepEqual(met.ends, ['fault'])
        t.true(socket.client.hasEnded)
        t.false(socket.client.wasReset)
        await server.advance(30_000)
        t.is(server.listening.connections, 0)
        t.deepEqual(server.logged, [])
      })(t)
    })
  }
}

test('a conversation that catches its client’s fault and goes on says what it likes, and the client is told of the fault', async (t) => {
  const heard: unknown[] = []
  await served(
    {
      *converse(_ctx, messages) {
        try {
          yield* messages.receive()
        } catch (error) {
          heard.push((error as { code: unknown }).code)
        }
        heard.push(yield* messages.receive(), messages.end)
        messages.send('I saw that')
      },
    },
    async (t, server) => {
      const socket = await server.open()
      socket.frame({ opcode: 3 })
      await server.settle()
      t.deepEqual(heard, ['WEBSOCKET_OPCODE_UNKNOWN', undefined, 'fault'])
      t.deepEqual(socket.said, ['text I saw that', 'close 1002 opcode 3 is not defined'])
      t.true(socket.client.hasEnded)
      socket.client.close()
      await server.settle()
    },
  )(t)
})

test('a session that does not care for its end is ended, and the client told as if it did', async (t) => {
  const session = receiving<SessionEvent<WebSocketMessage>, unknown>(function* ({ receive }) {
    for (;;) yield* receive()
  })
  await served({ session: session as never, limits: { sessionGraceMs: 3_000 } }, async (t, server) => {
    const [leaving, broken] = [await server.open(), await server.open()]
    leaving.close(4000)
    broken.frame({ opcode: 3 })
    await server.advance(2_999)
    for (const { said } of [leaving, broken]) t.deepEqual(said, [])
    await server.advance(1)
    t.deepEqual(leaving.said, ['close 4000'])
    t.deepEqual(broken.said, ['close 1002 opcode 3 is not defined'])
    t.deepEqual(server.sessionEnds, ['session stopped', 'session stopped'])
    for (const { client } of [leaving, broken]) client.close()
    await server.settle()
  })(t)
})

test('the end of the system closes all, in their own time', async (t) => {
  const server = new SocketServer()
  await server.listen(faces[0]![1]())
  const sockets = [await server.open(), await server.open()]
  await server.end()
  for (const socket of sockets) {
    t.deepEqual(socket.said, ['text ended: drain', 'close 1001 the server is stopping'])
    t.true(socket.client.hasEnded)
  }
  t.deepEqual(server.deadLetters, [])
})
