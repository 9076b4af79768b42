/** Guards: what a peer says reaches its session once and in order, however slow that is; and it answers in order. */
import test from 'ava'
import { key, type Ref, receiving } from 'greenroom'
import { line, listen, type Peer, type SessionEvent } from 'greenroom/actors'
import { createSimulation } from 'greenroom/testing'
import { served } from './server.ts'
import { parrot, slow } from './sessions.ts'

test(
  'lines are answered in their order, and the end comes last',
  served({ session: parrot }, async (t, server) => {
    const client = server.connect({ pieceBytes: 1 })
    client.write('one\r\ntwo\n\nfour')
    client.end()
    await server.settle()
    t.is(client.text, '> one\r\n> two\r\n> \r\n> four\r\nended: peer\r\n')
    t.true(client.hasEnded)
    t.deepEqual(server.ends, ['session done', 'connection stopped'])
  }),
)

test(
  'a client that says all and closes its half gets all answers',
  served({ session: parrot, limits: { messagesAheadMax: 2 } }, async (t, server) => {
    const client = server.connect()
    const lines = Array.from({ length: 1_000 }, (_, i) => `${i}`)
    client.write(lines.map((line) => `${line}\n`).join(''))
    client.end()
    await server.settle()
    t.is(client.text, `${lines.map((line) => `> ${line}\r\n`).join('')}ended: peer\r\n`)
    t.true(client.hasEnded)
  }),
)

test('each connection has a session of its own, a child of its actor', async (t) => {
  const paths: string[] = []
  const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ receive, self, input }) {
    paths.push(self.path, `${input.ref.path}/session`)
    yield* receive('ended')
  })
  await served({ session }, async (t, server) => {
    await server.opened()
    await server.opened()
    t.is(paths[0], paths[1])
    t.is(paths[2], paths[3])
    t.not(paths[0], paths[2])
  })(t)
})

const kilobyte = 'x'.repeat(1_000)

test('no more is read than a session has room for, and nothing is lost when it goes on', async (t) => {
  const taken: string[] = []
  await served(
    { session: slow(1_000, taken), limits: { messagesAheadMax: 4, sessionGraceMs: 10_000 } },
    async (t, server) => {
      const client = await server.opened()
      const lines = Array.from({ length: 300 }, (_, i) => `${i} ${kilobyte}`)
      client.write(lines.map((line) => `${line}\n`).join(''))
      client.end()
      await server.settle()
      t.is(taken.length, 1)
      t.true(client.unsentBytes > 100_000, `${client.unsentBytes} bytes not taken`)
      const { unsentBytes } = client
      await server.advance(999)
      t.is(client.unsentBytes, unsentBytes)
      await server.advance(310_000)
      t.deepEqual(taken, lines)
      t.is(client.text, 'ended: peer\r\n')
      t.true(client.hasEnded)
    },
  )(t)
})

test('while a session has no room, nobody looks again and again whether it has', async (t) => {
  await served(
    { session: slow(60_000, []), limits: { messagesAheadMax: 2 } },
    async (t, server) => {
      const client = await server.opened()
      client.write('a\nb\nc\nd\ne\n')
      await server.settle()
      const steps = server.simulation.trace.length
      await server.advance(59_000)
      t.true(server.simulation.trace.length - steps < 10, `${server.simulation.trace.length - steps} steps`)
      client.reset()
      await server.settle()
    },
    { deadLetters: ['message closed', 'message closed'] },
  )(t)
})

test('a session that has its hands full is not idle’s fault: the peer has time again when it goes on', async (t) => {
  const taken: string[] = []
  await served(
    { session: slow(5_000, taken), limits: { messagesAheadMax: 1, idleTimeoutMs: 1_000 } },
    async (t, server) => {
      const client = await server.opened()
      client.write('a\nb\nc\n')
      await server.advance(5_999)
      t.deepEqual(taken, ['a', 'b'])
      t.false(client.hasEnded)
      client.reset()
      await server.settle()
    },
    { deadLetters: ['message closed'] },
  )(t)
})

test('a peer that does not read is not read from', async (t) => {
  const taken: string[] = []
  const session = receiving<SessionEvent<string>, Peer<string>>(function* ({ receive, input: peer }) {
    for (;;) {
      const { event } = yield* receive()
      if (event.type === 'ended') return
      taken.push(event.message)
      for (let i = 0; i < 100; i++) peer.send(kilobyte)
    }
  })
  await served({ session, limits: { messagesAheadMax: 1 } }, async (t, server) => {
    const client = await server.opened({ windowBytes: 1_000 })
    client.write('more\n'.repeat(100))
    await server.settle()
    t.true(taken.length <= 3, `${taken.length} taken`)
    client.drain()
    await server.settle()
    t.is(taken.length, 100)
    t.is(client.received.length, 100 * 100 * 1_002)
  })(t)
})

const Greeting = key<string>('greeting')

test('a session finds in its context what it needs, and each message as well', async (t) => {
  const session = receiving<SessionEvent<string>, Peer<string>, typeof Greeting>(
    function* ({ receive, input }, ctx) {
      input.send(ctx.get(Greeting))
      const { ctx: ofMessage } = yield* receive('message')
      input.send(ofMessage.get(Greeting))
    },
    { needs: [Greeting] },
  )
  await using simulation = createSimulation()
  const { ctx, network, waitFor, settle } = simulation
  const listening = await waitFor(
    listen(ctx.with(Greeting, 'hello'), { endpoint: 'tcp:127.0.0.1:80', protocol: line({ session }) }),
  )
  const client = network.connect(listening.address)
  client.write('go on\n')
  await settle()
  t.is(client.text, 'hello\r\nhello\r\n')
})

test('what other actors send to a session takes none of its peer’s room', async (t) => {
  const heard: string[] = []
  let own: Ref<{ type: 'news' }> | undefined
  const session = receiving<SessionEvent<string> | { type: 'news' }, Peer<string>>(function* ({
    receive,
    wait,
    ctx,
    self,
  }) {
    own = self
    yield* wait(ctx.after(1_000))
    for (;;) {
      const { event } = yield* receive()
      heard.push(event.type === 'message' ? event.message : event.type)
      if (event.type === 'ended') return
    }
  })
  await served({ session: session as never, limits: { messagesAheadMax: 2 } }, async (t, server) => {
    const client = await server.opened()
    for (let i = 0; i < 100; i++) t.is(own?.send(server.simulation.ctx, { type: 'news' }), 'accepted')
    client.write('a\nb\nc\n')
    client.end()
    await server.advance(1_000)
    t.deepEqual(heard, [...Array.from({ length: 100 }, () => 'news'), 'a', 'b', 'c', 'ended'])
    t.true(client.hasEnded)
  })(t)
})
