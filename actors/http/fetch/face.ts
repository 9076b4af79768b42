/**
 * The third face: a handler as the Fetch standard has it, from a `Request` to a `Response`. Hono and other frameworks
 * that speak it run unchanged: `http({ fetch: app.fetch })`.
 *
 * An answer that the handler returns at once leaves in the same turn. What it is given and what it gives are light
 * objects that become the platform's own when somebody wants more of them.
 */
import type { Context } from '../../../runtime/context/context.ts'
import type { AnyKey } from '../../../runtime/context/key.ts'
import { isThenable } from '../../../runtime/deferred/thenable.ts'
import { codeOf, describe, PeerError, UsageError } from '../../../runtime/errors.ts'
import type { Address } from '../../../runtime/loop/poller.ts'
import type { Refused } from '../../stage/refused.ts'
import { isRefused } from '../../stage/refused.ts'
import type { Answer, Answered, Respond } from '../answer.ts'
import type { CurrentRequest, HttpRequest } from '../request.ts'
import { text } from '../response.ts'
import { answerOf } from './answer-of.ts'
import { toGenuine } from './genuine.ts'
import { isLazyUnderstood, prepareLazy, replaceGlobals } from './globals.ts'
import { blame } from './incoming-body.ts'
import { isForbiddenMethod, LazyRequest } from './lazy-request.ts'
import { LazyResponse } from './lazy-response.ts'
import { urlOf } from './request-url.ts'

/** What a handler can have besides the request; in Hono `c.env`, typed by `new Hono<{ Bindings: FetchEnv }>()`. */
export interface FetchEnv<K extends AnyKey = never> {
  /** The request's own context: what a server's actors are asked in. */
  readonly ctx: Context<K | typeof CurrentRequest>
  readonly request: HttpRequest
  /** Where the client is. */
  readonly remote: Address | undefined
}

/** What runtimes for fetch handlers give as the third argument; in Hono `c.executionCtx`. */
export interface FetchExecutionContext {
  /** For work that goes on behind the answer: should it fail, the log is told. Nothing waits for it, a stop neither. */
  waitUntil(promise: PromiseLike<unknown>): void
  /** Does nothing: there is no server behind this one that a request could be passed on to. */
  passThroughOnException(): void
  readonly props: Readonly<Record<string, unknown>>
}

/**
 * A handler of the Fetch standard: Hono's `app.fetch`, or a function that needs the request alone. Where it does not go
 * through a framework, it may give a stage's refusal in place of a response.
 */
export type Fetch<K extends AnyKey = never> = (
  request: Request,
  env: FetchEnv<K>,
  executionContext: FetchExecutionContext,
) => Response | Refused | PromiseLike<Response | Refused>

/** @throws UsageError (`HTTP_FACE`) unless `fetch` is a function. */
export function respondWith<K extends AnyKey>(fetch: Fetch<K>, mayReplaceGlobals: boolean): Respond<K> {
  if (typeof fetch !== 'function') {
    throw new UsageError(
      'HTTP_FACE',
      `\`fetch\` is a function, in Hono \`app.fetch\`, not ${describe(fetch)}`,
    )
  }
  if (mayReplaceGlobals) replaceGlobals()
  else prepareLazy()

  return (ctx, request): Answer => {
    if (isForbiddenMethod(request.method)) return unknownMethod
    const lazy = new LazyRequest(request, urlOf(request))
    const given = mayReplaceGlobals && isLazyUnderstood() ? (lazy as unknown as Request) : lazy[toGenuine]()
    const result: unknown = fetch(given, new Env(ctx, request), new ExecutionContext(request))
    if (LazyResponse.is(result) || !isThenable(result)) return answered(result, request)
    return result.then(
      (response) => answered(response, request),
      (error) => {
        throw blame(error)
      },
    )
  }
}

function answered(result: unknown, request: HttpRequest): Answered {
  return isRefused(result) ? result : answerOf(result, request)
}

/** To CONNECT, TRACE and TRACK: no `Request` can have them (RFC 9110 section 15.6.2). */
const unknownMethod = text('this method is not known here\n', { status: 501 })

/** Made for each request: what it costs is two fields. */
class Env<K extends AnyKey> implements FetchEnv<K> {
  readonly ctx: Context<K | typeof CurrentRequest>
  readonly request: HttpRequest

  constructor(ctx: Context<K | typeof CurrentRequest>, request: HttpRequest) {
    this.ctx = ctx
    this.request = request
  }

  get remote(): Address | undefined {
    return this.request.remote
  }
}

const noProps: Readonly<Record<string, unknown>> = Object.freeze({})

class ExecutionContext implements FetchExecutionContext {
  readonly #request: HttpRequest

  constructor(request: HttpRequest) {
    this.#request = request
  }

  get props(): Readonly<Record<string, unknown>> {
    return noProps
  }

  waitUntil(promise: PromiseLike<unknown>): void {
    Promise.resolve(promise).catch((error: unknown) => {
      const { method, path, ctx } = this.#request
      const fields = { method, path, code: codeOf(error), trace: ctx.trace.traceId, error }
      const message = `what ${method} ${path} left to be done failed: ${describe(error)}`
      if (error instanceof PeerError) ctx.log.debug(fields, message)
      else ctx.log.error(fields, message)
    })
  }

  passThroughOnException(): void {}
}
