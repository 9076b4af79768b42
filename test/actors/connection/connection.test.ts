/** One connection: what it waits for and how long, what backpressure does, and that what goes wrong harms it alone. */
import test from 'ava'
import type { Context, Ref } from 'greenroom'
import type { Connection } from 'greenroom/actors'
import { echo, listened } from './server.ts'

test(
  'what arrives is spoken about, in whatever pieces',
  listened(echo, {}, async (t, server) => {
    const client = server.connect({ pieceBytes: 1 })
    client.write('hello')
    await server.settle()
    t.is(client.text, 'hello')
  }),
)

test(
  'a peer that has said its last still gets what is left to say',
  listened(
    function* (_ctx, connection) {
      while (!connection.input.ended) yield
      connection.write('goodbye')
    },
    {},
    async (t, server) => {
      const { client } = await server.opened()
      client.write('hello')
      client.end()
      await server.settle()
      t.is(client.text, 'goodbye')
      t.true(client.hasEnded)
      t.deepEqual(server.ends, ['stopped'])
    },
  ),
)

test(
  'a connection without a byte ends when its idle time is over, and each byte prolongs it',
  listened(echo, { limits: { idleTimeoutMs: 100 } }, async (t, server) => {
    const { client } = await server.opened()
    await server.advance(99)
    client.write('a')
    await server.advance(99)
    t.false(client.hasEnded)
    await server.advance(1)
    t.true(client.hasEnded)
  }),
)

test(
  'an idle peer is nobody’s failure',
  listened(echo, { limits: { idleTimeoutMs: 100 } }, async (t, server) => {
    const { client } = await server.opened()
    await server.advance(100)
    t.true(client.hasEnded)
    client.close()
    await server.settle()
    t.deepEqual(server.logged, [])
    t.deepEqual(server.ends, ['stopped'])
  }),
)

test('a protocol may wait in its own way, and hears what did not come', async (t) => {
  const heard: string[] = []
  await listened(
    function* (_ctx, connection) {
      connection.expect(50, 'LOGIN_TIMEOUT', 'login')
      try {
        for (;;) yield
      } catch (error) {
        heard.push(`${(error as { code: string }).code}: ${(error as Error).message}`)
        connection.write('too late')
      }
    },
    { limits: { idleTimeoutMs: 10 } },
    async (t, server) => {
      const { client } = await server.opened()
      client.write('x')
      await server.advance(49)
      t.deepEqual(heard, [])
      await server.advance(1)
      t.deepEqual(heard, ['LOGIN_TIMEOUT: no login within 50 ms'])
      t.is(client.text, 'too late')
      t.true(client.hasEnded)
    },
  )(t)
})

const megabyte = 'x'.repeat(1_000_000)
function* tellMegabyte(_ctx: Context, connection: Connection): Generator<void, void, void> {
  connection.write(megabyte)
  while (!connection.input.ended) yield
}
// biome-ignore lint/correctness/useYield: it waits for nothing
function* tellMegabyteAndEnd(_ctx: Context, connection: Connection): Generator<void, void, void> {
  connection.write(megabyte)
}

test(
  'a peer that does not read is reset when the write time is over',
  listened(tellMegabyte, { limits: { writeTimeoutMs: 100 } }, async (t, server) => {
    const { client } = await server.opened({ windowBytes: 1_000 })
    await server.advance(99)
    t.false(client.wasReset)
    await server.advance(101)
    t.true(client.wasReset)
    t.is(server.listening.connections, 0)
  }),
)

test(
  'a peer that does not read the little that there is is reset too',
  listened(
    function* (_ctx, connection) {
      connection.write('x'.repeat(10_000))
      connection.expectNothing()
      while (!connection.input.ended) yield
    },
    { limits: { writeTimeoutMs: 100 } },
    async (t, server) => {
      const { client } = await server.opened({ windowBytes: 1_000 })
      await server.advance(99)
      t.false(client.wasReset)
      await server.advance(101)
      t.true(client.wasReset)
      t.is(server.listening.connections, 0)
    },
  ),
)

test(
  'a peer that does not read is reset even while the conversation waits for something else',
  listened(
    function* (_ctx, connection) {
      connection.write(megabyte)
      connection.expect(50, 'SOMETHING', 'thing')
      try {
        for (;;) yield
      } catch {
        for (;;) yield
      }
    },
    { limits: { writeTimeoutMs: 100 } },
    async (t, server) => {
      const { client } = await server.opened({ windowBytes: 1_000 })
      await server.advance(200)
      t.true(client.wasReset)
    },
  ),
)

