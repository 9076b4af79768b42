/**
 * The law: what a client gets depends on its bytes alone, and not on how they were cut on their way, nor on what else
 * happened between two pieces.
 */
import test from 'ava'
import { type HttpRequest, type Respond, stream, text } from 'greenroom/actors'
import { get, request, responses, served } from './server.ts'

const respond: Respond<never> = (ctx, { method, path, body }: HttpRequest) => {
  if (path === '/echo') return stream(body)
  if (path === '/later') return ctx.after(0).then(() => text('later'))
  if (path === '/unread') return text('unread')
  return text(`${method} ${path}`)
}

const chunked = 'POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n'

/** Several requests on one connection, and what comes back. */
const programs: readonly [title: string, bytes: string, methods: string[], answers: string[]][] = [
  [
    'pipelined requests of every kind, kept alive until one asks to close',
    [
      get('/a'),
      request('POST', '/echo', [], 'with length'),
      `${chunked}4;x=y\r\nchun\r\n3\r\nked\r\n0\r\nX-Sum: 7\r\n\r\n`,
      request('HEAD', '/b'),
      get('/later'),
      request('POST', '/unread', [], 'nobody reads this'),
      `\r\n${get('/c')}`,
      'GET /old HTTP/1.0\r\nConnection: keep-alive\r\n\r\n',
      get('/d', 'Connection: close'),
      get('/never'),
    ].join(''),
    ['GET', 'POST', 'POST', 'HEAD', 'GET', 'POST', 'GET', 'GET', 'GET'],
    ['GET /a', 'with length', 'chunked', '', 'later', 'unread', 'GET /c', 'GET /old', 'GET /d'],
  ],
  ['HTTP/1.0', `GET /a HTTP/1.0\r\n\r\n${get('/never')}`, [], ['GET /a']],
  ['a body streamed to HTTP/1.0', 'POST /echo HTTP/1.0\r\nContent-Length: 2\r\n\r\nhi', [], ['hi']],
  [
    'a malformed request behind a good one',
    `${get('/a')}GET  /b HTTP/1.1\r\n\r\n${get('/c')}`,
    [],
    ['GET /a', ''],
  ],
  ['a malformed chunk that nobody reads', `${chunked.replace('echo', 'unread')}zz\r\n`, [], ['unread']],
]

for (const [title, bytes, methods, answers] of programs) {
  test(
    `the same answers wherever it is cut: ${title}`,
    served({ respond }, async (t, server) => {
      const whole = await server.send(bytes)
      await server.settle()
      const expected = responses(whole, ...methods)
      t.deepEqual(
        expected.map(({ body, status }) => (status === 200 ? body : '')),
        answers,
      )
      t.true(expected.every(({ isWhole }) => isWhole))
      t.true(whole.hasEnded)

      const halves = Array.from({ length: bytes.length - 1 }, (_, at) => at + 1)
      for (let first = 0; first < halves.length; first += 200) {
        const clients = halves.slice(first, first + 200).map((at) => ({ at, client: server.connect() }))
        for (const { client, at } of clients) client.write(bytes.slice(0, at))
        await server.settle()
        for (const { client, at } of clients) client.write(bytes.slice(at))
        await server.settle()
        for (const { client, at } of clients)
          t.deepEqual(responses(client, ...methods), expected, `cut at ${at}`)
        for (const { client } of clients) client.close()
        await server.settle()
      }

      const bytewise = await server.send(bytes, { pieceBytes: 1 })
      t.deepEqual(responses(bytewise, ...methods), expected)
      const dripping = server.connect()
      for (const byte of bytes) {
        dripping.write(byte)
        server.simulation.turn()
        await null
      }
      await server.settle()
      t.deepEqual(responses(dripping, ...methods), expected)
      for (const client of [whole, bytewise, dripping]) client.close()
      await server.settle()
      t.is(server.listening.connections, 0)
    }),
  )
}
