/**
 * Clients that are slow on purpose. The law: each is cut off by a limit of its own, whoever is merely slow is not, and
 * what the others get is not touched. Time is simulated; `server-slow-real.test.ts` does the same over sockets.
 */
import test from 'ava'
import { codeOf } from 'greenroom'
import { type Respond, stream, text } from 'greenroom/actors'
import type { MemoryClient } from 'greenroom/testing'
import { get, request, responses, served, type TestServer } from './server.ts'

const upload = (length: number, path = '/') =>
  `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`

/** So many clients, in portions that the backlog holds. */
async function crowd(server: TestServer, count: number): Promise<MemoryClient[]> {
  const clients: MemoryClient[] = []
  while (clients.length < count) {
    for (let i = 0; i < 500 && clients.length < count; i++) clients.push(server.connect())
    await server.settle()
  }
  return clients
}

const reading: Respond<never> = async (_ctx, request) => text(`${(await request.bytes()).length} bytes`)

test(
  'slow heads: a thousand clients that send a header now and then are all refused in time, and another is served',
  served({ respond: () => text('hello'), limits: { headersTimeoutMs: 1_000 } }, async (t, server) => {
    const slow = await crowd(server, 1_000)
    for (const client of slow) client.write('GET / HTTP/1.1\r\nHost: a\r\n')
    for (let second = 0; second < 9; second++) {
      await server.advance(100)
      for (const client of slow) client.write(`X-${second}: a\r\n`)
    }
    const [quick] = await server.ask(get('/'))
    t.is(quick?.status, 200)
    await server.advance(100)
    t.true(slow.every((client) => client.hasEnded && responses(client)[0]?.status === 408))
    for (const client of slow) client.close()
    await server.settle()
  }),
)

test(
  'slow bodies: one that stays below the rate is cut off with 408 when its grace is used up',
  served(
    { respond: reading, limits: { bodyBytesPerSecondMin: 100, bodyGraceMs: 1_000 } },
    async (t, server) => {
      const client = await server.send(upload(1_000))
      let sent = 0
      while (!client.hasEnded && sent < 1_000) {
        client.write('x')
        sent += 1
        await server.advance(100)
      }
      // A byte each 100 ms earns 10 ms: 1 s of grace is used up after about 11 of them.
      t.true(sent >= 10 && sent <= 13, `${sent} bytes`)
      t.like(responses(client)[0], { status: 408, isWhole: true })
      t.is(responses(client)[0]?.headers.connection, 'close')
      t.true(server.logged.every(({ level }) => level === 'debug'))
    },
  ),
)

test(
  'slow bodies: one that keeps the rate is taken, however long it takes',
  served(
    {
      respond: reading,
      limits: { bodyBytesPerSecondMin: 100, bodyGraceMs: 1_000, responseTimeoutMs: 2_000 },
    },
    async (t, server) => {
      const client = await server.send(upload(2_000))
      for (let sent = 0; sent < 2_000; sent += 10) {
        client.write('x'.repeat(10))
        await server.advance(90)
      }
      t.like(responses(client)[0], { status: 200, body: '2000 bytes' })
      t.false(client.hasEnded)
    },
  ),
)

test(
  'slow bodies: the whole request has its time too, at whatever rate',
  served({ respond: reading, limits: { requestTimeoutMs: 5_000 } }, async (t, server) => {
    const client = server.connect()
    client.write('POST / HTTP/1.1\r\nHost: a\r\n')
    await server.advance(2_000)
    client.write('Content-Length: 1000000\r\n\r\n')
    for (let ms = 2_000; ms < 5_000; ms += 500) {
      client.write('x'.repeat(1_000))
      t.false(client.hasEnded)
      await server.advance(500)
    }
    t.like(responses(client)[0], { status: 408 })
    t.true(client.hasEnded)
  }),
)

