/** The third face: a handler of the Fetch standard, what it is given and how its responses are sent. */
import test from 'ava'
import { CurrentRequest, type Fetch, http } from 'greenroom/actors'
import { get, request, responses, served } from '../server.ts'

/** A server whose handler gives a new response to each request. */
const giving = (make: () => unknown) => ({ fetch: (() => make()) as unknown as Fetch<never> })

test(
  'a response that is returned at once leaves in the same turn, one of a promise when it comes',
  served(
    {
      fetch(request, { ctx }) {
        const answer = new Response(new URL(request.url).pathname)
        return request.url.endsWith('/late') ? ctx.after(10).then(() => answer) : answer
      },
    },
    async (t, server) => {
      const client = await server.send(get('/a') + get('/late') + get('/b'))
      t.deepEqual(
        responses(client).map(({ body }) => body),
        ['/a'],
      )
      await server.advance(10)
      t.deepEqual(
        responses(client).map(({ body }) => body),
        ['/a', '/late', '/b'],
      )
    },
  ),
)

test(
  'a handler has the request’s context, the request itself and the peer’s address',
  served(
    {
      fetch(request, { ctx, request: own, remote }) {
        return Response.json([
          ctx.get(CurrentRequest) === own,
          own.target,
          remote,
          ctx.isCancelled,
          request.method,
          Number.isFinite(ctx.deadlineMs),
        ])
      },
    },
    async (t, server) => {
      const client = await server.send(get('/a?b'))
      t.deepEqual(JSON.parse(responses(client)[0]?.body as string), [
        true,
        '/a?b',
        client.local,
        false,
        'GET',
        true,
      ])
    },
  ),
)

