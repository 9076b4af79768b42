/**
 * Responses are guarded as requests are: what a handler gives cannot make a client read something else than what was
 * meant. And what may come before, behind or instead of a body.
 */
import test from 'ava'
import { HttpResponse, type Respond, status, stream, text } from 'greenroom/actors'
import { get, request, responses, served } from './server.ts'

const lengths: readonly [title: string, pieces: string[], length: number, isRight: boolean][] = [
  ['as long as declared', ['abc', 'def'], 6, true],
  ['empty, as declared', [], 0, true],
  ['empty pieces and all', ['', 'abc', ''], 3, true],
  ['shorter', ['abc'], 6, false],
  ['empty, though declared', [], 1, false],
  ['longer', ['abc', 'def'], 5, false],
  ['longer by a piece', ['abc', 'def'], 3, false],
  ['content, though declared empty', ['a'], 0, false],
]

for (const [title, pieces, length, isRight] of lengths) {
  test(
    `a streamed body with a declared length that is ${title} is ${isRight ? 'sent' : 'broken off with a reset'}`,
    served({ respond: () => stream(pieces, { length }) }, async (t, server) => {
      const client = await server.send(get('/') + get('/'))
      const [first, second] = responses(client)
      t.is(client.wasReset, !isRight)
      if (isRight) {
        t.is(first?.headers['content-length'], String(length))
        t.is(first?.headers['transfer-encoding'], undefined)
        t.deepEqual([first?.body, second?.body], [pieces.join(''), pieces.join('')])
      } else {
        t.is(second, undefined)
        t.is(server.logged[0]?.code, 'HTTP_BODY_LENGTH')
      }
    }),
  )
}

test(
  'what has left of a body that turns out too long is never more than was declared',
  served(
    {
      respond: (ctx) =>
        stream(
          (async function* () {
            yield 'abc'
            await ctx.after(10)
            yield 'def'
          })(),
          { length: 5 },
        ),
    },
    async (t, server) => {
      const client = await server.send(get('/'))
      await server.advance(10)
      t.like(responses(client)[0], { body: 'abc', isWhole: false })
      t.true(client.wasReset)
    },
  ),
)

test(
  'a declared length lets HTTP/1.0 keep its connection, and HEAD tells it',
  served({ respond: () => stream(['abc'], { length: 3 }) }, async (t, server) => {
    const old = await server.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    t.like(responses(old)[0], { body: 'abc', isWhole: true })
    t.false(old.hasEnded)
    const [head] = await server.ask(request('HEAD', '/'), 'HEAD')
    t.is(head?.headers['content-length'], '3')
  }),
)

test('a length that is none, and content for 205, are refused where they are made', (t) => {
  for (const length of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    t.throws(() => stream([], { length }), { code: 'HTTP_BODY_LENGTH' })
  }
  t.throws(() => text('x', { status: 205 }), { code: 'HTTP_BODY_FORBIDDEN' })
  t.notThrows(() => status(205))
})

test(
  '205 says that there is nothing; 204 and 304 say nothing of it, whatever body was given',
  served(
    {
      respond: (_, { query }) =>
        new HttpResponse(Number(query.get('s')), [], query.get('s') === '205' ? '' : 'x'),
    },
    async (t, server) => {
      const [reset, none, same] = await server.ask(get('/?s=205') + get('/?s=204') + get('/?s=304'))
      t.like(reset, { status: 205, body: '' })
      t.is(reset?.headers['content-length'], '0')
      t.is(none?.headers['content-length'], undefined)
      t.is(none?.headers['transfer-encoding'], undefined)
      t.is(same?.headers['transfer-encoding'], undefined)
    },
  ),
)

test(
  'trailers follow a body in chunks, made when it has ended; HEAD and HTTP/1.0 get none',
  served(
    {
      respond() {
        let bytes = 0
        const counted = (function* () {
          for (const piece of ['abc', 'de']) {
            bytes += piece.length
            yield piece
          }
        })()
        return stream(counted, { headers: { trailer: 'x-bytes' }, trailers: () => ({ 'x-bytes': bytes }) })
      },
    },
    async (t, server) => {
      const client = await server.send(get('/'))
      t.true(client.text.endsWith('\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nx-bytes: 5\r\n\r\n'))
      const head = await server.send(request('HEAD', '/'))
      t.true(head.text.endsWith('\r\n\r\n'))
      t.false(head.text.includes('x-bytes: 5'))
      const old = await server.send('GET / HTTP/1.0\r\n\r\n')
      t.true(old.text.endsWith('\r\n\r\nabcde'))
    },
  ),
)