for (const [title, converse] of [
  ['while the conversation goes on', tellMegabyte],
  ['after its end', tellMegabyteAndEnd],
] as const) {
  test(
    `a peer that reads slowly but steadily gets all of it, ${title}`,
    listened(
      converse,
      { limits: { writeTimeoutMs: 100, lingerTimeoutMs: 10, idleTimeoutMs: 1_000_000 } },
      async (t, server) => {
        const { client } = await server.opened({ windowBytes: 10_000 })
        for (let read = 0; read < megabyte.length; read += 10_000) {
          await server.advance(90)
          client.read()
        }
        await server.settle()
        t.is(client.received.length, megabyte.length)
        t.false(client.wasReset)
        if (converse === tellMegabyteAndEnd) t.true(client.hasEnded)
      },
    ),
  )
}

test(
  'after its end a peer that does not read the rest is reset too',
  listened(
    tellMegabyteAndEnd,
    { limits: { writeTimeoutMs: 100, lingerTimeoutMs: 10 } },
    async (t, server) => {
      const { client } = await server.opened({ windowBytes: 1_000 })
      await server.advance(99)
      t.false(client.wasReset)
      await server.advance(101)
      t.true(client.wasReset)
      t.is(server.listening.connections, 0)
    },
  ),
)

test(
  'after its end a peer has some time to close too, and what it still sends is dropped',
  listened(
    // biome-ignore lint/correctness/useYield: it waits for nothing
    function* (_ctx, connection) {
      connection.write('enough')
    },
    { limits: { lingerTimeoutMs: 100 } },
    async (t, server) => {
      const { client } = await server.opened()
      t.is(client.text, 'enough')
      t.true(client.hasEnded)
      client.write(megabyte)
      await server.advance(99)
      t.is(client.unsentBytes, 0)
      t.is(server.listening.connections, 1)
      await server.advance(1)
      t.is(server.listening.connections, 0)
    },
  ),
)

test('while a peer does not read, it is not read from', async (t) => {
  let most = 0
  await listened(
    function* (_ctx, connection) {
      for (;;) {
        most = Math.max(most, connection.input.available)
        while (connection.isBlocked || connection.input.available === 0) {
          if (connection.input.ended) return
          yield
          most = Math.max(most, connection.input.available)
        }
        connection.write(connection.input.takeSome(65_536))
      }
    },
    {},
    async (t, server) => {
      const client = server.connect({ windowBytes: 1_000 })
      for (let i = 0; i < 10; i++) client.write(megabyte)
      await server.settle()
      t.true(client.unsentBytes > 9_000_000, `${client.unsentBytes} bytes not taken`)
      t.true(most <= 4 * 65_536, `${most} bytes held`)
      client.drain()
      await server.settle()
      t.is(client.received.length, 10_000_000)
    },
  )(t)
})

test('a conversation that is behind with its reading stops its peer', async (t) => {
  let inputOf: Connection | undefined
  await listened(
    function* (_ctx, connection) {
      inputOf = connection
      connection.expectNothing()
      while (connection.isDraining === false) yield
    },
    {},
    async (t, server) => {
      const client = server.connect()
      client.write(megabyte)
      await server.settle()
      t.true((inputOf?.input.available ?? 0) <= 3 * 65_536)
      t.true(client.unsentBytes > 800_000)
    },
  )(t)
})

test('when a connection is lost, its context ends and the conversation’s finally blocks run', async (t) => {
  const seen: string[] = []
  const converse = function* (ctx: Context, _connection: Connection) {
    ctx.onCancel(() => seen.push('cancelled'))
    try {
      for (;;) yield
    } finally {
      seen.push('finally')
    }
  }
  await listened(converse, {}, async (t, server) => {
    const { client } = await server.opened()
    client.reset()
    await server.settle()
    t.deepEqual(seen.sort(), ['cancelled', 'finally'])
    t.deepEqual(server.logged, [])
    t.deepEqual(server.ends, ['stopped'])
  })(t)
})

