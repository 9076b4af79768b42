/** Work is done for somebody: when the client goes away, its request’s context ends. What else a request’s context holds. */
import test from 'ava'
import { type Cancellation, type Context, codeOf } from 'greenroom'
import { CurrentRequest, stream, text } from 'greenroom/actors'
import { get, responses, served } from './server.ts'

for (const [title, leave, withinMs] of [
  ['with a reset', 'reset', 0],
  ['by closing', 'close', 10],
  ['by ending its side', 'end', 10],
] as const) {
  test(`a client that leaves ${title} before its answer cancels the work for it`, async (t) => {
    let cancellation: Cancellation | undefined
    let failure: unknown
    await served(
      {
        async respond(ctx) {
          ctx.onCancel((cause) => {
            cancellation = cause
          })
          try {
            await ctx.after(1_000)
          } catch (error) {
            failure = error
          }
          return text('too late')
        },
      },
      async (t, server) => {
        const client = await server.send(get('/'))
        t.is(cancellation, undefined)
        client[leave]()
        await server.settle()
        await server.advance(withinMs)
        t.is(codeOf(cancellation?.reason), 'HTTP_CLIENT_LEFT')
        t.is(codeOf(failure), 'CANCELLED')
        t.is(client.text, '')
        client.close()
        await server.settle()
        t.is(server.listening.connections, 0)
        t.deepEqual(server.logged, [])
      },
    )(t)
  })
}

test(
  'a client that has only ended its side gets an answer that comes soon',
  served(
    {
      async respond(ctx, { path }) {
        await ctx.after(5)
        return text(path)
      },
    },
    async (t, server) => {
      const client = await server.send(get('/a'))
      await server.advance(3)
      client.end()
      await server.advance(2)
      t.is(responses(client)[0]?.body, '/a')
      t.true(client.hasEnded)
    },
  ),
)

test(
  'a client that has only ended its side gets all answers that are there at once',
  served({ respond: (_, { path }) => text(path) }, async (t, server) => {
    const client = server.connect()
    client.write(get('/a') + get('/b'))
    client.end()
    await server.settle()
    t.deepEqual(
      responses(client).map(({ body }) => body),
      ['/a', '/b'],
    )
    t.true(client.hasEnded)
  }),
)

test('the reader of a body hears that its client has left', async (t) => {
  let failure: unknown
  await served(
    {
      async respond(_ctx, request) {
        await request.bytes().catch((error) => {
          failure = error
        })
        return text('x')
      },
    },
    async (t, server) => {
      const client = await server.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc')
      client.reset()
      await server.settle()
      t.is(codeOf(failure), 'HTTP_CLIENT_LEFT')
    },
  )(t)
})

test('once it is answered, a request’s context is over', async (t) => {
  const contexts: Context[] = []
  await served(
    {
      respond(ctx) {
        contexts.push(ctx)
        return text('x')
      },
    },
    async (t, server) => {
      await server.send(get('/') + get('/'))
      t.deepEqual(
        contexts.map(({ cancellation }) => cancellation?.reason),
        ['the request is done', 'the request is done'],
      )
    },
  )(t)
})

test('each request has a context of its own: itself, its trace, its deadline', async (t) => {
  const seen: unknown[] = []
  await served(
    {
      respond(ctx, request) {
        seen.push({
          isOwn: ctx.get(CurrentRequest) === request && ctx === request.ctx,
          path: ctx.get(CurrentRequest).path,
          deadlineMs: ctx.deadlineMs,
          remainingMs: ctx.remainingMs,
        })
        return text(ctx.traceparent)
      },
      limits: { responseTimeoutMs: 100 },
    },
    async (t, server) => {
      await server.advance(1_000)
      const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
      const answers = await server.ask(
        get('/a', `traceparent: 00-${traceId}-00f067aa0ba902b7-01`) +
          get('/b') +
          get('/c', 'traceparent: nonsense') +
          get('/d', 'traceparent: a', 'traceparent: b'),
      )
      t.deepEqual(
        seen,
        ['/a', '/b', '/c', '/d'].map((path) => ({ isOwn: true, path, deadlineMs: 1_100, remainingMs: 100 })),
      )
      const traces = answers.map(({ body }) => body.split('-')[1])
      t.is(traces[0], traceId)
      t.is(new Set(traces).size, 4)
      for (const { body } of answers) t.regex(body, /^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)
    },
  )(t)
})

test(
  'what is in flight when the server drains is finished, and its connection closed; idle ones have a little time',
  served(
    {
      async respond(ctx, { path }) {
        if (path === '/slow') await ctx.after(2_050)
        return text(path)
      },
      limits: { drainIdleTimeoutMs: 100 },
    },
    async (t, server) => {
      const busy = await server.send(get('/slow'))
      const idle = await server.send(get('/a'))
      const fresh = server.connect()
      // The little time counts from the drain, however long ago the last byte came.
      await server.advance(2_000)
      const closed = server.listening.close(server.simulation.ctx)
      await server.settle()
      t.throws(() => server.connect(), { code: 'ECONNREFUSED' })
      idle.write(get('/b'))
      await server.advance(99)
      t.deepEqual(
        responses(idle).map(({ body, headers }) => [body, headers.connection]),
        [
          ['/a', undefined],
          ['/b', 'close'],
        ],
      )
      t.deepEqual(
        responses(busy).map(({ body, headers }) => [body, headers.connection]),
        [['/slow', 'close']],
      )
      t.true(busy.hasEnded && idle.hasEnded)
      t.false(fresh.hasEnded)
      await server.advance(1)
      t.true(fresh.hasEnded)
      for (const client of [busy, idle, fresh]) client.close()
      await server.simulation.waitFor(closed)
      t.is(server.listening.connections, 0)
    },
  ),
)