test(
  'trailers that cannot be sent break the body off',
  served({ respond: () => stream(['a'], { trailers: () => ({ a: 'b\r\n\r\nc' }) }) }, async (t, server) => {
    const client = await server.send(get('/'))
    t.true(client.wasReset)
    t.false(client.text.includes('c\r\n'))
    t.is(server.logged[0]?.code, 'HTTP_HEADER_INVALID')
  }),
)

test(
  'a request’s trailers are there once its body was read',
  served(
    {
      async respond(_ctx, request) {
        const before = [...request.trailers].length
        await request.bytes()
        return text(`${before} ${JSON.stringify([...request.trailers])}`)
      },
    },
    async (t, server) => {
      const [response] = await server.ask(
        'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nX-Sum: 7\r\n\r\n',
      )
      t.is(response?.body, '0 [["x-sum","7"]]')
    },
  ),
)

test('early hints go out ahead of the answer, to who understands them, and never within it', async (t) => {
  const respond: Respond<never> = async (ctx, request) => {
    request.earlyHints({ link: '</a.css>; rel=preload' })
    await ctx.after(10)
    return stream(
      (function* () {
        yield 'a'
        request.earlyHints({ link: '</late.css>' })
        yield 'b'
      })(),
    )
  }
  await served({ respond }, async (t, server) => {
    const client = await server.send(get('/'))
    t.is(client.text, 'HTTP/1.1 103 Early Hints\r\nlink: </a.css>; rel=preload\r\n\r\n')
    await server.advance(10)
    t.deepEqual(
      responses(client).map(({ status, body }) => [status, body]),
      [
        [103, ''],
        [200, 'ab'],
      ],
    )
    const old = await server.send('GET / HTTP/1.0\r\n\r\n')
    t.is(old.text, '')
    await server.advance(10)
  })(t)
})

test(
  'who offers another protocol in its answer says so in Connection',
  served(
    { respond: () => text('upgrade first\n', { status: 426, headers: { Upgrade: 'websocket' } }) },
    async (t, server) => {
      const [kept] = await server.ask(get('/'))
      t.is(kept?.headers.connection, 'upgrade')
      const [closed] = await server.ask(get('/', 'Connection: close'))
      t.is(closed?.headers.connection, 'close, upgrade')
    },
  ),
)

test('a stream that has no end of its own is ended when the server drains; another is finished', async (t) => {
  let released = 0
  const ticks = (ctx: { after(ms: number): PromiseLike<void> }, count: number) =>
    (async function* () {
      try {
        for (let i = 0; i < count; i++) {
          yield `${i}`
          await ctx.after(100)
        }
      } finally {
        released += 1
      }
    })()
  await served(
    {
      respond: (ctx, { path }) =>
        path === '/endless' ? stream(ticks(ctx, 1e9), { endsOnDrain: true }) : stream(ticks(ctx, 3)),
    },
    async (t, server) => {
      const endless = await server.send(get('/endless'))
      const finite = await server.send(get('/finite'))
      await server.advance(100)
      const closed = server.listening.close(server.simulation.ctx)
      await server.settle()
      t.like(responses(endless)[0], { body: '01', isWhole: true })
      t.true(endless.hasEnded)
      t.false(finite.hasEnded)
      await server.advance(200)
      t.like(responses(finite)[0], { body: '012', isWhole: true })
      for (const client of [endless, finite]) client.close()
      await server.simulation.waitFor(closed)
      t.is(released, 2)
    },
  )(t)
})

test(
  'an early answer to a body that is known to be too much to skip tells the end at once, and is read in peace',
  served(
    {
      respond: () => text('no thanks'),
      limits: { unreadBodyBytesMax: 1_000 },
      connection: { lingerTimeoutMs: 100 },
    },
    async (t, server) => {
      const client = server.connect()
      client.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n')
      await server.settle()
      t.like(responses(client)[0], { body: 'no thanks', isWhole: true })
      t.is(responses(client)[0]?.headers.connection, 'close')
      // The client has its whole body to send before it looks at the answer: nothing resets it meanwhile.
      for (let sent = 0; sent < 1_000_000; sent += 50_000) {
        client.write('x'.repeat(50_000))
        await server.advance(99)
        t.false(client.wasReset, `after ${sent} bytes`)
      }
      client.close()
      await server.settle()
      t.is(server.listening.connections, 0)
    },
  ),
)

