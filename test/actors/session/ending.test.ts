/**
 * Guards: a conversation ends in the way that its cause says, its session knows that cause, what was said before the end is
 * heard, and nothing is left: no actor, no timer, no letter that should have been read.
 */
import test from 'ava'
import { behaviour, type Ref, receiving } from 'greenroom'
import type { EndCause, Messages, Peer, SessionEvent } from 'greenroom/actors'
import type { MemoryClient } from 'greenroom/testing'
import { LineServer, served } from './server.ts'
import { parrot, slow, stubborn } from './sessions.ts'

type Session = ReturnType<typeof parrotWithPeer>

/** As `parrot`, and the test gets its peer. */
function parrotWithPeer(meet: (peer: Peer<string>) => void) {
  return receiving<SessionEvent<string>, Peer<string>>(function* ({ receive, input: peer }) {
    meet(peer)
    for (;;) {
      const { event } = yield* receive()
      if (event.type === 'ended') return void peer.send(`ended: ${event.cause}`)
      if (event.message === 'bye') return void peer.send('bye')
      peer.send(`> ${event.message}`)
    }
  })
}

interface Hands {
  readonly server: LineServer
  readonly client: MemoryClient
  readonly peer: Peer<string>
}

const causes: readonly [cause: EndCause, title: string, act: (hands: Hands) => unknown, text: string][] = [
  ['peer', 'the peer says its last', ({ client }) => client.end(), '> a\r\nended: peer\r\n'],
  [
    'drain',
    'the listener drains',
    ({ server }) => void server.listening.close(server.simulation.ctx),
    '> a\r\nended: drain\r\n',
  ],
  ['hangUp', 'somebody hangs up', ({ peer }) => peer.hangUp(), '> a\r\nended: hangUp\r\n'],
  [
    'hangUp',
    'somebody hangs up with a reason',
    ({ peer }) => peer.hangUp({ reason: 'you are banned' }),
    '> a\r\nended: hangUp\r\nyou are banned\r\n',
  ],
  ['idle', 'nothing comes for too long', ({ server }) => server.advance(600_000), '> a\r\nended: idle\r\n'],
  [
    'fault',
    'what comes is not UTF-8',
    ({ client }) => client.write('\xff\xff\n'),
    '> a\r\nended: fault\r\nthe line is not UTF-8\r\n',
  ],
  [
    'fault',
    'what comes is too long',
    ({ client }) => client.write('x'.repeat(101)),
    '> a\r\nended: fault\r\na line has at most 100 bytes\r\n',
  ],
  ['session', 'the session ends', ({ client }) => client.write('bye\nmore\n'), '> a\r\nbye\r\n'],
]

for (const [cause, title, act, text] of causes) {
  test(`${cause}: ${title}`, async (t) => {
    let peer!: Peer<string>
    await served(
      { session: parrotWithPeer((met) => (peer = met)), limits: { lineBytesMax: 100 } },
      async (t, server) => {
        const client = await server.opened()
        client.write('a\n')
        await server.settle()
        await act({ server, client, peer })
        await server.settle()
        t.is(client.text, text)
        t.true(client.hasEnded)
        t.false(client.wasReset)
        client.close()
        await server.settle()
        t.is(server.listening.connections, 0)
        t.deepEqual(server.ends.slice(0, 2), ['session done', 'connection stopped'])
        t.deepEqual(server.logged, [])
      },
      { deadLetters: cause === 'session' ? ['message closed'] : [] },
    )(t)
  })

  if (cause === 'session') continue
  test(`${cause}: ${title}, and the session does not care`, async (t) => {
    let peer!: Peer<string>
    const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ receive, input }) {
      peer = input
      for (;;) yield* receive()
    })
    await served({ session, limits: { lineBytesMax: 100, sessionGraceMs: 3_000 } }, async (t, server) => {
      const client = await server.opened()
      client.write('a\n')
      await server.settle()
      await act({ server, client, peer })
      await server.advance(2_999)
      t.false(client.hasEnded)
      await server.advance(1)
      t.true(client.hasEnded)
      t.is(client.text, text.split('\r\n').slice(2).join('\r\n'))
      t.deepEqual(server.sessionEnds, ['session stopped'])
      client.close()
      await server.settle()
      t.is(server.listening.connections, 0)
    })(t)
  })
}

