/** Bodies in pieces: as fast as the slower end, in memory that does not grow with them, and given up when nobody is there. */
import test from 'ava'
import { type HttpResponse, type Respond, stream, text } from 'greenroom/actors'
import { get, request, responses, served } from './server.ts'

const HIGH_WATER_BYTES = 65_536
const piece = Buffer.alloc(10_000, 'x')

test('pieces go out as they come, each a chunk, and the last ends the body', async (t) => {
  await served(
    {
      respond: (ctx) =>
        stream(
          (async function* () {
            yield 'one'
            await ctx.after(10)
            yield Buffer.from('two')
            yield ''
            yield 'drei: grün'
          })(),
          { type: 'text/plain', headers: { 'x-a': 'b' }, status: 203 },
        ),
    },
    async (t, server) => {
      const client = await server.send(get('/'))
      t.true(client.text.endsWith('\r\n\r\n3\r\none\r\n'))
      await server.advance(10)
      const [response] = responses(client)
      t.like(response, { status: 203, isWhole: true, body: `onetwodrei: gr${'\u00c3\u00bc'}n` })
      t.is(response?.headers['content-type'], 'text/plain')
      t.is(response?.headers['x-a'], 'b')
    },
  )(t)
})

test(
  'a synchronous source is a source too',
  served({ respond: () => stream(['a', 'b', Buffer.from('c')]) }, async (t, server) => {
    const [response] = await server.ask(get('/'))
    t.like(response, { body: 'abc', isWhole: true })
  }),
)

for (const [title, iterate] of [
  ['a synchronous', (pieces: Iterable<Buffer>) => pieces],
  [
    'an asynchronous',
    async function* (pieces: Iterable<Buffer>) {
      yield* pieces
    },
  ],
] as const) {
  test(`${title} source is not asked for more than the client takes`, async (t) => {
    let pulled = 0
    function* pieces(): Generator<Buffer> {
      for (; pulled < 1_000; pulled++) yield piece
    }
    await served({ respond: () => stream(iterate(pieces())) }, async (t, server) => {
      const client = server.connect({ windowBytes: 1_000 })
      client.write(get('/'))
      await server.settle()
      t.true(pulled * piece.length <= 2 * HIGH_WATER_BYTES, `${pulled} pieces pulled`)
      const before = pulled
      await server.advance(100)
      t.is(pulled, before)
      client.drain()
      await server.settle()
      t.is(pulled, 1_000)
      t.is(responses(client)[0]?.body.length, 10_000_000)
    })(t)
  })
}

