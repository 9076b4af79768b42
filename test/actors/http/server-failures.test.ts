/** Whose fault was it? A client’s is told to it in one line; ours is answered with 500, told to the log, and kept from the client. */
import test from 'ava'
import { ActorFailedError, OverloadError } from 'greenroom'
import { HttpResponse, type Respond, status, stream, text } from 'greenroom/actors'
import { get, request, responses, served } from './server.ts'

const SECRET = 'secret'

// biome-ignore lint/suspicious/noExplicitAny: what a handler written in JavaScript may give
const mistakes: readonly [title: string, respond: (...args: any[]) => any][] = [
  [
    'throws',
    () => {
      throw new Error(SECRET)
    },
  ],
  ['gives a promise that fails', async () => Promise.reject(new Error(SECRET))],
  [
    'throws nothing at all',
    () => {
      // biome-ignore lint/style/useThrowOnlyError: that is what is tested
      throw undefined
    },
  ],
  ['fails with null', () => Promise.reject(null)],
  ['fails with a string', () => Promise.reject(SECRET)],
  ['fails with somebody else’s status', () => Promise.reject({ status: 404, reason: SECRET })],
  ['gives nothing', () => undefined],
  ['gives null', () => null],
  ['gives a string', () => SECRET],
  ['promises a string', async () => SECRET],
  ['gives an object that is almost a response', () => ({ status: 200, headers: [], body: SECRET })],
  [
    'gives what cannot be looked at',
    () => ({
      // biome-ignore lint/suspicious/noThenProperty: a hostile one
      get then() {
        throw new Error(SECRET)
      },
    }),
  ],
  ['splits the response with a value', () => text('x', { headers: { a: `b\r\nset-cookie: ${SECRET}` } })],
  ['splits the response with a name', () => text('x', { headers: { [`a: b\r\n${SECRET}`]: 'c' } })],
  ['frames the body itself', () => text('x', { headers: { 'content-length': 3 } })],
  ['speaks of the connection itself', () => text('x', { headers: { connection: 'close' } })],
  ['gives a status that is none', () => status(1_000)],
  ['gives a body that is none', () => new HttpResponse(200, [], 7 as never)],
  ['streams what cannot be iterated', () => stream({} as never)],
]

for (const [title, respond] of mistakes) {
  for (const method of ['GET', 'HEAD']) {
    test(
      `a handler that ${title} is answered with 500 to ${method}, without internals`,
      served({ respond }, async (t, server) => {
        const client = await server.send(request(method, '/'))
        const [response, ...more] = responses(client, method)
        t.like(response, {
          status: 500,
          body: method === 'HEAD' ? '' : 'Internal Server Error\n',
          isWhole: true,
        })
        t.deepEqual(more, [])
        t.false(client.text.includes(SECRET))
        t.is(server.logged.filter(({ level }) => level === 'error').length, 1)
        t.true(server.logged[0]?.message.startsWith(`${method} / failed: `))
      }),
    )
  }
}

test(
  'the connection of a handler that failed serves on',
  served(
    { respond: (_, { path }) => (path === '/' ? text('fine') : (undefined as never)) },
    async (t, server) => {
      const answers = await server.ask(get('/x') + get('/') + get('/x') + get('/'))
      t.deepEqual(
        answers.map(({ status }) => status),
        [500, 200, 500, 200],
      )
    },
  ),
)

test(
  'a refusal under load is 503, and no error of the server',
  served(
    {
      respond() {
        throw new OverloadError('STAGE_FULL', 'stage "orders" refused: 1024 of 1024 jobs waiting')
      },
    },
    async (t, server) => {
      const [response] = await server.ask(get('/'))
      t.like(response, { status: 503, body: 'Service Unavailable\n' })
      t.true(server.logged.every(({ level }) => level !== 'error'))
    },
  ),
)

test(
  'an actor that failed over a question is our fault, not overload',
  served(
    {
      respond() {
        throw new ActorFailedError('greenroom/orders', new TypeError(SECRET))
      },
    },
    async (t, server) => {
      const [response] = await server.ask(get('/'))
      t.like(response, { status: 500, body: 'Internal Server Error\n' })
      t.true(server.logged.some(({ level, code }) => level === 'error' && code === 'ACTOR_FAILED'))
    },
  ),
)

