/**
 * HTTP/1.x over one connection: read a head, have it answered, send the answer, go on with the next request.
 *
 * Requests are answered one at a time and in order. Those that are pipelined behind wait as bytes in the input, which
 * stops reading when it is full; so a client can have no more under way than its own patience. While an answer is
 * awaited or sent, the conversation feeds whoever reads the request's body.
 *
 * Rules: once framing is lost nothing more is read: one answer, then the end. A handler that throws is answered with 500
 * and told to the log; what it said stays inside. A client that ends its side before its answer has begun has left
 * (as for node:http), and its request is cancelled.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import {
  codeOf,
  DeadlineError,
  describe,
  OverloadError,
  PeerError,
  UsageError,
} from '../../runtime/errors.ts'
import { utcText } from '../../runtime/time/utc-text.ts'
import type { Connection } from '../connection/connection.ts'
import { ConnectionTimeoutError } from '../connection/errors.ts'
import { HttpError } from './errors.ts'
import { Exchange, responseTo } from './exchange.ts'
import type { HttpLimits } from './limits.ts'
import { parseHead } from './parse-request.ts'
import { CurrentRequest, HttpRequest } from './request.ts'
import type { RequestHead } from './request-head.ts'
import { type HttpResponse, isStreamed, text } from './response.ts'
import { isSmall, ResponseWriter, slicesOf } from './response-writer.ts'

/** The Date field's text, good until `untilMs` of the wall clock: one for all connections of a protocol. */
export interface HttpDate {
  text: string
  untilMs: number
}

export type AnyRespond = (ctx: Context<never>, request: HttpRequest) => unknown

export class HttpConversation {
  private readonly ctx: Context
  private readonly connection: Connection
  private readonly limits: HttpLimits
  private readonly respond: AnyRespond
  private readonly writer: ResponseWriter
  private readonly date: HttpDate
  private exchange: Exchange | undefined = undefined
  private hasServed = false

  constructor(
    ctx: Context<never>,
    connection: Connection,
    limits: HttpLimits,
    respond: (ctx: Context<AnyKey>, request: HttpRequest) => unknown,
    date: HttpDate,
  ) {
    this.ctx = ctx as unknown as Context
    this.connection = connection
    this.limits = limits
    this.respond = respond as AnyRespond
    this.date = date
    this.writer = new ResponseWriter(connection, limits)
  }

  *run(): Generator<void, void, void> {
    try {
      for (;;) {
        const head = yield* this.nextHead()
        if (head === undefined) return
        const exchange = this.begin(head)
        this.exchange = exchange
        this.hasServed = true
        // The usual answer is there at once and whole: it costs no generator.
        if (!exchange.isAnswered) yield* this.awaitAnswer(exchange)
        const isKept = this.answerAtOnce(exchange) ?? (yield* this.answer(exchange))
        this.exchange = undefined
        exchange.scope.end({ reason: 'the request is done', atMs: this.connection.nowMs })
        if (!isKept) return
        // Requests may be pipelined faster than their answers are taken.
        while (this.connection.isBlocked) {
          this.connection.expectNothing()
          yield
        }
      }
    } finally {
      // Only a connection that is lost ends a conversation in the midst of an exchange.
      const { exchange } = this
      if (exchange !== undefined) this.abandon(exchange)
    }
  }

  /** Waits for a request. @returns undefined where the connection is to end: nothing was asked, or nothing valid. */
  private *nextHead(): Generator<void, RequestHead | undefined, void> {
    const { connection, limits } = this
    const { input } = connection
    try {
      if (input.available === 0) {
        connection.expect(
          this.hasServed ? limits.keepAliveTimeoutMs : limits.headersTimeoutMs,
          'HTTP_IDLE',
          'request',
        )
        let isLeaving = false
        while (input.available === 0) {
          if (input.ended) return undefined
          if (connection.isDraining && !isLeaving) {
            // A request may be on its way that was sent before the client could know: it is still answered.
            isLeaving = true
            connection.expect(limits.drainIdleTimeoutMs, 'HTTP_IDLE', 'request')
          }
          yield
        }
      }
      connection.expect(limits.headersTimeoutMs, 'HTTP_HEADERS_TIMEOUT', 'complete head')
      return yield* parseHead(input, limits)
    } catch (error) {
      if (!(error instanceof HttpError || error instanceof ConnectionTimeoutError)) throw error
      if (error.code !== 'HTTP_IDLE') this.refuse(responseTo(error))
      return undefined
    }
  }