test('slow: a peer that does not read is told once it does, and the session hears of it', async (t) => {
  const causes: string[] = []
  let peer!: Peer<string>
  const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ receive, input }) {
    peer = input
    const { event } = yield* receive('ended')
    causes.push(event.cause)
    input.send('too late')
  })
  await served({ session, limits: { queueMessagesMax: 2 } }, async (t, server) => {
    const client = await server.opened({ windowBytes: 1 })
    const long = 'x'.repeat(70_000)
    const answers = [long, 'b', 'c', 'd', 'e'].map((text) => peer.send(text))
    t.deepEqual(answers, ['accepted', 'accepted', 'accepted', 'full', 'full'])
    await server.settle()
    t.deepEqual(causes, ['slow'])
    t.is(peer.send('f'), 'full')
    client.drain()
    await server.settle()
    t.is(client.text, `${long}\r\nyou read too slowly\r\n`)
    t.true(client.hasEnded)
    client.close()
    await server.settle()
    t.is(peer.send('g'), 'closed')
  })(t)
})

test(
  'idle: the time is that without a line, not without a byte',
  served({ session: parrot, limits: { idleTimeoutMs: 1_000 } }, async (t, server) => {
    const client = await server.opened()
    for (let i = 0; i < 8; i++) {
      client.write(i === 4 ? 'a\n' : 'x')
      await server.advance(200)
    }
    await server.advance(199)
    t.false(client.hasEnded)
    await server.advance(1)
    t.true(client.hasEnded)
    t.is(client.text, '> xxxxa\r\nended: idle\r\n')
  }),
)

test('what a session says last is heard, whatever comes to its connection in that same turn', async (t) => {
  let self: { send(ctx: unknown, event: unknown): unknown } | undefined
  const session = receiving<SessionEvent<string> | { type: 'kick' }, Peer<string>>(function* (scope) {
    self = scope.self as never
    const { event } = yield* scope.receive('kick', 'ended')
    for (let i = 0; i < 3; i++) scope.input.send(`${event.type} ${i}`)
  })
  await served({ session: session as never }, async (t, server) => {
    const client = await server.opened()
    const { simulation } = server
    // The session's mail comes before the connection's, and so does its step.
    self?.send(simulation.ctx, { type: 'kick' })
    client.write('a\nb\n')
    await server.settle()
    t.is(client.text, 'kick 0\r\nkick 1\r\nkick 2\r\n')
    t.true(client.hasEnded)
  })(t)
})

test('what a session says last, once its end was called for, is heard too', async (t) => {
  const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ receive, wait, ctx, input }) {
    yield* receive('ended')
    yield* wait(ctx.after(100))
    for (let i = 0; i < 3; i++) input.send(`last ${i}`)
  })
  await served({ session }, async (t, server) => {
    const client = await server.opened()
    server.listening.close(server.simulation.ctx)
    await server.advance(99)
    client.write('a\n')
    await server.advance(1)
    t.is(client.text, 'last 0\r\nlast 1\r\nlast 2\r\n')
    t.true(client.hasEnded)
  })(t)
})

for (const when of ['at its start', 'over a message', 'over its end'] as const) {
  test(`a session that fails ${when} ends its connection, and harms no other`, async (t) => {
    const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ receive, input }) {
      input.send('hello')
      let isHostile = when === 'at its start' && input.remote?.transport === 'tcp' && starts++ === 1
      if (isHostile) throw new Error('boom')
      for (;;) {
        const { event } = yield* receive()
        isHostile = event.type === 'ended' ? when === 'over its end' : event.message === 'boom'
        if (isHostile) throw new Error('boom')
        if (event.type === 'ended') return
        input.send(event.message)
      }
    })
    let starts = 0
    await served(
      { session },
      async (t, server) => {
        const other = await server.opened()
        const client = await server.opened()
        client.write(when === 'over a message' ? 'boom\n' : 'x\n')
        client.end()
        await server.settle()
        t.true(client.text.startsWith('hello\r\n'))
        t.true(client.hasEnded)
        t.is(server.listening.connections, 1)
        t.deepEqual(server.sessionEnds, ['session failed boom'])
        t.deepEqual(
          server.logged.map(({ level, message }) => `${level} ${message}`),
          ['error actor failed: boom'],
        )
        other.write('still here\n')
        await server.settle()
        t.is(other.text, 'hello\r\nstill here\r\n')
        if (when === 'over its end') {
          other.reset()
          await server.settle()
        }
      },
      { deadLetters: when === 'over a message' ? ['ended closed'] : [] },
    )(t)
  })
}

