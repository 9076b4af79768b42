/** What a failure is answered with, and how it is told to the log. */
import { codeOf, describe, OverloadError, PeerError, UsageError } from '../../runtime/errors.ts'
import { ConnectionTimeoutError } from '../connection/errors.ts'
import type { Refused } from '../stage/refused.ts'
import { StageRefusedError } from '../stage/refused.ts'
import type { HttpRequest } from './request.ts'
import { type HttpResponse, text } from './response.ts'

/** The reason with which a request's context ends when all has gone well, its answer sent. Nobody has to be told. */
export const REQUEST_DONE = 'the request is done'

/**
 * The answer to a failure: what a peer did wrong is told in one line, what we did wrong is not told, and what was too
 * much for us may be asked again.
 */
export function responseTo(error: unknown): HttpResponse {
  if (error instanceof OverloadError) return unavailable((error as { retryAfterMs?: unknown }).retryAfterMs)
  if (error instanceof ConnectionTimeoutError) {
    return text('the request took too long to arrive\n', { status: 408 })
  }
  if (!(error instanceof PeerError)) return text('Internal Server Error\n', { status: 500 })
  const { status, reason } = error as { status?: unknown; reason?: unknown }
  const isRefusal = typeof status === 'number' && status >= 400 && status <= 599 && typeof reason === 'string'
  return isRefusal ? text(`${reason}\n`, { status }) : text('Internal Server Error\n', { status: 500 })
}

/** The answer to a stage's refusal. */
export function responseToRefusal({ retryAfterMs }: Refused): HttpResponse {
  return unavailable(retryAfterMs)
}

/** `Retry-After` has whole seconds (RFC 9110 section 10.2.3): rounded up, since who comes too early is refused again. */
function unavailable(retryAfterMs: unknown): HttpResponse {
  const isKnown = typeof retryAfterMs === 'number' && Number.isFinite(retryAfterMs)
  if (!isKnown) return text('Service Unavailable\n', { status: 503 })
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1_000))
  return text('Service Unavailable\n', { status: 503, headers: { 'retry-after': String(seconds) } })
}

/** What is a client's doing is logged at debug, and so is what a stage refuses: nobody can fill a log from outside. */
export function reportFailure({ method, path, ctx }: HttpRequest, error: unknown): void {
  const fields = { method, path, code: codeOf(error), trace: ctx.trace.traceId, error }
  const message = `${method} ${path} failed: ${describe(error)}`
  if (error instanceof PeerError || error instanceof StageRefusedError) ctx.log.debug(fields, message)
  else if (error instanceof OverloadError) ctx.log.warn(fields, message)
  else ctx.log.error(fields, message)
}

/** Why a body cannot be read on: its place in the connection is passed over now. */
export function bodyOver(): UsageError {
  return new UsageError('HTTP_BODY_OVER', 'the body can be read until the answer was sent, and no longer')
}

/** Why the work for a request is called off when nobody waits for its answer. */
export function clientLeft(): PeerError {
  return new PeerError('HTTP_CLIENT_LEFT', 'the client left before it had its answer')
}
