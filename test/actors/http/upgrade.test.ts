/** Handing a connection over: only to who asks, with nothing lost that came ahead, and in the request's own context. */
import test from 'ava'
import { type Context, codeOf } from 'greenroom'
import {
  type Connection,
  type Converse,
  CurrentRequest,
  type Respond,
  text,
  tunnel,
  upgrade,
} from 'greenroom/actors'
import { get, request, responses, served } from './server.ts'

/** Sends back what comes, in capitals, until `bye`. */
const shout: Converse = function* (_ctx, connection) {
  const { input } = connection
  for (;;) {
    while (input.available === 0) {
      if (input.ended) return
      yield
    }
    const said = input.takeSome(1_000).toString()
    connection.write(said.toUpperCase())
    if (said.includes('bye')) return
  }
}

const ask = (offers: string, ...headers: string[]) =>
  get('/', 'Connection: keep-alive, Upgrade', `Upgrade: ${offers}`, ...headers)

const shouting: Respond<never> = () => upgrade('shout', shout, { headers: { 'x-volume': '11' } })

test(
  'a request that offers the protocol is answered with 101, and the bytes are the protocol’s from then on',
  served({ respond: shouting }, async (t, server) => {
    const client = await server.send(`${ask('other, Shout')}hello`)
    const head = client.text.slice(0, client.text.indexOf('\r\n\r\n'))
    t.regex(
      head,
      /^HTTP\/1\.1 101 Switching Protocols\r\nupgrade: shout\r\nconnection: upgrade\r\nx-volume: 11\r\ndate: /,
    )
    t.false(/content-length|transfer-encoding/i.test(head))
    t.true(client.text.endsWith('\r\n\r\nHELLO'))
    client.write('again')
    await server.settle()
    t.true(client.text.endsWith('AGAIN'))
    client.write('bye')
    await server.settle()
    t.true(client.text.endsWith('BYE'))
    t.true(client.hasEnded)
    t.false(client.wasReset)
  }),
)

for (const [title, bytes] of [
  ['no Upgrade field', get('/')],
  ['another protocol', ask('other')],
  ['an Upgrade that Connection does not name', get('/', 'Upgrade: shout')],
  ['HTTP/1.0', 'GET / HTTP/1.0\r\nConnection: upgrade\r\nUpgrade: shout\r\n\r\n'],
] as const) {
  test(
    `who did not ask for it is not switched, but told of a failure, as is the log: ${title}`,
    served({ respond: shouting }, async (t, server) => {
      const client = await server.send(`${bytes}hello`)
      t.deepEqual(
        responses(client).map(({ status }) => status),
        [500],
      )
      t.true(client.hasEnded)
      t.deepEqual(
        server.logged.map(({ code, level }) => [code, level]),
        [['HTTP_UPGRADE_UNASKED', 'error']],
      )
    }),
  )
}

test(
  'an Upgrade that the server does not care for is an ordinary request',
  served({ respond: () => text('plain') }, async (t, server) => {
    const client = await server.send(ask('h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__') + get('/'))
    t.deepEqual(
      responses(client).map(({ status, body }) => [status, body]),
      [
        [200, 'plain'],
        [200, 'plain'],
      ],
    )
  }),
)

test('a body is read before its connection is handed over', async (t) => {
  const respond: Respond<never> = async (_ctx, request) => {
    if (request.path === '/read') await request.bytes()
    return upgrade('shout', shout)
  }
  await served({ respond }, async (t, server) => {
    const headers = ['Connection: upgrade', 'Upgrade: shout']
    const early = await server.send(request('POST', '/', headers, 'body'))
    t.is(responses(early)[0]?.status, 500)
    t.is(server.logged[0]?.code, 'HTTP_UPGRADE_EARLY')
    const read = await server.send(`${request('POST', '/read', headers, 'body')}hello`)
    t.true(read.text.endsWith('\r\n\r\nHELLO'))
    read.close()
    await server.settle()
  })(t)
})