test(
  'a client that goes on sending after the end of its connection does not keep it for ever',
  served(
    {
      respond: () => text('no'),
      limits: { unreadBodyBytesMax: 0 },
      connection: { lingerTimeoutMs: 100, lingerMaxMs: 1_000 },
    },
    async (t, server) => {
      const client = await server.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n')
      for (let ms = 0; ms < 950; ms += 50) {
        t.is(server.listening.connections, 1, `after ${ms} ms`)
        client.write('x')
        await server.advance(50)
      }
      await server.advance(50)
      t.is(server.listening.connections, 0)
      client.close()
      await server.settle()
    },
  ),
)

test(
  'a large piece of a stream leaves in slices, as a large body does',
  served({ respond: () => stream([Buffer.alloc(1_000_000)]) }, async (t, server) => {
    const client = await server.send(get('/'))
    t.is(responses(client)[0]?.body.length, 1_000_000)
    const sizes = [...client.text.matchAll(/([0-9a-f]+)\r\n\0/g)].map(([, digits]) =>
      Number.parseInt(digits!, 16),
    )
    t.true(sizes.length > 10)
    t.true(Math.max(...sizes) <= 65_536)
  }),
)

test(
  'a head longer than what is usually read ahead is read, if its limit allows it',
  served(
    {
      respond: (_, { headers }) => text(`${headers.get('cookie')?.length}`),
      limits: { headBytesMax: 1_000_000 },
    },
    async (t, server) => {
      const [response] = await server.ask(get('/', `Cookie: ${'x'.repeat(200_000)}`))
      t.like(response, { status: 200, body: '200000' })
      const [refused] = await server.ask(get('/', `Cookie: ${'x'.repeat(1_000_000)}`))
      t.is(refused?.status, 431)
    },
  ),
)

test('what a stream that ends with the drain still has to say does not keep the server', async (t) => {
  function* zeros() {
    for (;;) yield '0'.repeat(1_000)
  }
  await served({ respond: () => stream(zeros(), { endsOnDrain: true }) }, async (t, server) => {
    const reading = server.connect({ windowBytes: 10_000 })
    const blocked = server.connect({ windowBytes: 1_000 })
    for (const client of [reading, blocked]) client.write(get('/'))
    await server.settle()
    const closed = server.listening.close(server.simulation.ctx)
    await server.settle()
    for (const client of [reading, blocked]) {
      while (client.read().length > 0) await server.settle()
      t.true(responses(client)[0]?.isWhole)
      t.true(client.hasEnded)
      t.true(client.text.length < 300_000)
      client.close()
    }
    await server.simulation.waitFor(closed)
  })(t)
  t.throws(() => stream([], { endsOnDrain: true, length: 1 }), { code: 'HTTP_BODY_LENGTH' })
})

test('an answer that has arrived for a connection that is gone gives back what it holds', async (t) => {
  let released = 0
  const source = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise<never>(() => {}),
      return: async () => {
        released += 1
        return { done: true, value: undefined } as const
      },
    }),
  }
  let answer: (() => void) | undefined
  await served(
    {
      respond: () =>
        new Promise((resolve) => {
          answer = () => resolve(stream(source))
        }),
    },
    async (t, server) => {
      const stopped: { stop(): unknown }[] = []
      server.simulation.system.events.on('spawned', ({ ref }) => void stopped.push(ref))
      await server.send(get('/'))
      answer?.()
      await null
      await null
      stopped.at(-1)?.stop()
      await server.settle()
      t.is(released, 1)
    },
  )(t)
})

test(
  'a source that has given all that was declared and does not end keeps nobody for ever',
  served(
    {
      respond: (_, { path }) =>
        path === '/next'
          ? text('next')
          : stream(
              (async function* () {
                yield 'abc'
                await new Promise(() => {})
              })(),
              { length: 3 },
            ),
      limits: { bodyIdleTimeoutMs: 100 },
    },
    async (t, server) => {
      const client = await server.send(get('/') + get('/next'))
      t.is(responses(client).length, 1)
      await server.advance(100)
      t.deepEqual(
        responses(client).map(({ body }) => body),
        ['abc', 'next'],
      )
      t.false(client.hasEnded)
    },
  ),
)
