/** The second face: one generator for each connection. Its order is the responses’ order, its variables the connection’s state. */
import test from 'ava'
import { type HttpConnection, http, type Serve, text } from 'greenroom/actors'
import { get, request, responses, served } from './server.ts'

const counting: Serve<never> = async function* (_ctx, { requests }) {
  let count = 0
  for await (const { path } of requests) yield text(`${++count} ${path}`)
}

const bodies = (answers: { body: string }[]) => answers.map(({ body }) => body)

test(
  'answers come in order, and each connection has a state of its own',
  served({ serve: counting }, async (t, server) => {
    const [one, other] = [await server.send(get('/a') + get('/b')), await server.send(get('/c'))]
    one.write(get('/d'))
    other.write(get('/e'))
    await server.settle()
    t.deepEqual(bodies(responses(one)), ['1 /a', '2 /b', '3 /d'])
    t.deepEqual(bodies(responses(other)), ['1 /c', '2 /e'])
  }),
)

test(
  'it may take its time, and answer with a promise',
  served(
    {
      async *serve(ctx, { requests }) {
        for await (const { path } of requests) {
          await ctx.after(10)
          yield ctx.after(10).then(() => text(path))
        }
      },
    },
    async (t, server) => {
      const client = await server.send(get('/a') + get('/b'))
      await server.advance(20)
      t.deepEqual(bodies(responses(client)), ['/a'])
      await server.advance(20)
      t.deepEqual(bodies(responses(client)), ['/a', '/b'])
    },
  ),
)

test(
  'a body is read as it arrives',
  served(
    {
      async *serve(_ctx, { requests }) {
        for await (const request of requests) yield text((await request.text()).toUpperCase())
      },
    },
    async (t, server) => {
      const client = await server.send(request('POST', '/', [], 'abc') + request('POST', '/', [], 'def'), {
        pieceBytes: 1,
      })
      t.deepEqual(bodies(responses(client)), ['ABC', 'DEF'])
    },
  ),
)

test('a generator that returns closes its connection, once its last answer is out', async (t) => {
  const seen: string[] = []
  await served(
    {
      async *serve(_ctx, { requests }) {
        for await (const { path } of requests) {
          yield text(path)
          seen.push(`after ${path}`)
          if (path === '/last') return
        }
      },
    },
    async (t, server) => {
      const client = await server.send(get('/a'))
      t.deepEqual(seen, ['after /a'])
      client.write(get('/last'))
      await server.settle()
      t.deepEqual(bodies(responses(client)), ['/a', '/last'])
      t.deepEqual(seen, ['after /a', 'after /last'])
      t.true(client.hasEnded)
    },
  )(t)
})

test(
  'a request that crosses the generator’s end is told so',
  served(
    {
      async *serve(ctx, { requests }) {
        for await (const { path } of requests) {
          yield text(path)
          await ctx.after(10)
          return
        }
      },
      limits: { drainIdleTimeoutMs: 100 },
    },
    async (t, server) => {
      const client = await server.send(get('/a'))
      await server.advance(10)
      t.false(client.hasEnded)
      client.write(get('/b'))
      await server.settle()
      t.deepEqual(
        responses(client).map(({ status, headers }) => [status, headers.connection]),
        [
          [200, undefined],
          [503, 'close'],
        ],
      )
      t.true(client.hasEnded)
    },
  ),
)

for (const ending of ['close', 'reset'] as const) {
  test(`when the client leaves (${ending}), the requests end and finally blocks run`, async (t) => {
    const seen: string[] = []
    await served(
      {
        async *serve(ctx, { requests }) {
          ctx.onCancel(() => seen.push('cancelled'))
          try {
            for await (const { path } of requests) yield text(path)
            seen.push('no more requests')
          } finally {
            seen.push('finally')
          }
        },
      },
      async (t, server) => {
        const client = await server.send(get('/a'))
        client[ending]()
        await server.settle()
        t.deepEqual(seen.sort(), ['cancelled', 'finally', 'no more requests'])
        t.deepEqual(server.logged, [])
      },
    )(t)
  })
}

test(
  'a generator that throws answers with 500, is told to the log, and its connection ends; others do not',
  served(
    {
      async *serve(_ctx, { requests }) {
        for await (const { path } of requests) {
          if (path === '/boom') throw new Error('secret')
          yield text(path)
        }
      },
    },
    async (t, server) => {
      const other = await server.send(get('/x'))
      const client = await server.send(get('/a') + get('/boom') + get('/b'))
      t.deepEqual(
        responses(client).map(({ status, headers }) => [status, headers.connection]),
        [
          [200, undefined],
          [500, 'close'],
        ],
      )
      t.true(client.hasEnded)
      t.false(client.text.includes('secret'))
      t.is(server.logged.length, 1)
      other.write(get('/y'))
      await server.settle()
      t.deepEqual(bodies(responses(other)), ['/x', '/y'])
    },
  ),
)

test(
  'a generator that throws after its answer costs the client nothing but the connection',
  served(
    {
      async *serve(_ctx, { requests }) {
        for await (const { path } of requests) {
          yield text(path)
          throw new Error('secret')
        }
      },
      limits: { drainIdleTimeoutMs: 100 },
    },
    async (t, server) => {
      const client = await server.send(get('/a'))
      t.deepEqual(bodies(responses(client)), ['/a'])
      await server.advance(100)
      t.true(client.hasEnded)
      t.deepEqual(
        server.logged.map(({ level }) => level),
        ['error'],
      )
    },
  ),
)

test(
  'a generator that answers before it was asked has made a mistake',
  served(
    {
      async *serve(_ctx, { requests }) {
        yield text('unasked')
        for await (const { path } of requests) yield text(path)
      },
    },
    async (t, server) => {
      const [response] = await server.ask(get('/a'))
      t.is(response?.status, 500)
      t.is(server.logged[0]?.code, 'HTTP_ANSWER_UNASKED')
    },
  ),
)

test('a generator sees where its client is', async (t) => {
  let remote: HttpConnection['remote']
  await served(
    {
      async *serve(_ctx, connection) {
        remote = connection.remote
        for await (const _ of connection.requests) yield text('x')
      },
    },
    async (t, server) => {
      const client = await server.send(get('/'))
      t.deepEqual(remote, client.local)
    },
  )(t)
})

test('http takes one face, not none and not both', (t) => {
  const respond = () => text('x')
  t.throws(() => http({}), { code: 'HTTP_FACE' })
  t.throws(() => http({ respond, serve: counting }), { code: 'HTTP_FACE' })
  t.throws(() => http({ respond, limits: { patience: 1 } as never }), { code: 'HTTP_LIMIT_UNKNOWN' })
  t.throws(() => http({ respond, limits: { headBytesMax: -1 } }), { code: 'HTTP_LIMIT_INVALID' })
})
