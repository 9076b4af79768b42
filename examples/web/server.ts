/**
 * The web server of `npm start`: what it answers, and a line of log for each request, with the status that it gave back.
 * All from outside comes through the system and its contexts: a test drives it by a memory network and a manual clock.
 */
import { readFileSync } from 'node:fs'
import { type ActorSystem, type Context, codeOf, type System } from 'greenroom'
import type { Answer, HttpRequest } from 'greenroom/actors'
import { eventStream, html, http, listen, stream, text } from 'greenroom/actors'
import { type Meter, Sampler, sampling } from './sampler.ts'

const AFTER_MS_MAX = 60_000
const BYTES = 'application/octet-stream'
const page = html(readFileSync(new URL('./page.html', import.meta.url), 'utf8'))

type WebContext = Context<typeof System | typeof Sampler>
type Handler = (ctx: WebContext, request: HttpRequest) => Answer

const routes: Record<string, [method: 'GET' | 'POST', handle: Handler]> = {
  '/': ['GET', () => page],
  '/hello': ['GET', () => text('Hello, World!')],
  '/echo': ['POST', (_, { headers, body }) => stream(body, { type: headers.get('content-type') ?? BYTES })],
  '/after/:ms': ['GET', after],
  '/stream': ['GET', (ctx) => eventStream(ctx, samples(ctx), { retryMs: 1_000 })],
}

/** Starts the server in a system. Whoever runs the loop counts the meter's turns. */
export async function startWeb(system: ActorSystem, endpoint: string, meter: Meter) {
  const sampler = system.spawn(system.ctx, sampling, { name: 'sampler', input: meter })
  const protocol = http({ respond, limits: { responseTimeoutMs: 2 * AFTER_MS_MAX } })
  const server = await listen(system.ctx.with(Sampler, sampler), { endpoint, protocol })
  const gauges = () => ({ connections: server.connections, actors: system.actors })
  sampler.send(system.ctx, { type: 'start', gauges })
  return server

  function respond(ctx: WebContext, request: HttpRequest): Answer {
    meter.requests += 1
    const startMs = ctx.clock.nowMs()
    const log = (status: number | string) => {
      const ms = Number((ctx.clock.nowMs() - startMs).toFixed(2))
      ctx.log.info({ status, ms }, `${request.method} ${request.path}`)
    }
    const answer = route(ctx, request)
    if ('status' in answer) log(answer.status)
    else answer.then((response) => log(response.status)).then(undefined, (error) => log(codeOf(error)))
    return answer
  }
}

function route(ctx: WebContext, request: HttpRequest): Answer {
  const found = routes[request.path.replace(/^\/after\/.*/, '/after/:ms')]
  if (found === undefined) return text('not found\n', { status: 404 })
  const [method, handle] = found
  const allowed = method === 'GET' ? ['GET', 'HEAD'] : [method]
  if (allowed.includes(request.method)) return handle(ctx, request)
  return text('method not allowed\n', { status: 405, headers: { allow: allowed.join(', ') } })
}

async function after(ctx: WebContext, { path }: HttpRequest) {
  const [, digits] = /^\/after\/(\d+)$/.exec(path) ?? []
  const ms = Number(digits)
  if (!(ms <= AFTER_MS_MAX)) return text(`from 0 to ${AFTER_MS_MAX} milliseconds\n`, { status: 400 })
  await ctx.after(ms)
  return text(`${ms} ms have passed\n`)
}

/** Until the client leaves or the server drains. */
async function* samples(ctx: WebContext) {
  for (;;) {
    const sample = await ctx.get(Sampler).ask(ctx, { type: 'next' })
    yield { id: String(sample.id), data: JSON.stringify(sample) }
  }
}