test('slow bodies: the handler that reads is told why, and its time was not used up by the client', async (t) => {
  const seen: unknown[] = []
  await served(
    {
      async respond(ctx, request) {
        await ctx.after(900)
        await request.bytes().catch((error: unknown) => seen.push(codeOf(error)))
        await ctx.after(90)
        return text('gave up')
      },
      limits: { responseTimeoutMs: 1_000, bodyIdleTimeoutMs: 5_000 },
    },
    async (t, server) => {
      const client = await server.send(upload(10))
      await server.advance(900)
      await server.advance(5_000)
      t.deepEqual(seen, ['HTTP_BODY_TIMEOUT'])
      await server.advance(90)
      t.like(responses(client)[0], { status: 200, body: 'gave up' })
      t.true(client.hasEnded)
    },
  )(t)
})

test(
  'a handler that reads slowly is not the client’s doing: its own time runs, and nothing else',
  served(
    {
      async respond(ctx, request) {
        let bytes = 0
        for await (const piece of request.body) {
          bytes += piece.length
          await ctx.after(1_000)
        }
        return text(`${bytes}`)
      },
      limits: { bodyGraceMs: 10, bodyIdleTimeoutMs: 500, responseTimeoutMs: 4_500 },
    },
    async (t, server) => {
      const taken = await server.send(`${upload(6)}abcdef`)
      await server.advance(1_000)
      t.like(responses(taken)[0], { status: 200, body: '6' })
      const late = server.connect()
      late.write(upload(600_000))
      for (let i = 0; i < 6; i++) {
        late.write('x'.repeat(100_000))
        await server.advance(1_000)
      }
      t.like(responses(late)[0], { status: 503 })
    },
  ),
)

test(
  'slow readers: one that takes less than the rate is reset, one that keeps it has its answer',
  served(
    {
      respond: () => text('x'.repeat(300_000)),
      connection: { writeTimeoutMs: 1_000, writeBytesPerSecondMin: 10_000 },
    },
    async (t, server) => {
      const slow = server.connect({ windowBytes: 500 })
      const steady = server.connect({ windowBytes: 1_500 })
      slow.write(get('/'))
      steady.write(get('/'))
      for (let ms = 0; ms < 60_000 && !(slow.wasReset && responses(steady)[0]?.isWhole); ms += 100) {
        await server.advance(100)
        slow.read()
        steady.read()
        if (ms === 2_500) t.true(slow.wasReset)
      }
      t.is(responses(steady)[0]?.body.length, 300_000)
      steady.close()
      await server.settle()
      t.is(server.listening.connections, 0)
    },
  ),
)

test(
  'slow readers: many small pieces with long pauses between them are not taken for a slow reader',
  served(
    {
      respond: (ctx) =>
        stream(
          (async function* () {
            for (let i = 0; i < 100; i++) {
              await ctx.after(50)
              yield `${i};`
            }
          })(),
        ),
      connection: { writeTimeoutMs: 100, writeBytesPerSecondMin: 1_000_000 },
    },
    async (t, server) => {
      const client = await server.send(get('/'))
      for (let i = 0; i < 100; i++) await server.advance(50)
      t.like(responses(client)[0], { isWhole: true })
    },
  ),
)

test(
  'idle floods: clients that say nothing make room for one that has something to say',
  served(
    {
      respond: () => text('hello'),
      connection: { connectionsMax: 100 },
      limits: { headersTimeoutMs: 60_000 },
    },
    async (t, server) => {
      const idle = await crowd(server, 500)
      for (const client of idle.slice(400)) client.write('GET / HT')
      idle.push(...(await crowd(server, 500)))
      t.is(server.listening.connections, 100)
      for (let i = 0; i < 10; i++) {
        const [answer] = await server.ask(get('/'))
        t.is(answer?.status, 200)
      }
      t.is(server.listening.refused, 0)
      t.true(server.listening.shed >= 910)
      t.true(server.listening.connections <= 100)
      for (const client of idle) client.close()
      await server.settle()
    },
  ),
)

