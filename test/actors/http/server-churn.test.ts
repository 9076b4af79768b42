/** Connections that come and go in every way leave nothing behind: no actor, no timer, no port, no request that is still thought about. */
import { connect } from 'node:net'
import test from 'ava'
import { createSystem, nextFraction, silentLog } from 'greenroom'
import { http, listen, type Respond, stream, text } from 'greenroom/actors'
import { checkLeaks, createSeededRandom, holdings, type MemoryClient } from 'greenroom/testing'
import { get, request, served } from './server.ts'

const CONNECTIONS = 10_000
const BATCH = 500

const chunked = 'POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n'

/** What clients say before they die. */
const lives = [
  '',
  'GET',
  get('/hello'),
  get('/hello').repeat(20),
  get('/slow'),
  get('/never'),
  get('/stream'),
  get('/large'),
  request('POST', '/echo', [], 'x'.repeat(1_000)),
  'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nonly this',
  'POST /text HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n',
  'POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n',
  chunked,
  `${chunked}0\r\n\r\n${get('/hello')}`,
  `${chunked}zz\r\n`,
  get('/boom'),
  get('/broken'),
  'GET / HTTP/1.0\r\n\r\n',
  'nonsense\r\n\r\n',
  '\x16\x03\x01',
]

test('ten thousand connections that die in every way leave nothing', async (t) => {
  let pending = 0
  /** Notes work for a request until it ends in one way or another. */
  const noted = <T>(work: Promise<T>) => {
    pending += 1
    return work.finally(() => {
      pending -= 1
    })
  }
  const respond: Respond<never> = (ctx, request) => {
    switch (request.path) {
      case '/slow':
        return noted(Promise.resolve(ctx.after(5)).then(() => text('slow')))
      case '/never':
        return noted(Promise.resolve(ctx.after(1e9)).then(() => text('never')))
      case '/stream':
        return stream(
          (async function* () {
            pending += 1
            try {
              for (let ms = 7; ; ms *= 2) {
                yield 'tick'
                await ctx.after(ms)
              }
            } finally {
              pending -= 1
            }
          })(),
        )
      case '/large':
        return text('x'.repeat(200_000))
      case '/echo':
        return stream(request.body)
      case '/text':
        return noted(request.text()).then(text)
      case '/boom':
        throw new Error('boom')
      case '/broken':
        return stream([7 as never])
      default:
        return text('hello')
    }
  }
  await served(
    { respond, limits: { responseTimeoutMs: 60_000 }, simulation: { seed: 20_261_123 } },
    async (t, server) => {
      const random = createSeededRandom(20_261_123)
      const draw = (n: number) => Math.floor(nextFraction(random) * n)
      const before = holdings(server.simulation)
      const all: MemoryClient[] = []
      for (let born = 0; born < CONNECTIONS; born += BATCH) {
        const clients = Array.from({ length: BATCH }, () => {
          const client = server.connect({
            ...(draw(2) === 0 ? { windowBytes: 1_000 } : {}),
            ...(draw(4) === 0 ? { pieceBytes: 1 + draw(40) } : {}),
            latencyMs: draw(3),
          })
          client.write(lives[draw(lives.length)] as string)
          return client
        })
        await server.advance(draw(20))
        for (const client of clients) {
          const ways: (() => void)[] = [
            () => client.reset(),
            () => client.close(),
            () => client.drain(),
            () => client.end(),
            () => {},
          ]
          ways[draw(ways.length)]?.()
        }
        await server.advance(draw(20))
        for (const client of clients) if (draw(2) === 0) leave(client, draw(2) === 0)
        all.push(...clients)
      }
      // Those that have not left by now are silent, and meet the server's bounds; but for those that still get a stream.
      await server.advance(200_000)
      const readers = all.filter(({ text, wasReset }) => text.includes('tick') && !wasReset)
      t.true(server.listening.connections <= readers.length)
      for (const client of readers) client.reset()
      await server.settle()
      await server.advance(10)
      t.is(server.listening.connections, 0)
      t.is(pending, 0)
      t.notThrows(() => checkLeaks(server.simulation, before))
      t.true(server.listening.accepted + server.listening.refused >= CONNECTIONS * 0.99)
    },
  )(t)
})

function leave(client: MemoryClient, isRude: boolean): void {
  if (isRude) client.reset()
  else client.close()
}

test('five hundred real connections that are dropped leave nothing', async (t) => {
  const system = createSystem({ log: silentLog })
  const respond: Respond<never> = (ctx, { path, body }) => {
    if (path === '/echo') return stream(body)
    if (path === '/never') return ctx.after(60_000).then(() => text('never'))
    return text('hello')
  }
  const limits = {
    keepAliveTimeoutMs: 200,
    headersTimeoutMs: 200,
    drainIdleTimeoutMs: 1,
    bodyIdleTimeoutMs: 200,
  }
  const server = await listen(system.ctx, {
    endpoint: 'tcp:127.0.0.1:0',
    protocol: http({ respond, limits }),
    limits: { lingerTimeoutMs: 50 },
  })
  const before = holdings(system)
  const random = createSeededRandom(5)
  const gone = Array.from({ length: 500 }, (_, i) => {
    const socket = connect(server.port as number, '127.0.0.1')
    const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()))
    socket.on('error', () => {})
    socket.on('connect', () => {
      socket.write(lives[i % lives.length] as string)
      socket.once('data', () => {
        if (nextFraction(random) < 0.5) socket.destroy()
      })
      socket.resume()
      if (i % 3 === 0) socket.resetAndDestroy()
      else if (i % 3 === 1) socket.end()
      else setImmediate(() => socket.destroy())
    })
    return closed
  })
  await Promise.all(gone)
  while (server.connections > 0) await system.ctx.after(10)
  t.is(server.connections, 0)
  t.notThrows(() => checkLeaks(system, before))
  await system.stop()
  t.notThrows(() => checkLeaks(system))
})