const sent: readonly [title: string, make: () => Response, status: number, head: object, body: string][] = [
  [
    'text',
    () => new Response('grün'),
    200,
    { 'content-type': 'text/plain;charset=UTF-8', 'content-length': '5' },
    'grÃ¼n',
  ],
  [
    'bytes',
    () => new Response(Buffer.from([0, 255])),
    200,
    { 'content-length': '2', 'content-type': undefined },
    '\0ÿ',
  ],
  ['nothing', () => new Response(), 200, { 'content-length': '0', 'content-type': undefined }, ''],
  ['a blob', () => new Response(new Blob(['abc'], { type: 'a/b' })), 200, { 'content-type': 'a/b' }, 'abc'],
  [
    'parameters',
    () => new Response(new URLSearchParams({ a: 'b' })),
    200,
    { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
    'a=b',
  ],
  [
    'json',
    () => Response.json({ a: 1 }, { status: 201 }),
    201,
    { 'content-type': 'application/json', 'content-length': '7' },
    '{"a":1}',
  ],
  [
    'a redirection',
    () => Response.redirect('http://a/b', 302),
    302,
    { location: 'http://a/b', 'content-length': '0' },
    '',
  ],
  ['no content', () => new Response(null, { status: 204 }), 204, { 'content-length': undefined }, ''],
  ['reset content', () => new Response(null, { status: 205 }), 205, { 'content-length': '0' }, ''],
  [
    'a stream',
    () => new Response(new Blob(['abc']).stream()),
    200,
    { 'transfer-encoding': 'chunked' },
    'abc',
  ],
  [
    'a stream of a known length',
    () => new Response(new Blob(['abc']).stream(), { headers: { 'content-length': '3' } }),
    200,
    { 'content-length': '3', 'transfer-encoding': undefined },
    'abc',
  ],
  [
    'a stream whose length is none',
    () => new Response(new Blob(['abc']).stream(), { headers: { 'content-length': 'three' } }),
    200,
    { 'content-length': undefined, 'transfer-encoding': 'chunked' },
    'abc',
  ],
  [
    'a length that is not the text’s',
    () => new Response('abc', { headers: { 'content-length': '5', 'transfer-encoding': 'chunked' } }),
    200,
    { 'content-length': '3', 'transfer-encoding': undefined },
    'abc',
  ],
  [
    'a length of nothing',
    () => new Response(null, { headers: { 'content-length': '5' } }),
    200,
    { 'content-length': '0' },
    '',
  ],
  [
    'changed headers',
    () => {
      const response = new Response('abc', { headers: { a: 'b' } })
      response.headers.set('x-c', 'd')
      response.headers.delete('a')
      return response
    },
    200,
    { 'x-c': 'd', a: undefined, 'content-type': 'text/plain;charset=UTF-8' },
    'abc',
  ],
  [
    'what was passed on unread, as a whole',
    () => {
      const inner = new Response('abc', { status: 203 })
      const middle = new Response(inner.body, inner)
      return new Response(middle.body, middle)
    },
    203,
    { 'content-length': '3' },
    'abc',
  ],
  ['one of two clones', () => new Response('abc').clone(), 200, { 'content-length': '3' }, 'abc'],
  [
    'what was cloned after its stream was seen',
    () => {
      const response = new Response('abc')
      void response.body
      response.clone()
      return response
    },
    200,
    { 'content-length': '3' },
    'abc',
  ],
  [
    'a clone whose stream was seen',
    () => {
      const response = new Response('abc')
      void response.body
      return response.clone()
    },
    200,
    { 'content-length': '3' },
    'abc',
  ],
]

for (const [title, make, status, head, body] of sent) {
  test(`sends ${title}`, async (t) => {
    await served(giving(make), async (t, server) => {
      const client = server.connect()
      client.write(get('/', 'Connection: close'))
      await server.simulation.waitFor(client.until(({ hasEnded }) => hasEnded))
      const [response] = responses(client)
      t.like(response, { status, body, isWhole: true })
      t.like(response?.headers, head)
      t.deepEqual(server.logged, [])
    })(t)
  })
}

test(
  'every cookie has its own line',
  served(
    giving(() => {
      const response = new Response('x', {
        headers: [
          ['set-cookie', 'a=1'],
          ['Set-Cookie', 'b=2'],
        ],
      })
      response.headers.append('set-cookie', 'c=3')
      return response
    }),
    async (t, server) => {
      const { text } = await server.send(get('/'))
      t.deepEqual(text.match(/^set-cookie: .*$/gm), ['set-cookie: a=1', 'set-cookie: b=2', 'set-cookie: c=3'])
    },
  ),
)

const closing: readonly [value: string, ends: boolean][] = [
  ['close', true],
  ['x-hop, Close', true],
  ['keep-alive', false],
  ['closed', false],
]

for (const [value, ends] of closing) {
  test(`connection: ${value} ${ends ? 'ends' : 'does not end'} the connection behind the answer`, async (t) => {
    await served(
      giving(() => new Response('x', { headers: { connection: value } })),
      async (t, server) => {
        const client = await server.send(get('/'))
        t.is(client.hasEnded, ends)
        t.is(responses(client)[0]?.headers.connection, ends ? 'close' : undefined)
      },
    )(t)
  })
}

const heads: readonly [title: string, make: () => Response, head: object][] = [
  ['text', () => new Response('abc'), { 'content-length': '3' }],
  ['nothing: no length is claimed', () => new Response(null), { 'content-length': undefined }],
  [
    'nothing of a length',
    () => new Response(null, { headers: { 'content-length': '7' } }),
    { 'content-length': '7' },
  ],
  [
    'a stream of a length',
    () => new Response(new Blob(['abc']).stream(), { headers: { 'content-length': '3' } }),
    { 'content-length': '3' },
  ],
  [
    'no content',
    () => new Response(null, { status: 204 }),
    { 'content-length': undefined, 'transfer-encoding': undefined },
  ],
]

for (const [title, make, head] of heads) {
  test(`answers HEAD with ${title}`, async (t) => {
    await served(giving(make), async (t, server) => {
      const client = await server.send(request('HEAD', '/') + request('HEAD', '/'))
      const both = responses(client, 'HEAD', 'HEAD')
      t.is(both.length, 2)
      for (const { headers } of both) t.like(headers, head)
    })(t)
  })
}

const faults: readonly [title: string, make: () => unknown, code: string, says: RegExp][] = [
  ['undefined', () => undefined, 'HTTP_NOT_A_RESPONSE', /gives a Response, .* not undefined$/],
  ['a string', () => 'secret', 'HTTP_NOT_A_RESPONSE', /not a string$/],
  ['a promise of null', () => Promise.resolve(null), 'HTTP_NOT_A_RESPONSE', /not null$/],
  ['another object', () => new Map(), 'HTTP_NOT_A_RESPONSE', /not an object of Map$/],
  ['a request', () => new Request('http://a'), 'HTTP_NOT_A_RESPONSE', /not an object of Request$/],
  ['what fell from the sky', () => Object.create(null), 'HTTP_NOT_A_RESPONSE', /not an object$/],
  ['an error of the network', () => Response.error(), 'HTTP_STATUS_INTERIM', /0 is no status/],
  [
    'a body that was read',
    async () => {
      const response = new Response('secret')
      await response.text()
      return response
    },
    'HTTP_BODY_USED',
    /body of a response has been read or sent before/,
  ],
  [
    'a stream that was read',
    async () => {
      const response = new Response(new Blob(['secret']).stream())
      await response.text()
      return response
    },
    'HTTP_BODY_USED',
    /has been read/,
  ],
  [
    'a body that is locked',
    () => {
      const response = new Response('secret')
      response.body?.getReader()
      return response
    },
    'HTTP_BODY_USED',
    /is locked to a reader/,
  ],
  [
    'a field that cannot be sent',
    () => new Response('secret', { headers: { a: '\u0001' } }),
    'HTTP_HEADER_INVALID',
    /"a"/,
  ],
  [
    'an exception',
    () => {
      throw new RangeError('secret')
    },
    'UNKNOWN',
    /secret/,
  ],
  ['a rejection', () => Promise.reject(new RangeError('secret')), 'UNKNOWN', /secret/],
]

for (const [title, make, code, says] of faults) {
  test(`${title} is answered with 500 and told to the log, and the connection lives on`, async (t) => {
    let count = 0
    await served(
      giving(() => (count++ === 0 ? make() : new Response('next'))),
      async (t, server) => {
        const client = server.connect()
        client.write(get('/') + get('/'))
        await server.simulation.waitFor(client.until(({ text }) => text.includes('next')))
        t.deepEqual(
          responses(client).map(({ status }) => status),
          [500, 200],
        )
        t.false(client.text.includes('secret'))
        t.is(server.logged.length, 1)
        t.like(server.logged[0], { level: 'error', code })
        t.regex(server.logged[0]?.message as string, says)
      },
    )(t)
  })
}

/** A response whose stream somebody has looked at. */
function seen(response: Response): Response {
  void response.body
  return response
}

test('a response can be sent once, unless it has no body', async (t) => {
  for (const [response, statuses] of [
    [new Response('x'), [200, 500]],
    [seen(new Response('x')), [200, 500]],
    [new Response(new Blob(['x']).stream()), [200, 500]],
    [new Response(null, { status: 404 }), [404, 404]],
  ] as const) {
    await served(
      giving(() => response),
      async (t, server) => {
        const answers = await server.ask(get('/') + get('/'))
        t.deepEqual(
          answers.map(({ status }) => status),
          statuses,
        )
      },
    )(t)
    t.is(response.bodyUsed, response.body !== null)
  }
})

test('responses of other implementations are sent as they are', async (t) => {
  async function* pieces() {
    yield 'ab'
    yield Buffer.from('c')
  }
  const other = {
    status: 202,
    headers: new Map([
      ['X-A', 'b'],
      ['Content-Length', '3'],
    ]),
    body: pieces(),
  }
  await served(
    giving(() => other),
    async (t, server) => {
      const [response] = await server.ask(get('/'))
      t.like(response, { status: 202, body: 'abc', isWhole: true })
      t.like(response?.headers, { 'x-a': 'b', 'content-length': '3' })
    },
  )(t)
})

test('what fetch has decoded is not called encoded', async (t) => {
  const from = (url: string, coding: string) => ({
    status: 200,
    url,
    headers: new Headers({ 'content-encoding': coding, 'content-length': '2', etag: '"a"' }),
    body: new Blob(['decoded']).stream(),
  })
  const table: readonly [url: string, coding: string, sent: string | undefined][] = [
    ['http://a/', 'gzip', undefined],
    ['http://a/', 'gzip, BR', undefined],
    ['http://a/', 'unheard', 'unheard'],
  ]
  for (const [url, coding, left] of table) {
    await served(
      giving(() => from(url, coding)),
      async (t, server) => {
        const client = await server.send(get('/'))
        const [response] = responses(client)
        t.is(response?.headers['content-encoding'], left)
        t.is(response?.headers.etag, '"a"')
        if (left === undefined) t.like(response, { body: 'decoded', isWhole: true })
      },
    )(t)
  }
  await served(
    giving(() => new Response('made here', { headers: { 'content-encoding': 'gzip' } })),
    async (t, server) => {
      const [response] = await server.ask(get('/'))
      t.is(response?.headers['content-encoding'], 'gzip')
    },
  )(t)
})

test('what goes on behind the answer is not waited for, and its failure is told to the log', async (t) => {
  const seen: string[] = []
  await served(
    {
      fetch(_request, { ctx }, execution) {
        t.is(execution.passThroughOnException(), undefined)
        t.deepEqual(execution.props, {})
        execution.waitUntil(ctx.clock.after(10).then(() => seen.push('done')))
        execution.waitUntil(
          ctx.clock.after(20).then(() => {
            throw new RangeError('too late')
          }),
        )
        return new Response('x')
      },
    },
    async (t, server) => {
      t.is((await server.ask(get('/a')))[0]?.status, 200)
      t.deepEqual(seen, [])
      await server.advance(10)
      t.deepEqual([seen, server.logged], [['done'], []])
      await server.advance(10)
      t.deepEqual(server.logged, [
        { level: 'error', code: 'UNKNOWN', message: 'what GET /a left to be done failed: too late' },
      ])
    },
  )(t)
})

test('a body that is no JSON is its sender’s fault: 400, and no word to the log above debug', async (t) => {
  await served(
    {
      async fetch(request) {
        return Response.json(await request.json())
      },
    },
    async (t, server) => {
      const answers = await server.ask(request('POST', '/', [], '{"a":') + request('POST', '/', [], '[1]'))
      t.deepEqual(
        answers.map(({ status, body }) => [status, body]),
        [
          [400, 'the body is not JSON\n'],
          [200, '[1]'],
        ],
      )
      t.false(server.logged.some(({ level }) => level !== 'debug'))
    },
  )(t)
})

test('what is no JSON of our own is our fault', async (t) => {
  await served(
    giving(async () => JSON.parse('{')),
    async (t, server) => {
      t.is((await server.ask(get('/')))[0]?.status, 500)
      t.is(server.logged[0]?.level, 'error')
    },
  )(t)
})

const refused: readonly [title: string, bytes: string, status: number][] = [
  ['CONNECT', 'CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n', 501],
  ['TRACE', 'TRACE / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
  ['TRACK', 'TRACK / HTTP/1.1\r\nHost: a\r\n\r\n', 501],
  ['a host that no URL can have', 'GET / HTTP/1.1\r\nHost: 1.2.3.4.5\r\n\r\n', 400],
]

for (const [title, bytes, status] of refused) {
  test(`${title} is refused before the handler is asked`, async (t) => {
    await served(
      giving(() => t.fail()),
      async (t, server) => {
        t.is((await server.ask(bytes))[0]?.status, status)
        t.deepEqual(server.logged, [])
      },
    )(t)
  })
}

test('a body of GET is skipped: Fetch knows none', async (t) => {
  await served(
    { fetch: async (request) => new Response(`${request.method} ${request.body} ${await request.text()}`) },
    async (t, server) => {
      const answers = await server.ask(request('GET', '/', [], 'body') + request('POST', '/', [], ''))
      t.deepEqual(
        answers.map(({ body }) => body),
        ['GET null ', 'POST null '],
      )
    },
  )(t)
})

test('http takes one face, and fetch must be a function', (t) => {
  const fetch = () => new Response()
  const respond = () => undefined as never
  t.throws(() => http({ fetch, respond }), { code: 'HTTP_FACE' })
  t.throws(() => http({ fetch, serve: respond as never }), { code: 'HTTP_FACE' })
  t.throws(() => http({ fetch: { fetch } as never }), { code: 'HTTP_FACE', message: /in Hono `app.fetch`/ })
})
