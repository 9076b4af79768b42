/**
 * The web server of `npm start`: what it answers, and a line of log for each request, with the status that it gave back.
 * All from outside comes through the system and its contexts: a test drives it by a memory network and a manual clock.
 */
import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { type ActorSystem, type Context, codeOf, key, onThread, type System, threadModule } from 'greenroom'
import type { HttpRequest, HttpResponse, Refused, Stage } from 'greenroom/actors'
import { eventStream, html, http, isRefused, listen, openStage, pool, stream, text } from 'greenroom/actors'
import { type HashJob, ROUNDS } from './hash.ts'
import { type Meter, Sampler, sampling } from './sampler.ts'

const AFTER_MS_MAX = 60_000
const HASHED_BYTES_MAX = 16_384
/** A quarter of a second still feels prompt to a person; to a thread it is fifty jobs, which is room for bursts. */
const TARGET_MS = 250
const BYTES = 'application/octet-stream'
const page = html(readFileSync(new URL('./page.html', import.meta.url), 'utf8'))

/** One core is left to the loop: whatever is computed, all else is answered. */
const module = threadModule<typeof import('./hash.ts')>(new URL('./hash.ts', import.meta.url))
const threads = pool(onThread(module, 'hash'), { min: 1, max: Math.max(1, availableParallelism() - 1) })

const Hashing = key<Stage<HashJob, string>, 'hashing'>('hashing')
type WebContext = Context<typeof System | typeof Sampler | typeof Hashing>
type Given = HttpResponse | Refused
type Handler = (ctx: WebContext, request: HttpRequest) => Given | PromiseLike<Given>

const routes: Record<string, [method: 'GET' | 'POST', handle: Handler]> = {
  '/': ['GET', () => page],
  '/hello': ['GET', () => text('Hello, World!')],
  '/echo': ['POST', (_, { headers, body }) => stream(body, { type: headers.get('content-type') ?? BYTES })],
  '/hash': ['POST', hash],
  '/after/:ms': ['GET', after],
  '/stream': ['GET', (ctx) => eventStream(ctx, samples(ctx), { retryMs: 1_000 })],
}

/**
 * Starts the server in a system. Whoever runs the loop counts the meter's turns. Without threads, as in a simulation,
 * `handler` is another pool.
 */
export async function startWeb(system: ActorSystem, endpoint: string, meter: Meter, handler = threads) {
  const hashing = openStage(system.ctx, { name: 'hashing', handler, admission: { targetMs: TARGET_MS } })
  const sampler = system.spawn(system.ctx, sampling, { name: 'sampler' })
  const ctx = system.ctx.with(Hashing, hashing).with(Sampler, sampler)
  const protocol = http({ respond, limits: { responseTimeoutMs: 2 * AFTER_MS_MAX } })
  const server = await listen(ctx, { endpoint, protocol })
  const read = () => {
    const gauges = { connections: server.connections, actors: system.actors, threadsMax: handler.options.max }
    return { ...gauges, ...meter, ...hashing.statistics() }
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
    const answer = route(ctx, request)
    if ('then' in answer) answer.then(logAnswer).then(undefined, (error) => log(codeOf(error)))
    else logAnswer(answer)
    return answer
  }
}

function route(ctx: WebContext, request: HttpRequest) {
  const found = routes[request.path.replace(/^\/after\/.*/, '/after/:ms')]
  if (found === undefined) return text('not found\n', { status: 404 })
  const [method, handle] = found
  const allowed = method === 'GET' ? ['GET', 'HEAD'] : [method]
  if (allowed.includes(request.method)) return handle(ctx, request)
  return text('method not allowed\n', { status: 405, headers: { allow: allowed.join(', ') } })
}

/** The stage refuses at once what it could not do in time: that is 503, and says when to ask again. */
async function hash(ctx: WebContext, { query, body }: HttpRequest) {
  const rounds = Number(query.get('rounds') ?? ROUNDS.byDefault)
  if (!(Number.isInteger(rounds) && rounds >= 1 && rounds <= ROUNDS.most))
    return text(`rounds: a whole number from 1 to ${ROUNDS.most}\n`, { status: 400 })
  const pieces: Uint8Array[] = []
  let bytes = 0
  for await (const piece of body) {
    bytes += piece.length
    if (bytes > HASHED_BYTES_MAX) return text(`at most ${HASHED_BYTES_MAX} bytes\n`, { status: 413 })
    pieces.push(piece)
  }
  const hex = ctx.get(Hashing).submit(ctx, { body: new Uint8Array(Buffer.concat(pieces)), rounds })
  return isRefused(hex) ? hex : text(await hex)
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
