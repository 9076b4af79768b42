/**
 * The web server of `npm start`: what it answers, and a line of log for each request, with the status that it gave back.
 * All from outside comes through the system and its contexts: a test drives it by a memory network and a manual clock.
 */
import { readFileSync } from 'node:fs'
import { type ActorSystem, type Context, codeOf, type System } from 'greenroom'
import type { HttpRequest, HttpResponse, HttpUpgrade, ListenConfig, Refused } from 'greenroom/actors'
import { eventStream, html, http, isRefused, listen, stream, text } from 'greenroom/actors'
import { Hashing, hash, openHashing, threads } from './hashing.ts'
import { ledgerRoutes } from './ledger-routes.ts'
import { type Ledger, ledgerFigures } from './open-ledger.ts'
import { type Meter, Sampler, sampling } from './sampler.ts'

const AFTER_MS_MAX = 60_000
const BYTES = 'application/octet-stream'
const page = html(readFileSync(new URL('./page.html', import.meta.url), 'utf8'))

type WebContext = Context<typeof System | typeof Sampler | typeof Hashing>
type Given = HttpResponse | HttpUpgrade | Refused
type Handler = (ctx: WebContext, request: HttpRequest) => Given | PromiseLike<Given>
/** By path; `:it` stands for what a path ends in. */
export type Routes = Readonly<Record<string, [method: 'GET' | 'POST', handle: Handler]>>

const ownRoutes: Routes = {
  '/': ['GET', () => page],
  '/hello': ['GET', () => text('Hello, World!')],
  '/echo': ['POST', (_, { headers, body }) => stream(body, { type: headers.get('content-type') ?? BYTES })],
  '/hash': ['POST', hash],
  '/after/:it': ['GET', after],
  '/stream': ['GET', (ctx) => eventStream(ctx, samples(ctx), { retryMs: 1_000 })],
}

export interface WebOptions extends Pick<ListenConfig<never>, 'endpoint' | 'tls'> {
  /** Whoever runs the loop counts its turns. */
  readonly meter: Meter
  /** Without one there are no such routes. */
  readonly ledger?: Ledger
  /** What else is served here. */
  readonly routes?: Routes
  /** Who hashes. Default: threads, which cannot be simulated. */
  readonly handler?: typeof threads
}

/** Starts the server in a system. */
export async function startWeb(system: ActorSystem, options: WebOptions) {
  const { endpoint, meter, ledger, tls, handler = threads } = options
  const routes = { ...ownRoutes, ...(ledger && ledgerRoutes(ledger)), ...options.routes }
  const hashing = openHashing(system.ctx, handler)
  const sampler = system.spawn(system.ctx, sampling, { name: 'sampler' })
  const ctx = system.ctx.with(Hashing, hashing).with(Sampler, sampler)
  const protocol = http({ respond, limits: { responseTimeoutMs: 2 * AFTER_MS_MAX } })
  const server = await listen(ctx, { endpoint, protocol, ...(tls && { tls }) })
  const read = () => {
    const gauges = { connections: server.connections, actors: system.actors, threadsMax: handler.options.max }
    return { ...gauges, ...meter, ...hashing.statistics(), ...(ledger && ledgerFigures(ledger)) }
  }
  sampler.send(ctx, { type: 'start', read })
  return server

  function respond(ctx: WebContext, request: HttpRequest) {
    meter.requests += 1
    const startMs = ctx.clock.nowMs()
    const log = (status: number | string) => {
      const ms = Number((ctx.clock.nowMs() - startMs).toFixed(2))
      ctx.log.info({ status, ms }, `${request.method} ${request.path}`)
    }
    const logAnswer = (given: Given) => log(isRefused(given) ? 503 : given.status)
    const answer = route(routes, ctx, request)
    if ('then' in answer) answer.then(logAnswer).then(undefined, (error) => log(codeOf(error)))
    else logAnswer(answer)
    return answer
  }
}

function route(routes: Routes, ctx: WebContext, request: HttpRequest) {
  const found = routes[request.path.replace(/^\/(after|accounts|transfers)\/.*/, '/$1/:it')]
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
  const round = (_: string, value: unknown) => (typeof value === 'number' ? Math.round(value) : value)
  for (;;) {
    const sample = await ctx.get(Sampler).ask(ctx, { type: 'next' })
    yield { id: String(sample.id), data: JSON.stringify(sample, round) }
  }
}
