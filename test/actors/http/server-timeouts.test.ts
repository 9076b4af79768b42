/** Every wait has its bound, its answer, and its end. Time is simulated: none passes. */
import test from 'ava'
import { type Cancellation, type Context, DeadlineError } from 'greenroom'
import { type Respond, stream, text } from 'greenroom/actors'
import { get, responses, served } from './server.ts'

const hello: Respond<never> = () => text('hello')

test(
  'a connection that idles between two requests is closed without a word',
  served({ respond: hello, limits: { keepAliveTimeoutMs: 100 } }, async (t, server) => {
    const client = await server.send(get('/'))
    await server.advance(99)
    t.false(client.hasEnded)
    client.write(get('/'))
    await server.advance(99)
    t.false(client.hasEnded)
    await server.advance(1)
    t.true(client.hasEnded)
    t.is(responses(client).length, 2)
  }),
)

test(
  'a connection that never says anything is closed without a word',
  served({ respond: hello, limits: { headersTimeoutMs: 100, keepAliveTimeoutMs: 7 } }, async (t, server) => {
    const client = server.connect()
    await server.advance(99)
    t.false(client.hasEnded)
    await server.advance(1)
    t.true(client.hasEnded)
    t.is(client.text, '')
  }),
)

test(
  'a head that drips in is refused with 408 when its time is over, whatever still drips',
  served({ respond: hello, limits: { headersTimeoutMs: 100 } }, async (t, server) => {
    const client = server.connect()
    for (const byte of 'GET / HTTP') {
      client.write(byte)
      await server.advance(10)
    }
    t.like(responses(client)[0], { status: 408, isWhole: true })
    t.true(client.hasEnded)
    client.write('/1.1\r\nHost: a\r\n\r\n')
    await server.settle()
    t.is(responses(client).length, 1)
  }),
)

test('a handler that never answers is overtaken by 503, and its context ends with the deadline', async (t) => {
  let ended: Cancellation | undefined
  await served(
    {
      respond(ctx) {
        ctx.onCancel((cancellation) => {
          ended = cancellation
        })
        return new Promise<never>(() => {})
      },
      limits: { responseTimeoutMs: 100 },
    },
    async (t, server) => {
      const client = await server.send(get('/a') + get('/b'))
      await server.advance(99)
      t.is(client.text, '')
      await server.advance(1)
      t.like(responses(client)[0], { status: 503, isWhole: true })
      t.true(client.hasEnded)
      t.is(responses(client).length, 1)
      t.true(ended?.reason instanceof DeadlineError)
      t.is(ended?.atMs, 100)
    },
  )(t)
})

test(
  'a handler that fails because its time is over is answered with 503, as one that says nothing',
  served(
    {
      async respond(ctx) {
        await ctx.withTimeout(50).after(1_000)
        return text('never')
      },
    },
    async (t, server) => {
      const client = await server.send(get('/'))
      await server.advance(50)
      t.like(responses(client)[0], { status: 503 })
      t.true(server.logged.every(({ level }) => level !== 'error'))
    },
  ),
)

test(
  'an answer that comes after its 503 is dropped',
  served(
    {
      respond: (ctx, { path }) =>
        path === '/late' ? ctx.clock.after(200).then(() => text('late')) : text('x'),
      limits: { responseTimeoutMs: 100 },
    },
    async (t, server) => {
      const client = await server.send(get('/late'))
      await server.advance(300)
      t.deepEqual(
        responses(client).map(({ status }) => status),
        [503],
      )
      t.deepEqual(server.logged, [])
    },
  ),
)

test('the deadline is for the answer to begin: what is streamed lives as long as its client', async (t) => {
  let ctx: Context | undefined
  await served(
    {
      respond(requestCtx) {
        ctx = requestCtx
        return stream(
          (async function* () {
            for (let i = 0; i < 10; i++) {
              await requestCtx.after(50)
              yield `${i}`
            }
          })(),
        )
      },
      limits: { responseTimeoutMs: 100 },
    },
    async (t, server) => {
      const client = await server.send(get('/'))
      await server.advance(200)
      t.false(ctx?.isCancelled)
      await server.advance(300)
      t.like(responses(client)[0], { status: 200, body: '0123456789', isWhole: true })
      t.deepEqual(server.logged, [])
    },
  )(t)
})

test(
  'a body that is streamed back and does not come any more breaks the connection',
  served(
    { respond: (_, { body }) => stream(body), limits: { bodyIdleTimeoutMs: 100 } },
    async (t, server) => {
      const client = await server.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab')
      await server.advance(99)
      client.write('cd')
      await server.advance(99)
      t.false(client.wasReset)
      await server.advance(1)
      t.true(client.wasReset)
      t.like(responses(client)[0], { body: 'abcd', isWhole: false })
      t.true(server.logged.every(({ level }) => level !== 'error'))
    },
  ),
)

test(
  'a body that is skipped and does not come any more ends the connection',
  served({ respond: hello, limits: { unreadBodyTimeoutMs: 100 } }, async (t, server) => {
    const client = await server.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nab')
    await server.advance(99)
    t.false(client.hasEnded)
    await server.advance(1)
    t.true(client.hasEnded)
  }),
)

test(
  'a client that reads slowly is not taken for one that does not send',
  served(
    {
      respond: (_, { path }) => text(path === '/next' ? 'next' : 'x'.repeat(60_000)),
      limits: { headersTimeoutMs: 1_000 },
      connection: { writeTimeoutMs: 100_000 },
    },
    async (t, server) => {
      const client = server.connect({ windowBytes: 1_000 })
      client.write(
        `${get('/big')}POST /big HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody${get('/next')}`,
      )
      await server.settle()
      for (let i = 0; i < 400 && !client.hasEnded; i++) {
        client.read()
        await server.advance(40)
      }
      t.false(client.wasReset)
      t.deepEqual(
        responses(client).map(({ status, body }) => [status, body.length]),
        [
          [200, 60_000],
          [200, 60_000],
          [200, 4],
        ],
      )
    },
  ),
)

test(
  'a client that has ended its side may read slowly what is streamed to it',
  served(
    {
      respond: (ctx) =>
        stream(
          (async function* () {
            for (let i = 0; i < 20; i++) {
              await ctx.after(1)
              yield 'y'.repeat(10_000)
            }
          })(),
        ),
      limits: { bodyIdleTimeoutMs: 1_000 },
      connection: { writeTimeoutMs: 100_000 },
    },
    async (t, server) => {
      const client = server.connect({ windowBytes: 1_000 })
      client.write(get('/'))
      await server.settle()
      client.end()
      await server.settle()
      for (let i = 0; i < 400 && !client.hasEnded; i++) {
        client.read()
        await server.advance(40)
      }
      t.false(client.wasReset)
      t.like(responses(client)[0], { isWhole: true })
      t.is(responses(client)[0]?.body.length, 200_000)
    },
  ),
)

test(
  'an answer that comes too late and cannot even be begun harms nobody',
  served(
    {
      respond: async (ctx) => {
        await ctx.clock.after(200)
        return stream({
          [Symbol.iterator]() {
            throw new Error('locked')
          },
        })
      },
      limits: { responseTimeoutMs: 100 },
    },
    async (t, server) => {
      const client = await server.send(get('/'))
      await server.advance(300)
      t.is(responses(client)[0]?.status, 503)
      client.close()
      await server.settle()
    },
  ),
)
