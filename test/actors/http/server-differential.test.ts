/** Over real sockets, the same valid requests get the same answers from us as from node:http. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import test from 'ava'
import { createSystem, silentLog } from 'greenroom'
import { http, listen, status, stream, text } from 'greenroom/actors'
import { get, request, responses } from './server.ts'

const chunked = (path: string, ...pieces: string[]) =>
  [
    `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ...pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`),
    '0\r\n\r\n',
  ].join('')

const last = get('/last', 'Connection: close')

const table: readonly [title: string, bytes: string, ...methods: string[]][] = [
  ['one', get('/a', 'Connection: close')],
  ['pipelined', get('/a') + get('/b?c=d') + last],
  ['HEAD', request('HEAD', '/a') + last, 'HEAD'],
  ['HEAD of a stream', request('HEAD', '/stream') + last, 'HEAD'],
  ['a body with a length', request('POST', '/echo', [], 'hello') + last],
  ['an empty body', request('POST', '/echo', [], '') + last],
  ['a body in chunks', chunked('/echo', 'one', 'two', 'three') + last],
  ['a large body', request('POST', '/echo', [], 'x'.repeat(1_000_000)) + last],
  ['a body that nobody reads', request('POST', '/a', [], 'x'.repeat(100_000)) + last],
  ['a stream', get('/stream') + last],
  ['no content', get('/status/204') + last],
  ['not modified', get('/status/304') + last],
  ['not found', get('/status/404') + last],
  ['HTTP/1.0', 'GET /a HTTP/1.0\r\n\r\n'],
  ['HTTP/1.0 that stays', `GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n${last}`],
  ['a stream to HTTP/1.0', 'GET /stream HTTP/1.0\r\n\r\n'],
  ['a stream to HTTP/1.0 that would stay', 'GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n'],
  ['expecting to continue', request('POST', '/echo', ['Expect: 100-continue', 'Connection: close'], 'body')],
  ['another method', request('PROPFIND', '/a') + last],
  ['empty lines between', `${request('POST', '/echo', [], 'x')}\r\n${last}`],
  ['folded options', get('/a', 'Connection: x, Close')],
]

const pieces = ['one ', 'two ', 'three']

async function ours() {
  const system = createSystem({ log: silentLog })
  const server = await listen(system.ctx, {
    endpoint: 'tcp:127.0.0.1:0',
    protocol: http({
      respond(_ctx, { method, target, path, body }) {
        if (path === '/echo') return stream(body)
        if (path === '/stream') return stream(pieces)
        const code = /^\/status\/(\d+)$/.exec(path)?.[1]
        return code === undefined ? text(`${method} ${target}`) : status(Number(code))
      },
    }),
  })
  return { port: server.port as number, stop: () => system.stop() }
}

async function theirs() {
  const server: Server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { method, url = '' } = request
    const code = /^\/status\/(\d+)$/.exec(url)?.[1]
    if (url === '/echo') request.pipe(response)
    else if (url === '/stream') {
      for (const piece of pieces) response.write(piece)
      response.end()
    } else if (code !== undefined) response.writeHead(Number(code)).end()
    else {
      // Said by hand: without it, node closes a connection of HTTP/1.0 that would stay.
      const body = `${method} ${url}`
      response.setHeader('Content-Length', body.length).end(body)
    }
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  return { port: (server.address() as { port: number }).port, stop: async () => void server.close() }
}

/** Sends all and reads to the end, which every program of the table asks for. */
function converse(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk) => {
      text += chunk
    })
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
    socket.write(bytes, 'latin1')
  })
}

/** What matters to a client. An interim response may be left out where the body is there already. */
function essence(text: string, methods: string[]) {
  return responses({ text, hasEnded: true }, ...methods)
    .filter(({ status }) => status >= 200)
    .map(({ status, body, isWhole }) => ({ status, body, isWhole }))
}

test('the same valid requests get the same statuses and bodies', async (t) => {
  const servers = await Promise.all([ours(), theirs()])
  t.teardown(() => Promise.all(servers.map(({ stop }) => stop())))
  for (const [title, bytes, ...methods] of table) {
    const [mine, other] = await Promise.all(servers.map(({ port }) => converse(port, bytes)))
    t.deepEqual(essence(mine as string, methods), essence(other as string, methods), title)
  }
})
