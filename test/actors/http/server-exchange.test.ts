/** Which connection lives on after an answer, what an answer to each kind of request looks like, and what became of its body. */
import test from 'ava'
import { HttpResponse, json, type Respond, status, stream, text } from 'greenroom/actors'
import { get, request, responses, served } from './server.ts'

const respond: Respond<never> = async (_ctx, request) => {
  switch (request.path) {
    case '/echo':
      return stream(request.body, { type: 'text/plain' })
    case '/upper':
      return text((await request.text()).toUpperCase())
    case '/json':
      return json({ got: await request.json() })
    case '/status':
      return status(Number(request.query.get('code')))
    case '/empty-stream':
      return stream([])
    case '/unicode':
      return text('grün')
    default:
      return text(`${request.method} ${request.target}`)
  }
}

const old = (path: string, ...headers: string[]) => [`GET ${path} HTTP/1.0`, ...headers, '', ''].join('\r\n')

const lives: readonly [title: string, bytes: string, connection: string | undefined, isKept: boolean][] = [
  ['1.1', get('/'), undefined, true],
  ['1.1 with Connection: close', get('/', 'Connection: close'), 'close', false],
  ['1.0', old('/'), 'close', false],
  ['1.0 with Connection: keep-alive', old('/', 'Connection: keep-alive'), 'keep-alive', true],
  ['1.1 streamed', get('/empty-stream'), undefined, true],
  ['1.0 streamed', old('/empty-stream'), 'close', false],
  [
    '1.0 streamed with Connection: keep-alive, since only its end ends the body',
    old('/empty-stream', 'Connection: keep-alive'),
    'close',
    false,
  ],
  ['HEAD of a stream', request('HEAD', '/empty-stream'), undefined, true],
  ['204', get('/status?code=204'), undefined, true],
  ['304', get('/status?code=304'), undefined, true],
  ['404', get('/status?code=404'), undefined, true],
]

for (const [title, bytes, connection, isKept] of lives) {
  test(
    `the connection ${isKept ? 'lives on' : 'ends'} after ${title}`,
    served({ respond }, async (t, server) => {
      const client = await server.send(bytes)
      const method = bytes.startsWith('HEAD') ? 'HEAD' : 'GET'
      const [response] = responses(client, method)
      t.is(response?.headers.connection, connection)
      t.is(client.hasEnded, !isKept)
      client.write(get('/again'))
      await server.settle()
      t.is(responses(client, method).length, isKept ? 2 : 1)
    }),
  )
}

test(
  'HEAD is answered as GET, without the body',
  served({ respond }, async (t, server) => {
    for (const path of ['/', '/unicode', '/empty-stream', '/status?code=404', '/status?code=204']) {
      const [got] = await server.ask(get(path))
      const [headed] = await server.ask(request('HEAD', path), 'HEAD')
      if (path !== '/') t.deepEqual(headed?.headers, got?.headers, path)
      t.is(headed?.status, got?.status)
      t.is(headed?.body, '')
    }
  }),
)

test(
  'length is counted in bytes, not in characters',
  served({ respond }, async (t, server) => {
    const [response] = await server.ask(get('/unicode'))
    t.is(response?.headers['content-length'], '5')
    t.is(Buffer.from(response?.body ?? '', 'latin1').toString(), 'grün')
  }),
)

test(
  'a body is there as text and as JSON, and what is no JSON is the client’s fault',
  served({ respond }, async (t, server) => {
    const [upper] = await server.ask(request('POST', '/upper', [], 'abc'))
    t.is(upper?.body, 'ABC')
    const [good] = await server.ask(request('POST', '/json', [], '{"a":1}'))
    t.is(good?.body, '{"got":{"a":1}}')
    const [bad] = await server.ask(request('POST', '/json', [], '{"a":'))
    t.like(bad, { status: 400, body: 'the body is not JSON\n' })
    t.deepEqual(server.logged, [])
  }),
)