  /** Makes the request and its context, and asks the handler. */
  private begin(head: RequestHead): Exchange {
    const { connection, limits, ctx } = this
    const request = new HttpRequest(head, connection, limits)
    const scope = ctx.childScope(connection.nowMs + limits.requestTimeoutMs)
    request.ctx = ctx.derive(scope, head.headers.get('traceparent'), CurrentRequest, request)
    const exchange = new Exchange(request, scope, connection)
    this.writer.hasBegun = false
    this.ask(exchange)
    return exchange
  }

  private ask(exchange: Exchange): void {
    const { request } = exchange
    try {
      exchange.take(this.respond(request.ctx as unknown as Context<never>, request))
    } catch (error) {
      exchange.fail(error)
    }
  }

  private *awaitAnswer(exchange: Exchange): Generator<void, void, void> {
    const { connection, limits } = this
    const { request } = exchange
    connection.expect(limits.requestTimeoutMs, 'HTTP_REQUEST_TIMEOUT', 'response')
    let hasEnded = false
    while (!exchange.isAnswered) {
      request.feed()
      if (connection.input.ended && !hasEnded) {
        hasEnded = true
        connection.expect(
          limits.leaveGraceMs,
          'HTTP_CLIENT_LEFT',
          'response to a client that has ended its side',
        )
      }
      try {
        yield
      } catch (error) {
        if (!(error instanceof ConnectionTimeoutError)) throw error
        if (error.code === 'HTTP_CLIENT_LEFT') return this.abandon(exchange)
        const late = new DeadlineError(exchange.scope.deadlineMs, `${request.method} ${request.path}`)
        exchange.isLate = true
        exchange.scope.cancel(late)
        request.failBody(late)
        exchange.response = text('the answer took too long\n', { status: 503 })
      }
    }
  }

  /**
   * Sends an answer that is whole, to a request without a body.
   *
   * @returns whether the connection may serve another request; undefined where the answer takes longer than this step.
   */
  private answerAtOnce(exchange: Exchange): boolean | undefined {
    const { request, response } = exchange
    const { head } = request
    if (exchange.isAbandoned) return false
    if (response === undefined || head.bodyKind !== 'none') return undefined
    if (isStreamed(response.body) || !isSmall(response.body)) return undefined
    const isKept = this.mayKeep(exchange)
    this.connection.expectNothing()
    try {
      this.writer.send(head, response, isKept, this.dateText())
      return isKept
    } catch (error) {
      return this.failToAnswer(exchange, error)
    }
  }

  /** Sends any answer. @returns whether the connection may serve another request. */
  private *answer(exchange: Exchange): Generator<void, boolean, void> {
    const { connection, writer } = this
    const { request } = exchange
    const { head } = request
    const response = exchange.response ?? this.answerToFailure(exchange)
    const { body } = response
    let isKept = this.mayKeep(exchange)
    connection.expectNothing()
    try {
      if (isStreamed(body)) {
        // The deadline was for the answer to begin: what is streamed goes on for as long as the client listens.
        exchange.scope.liftDeadline()
        isKept = yield* writer.sendStream(request, response, body, undefined, isKept, this.dateText())
      } else if (body !== undefined && !isSmall(body)) {
        const bytes = typeof body === 'string' ? Buffer.from(body) : body
        const slices = slicesOf(bytes)
        isKept = yield* writer.sendStream(request, response, slices, bytes.length, isKept, this.dateText())
      } else {
        // Nobody knows whether a body will still come for which the client was not told to continue.
        isKept &&= !request.owesContinue
        writer.send(head, response, isKept, this.dateText())
      }
    } catch (error) {
      return this.failToAnswer(exchange, error)
    }
    if (head.bodyKind === 'none' || request.body.isDone) return isKept
    request.failBody(bodyOver())
    return isKept && (yield* this.readToEnd(request))
  }