test('a connection that is lost ends its session, whose finally blocks run', async (t) => {
  const seen: string[] = []
  const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ wait, ctx, input }) {
    try {
      yield* wait(ctx.after(1_000_000))
    } finally {
      seen.push(`finally, and ${input.send('nobody hears this')}`)
    }
  })
  await served(
    { session, limits: { messagesAheadMax: 1 } },
    async (t, server) => {
      const client = await server.opened()
      client.write('a\nb\nc\n')
      await server.settle()
      client.reset()
      await server.settle()
      t.deepEqual(seen, ['finally, and closed'])
      t.deepEqual(server.ends, ['session stopped', 'connection stopped'])
    },
    { deadLetters: ['message closed'] },
  )(t)
})

test('what a session says in its finally blocks, once it is ended for taking too long, is heard', async (t) => {
  const answers: string[] = []
  const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ receive, input }) {
    try {
      for (;;) yield* receive()
    } finally {
      answers.push(input.send('so late'))
    }
  })
  await served({ session, limits: { sessionGraceMs: 1_000 } }, async (t, server) => {
    const client = await server.opened()
    client.end()
    await server.advance(1_000)
    t.deepEqual(answers, ['accepted'])
    t.is(client.text, 'so late\r\n')
    t.true(client.hasEnded)
  })(t)
})

test('a session with its hands full is told of a hang-up behind what it has, and ended when it does not go on', async (t) => {
  let peer!: Peer<string>
  const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ wait, ctx, input }) {
    peer = input
    yield* wait(ctx.after(1_000_000))
  })
  await served(
    { session, limits: { messagesAheadMax: 2, sessionGraceMs: 1_000 } },
    async (t, server) => {
      const client = await server.opened()
      client.write('a\nb\nc\nd\ne\n')
      await server.settle()
      peer.hangUp({ reason: 'closing time' })
      await server.advance(999)
      t.false(client.hasEnded)
      await server.advance(1)
      t.is(client.text, 'closing time\r\n')
      t.true(client.hasEnded)
    },
    { deadLetters: ['message closed', 'message closed', 'message closed', 'ended closed'] },
  )(t)
})

test('a peer that goes on talking does not hold up a drain: what it says after that is not read', async (t) => {
  const taken: string[] = []
  const limits = { messagesAheadMax: 1, sessionGraceMs: 1_000_000 }
  await served({ session: slow(10, taken), limits }, async (t, server) => {
    const client = await server.opened()
    client.write(`${'x'.repeat(1_000)}\n`.repeat(1_000))
    await server.settle()
    const { unsentBytes } = client
    const arrived = 1_000 - Math.floor(unsentBytes / 1_001)
    server.listening.close(server.simulation.ctx)
    await server.advance(10 * arrived + 100)
    t.true(taken.length <= arrived && taken.length > 50, `${taken.length} of ${arrived}`)
    t.true(client.text.endsWith('ended: drain\r\n'))
  })(t)
})

test('a session that does not go on, with more behind what it has, holds up a drain for no longer than its end may take', async (t) => {
  const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ wait, ctx }) {
    yield* wait(ctx.after(1_000_000))
  })
  await served(
    { session, limits: { messagesAheadMax: 2, sessionGraceMs: 1_000 } },
    async (t, server) => {
      const client = await server.opened()
      client.write('a\nb\nc\nd\ne\n')
      await server.advance(5_000)
      server.listening.close(server.simulation.ctx)
      await server.advance(999)
      t.false(client.hasEnded)
      await server.advance(1)
      t.true(client.hasEnded)
    },
    { deadLetters: ['message closed', 'message closed'] },
  )(t)
})

test('the end of the system ends the sessions in their own time', async (t) => {
  const server = new LineServer()
  await server.listen({ session: parrot }, {})
  const client = await server.opened()
  client.write('a\n')
  await server.settle()
  await server.end()
  t.is(client.text, '> a\r\nended: drain\r\n')
  t.deepEqual(server.deadLetters, [])
})