test(
  'a client that expects it is told to continue once its body is wanted, and before the answer',
  served({ respond }, async (t, server) => {
    for (const path of ['/upper', '/echo']) {
      const client = server.connect()
      client.write(`POST ${path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n`)
      await server.settle()
      t.true(client.text.startsWith('HTTP/1.1 100 Continue\r\n\r\n'), path)
      client.write('body')
      await server.settle()
      t.deepEqual(
        responses(client).map(({ status }) => status),
        [100, 200],
      )
      t.false(client.hasEnded)
    }
  }),
)

test(
  'a client that sends its body unasked is not told to continue',
  served({ respond }, async (t, server) => {
    const client = await server.send(request('POST', '/upper', ['Expect: 100-continue'], 'body'))
    t.deepEqual(
      responses(client).map(({ body }) => body),
      ['BODY'],
    )
  }),
)

test(
  'where the body was not wanted after all, nobody knows whether it will come: the connection ends',
  served({ respond }, async (t, server) => {
    const client = server.connect()
    client.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n')
    await server.settle()
    t.deepEqual(
      responses(client).map(({ status, headers }) => [status, headers.connection]),
      [[200, 'close']],
    )
    t.true(client.hasEnded)
  }),
)

test(
  'after the head of an answer there is no 100 Continue, however late the body is asked for',
  served(
    {
      respond: ({ clock }, { body }) =>
        stream(
          (async function* () {
            await clock.after(10)
            yield* body
          })(),
        ),
    },
    async (t, server) => {
      const client = server.connect()
      client.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n')
      await server.settle()
      await server.advance(20)
      client.write('body')
      await server.settle()
      const [response] = responses(client)
      t.like(response, { status: 200, body: 'body', isWhole: true })
    },
  ),
)

test(
  'an answer may come before the body; the rest of it is skipped, and the next request is read',
  served({ respond }, async (t, server) => {
    const client = server.connect()
    client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nabc')
    await server.settle()
    t.is(responses(client).length, 1)
    for (let sent = 3; sent < 100_000; sent += 9_997) {
      client.write('x'.repeat(Math.min(9_997, 100_000 - sent)))
      await server.settle()
    }
    t.is(responses(client).length, 1)
    client.write(get('/next'))
    await server.settle()
    t.is(responses(client)[1]?.body, 'GET /next')
  }),
)

test(
  'an unread body is skipped up to a bound; beyond it the connection ends',
  served({ respond, limits: { unreadBodyBytesMax: 1_000 } }, async (t, server) => {
    const within = await server.send(request('POST', '/', [], 'x'.repeat(1_000)) + get('/next'))
    t.is(responses(within).length, 2)
    const beyond = await server.send(request('POST', '/', [], 'x'.repeat(1_001)) + get('/next'))
    t.is(responses(beyond).length, 1)
    t.true(beyond.hasEnded)
  }),
)

test('who goes on reading a body after the answer is told that it is over', async (t) => {
  let late: Promise<unknown> | undefined
  await served(
    {
      respond(_ctx, request) {
        late ??= request.text().then(
          () => 'all of it',
          (error: { code?: string }) => error.code,
        )
        return text('early')
      },
    },
    async (t, server) => {
      const client = await server.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nabc')
      client.write(`def${get('/next')}`)
      await server.settle()
      t.is(responses(client).length, 2)
      t.is(await server.simulation.waitFor(late as Promise<unknown>), 'HTTP_BODY_OVER')
    },
  )(t)
})

test(
  'a final answer with an interim status is the handler’s mistake',
  served({ respond }, async (t, server) => {
    for (const code of [100, 101, 199]) {
      const [response] = await server.ask(get(`/status?code=${code}`))
      t.is(response?.status, 500, String(code))
    }
  }),
)

test('one response object may answer any number of requests', async (t) => {
  const hello = new HttpResponse(200, { 'x-a': ['1', '2'] }, 'hello')
  await served({ respond: () => hello }, async (t, server) => {
    const answers = await server.ask(get('/').repeat(100))
    t.is(answers.length, 100)
    t.true(answers.every(({ body }) => body === 'hello'))
  })(t)
})