  /** Whether the connection may live on after this answer, as far as can be said before it. */
  private mayKeep({ request, isLate }: Exchange): boolean {
    const { head } = request
    const isBroken = head.bodyKind !== 'none' && request.body.isBroken
    // What has arrived before the end was called for is still served.
    const isLeaving = this.connection.isDraining && this.connection.input.available === 0
    return head.keepAlive && !isLeaving && !request.isLast && !isLate && !isBroken
  }

  /** The answer cannot be sent, or not to its end. */
  private failToAnswer({ request, scope }: Exchange, error: unknown): false {
    scope.cancel(error)
    request.failBody(error)
    this.report(request, error)
    // With the head out, an end would tell the client that it has the whole.
    if (this.writer.hasBegun) {
      this.connection.abort()
      return false
    }
    this.writer.send(request.head, responseTo(error), false, this.dateText())
    return false
  }

  /** Nobody waits for the answer any more. */
  private abandon(exchange: Exchange): void {
    const error = clientLeft()
    exchange.isAbandoned = true
    exchange.scope.cancel(error)
    exchange.request.failBody(error)
  }

  /** Skips the rest of a body that nobody read, within bounds. @returns whether its end was reached. */
  private *readToEnd({ body }: HttpRequest): Generator<void, boolean, void> {
    const { connection, limits } = this
    connection.expect(limits.headersTimeoutMs, 'HTTP_BODY_TIMEOUT', 'rest of the body')
    let left = limits.unreadBodyBytesMax
    try {
      for (;;) {
        left -= body.skip()
        if (left < 0) return false
        if (body.isDone) return true
        if (connection.input.ended) return false
        yield
      }
    } catch (error) {
      if (error instanceof HttpError || error instanceof ConnectionTimeoutError) return false
      throw error
    }
  }

  /** Answers what cannot be served, if it still can be, and ends the conversation. */
  private refuse(response: HttpResponse): void {
    this.writer.sendLast(response, this.dateText())
  }

  private answerToFailure(exchange: Exchange): HttpResponse {
    const error = exchange.failure?.error
    const response = responseTo(error)
    if (response.status >= 500) this.report(exchange.request, error)
    return response
  }

  private report({ method, path, ctx }: HttpRequest, error: unknown): void {
    const fields = { method, path, code: codeOf(error), trace: ctx.trace.traceId, error }
    const message = `${method} ${path} failed: ${describe(error)}`
    if (error instanceof PeerError) ctx.log.debug(fields, message)
    else if (error instanceof OverloadError) ctx.log.warn(fields, message)
    else ctx.log.error(fields, message)
  }

  private dateText(): string {
    const { date } = this
    const wallMs = this.ctx.clock.wallMs()
    if (wallMs >= date.untilMs || wallMs < date.untilMs - 1000) {
      date.text = utcText(wallMs)
      date.untilMs = (Math.floor(wallMs / 1000) + 1) * 1000
    }
    return date.text
  }
}

/** Why a body cannot be read on: its place in the connection is passed over now. */
function bodyOver(): UsageError {
  return new UsageError('HTTP_BODY_OVER', 'the body can be read until the answer was sent, and no longer')
}

/** Why the work for a request is called off when nobody waits for its answer. */
function clientLeft(): PeerError {
  return new PeerError('HTTP_CLIENT_LEFT', 'the client left before it had its answer')
}