for (const how of ['Content-Length', 'chunked'] as const) {
  test(`ten megabytes (${how}) come back as they went, and neither end can fill the server`, async (t) => {
    let held = 0
    const body = Buffer.alloc(10_000_000)
    for (let i = 0; i < body.length; i++) body[i] = (i * 31) % 251
    await served({ respond: (_ctx, { body }) => stream(body) }, async (t, server) => {
      const client = server.connect({ windowBytes: 100_000 })
      const framing = how === 'chunked' ? 'Transfer-Encoding: chunked' : `Content-Length: ${body.length}`
      client.write(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`)
      for (let at = 0; at < body.length; at += 100_000) {
        const part = body.subarray(at, at + 100_000)
        if (how === 'chunked') client.write(`${part.length.toString(16)}\r\n`)
        client.write(part)
        if (how === 'chunked') client.write('\r\n')
      }
      if (how === 'chunked') client.write('0\r\n\r\n')
      await server.settle()
      t.true(client.unsentBytes > body.length - 600_000, `only ${client.unsentBytes} bytes wait outside`)
      while (client.read().length > 0) {
        await server.settle()
        held = Math.max(held, body.length - client.unsentBytes - client.received.length)
      }
      t.true(held < 10 * HIGH_WATER_BYTES, `${held} bytes held`)
      const [response] = responses(client)
      t.true(response?.isWhole)
      t.true(Buffer.from(response?.body ?? '', 'latin1').equals(body))
      client.write(get('/'))
      await server.settle()
      t.is(responses(client).length, 2)
    })(t)
  })
}

test('a client that pipelines and does not read is not answered beyond its window', async (t) => {
  let answered = 0
  const large = text('x'.repeat(100_000))
  await served(
    {
      respond() {
        answered += 1
        return large
      },
    },
    async (t, server) => {
      const client = server.connect({ windowBytes: 1_000 })
      client.write(get('/').repeat(1_000))
      await server.settle()
      t.true(answered <= 2, `${answered} answers made`)
      client.drain()
      await server.settle()
      t.is(answered, 1_000)
    },
  )(t)
})

test('of a large body no more leaves the handler’s hands than the client takes', async (t) => {
  await served(
    { respond: () => text('x'.repeat(10_000_000)), connection: { writeTimeoutMs: 100 } },
    async (t, server) => {
      const client = server.connect({ windowBytes: 100_000 })
      client.write(get('/', 'Connection: close'))
      await server.settle()
      // A hundred times as long in all as any part of it may take.
      while (client.read().length > 0) await server.advance(90)
      await server.settle()
      t.like(responses(client)[0], { isWhole: true })
      t.is(responses(client)[0]?.headers['content-length'], '10000000')
      t.true(client.hasEnded)
    },
  )(t)
})

test(
  'a large body is framed as a small one: to every version, to HEAD, and the connection lives on',
  served({ respond: () => text('x'.repeat(100_000)) }, async (t, server) => {
    for (const [bytes, method, isKept] of [
      [get('/'), 'GET', true],
      [request('HEAD', '/'), 'HEAD', true],
      ['GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n', 'GET', true],
      ['GET / HTTP/1.0\r\n\r\n', 'GET', false],
    ] as const) {
      const client = await server.send(bytes)
      const [response] = responses(client, method)
      t.is(response?.headers['content-length'], '100000')
      t.is(response?.body.length, method === 'HEAD' ? 0 : 100_000)
      t.is(client.hasEnded, !isKept)
    }
  }),
)

/** A source that tells what becomes of it. */
function watched(seen: string[], pieces: AsyncIterable<string>): AsyncIterable<string> {
  return {
    async *[Symbol.asyncIterator]() {
      try {
        yield* pieces
        seen.push('end')
      } finally {
        seen.push('finally')
      }
    },
  }
}

for (const ending of ['close', 'reset'] as const) {
  test(`when the client leaves (${ending}), the source is told, once`, async (t) => {
    const seen: string[] = []
    await served(
      {
        respond(ctx) {
          ctx.onCancel(({ reason }) => seen.push((reason as { code: string }).code))
          return stream(
            watched(
              seen,
              (async function* () {
                for (;;) {
                  yield 'tick'
                  await ctx.after(10)
                }
              })(),
            ),
          )
        },
      },
      async (t, server) => {
        const client = await server.send(get('/'))
        await server.advance(15)
        client[ending]()
        await server.advance(50)
        t.deepEqual(seen.sort(), ['HTTP_CLIENT_LEFT', 'finally'])
        t.deepEqual(server.logged, [])
        t.is(server.listening.connections, 0)
      },
    )(t)
  })
}

const unsent: readonly [title: string, bytes: string, status: number][] = [
  ['to HEAD', request('HEAD', '/'), 200],
  ['with 204', get('/'), 204],
]

for (const [title, bytes, status] of unsent) {
  test(`a source whose body is not sent (${title}) is given back unread`, async (t) => {
    const seen: string[] = []
    const source = {
      next() {
        seen.push('next')
        return Promise.resolve({ done: false as const, value: 'x' })
      },
      return() {
        seen.push('return')
        return Promise.resolve({ done: true as const, value: undefined })
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
    await served({ respond: () => stream(source, { status }) }, async (t, server) => {
      const client = await server.send(bytes)
      t.is(responses(client, bytes.slice(0, bytes.indexOf(' ')))[0]?.body, '')
      t.deepEqual(seen, ['return'])
    })(t)
  })
}

test('a source that comes too late is given back', async (t) => {
  const seen: string[] = []
  await served(
    {
      respond: ({ clock }) =>
        clock.after(200).then(() => {
          const iterator = ['x'][Symbol.iterator]()
          return stream({
            [Symbol.iterator]: () => ({
              next: () => iterator.next(),
              return() {
                seen.push('return')
                return { done: true, value: undefined }
              },
            }),
          })
        }),
      limits: { responseTimeoutMs: 100 },
    },
    async (t, server) => {
      const late = await server.send(get('/'))
      const gone = await server.send(get('/'))
      gone.reset()
      await server.advance(300)
      t.is(responses(late)[0]?.status, 503)
      t.deepEqual(seen, ['return', 'return'])
    },
  )(t)
})

const failing: readonly [title: string, body: () => Parameters<typeof stream>[0]][] = [
  [
    'throws',
    async function* () {
      yield 'part'
      throw new Error('secret')
    },
  ],
  [
    'gives a number',
    async function* () {
      yield 'part'
      yield 7 as never
    },
  ],
  [
    'gives nothing',
    function* () {
      yield 'part'
      yield undefined as never
    },
  ],
]

for (const [title, body] of failing) {
  test(
    `a source that ${title} breaks the connection: the client must not think that it has the whole`,
    served({ respond: (): HttpResponse => stream(body()) }, async (t, server) => {
      for (const bytes of [get('/'), 'GET / HTTP/1.0\r\n\r\n']) {
        const client = await server.send(bytes)
        t.true(client.wasReset)
        t.false(client.hasEnded)
        t.false(client.text.includes('secret'))
      }
      t.deepEqual(
        server.logged.map(({ level }) => level),
        ['error', 'error'],
      )
    }),
  )
}

test('a server that is stopped in the midst of a stream does not end it as if it were whole', async (t) => {
  const respond: Respond<never> = (ctx) =>
    stream(
      (async function* () {
        yield 'part'
        await ctx.after(1_000_000)
      })(),
    )
  await served({ respond, simulation: { limits: { graceMs: 100 } } }, async (t, server) => {
    const client = await server.send('GET / HTTP/1.0\r\n\r\n')
    await server.simulation.stop()
    t.true(client.wasReset)
    t.false(client.hasEnded)
  })(t)
})