test(
  'idle floods: who is being served is never closed for a newcomer, who is then refused',
  served(
    {
      async respond(ctx) {
        await ctx.after(1_000)
        return text('served')
      },
      connection: { connectionsMax: 10 },
    },
    async (t, server) => {
      const busy = await crowd(server, 10)
      for (const client of busy) client.write(get('/'))
      await server.settle()
      const newcomer = await server.send(get('/'))
      t.true(newcomer.wasReset)
      t.is(server.listening.refused, 1)
      await server.advance(1_000)
      for (const client of busy) t.is(responses(client)[0]?.body, 'served')
      // Now they idle, and the one that has been there longest makes room.
      const next = await server.send(get('/'))
      t.true(busy[0]?.hasEnded)
      t.false(busy[0]?.wasReset)
      await server.advance(1_000)
      t.is(responses(next)[0]?.body, 'served')
    },
  ),
)

test(
  'idle floods: an answer that its client has not taken yet is not given up for a newcomer',
  served(
    {
      respond: (_, { path }) => text(path === '/large' ? 'x'.repeat(20_000) : 'small'),
      connection: { connectionsMax: 1 },
    },
    async (t, server) => {
      const reader = server.connect({ windowBytes: 1_000 })
      reader.write(get('/large'))
      await server.settle()
      const newcomer = await server.send(get('/'))
      t.true(newcomer.wasReset)
      while (reader.read().length > 0) await server.settle()
      t.like(responses(reader)[0], { isWhole: true })
      const [answer] = await server.ask(get('/'))
      t.is(answer?.body, 'small')
      t.true(reader.hasEnded)
    },
  ),
)

test(
  'idle floods: whoever lingers behind its last answer makes room, and whoever was just served is passed over',
  served({ respond: (_, { path }) => text(path), connection: { connectionsMax: 3 } }, async (t, server) => {
    const regular = await server.send(get('/regular'))
    const lingering = await server.send(get('/last', 'Connection: close'))
    const silent = server.connect()
    await server.settle()
    const [first] = await server.ask(get('/first'))
    t.is(first?.body, '/first')
    t.true(silent.hasEnded)
    t.is(server.listening.shed, 1)
    regular.write(get('/again'))
    await server.settle()
    const [second] = await server.ask(get('/second'))
    t.is(second?.body, '/second')
    t.is(responses(regular).length, 2)
    t.false(regular.hasEnded)
    t.is(server.listening.refused, 0)
    lingering.close()
  }),
)

test(
  'a connection has its number of requests, and is told which is the last',
  served({ respond: (_, { path }) => text(path), limits: { requestsMax: 3 } }, async (t, server) => {
    const client = await server.send(get('/1') + get('/2') + get('/3') + get('/4'))
    t.deepEqual(
      responses(client).map(({ body, headers }) => [body, headers.connection]),
      [
        ['/1', undefined],
        ['/2', undefined],
        ['/3', 'close'],
      ],
    )
    t.true(client.hasEnded)
  }),
)

test('whoever pipelines more than its share waits until the others have had theirs', async (t) => {
  const order: string[] = []
  await served(
    {
      respond(_ctx, { path }) {
        order.push(path)
        return text(path)
      },
      limits: { pipelinedRequestsMax: 4 },
    },
    async (t, server) => {
      const greedy = server.connect()
      const modest = server.connect()
      await server.settle()
      greedy.write(get('/greedy').repeat(11))
      modest.write(get('/modest'))
      await server.settle()
      await server.advance(10)
      t.is(order.indexOf('/modest'), 4)
      t.is(responses(greedy).length, 11)
      t.is(responses(modest).length, 1)
    },
  )(t)
})

test(
  'a body in chunks is refused with 411 where lengths are required',
  served({ respond: reading, lengthRequired: true }, async (t, server) => {
    const client = await server.send(
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${get('/')}`,
    )
    t.deepEqual(
      responses(client).map(({ status }) => status),
      [411],
    )
    t.true(client.hasEnded)
    const [taken] = await server.ask(request('POST', '/', [], 'body'))
    t.is(taken?.body, '4 bytes')
    const [without] = await server.ask(request('POST', '/'))
    t.is(without?.body, '0 bytes')
  }),
)