const failures: readonly [
  title: string,
  converse: (ctx: Context, connection: Connection) => Generator<void>,
][] = [
  [
    'before it has begun',
    () => {
      throw new Error('boom')
    },
  ],
  [
    'in its first step',
    // biome-ignore lint/correctness/useYield: it throws before
    function* () {
      throw new Error('boom')
    },
  ],
  [
    'in a later step',
    function* (_ctx, { input }) {
      while (input.available === 0) yield
      throw new Error('boom')
    },
  ],
  [
    'when its peer leaves',
    function* (_ctx, { input }) {
      try {
        for (;;) {
          if (input.available > 0) return
          yield
        }
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: that is what is tested
        throw new Error('boom')
      }
    },
  ],
]

for (const [title, fails] of failures) {
  test(`a conversation that fails ${title} harms that connection alone, and leaves nothing`, async (t) => {
    let isHostile = false
    await listened(
      (ctx, connection) => (isHostile ? fails(ctx, connection) : echo(ctx, connection)),
      {},
      async (t, server) => {
        const { client: other } = await server.opened()
        isHostile = true
        const { client } = await server.opened()
        client.write('hello')
        await server.settle()
        if (!client.hasEnded && !client.wasReset) client.reset()
        await server.settle()
        t.true(client.hasEnded || client.wasReset)
        t.is(server.listening.connections, 1)
        t.is(server.simulation.network.connections, 1)
        t.deepEqual(
          server.logged.map(({ level, message }) => `${level} ${message}`),
          ['error actor failed: boom'],
        )
        isHostile = false
        other.write('still here')
        const { client: next } = await server.opened()
        next.write('me too')
        await server.settle()
        t.is(other.text, 'still here')
        t.is(next.text, 'me too')
      },
    )(t)
  })
}

test(
  'what a conversation says as it fails is not mistaken for a whole one: the peer sees a reset',
  listened(
    function* (_ctx, connection) {
      connection.write('part of a ')
      while (connection.input.available === 0) yield
      throw new Error('boom')
    },
    {},
    async (t, server) => {
      const { client } = await server.opened()
      client.write('x')
      await server.settle()
      t.is(client.text, 'part of a ')
      t.true(client.wasReset)
      t.false(client.hasEnded)
    },
  ),
)

test(
  'single bytes in great numbers fill no mailbox, however small the system’s mailboxes are',
  listened(echo, { simulation: { limits: { mailboxCapacity: 1 } } }, async (t, server) => {
    const client = server.connect({ pieceBytes: 1 })
    client.write('x'.repeat(5_000))
    client.end()
    await server.settle()
    t.is(client.text.length, 5_000)
    t.true(client.hasEnded)
  }),
)

test('a wake-up that comes too late wakes nobody', async (t) => {
  let wake = () => {}
  await listened(
    function* (_ctx, connection) {
      wake = () => connection.wake()
      while (connection.input.available === 0) yield
    },
    {},
    async (t, server) => {
      const { client } = await server.opened()
      client.write('x')
      wake()
      wake()
      await server.settle()
      wake()
      client.close()
      await server.settle()
      wake()
      await server.settle()
      t.deepEqual(server.deadLetters, [])
      t.is(server.listening.connections, 0)
    },
  )(t)
})

/** More than a mailbox holds, as other actors send it that have something for the peer. */
function flood(actor: Ref, ctx: Context): void {
  const event = { type: 'deliver', message: 'news' } as never
  while (actor.send(ctx, event) === 'accepted');
}

test('a wake-up that finds the mailbox full is not lost', async (t) => {
  let own: Connection | undefined
  let isOver = false
  await listened(
    function* (_ctx, connection) {
      own = connection
      connection.expectNothing()
      while (!isOver) yield
      connection.write('awake')
    },
    {},
    async (t, server) => {
      const { client, actor } = await server.opened()
      isOver = true
      flood(actor, server.simulation.ctx)
      own?.wake()
      own?.wake()
      await server.advance(1)
      t.is(client.text, 'awake')
    },
  )(t)
})

test('a deadline that finds the mailbox full is not lost', async (t) => {
  await listened(
    function* (_ctx, connection) {
      connection.expect(1_000, 'PATIENCE', 'anything')
      try {
        for (;;) yield
      } catch {
        connection.write('too late')
      }
    },
    {},
    async (t, server) => {
      const { ctx } = server.simulation
      // Set before the connection's timer, hence the first of the two to ring.
      let actor: Ref | undefined
      ctx.clock.schedule(1_000, () => flood(actor as Ref, ctx))
      const opened = await server.opened()
      actor = opened.actor
      await server.advance(1_000)
      t.is(opened.client.text, '')
      await server.advance(1)
      t.is(opened.client.text, 'too late')
    },
  )(t)
})