test('the request’s context is the conversation’s, without the deadline for an answer, and ends with it', async (t) => {
  let ctx: Context | undefined
  let path: string | undefined
  await served(
    {
      respond: () =>
        upgrade('wait', function* (given: Context<typeof CurrentRequest>) {
          ctx = given as unknown as Context
          path = given.get(CurrentRequest).path
          yield
          yield
        }),
      limits: { responseTimeoutMs: 100 },
    },
    async (t, server) => {
      const client = await server.send(ask('wait'))
      await server.advance(1_000)
      t.is(path, '/')
      t.false(ctx?.isCancelled)
      client.reset()
      await server.settle()
      t.true(ctx?.isCancelled)
    },
  )(t)
})

test(
  'a protocol that says nothing of its waits has the connection’s idle timeout',
  served({ respond: shouting, connection: { idleTimeoutMs: 500 } }, async (t, server) => {
    const client = await server.send(ask('shout'))
    await server.advance(499)
    client.write('a')
    await server.advance(499)
    t.false(client.hasEnded)
    await server.advance(1)
    t.true(client.hasEnded)
  }),
)

test('a conversation that fails ends its connection alone, with a reset and an error in the log', async (t) => {
  await served(
    {
      respond: () =>
        upgrade('fail', function* (_ctx: unknown, connection: Connection) {
          while (connection.input.available === 0) yield
          throw new Error('boom')
        }),
    },
    async (t, server) => {
      const client = await server.send(ask('fail'))
      client.write('x')
      await server.settle()
      t.true(client.wasReset)
      t.true(server.logged.some(({ level, message }) => level === 'error' && message.includes('boom')))
      t.is(server.listening.connections, 0)
    },
  )(t)
})

const connect = 'CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n'

test(
  'CONNECT opens a tunnel: 200 without any framing',
  served({ respond: () => tunnel(shout) }, async (t, server) => {
    const client = await server.send(`${connect}through`)
    t.regex(client.text, /^HTTP\/1\.1 200 OK\r\ndate: [^\r]+\r\n\r\nTHROUGH$/)
    client.close()
    await server.settle()
  }),
)

test(
  'a CONNECT that is refused ends the connection: what follows was meant for the tunnel',
  served({ respond: () => text('no\n', { status: 405 }) }, async (t, server) => {
    const client = await server.send(connect + get('/smuggled'))
    t.deepEqual(
      responses(client).map(({ status, headers }) => [status, headers.connection]),
      [[405, 'close']],
    )
    t.true(client.hasEnded)
  }),
)

test(
  '2xx to CONNECT that is no tunnel is the handler’s mistake, as a tunnel for another method is',
  served({ respond: (_, { path }) => (path === '/t' ? tunnel(shout) : text('x')) }, async (t, server) => {
    t.is((await server.ask(connect))[0]?.status, 500)
    t.is((await server.ask(get('/t')))[0]?.status, 500)
    t.deepEqual(
      server.logged.map(({ code }) => code),
      ['HTTP_CONNECT_ANSWER', 'HTTP_UPGRADE_UNASKED'],
    )
  }),
)

test('the name of a protocol and its fields are checked: nothing can be injected', (t) => {
  for (const headers of [{ a: 'b\r\nc: d' }, { connection: 'close' }, { 'content-length': 1 }]) {
    const error = t.throws(() => upgrade('x', shout, { headers }))
    t.true(['HTTP_HEADER_INVALID', 'HTTP_HEADER_RESERVED'].includes(codeOf(error)))
  }
})

for (const name of ['a b', 'a/b/c d', 'a/', '/a', 'a/b/c']) {
  test(
    `a protocol whose name is none is the handler’s mistake: ${name}`,
    served({ respond: () => upgrade(name, shout) }, async (t, server) => {
      t.is((await server.ask(ask(name)))[0]?.status, 500)
      t.is(server.logged[0]?.code, 'HTTP_UPGRADE_INVALID')
    }),
  )
}