const hello: Respond<never> = () => text('hello')
const limits = { requestLineBytesMax: 64, headBytesMax: 128, headerCountMax: 3, bodyBytesMax: 10 }

const broken: readonly [title: string, bytes: string, status: number][] = [
  ['a request line that is none', 'hello\r\n', 400],
  ['a TLS handshake', '\x16\x03\x01', 400],
  ['no Host', 'GET / HTTP/1.1\r\n\r\n', 400],
  ['a folded field', 'GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n', 400],
  ['two lengths', request('POST', '/', ['Content-Length: 3', 'Content-Length: 3']), 400],
  ['a length and chunks', request('POST', '/', ['Content-Length: 3', 'Transfer-Encoding: chunked']), 400],
  ['another version', 'GET / HTTP/2.0\r\n\r\n', 505],
  ['a coding that is not spoken', request('POST', '/', ['Transfer-Encoding: gzip, chunked']), 501],
  ['an expectation that cannot be met', request('POST', '/', ['Expect: wine', 'Content-Length: 3']), 417],
  ['a target that is too long', get(`/${'x'.repeat(64)}`), 414],
  ['a target that is too long and has no end', `GET /${'x'.repeat(64)}`, 414],
  ['a field that is too long', get('/', `A: ${'x'.repeat(128)}`), 431],
  ['too many fields', get('/', 'A: a', 'B: b', 'C: c'), 431],
  ['a body announced as too large', request('POST', '/', ['Content-Length: 11']), 413],
]

for (const [title, bytes, status] of broken) {
  test(
    `${title} gets ${status} and a closed connection`,
    served({ respond: hello, limits }, async (t, server) => {
      const client = await server.send(get('/') + bytes + get('/'))
      const answers = responses(client)
      t.deepEqual(
        answers.map((answer) => answer.status),
        [200, status],
      )
      t.is(answers[1]?.headers.connection, 'close')
      t.true(answers[1]?.isWhole)
      t.true(client.hasEnded)
      t.deepEqual(server.logged, [])
    }),
  )
}

const bodies: readonly [title: string, bytes: string, status: number][] = [
  ['chunks that become too many', 'Transfer-Encoding: chunked\r\n\r\n8\r\n12345678\r\n3\r\n', 413],
  ['a chunk that is none', 'Transfer-Encoding: chunked\r\n\r\n8 \r\n', 400],
  ['data without its end', 'Transfer-Encoding: chunked\r\n\r\n1\r\nabc', 400],
]

for (const [title, bytes, status] of bodies) {
  test(
    `${title} fail the reader of the body, are answered with ${status}, and close the connection`,
    served({ respond: async (_, request) => text(await request.text()), limits }, async (t, server) => {
      const client = await server.send(`POST / HTTP/1.1\r\nHost: a\r\n${bytes}`)
      const [response] = responses(client)
      t.like(response, { status })
      t.is(response?.headers.connection, 'close')
      t.true(client.hasEnded)
      t.deepEqual(server.logged, [])
    }),
  )
}

test(
  'a client that ends within its body is told so',
  served({ respond: async (_, request) => text(await request.text()) }, async (t, server) => {
    const client = server.connect()
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc')
    client.end()
    await server.settle()
    t.like(responses(client)[0], { status: 400 })
    t.true(client.hasEnded)
  }),
)

test(
  'a client that ends within its head is told so',
  served({ respond: hello }, async (t, server) => {
    const client = server.connect()
    client.write('GET / HT')
    client.end()
    await server.settle()
    t.like(responses(client)[0], { status: 400 })
    t.true(client.hasEnded)
  }),
)

for (const [title, head, body, status] of [
  ['a bad chunk size', 'Transfer-Encoding: chunked', 'x\r\n', 400],
  ['a chunk size with a bare LF', 'Transfer-Encoding: chunked', '1\na', 400],
  ['more than a body may be', 'Transfer-Encoding: chunked', '9\r\n', 413],
] as const) {
  test(
    `an answer made of the request’s body is not begun before there is some: ${title} is still ${status}`,
    served(
      { respond: (_, request) => stream(request.body), limits: { bodyBytesMax: 8 } },
      async (t, server) => {
        const client = await server.send(`POST / HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n${body}`)
        t.is(responses(client)[0]?.status, status)
        client.close()
        await server.settle()
        t.is(server.listening.connections, 0)
      },
    ),
  )
}