test('a session that a system’s end finds stubborn is ended', async (t) => {
  const server = new LineServer()
  await server.listen({ session: stubborn }, {})
  const client = await server.opened()
  await server.end()
  t.true(client.hasEnded)
  t.deepEqual(server.sessionEnds, ['session stopped'])
})

test('a behaviour is a session as well', async (t) => {
  const session = behaviour({
    initial: 'open',
    data: (peer: Peer<string>) => ({ peer }),
    states: {
      open: {
        message: ({ data }, { message }: { message: string }) => void data.peer.send(`> ${message}`),
        ended: ({ data, stop }, { cause }: { cause: EndCause }) => {
          data.peer.send(`ended: ${cause}`)
          stop()
        },
      },
    },
  })
  await served({ session: session as unknown as Session }, async (t, server) => {
    const client = await server.opened()
    client.write('a\nb\n')
    client.end()
    await server.settle()
    t.is(client.text, '> a\r\n> b\r\nended: peer\r\n')
  })(t)
})

for (const [cause, title, act] of causes.filter(([cause]) => cause !== 'session')) {
  test(`a generator within the connection’s actor: ${cause}, ${title}`, async (t) => {
    let peer!: Peer<string>
    const ends: unknown[] = []
    await served(
      {
        limits: { lineBytesMax: 100 },
        *converse(_ctx, lines: Messages<string, string>) {
          peer = lines.peer
          try {
            for (let text = yield* lines.receive(); text !== undefined; text = yield* lines.receive())
              lines.send(`> ${text}`)
          } finally {
            ends.push(lines.end)
            lines.send('bye')
          }
        },
      },
      async (t, server) => {
        const client = await server.opened()
        client.write('a\n')
        await server.settle()
        await act({ server, client, peer })
        await server.settle()
        t.true(client.text.startsWith('> a\r\nbye\r\n'))
        t.true(client.hasEnded)
        t.deepEqual(ends, [cause])
      },
    )(t)
  })
}

test('a session that says more than a mailbox holds, and ends, is heard', async (t) => {
  const answers = new Set<string>()
  const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ receive, input }) {
    yield* receive('message')
    for (let i = 0; i < 3_000; i++) answers.add(input.send(`${i}`))
  })
  await served({ session }, async (t, server) => {
    const client = await server.opened()
    client.write('go on\n')
    await server.settle()
    t.deepEqual([...answers], ['accepted'])
    t.is(client.text, Array.from({ length: 3_000 }, (_, i) => `${i}\r\n`).join(''))
    t.true(client.hasEnded)
  })(t)
})

test('a session that says more than its peer may owe, and ends, has said as much as was accepted before it was full', async (t) => {
  const answers: string[] = []
  const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ receive, input }) {
    yield* receive('message')
    for (let i = 0; i < 100; i++) answers.push(input.send(`${i} ${kilobyte}`))
  })
  await served({ session, limits: { queueMessagesMax: 10 } }, async (t, server) => {
    const client = await server.opened()
    client.write('go on\n')
    await server.settle()
    const full = answers.indexOf('full')
    t.true(full > 60, `${full} accepted`)
    t.true(answers.slice(full).every((answer) => answer === 'full'))
    // What waited in the outlet is dropped, as for any peer that is disconnected for what it owes.
    const said = Array.from({ length: full - 10 }, (_, i) => `${i}`)
    t.deepEqual(client.text.replaceAll(` ${kilobyte}`, '').split('\r\n'), [
      ...said,
      'you read too slowly',
      '',
    ])
    t.true(client.hasEnded)
  })(t)
})

const kilobyte = 'x'.repeat(1_000)

test('a session whose mailbox others have filled is ended, as is its conversation', async (t) => {
  let self: Ref<SessionEvent<string>> | undefined
  const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ wait, ctx, self: own }) {
    self = own
    yield* wait(ctx.after(1_000_000))
  })
  const server = new LineServer()
  await server.listen({ session }, {})
  const client = await server.opened()
  while (self?.send(server.simulation.ctx, { type: 'message', message: 'flood' }) === 'accepted');
  client.write('a\n')
  await server.settle()
  t.deepEqual(server.sessionEnds, ['session stopped'])
  t.true(client.hasEnded)
  await server.end()
})