test(
  'the grace of a client that has ended its side counts from that end, not from its request',
  served(
    {
      async respond(ctx, { path }) {
        await ctx.after(500)
        return text(path)
      },
    },
    async (t, server) => {
      const client = await server.send(get('/a'))
      await server.advance(495)
      client.end()
      await server.advance(5)
      t.is(responses(client)[0]?.body, '/a')
    },
  ),
)

test(
  'a request that had arrived behind another when the server was to drain is answered too',
  served(
    {
      async respond(ctx, { path }) {
        if (path === '/slow') await ctx.after(50)
        return text(path)
      },
    },
    async (t, server) => {
      const client = await server.send(get('/slow') + get('/next'))
      const closed = server.listening.close(server.simulation.ctx)
      await server.advance(50)
      t.deepEqual(
        responses(client).map(({ body, headers }) => [body, headers.connection]),
        [
          ['/slow', undefined],
          ['/next', 'close'],
        ],
      )
      client.close()
      await server.simulation.waitFor(closed)
    },
  ),
)

test('a silent stream does not keep a client for ever that has ended its side', async (t) => {
  let ctx: Context | undefined
  await served(
    {
      respond(requestCtx) {
        ctx = requestCtx
        return stream(
          (async function* () {
            yield 'first'
            await requestCtx.after(3_600_000)
          })(),
        )
      },
      limits: { bodyIdleTimeoutMs: 100 },
    },
    async (t, server) => {
      const client = await server.send(get('/'))
      await server.advance(1_000)
      t.is(server.listening.connections, 1)
      client.end()
      await server.advance(99)
      t.false(ctx?.isCancelled)
      await server.advance(1)
      t.true(ctx?.isCancelled)
      t.is(server.listening.connections, 0)
    },
  )(t)
})

test(
  'an empty line behind a request asks for nothing: it neither keeps a connection nor is it answered',
  served({ respond: (_, { path }) => text(path), limits: { keepAliveTimeoutMs: 100 } }, async (t, server) => {
    const idle = await server.send(`${get('/a')}\r\n`)
    await server.advance(60)
    idle.write('\r\n')
    await server.advance(39)
    t.false(idle.hasEnded)
    await server.advance(1)
    t.true(idle.hasEnded)
    t.is(responses(idle).length, 1)
    const served = await server.send(`${get('/a')}\r\n`)
    served.write(`\r\n${get('/b')}`)
    await server.settle()
    t.is(responses(served)[1]?.body, '/b')
    const many = await server.send(get('/a'))
    for (let i = 0; i < 6; i++) {
      many.write('\r\n')
      await server.settle()
    }
    t.is(responses(many)[1]?.status, 400)
  }),
)

for (const [title, begun] of [
  ['an empty line', '\r\n'],
  ['half a head', 'GET / HT'],
] as const) {
  test(
    `a drain does not wait for a client that has only sent ${title}`,
    served({ respond: () => text('x'), limits: { drainIdleTimeoutMs: 100 } }, async (t, server) => {
      const client = await server.send(get('/') + begun)
      const closed = server.listening.close(server.simulation.ctx)
      await server.advance(100)
      t.true(client.hasEnded)
      client.close()
      await server.simulation.waitFor(closed)
    }),
  )
}

test(
  'nor for one that begins to ask while its server waits for a last request, and does not go on',
  served(
    { respond: () => text('x'), limits: { drainIdleTimeoutMs: 100, headersTimeoutMs: 5_000 } },
    async (t, server) => {
      const client = await server.send(get('/'))
      const closed = server.listening.close(server.simulation.ctx)
      await server.advance(50)
      client.write('G')
      await server.advance(99)
      t.false(client.hasEnded)
      await server.advance(1)
      t.true(client.hasEnded)
      client.close()
      await server.simulation.waitFor(closed)
    },
  ),
)

test(
  'a client that goes on asking does not keep a server that drains',
  served(
    {
      async respond(ctx, { path }) {
        await ctx.after(50)
        return text(path)
      },
    },
    async (t, server) => {
      const client = await server.send(get('/1') + get('/2'))
      const closed = server.listening.close(server.simulation.ctx)
      await server.settle()
      for (let i = 3; i < 20 && !client.hasEnded; i++) {
        client.write(get(`/${i}`))
        await server.advance(50)
      }
      t.deepEqual(
        responses(client).map(({ body, headers }) => [body, headers.connection]),
        [
          ['/1', undefined],
          ['/2', 'close'],
        ],
      )
      client.close()
      await server.simulation.waitFor(closed)
    },
  ),
)
