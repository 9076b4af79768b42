/**
 * A Hono application, written as Hono's documentation writes them, and served here.
 *
 *     npx tsx examples/hono.ts
 *     curl http://127.0.0.1:8080/api/posts
 *     curl -N http://127.0.0.1:8080/countdown
 *
 * `HOST` and `PORT` change where it listens. Ctrl-C drains it: it accepts nothing more, finishes what is in flight, and
 * exits with 0.
 */
import { createSystem } from 'greenroom'
import { type FetchEnv, http, listen } from 'greenroom/actors'
import { Hono } from 'hono'
import { cors } from 'hono/cors'
import { HTTPException } from 'hono/http-exception'
import { logger } from 'hono/logger'
import { streamText } from 'hono/streaming'

// ── The application: nothing of it knows who serves it, but for the type of its bindings ──────────────────────────────

const app = new Hono<{ Bindings: FetchEnv }>()

app.use(logger())
app.use('/api/*', cors())

app.get('/', (c) => c.text('Hello Hono!'))

app.get('/api/posts', (c) => {
  const page = c.req.query('page') ?? '1'
  return c.json({ page, posts: [{ id: 1, title: 'Good evening' }] })
})

app.get('/api/posts/:id', (c) => {
  const id = c.req.param('id')
  if (id !== '1') throw new HTTPException(404, { message: `there is no post ${id}` })
  c.header('X-Message', 'Hi!')
  return c.json({ id, title: 'Good evening' })
})

app.post('/api/posts', async (c) => {
  const { title } = await c.req.json<{ title: string }>()
  return c.json({ id: 2, title }, 201)
})

app.get('/countdown', (c) =>
  streamText(c, async (stream) => {
    for (const count of [3, 2, 1]) {
      await stream.writeln(`${count}`)
      await stream.sleep(1000)
    }
    await stream.writeln('Lift-off!')
  }),
)

// What greenroom adds is in `c.env`: the request's context, in which actors are asked, and where the client is.
app.get('/where', (c) => c.json({ client: c.env.remote, trace: c.env.ctx.traceparent }))

app.notFound((c) => c.text('Nothing here', 404))

app.onError((error, c) => {
  // An HTTPException, or what greenroom says of a body that is malformed, too large or too slow.
  if ('getResponse' in error) return error.getResponse()
  if (error instanceof SyntaxError) return c.text(`The body is not JSON: ${error.message}`, 400)
  console.error(error)
  return c.text('Internal Server Error', 500)
})

// ── The server ────────────────────────────────────────────────────────────────────────────────────────────────────────

const { HOST = '127.0.0.1', PORT = '8080' } = process.env
const system = createSystem()
const endpoint = `tcp:${HOST.includes(':') ? `[${HOST}]` : HOST}:${PORT}`
// What is no endpoint is thrown at once, what cannot be listened on fails later: both are told in one line.
const serve = async () => listen(system.ctx, { endpoint, protocol: http({ fetch: app.fetch }) })
const server = await serve().catch((error: Error) => {
  console.error(`Hono: ${error.message}`)
  process.exit(1)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => system.stop())
console.log(`Hono on ${server.endpoint.replace('tcp:', 'http://')}`)
