/** Hono unchanged, and what it has of ours: the request's context, its client's leaving, work behind the answer. */
import test from 'ava'
import { behaviour, createSystem, type System } from 'greenroom'
import { CurrentRequest, type Fetch, type FetchEnv, http, listen } from 'greenroom/actors'
import { Hono } from 'hono'
import { logger } from 'hono/logger'
import { streamSSE, streamText } from 'hono/streaming'
import { get, request, responses, served } from '../server.ts'

const counter = behaviour({
  initial: 'counting',
  data: () => ({ visits: 0 }),
  states: { counting: { visit: ({ data }) => ++data.visits } },
})

/** An application that is given what a server has. */
function bound() {
  return new Hono<{ Bindings: FetchEnv<typeof System> }>()
}

test('a handler asks an actor in its request’s context', async (t) => {
  const system = createSystem()
  t.teardown(() => system.stop())
  const visits = system.spawn(system.ctx, counter)
  const app = bound()
  app.get('/', async (c) => {
    const { ctx, request, remote } = c.env
    t.is(ctx.get(CurrentRequest), request)
    return c.json({ visits: await visits.ask(ctx, { type: 'visit' }), from: remote?.transport })
  })
  const { port } = await listen(system.ctx, {
    endpoint: 'tcp:127.0.0.1:0',
    protocol: http({ fetch: app.fetch }),
  })
  for (const visits of [1, 2]) {
    const response = await fetch(`http://127.0.0.1:${port}/`)
    t.deepEqual(await response.json(), { visits, from: 'tcp' })
  }
})

test('an answer without middleware is there at once, pipelined ones in one write', async (t) => {
  const app = new Hono()
  app.get('/:name', (c) => c.text(c.req.param('name')))
  await served({ fetch: app.fetch }, async (t, server) => {
    const client = await server.send(get('/a') + get('/b'))
    t.is(client.chunks.length, 1)
    client.write(get('/nowhere/at/all'))
    await server.settle()
    t.deepEqual(
      responses(client).map(({ status, body }) => [status, body]),
      [
        [200, 'a'],
        [200, 'b'],
        [404, '404 Not Found'],
      ],
    )
  })(t)
})

test('its logger and its errors are Hono’s own matter', async (t) => {
  const lines: string[] = []
  const app = new Hono()
  app.use(logger((line) => void lines.push(line)))
  app.get('/broken', () => {
    throw new Error('secret')
  })
  app.onError((error, c) => c.text(error.name, 503))
  await served({ fetch: app.fetch }, async (t, server) => {
    t.like((await server.ask(get('/broken')))[0], { status: 503, body: 'Error' })
    t.is(lines.length, 2)
    t.deepEqual(server.logged, [])
  })(t)
})

test('a client that leaves stops a stream of events: its abort is told, its signal aborted', async (t) => {
  const seen: string[] = []
  const app = bound()
  app.get('/events', (c) => {
    c.req.raw.signal.addEventListener('abort', () => seen.push('signal'))
    return streamSSE(c, async (stream) => {
      stream.onAbort(() => void seen.push('stream'))
      for (let id = 1; !stream.aborted; id++) {
        await stream.writeSSE({ data: 'tick', id: String(id) })
        await c.env.ctx.clock.after(1_000)
      }
      seen.push('loop')
    })
  })
  await served({ fetch: app.fetch }, async (t, server) => {
    const client = await server.send(get('/events'))
    await server.advance(2_500)
    t.is(client.text.match(/data: tick/g)?.length, 3)
    t.regex(client.text, /content-type: text\/event-stream/)
    t.deepEqual(seen, [])
    client.reset()
    await server.settle()
    t.deepEqual(seen.sort(), ['signal', 'stream'])
    await server.advance(1_000)
    t.deepEqual(seen, ['signal', 'stream', 'loop'])
    t.deepEqual(server.logged, [])
  })(t)
})

test('a writer waits for a client that does not read', async (t) => {
  let written = 0
  const app = new Hono()
  app.get('/', (c) =>
    streamText(c, async (stream) => {
      for (; written < 1_000; written++) await stream.write('x'.repeat(10_000))
    }),
  )
  await served({ fetch: app.fetch }, async (t, server) => {
    const client = server.connect({ windowBytes: 1_000 })
    client.write(get('/'))
    await server.settle()
    t.true(written < 20, `${written} pieces written`)
    client.drain()
    await server.settle()
    t.like(responses(client)[0], { isWhole: true })
    t.is(responses(client)[0]?.body.length, 10_000_000)
  })(t)
})

test('work behind the answer is Hono’s waitUntil', async (t) => {
  const app = bound()
  app.get('/', (c) => {
    c.executionCtx.waitUntil(
      c.env.ctx.clock.after(10).then(() => {
        throw new Error('unlucky')
      }),
    )
    return c.text('done')
  })
  await served({ fetch: app.fetch }, async (t, server) => {
    t.is((await server.ask(get('/')))[0]?.body, 'done')
    await server.advance(10)
    t.is(server.logged[0]?.message, 'what GET / left to be done failed: unlucky')
  })(t)
})

test('a request that is too late has 503, whatever Hono does then', async (t) => {
  const app = bound()
  app.post('/', async (c) => {
    await c.env.ctx.clock.after(60_000)
    return c.text('too late')
  })
  await served({ fetch: app.fetch }, async (t, server) => {
    const client = await server.send(request('POST', '/', [], 'x'))
    await server.advance(90_000)
    t.is(responses(client)[0]?.status, 503)
  })(t)
})

test('what speaks Fetch is a handler without casts', (t) => {
  const handlers: Fetch[] = [
    new Hono().fetch,
    new Hono<{ Bindings: FetchEnv }>().fetch,
    (request: Request) => new Response(request.url),
    async () => new Response(),
    (_request, { ctx }, { waitUntil }) => Response.json([typeof ctx, typeof waitUntil]),
  ]
  for (const fetch of handlers) t.is(http({ fetch }).name, 'http')
  // @ts-expect-error: a handler gives a response
  http({ fetch: () => 'text' })
})

const endless = (chunk: string) =>
  `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk.repeat(3)}`

for (const [title, bytes, status] of [
  ['too large', endless('6\r\nabcdef\r\n'), 413],
  ['malformed', endless('nonsense\r\n'), 400],
] as const) {
  for (const how of ['text', 'stream'] as const) {
    test(`a body that is ${title} is answered with ${status} by Hono too (${how})`, async (t) => {
      const app = new Hono()
      app.post('/', async (c) => {
        if (how === 'text') return c.text(await c.req.text())
        for await (const _ of c.req.raw.body as ReadableStream);
        return c.text('read')
      })
      await served({ fetch: app.fetch, limits: { bodyBytesMax: 10 } }, async (t, server) => {
        t.is((await server.ask(bytes))[0]?.status, status)
        t.deepEqual(server.logged, [])
      })(t)
    })
  }
}
