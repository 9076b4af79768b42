/** An application as Hono's documentation has them: its middleware, its helpers, its ways to answer. */

import { serveStatic } from '@hono/node-server/serve-static'
import { Hono } from 'hono'
import { basicAuth } from 'hono/basic-auth'
import { bodyLimit } from 'hono/body-limit'
import { compress } from 'hono/compress'
import { deleteCookie, getCookie, setCookie } from 'hono/cookie'
import { cors } from 'hono/cors'
import { csrf } from 'hono/csrf'
import { etag } from 'hono/etag'
import { HTTPException } from 'hono/http-exception'
import { logger } from 'hono/logger'
import { methodOverride } from 'hono/method-override'
import { poweredBy } from 'hono/powered-by'
import { prettyJSON } from 'hono/pretty-json'
import { secureHeaders } from 'hono/secure-headers'
import { stream, streamSSE, streamText } from 'hono/streaming'
import { timeout } from 'hono/timeout'
import { trimTrailingSlash } from 'hono/trailing-slash'
import { validator } from 'hono/validator'

export interface HonoApp {
  readonly app: Hono
  /** What the logger wrote. */
  readonly lines: readonly string[]
}

/** @param root - folder of the files that are served below `/static`, relative to the working directory. */
export function createHonoApp(root: string): HonoApp {
  const app = new Hono()
  const lines: string[] = []

  app.use(logger((line) => void lines.push(line)))
  app.use('/secure/*', secureHeaders())
  app.use(
    '/cors/*',
    cors({ origin: 'http://here', allowHeaders: ['X-A'], exposeHeaders: ['X-B'], credentials: true }),
  )
  app.use('/limited', bodyLimit({ maxSize: 10, onError: (c) => c.text('too much', 413) }))
  app.use('/override/*', methodOverride({ app }))
  app.use('/override-header/*', methodOverride({ app, header: 'X-Method' }))
  app.use('/override-query/*', methodOverride({ app, query: '_method' }))
  app.use('/private/*', basicAuth({ username: 'ada', password: 'lovelace' }))
  app.use('/etag/*', etag())
  app.use('/pretty', prettyJSON())
  app.use('/compressed/*', compress({ threshold: 10 }))
  app.use('/csrf', csrf())
  app.use('/powered', poweredBy())
  app.use('/slow', timeout(10_000))
  app.use(trimTrailingSlash())

  app.get('/', (c) => c.text('home'))
  app.get('/hello', (c) => c.text('grün \u{1f600}'))
  app.get('/html', (c) => c.html('<h1>a</h1>'))
  app.get('/json/:id', (c) =>
    c.json({ id: c.req.param('id'), q: c.req.query('q') ?? null }, 201, { 'X-A': 'b' }),
  )
  app.get('/empty', (c) => c.body(null, 204))
  app.get('/bytes', (c) =>
    c.body(new Uint8Array([0, 255]), 200, { 'Content-Type': 'application/octet-stream' }),
  )
  app.get('/away', (c) => c.redirect('/hello?ü', 301))
  app.get('/url', (c) => c.json([c.req.url.replace(/:\d+/, ''), c.req.path, c.req.method]))
  app.get('/headers', (c) => c.json([c.req.header('x-a') ?? null, c.req.header('cookie') ?? null]))
  app.get('/late-header', async (c) => {
    await Promise.resolve()
    c.header('X-Late', '1')
    c.header('X-Late', '2', { append: true })
    c.status(202)
    return c.text('late')
  })
  app.get('/cookies', (c) => {
    setCookie(c, 'a', getCookie(c, 'in') ?? 'none', { httpOnly: true, path: '/' })
    setCookie(c, 'b', 'ü')
    deleteCookie(c, 'c')
    return c.text('cookies')
  })
  app.get('/secure/page', (c) => c.html('<p>'))
  app.all('/cors/it', (c) => c.text(c.req.method))
  app.post('/limited', async (c) => c.text((await c.req.text()).toUpperCase()))
  app.delete('/override/it', async (c) => c.json(['deleted', await c.req.parseBody()]))
  app.put('/override-header/it', async (c) => c.text(`put ${await c.req.text()}`))
  app.patch('/override-query/it', async (c) => c.text(`patched ${await c.req.text()} ${c.req.query('q')}`))
  app.get('/private/page', (c) => c.text('secret'))
  app.get('/etag/page', (c) => c.text('tagged'))
  app.get('/etag/stream', (c) => c.body(new Blob(['tagged']).stream()))
  app.get('/pretty', (c) => c.json({ a: [1] }))
  app.get('/compressed/text', (c) => c.text('x'.repeat(10_000)))
  app.get('/compressed/small', (c) => c.text('x', 200, { 'Content-Length': '1' }))
  app.post('/csrf', (c) => c.text('done'))
  app.get('/powered', (c) => c.text('by'))
  app.get('/slow', async (c) => {
    await new Promise((resolve) => setImmediate(resolve))
    return c.text('slow')
  })
  app.post('/form', async (c) => {
    const form = await c.req.parseBody({ all: true })
    const parts = await Promise.all(
      Object.entries(form).map(async ([name, value]) => [
        name,
        value instanceof File ? [value.name, value.type, await value.text()] : value,
      ]),
    )
    return c.json(parts)
  })
  app.post(
    '/valid',
    validator('json', (value: { name?: unknown }, c) =>
      typeof value.name === 'string' ? { name: value.name } : c.text('no name', 400),
    ),
    (c) => c.json(c.req.valid('json')),
  )
  app.post('/twice', async (c) => c.json([await c.req.text(), await c.req.json(), (await c.req.blob()).size]))
  app.post('/raw', async (c) => c.body(await c.req.raw.arrayBuffer()))
  app.post('/echo', (c) => new Response(c.req.raw.body))
  app.post('/forwarded', (c) => app.fetch(new Request(new URL('/raw', c.req.url), c.req.raw), c.env))
  app.get('/stream', (c) =>
    stream(c, async (out) => {
      await out.write(new Uint8Array([97]))
      await out.pipe(new Blob(['bcd']).stream())
    }),
  )
  app.get('/text-stream', (c) =>
    streamText(c, async (out) => {
      await out.writeln('one')
      await out.write('two')
    }),
  )
  app.get('/events', (c) =>
    streamSSE(c, async (out) => {
      for (let id = 0; id < 3; id++) await out.writeSSE({ event: 'tick', data: `a\nb ${id}`, id: String(id) })
    }),
  )
  app.get('/refused', () => {
    throw new HTTPException(401, { message: 'who are you' })
  })
  app.get('/broken', () => {
    throw new Error('secret')
  })
  app.get('/static/*', serveStatic({ root, rewriteRequestPath: (path) => path.replace('/static', '') }))
  app.mount('/mounted', (request: Request) => new Response(new URL(request.url).pathname))
  app.onError((error, c) =>
    error instanceof HTTPException ? error.getResponse() : c.text(`${error.name} caught`, 500),
  )
  return { app, lines }
}
