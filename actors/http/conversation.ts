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
import { DeadlineError } from '../../runtime/errors.ts'
import type { Connection } from '../connection/connection.ts'
import { ConnectionTimeoutError } from '../connection/errors.ts'
import { CHUNK_HEADER_BYTES_MAX } from './codec/chunked.ts'
import { HttpError } from './codec/errors.ts'
import type { RequestHead } from './codec/request-head.ts'
import type { HttpDate } from './date.ts'
import { Exchange } from './exchange.ts'
import { bodyOver, clientLeft, REQUEST_DONE, reportFailure, responseTo } from './failure.ts'
import { HeadReader } from './head-reader.ts'
import { type Compression, compressAnswer } from './helpers/compression.ts'
import type { HttpLimits } from './limits.ts'
import { BODY_LATE, CLIENT_LEFT, Patience } from './patience.ts'
import { CurrentRequest, HttpRequest } from './request.ts'
import { isStreamed, text } from './response.ts'
import { isSmall, ResponseWriter, slicesOf } from './response-writer.ts'
import type { HttpUpgrade } from './upgrade.ts'

/** What all conversations of one protocol share. */
export interface HttpSettings {
  readonly limits: HttpLimits
  /** Bodies in chunks are refused with 411. */
  readonly isLengthRequired: boolean
  /** Undefined: bodies leave as they were made. */
  readonly compression: Compression | undefined
  readonly date: HttpDate
}

export type AnyRespond = (ctx: Context<never>, request: HttpRequest) => unknown

export class HttpConversation {
  private readonly ctx: Context
  private readonly connection: Connection
  private readonly settings: HttpSettings
  private readonly limits: HttpLimits
  private readonly respond: AnyRespond
  private readonly heads: HeadReader
  private readonly patience: Patience
  private readonly writer: ResponseWriter
  private exchange: Exchange | undefined = undefined
  /** Requests answered or being answered; how many of them in the step that began at `stepMs`. */
  private requests = 0
  private requestsInStep = 0
  private stepMs = Number.NaN

  constructor(ctx: Context<never>, connection: Connection, settings: HttpSettings, respond: AnyRespond) {
    this.ctx = ctx as unknown as Context
    this.connection = connection
    this.settings = settings
    this.limits = settings.limits
    this.respond = respond
    this.patience = new Patience(connection, settings.limits)
    this.writer = new ResponseWriter(connection, this.patience)
    this.heads = new HeadReader(connection, settings.limits, settings.isLengthRequired)
    connection.needBytes(lineBytesMax(settings.limits))
  }

  *run(): Generator<void, void, void> {
    const { connection, heads } = this
    const { input } = connection
    try {
      for (;;) {
        connection.isIdle = true
        if (input.available === 0) {
          heads.expectRequest()
          do {
            if (input.ended) return
            yield
            heads.lookAtDrain()
          } while (input.available === 0)
        }
        // The usual head is there whole, and so is the usual answer: neither costs a generator.
        let head = heads.atOnce()
        if (head === undefined) {
          if (heads.isStillIdle) continue
          head = yield* this.restOfHead()
          if (head === undefined) return
        }
        const exchange = this.begin(head)
        this.exchange = exchange
        if (!exchange.isAnswered) yield* this.awaitAnswer(exchange)
        const isKept = this.answerAtOnce(exchange) ?? (yield* this.answer(exchange))
        this.exchange = undefined
        if (connection.successor !== undefined) return
        exchange.scope.end({ reason: REQUEST_DONE, atMs: connection.nowMs })
        if (!isKept) return
        // Requests may be pipelined faster than their answers are taken.
        while (connection.isBlocked) {
          connection.expectNothing()
          yield
        }
        if (this.hasHadItsTurn()) {
          connection.expectNothing()
          connection.wakeLater()
          yield
        }
      }
    } finally {
      // Only a connection that is lost ends a conversation in the midst of an exchange.
      const { exchange } = this
      if (exchange !== undefined) this.abandon(exchange)
    }
  }

  /** @returns undefined where the connection is to end: nothing valid was asked, which is answered here. */
  private *restOfHead(): Generator<void, RequestHead | undefined, void> {
    try {
      return yield* this.heads.rest()
    } catch (error) {
      if (!(error instanceof HttpError || error instanceof ConnectionTimeoutError)) throw error
      this.writer.sendLast(responseTo(error), this.dateText())
      return undefined
    }
  }

  /** Makes the request and its context, and asks the handler. */
  private begin(head: RequestHead): Exchange {
    const { connection, limits, ctx } = this
    connection.isIdle = false
    const request = new HttpRequest(head, connection, limits, this.heads.startMs)
    // A body has its own time to come in; the handler's, which the patience measures, begins anew behind it.
    const bodyMs = head.bodyKind === 'none' ? 0 : limits.requestTimeoutMs
    const scope = ctx.childScope(connection.nowMs + bodyMs + limits.responseTimeoutMs)
    request.ctx = ctx.derive(scope, head.headers.get('traceparent'), CurrentRequest, request)
    const exchange = new Exchange(request, scope, connection)
    this.requests += 1
    this.writer.hasBegun = false
    this.patience.begin()
    this.ask(exchange)
    return exchange
  }

  private ask(exchange: Exchange): void {
    const { request } = exchange
    try {
      const answer = this.respond(request.ctx as unknown as Context<never>, request)
      const { compression } = this.settings
      exchange.take(compression === undefined ? answer : compressAnswer(request, answer, compression))
    } catch (error) {
      exchange.fail(error)
    }
  }

  private *awaitAnswer(exchange: Exchange): Generator<void, void, void> {
    const { connection, limits } = this
    const { request } = exchange
    let hasEnded = false
    while (!exchange.isAnswered) {
      request.feed()
      if (!connection.input.ended) {
        this.patience.forAnswer(request)
      } else if (!hasEnded) {
        hasEnded = true
        connection.expect(limits.leaveGraceMs, CLIENT_LEFT, 'response to a client that has ended its side')
      }
      try {
        yield
      } catch (error) {
        if (!(error instanceof ConnectionTimeoutError)) throw error
        if (error.code === CLIENT_LEFT) return this.abandon(exchange)
        if (error.code === BODY_LATE) request.giveUpBody(error)
        else if (!exchange.isAnswered) this.overtake(exchange)
      }
    }
  }

  /** The handler's time is over: its request is answered without it. */
  private overtake(exchange: Exchange): void {
    const { request, scope } = exchange
    const late = new DeadlineError(this.connection.nowMs, `${request.method} ${request.path}`)
    exchange.isLate = true
    scope.cancel(late)
    request.failBody(late)
    exchange.response = text('the answer took too long\n', { status: 503 })
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
    try {
      request.beginAnswer()
      this.writer.send(head, response, isKept, this.dateText())
      return isKept
    } catch (error) {
      return this.failToAnswer(exchange, error)
    }
  }

  /** Sends any answer. @returns whether the connection may serve another request. */
  private *answer(exchange: Exchange): Generator<void, boolean, void> {
    const { connection, writer } = this
    const { request, upgrade } = exchange
    const { head } = request
    exchange.isSending = true
    if (upgrade !== undefined) return this.handOver(exchange, upgrade)
    const response = exchange.response ?? this.answerToFailure(exchange)
    const { body } = response
    let isKept = this.mayKeep(exchange)
    connection.expectNothing()
    try {
      if (isStreamed(body)) {
        // The deadline was for the answer to begin: what is streamed goes on for as long as the client listens.
        exchange.scope.liftDeadline()
        const length = response.streaming?.length
        isKept = yield* writer.sendStream(request, response, body, length, isKept, this.dateText())
      } else if (body !== undefined && !isSmall(body)) {
        const bytes = typeof body === 'string' ? Buffer.from(body) : body
        const slices = slicesOf(bytes)
        isKept = yield* writer.sendStream(request, response, slices, bytes.length, isKept, this.dateText())
      } else {
        // Nobody knows whether a body will still come for which the client was not told to continue.
        isKept &&= !request.owesContinue
        request.beginAnswer()
        writer.send(head, response, isKept, this.dateText())
      }
    } catch (error) {
      return this.failToAnswer(exchange, error)
    }
    if (head.bodyKind === 'none' || request.body.isDone) return isKept
    request.failBody(bodyOver())
    return isKept && (yield* this.readToEnd(request))
  }

  /** The connection is another protocol's from now on: of this one nothing stays in memory. */
  private handOver(exchange: Exchange, upgrade: HttpUpgrade): false {
    const { connection } = this
    const { request, scope } = exchange
    let head: string
    try {
      head = upgrade.headFor(request, this.dateText())
    } catch (error) {
      return this.failToAnswer(exchange, error)
    }
    scope.liftDeadline()
    request.beginAnswer()
    connection.write(head)
    connection.expectBytes()
    connection.successor = upgrade.conversation(request, scope, connection)
    return false
  }

  /** Whether the connection may live on after this answer, as far as can be said before it. */
  private mayKeep({ request, response, isLate }: Exchange): boolean {
    const { head } = request
    const { limits, connection } = this
    if (!head.keepAlive || request.isLast || isLate || this.requests >= limits.requestsMax) return false
    // What has arrived before the end was called for is still served.
    if (connection.isDrained) return false
    if (head.bodyKind === 'none') return head.method !== 'CONNECT'
    if (request.isBodyBroken) return false
    // Whoever streams may still read the body. Else so much would have to be skipped that the end is told at once.
    return isStreamed(response?.body) || request.bodyBytesLeft <= limits.unreadBodyBytesMax
  }

  /** Whether this connection has been served enough for now, so that the others come first. */
  private hasHadItsTurn(): boolean {
    const { connection } = this
    if (connection.nowMs !== this.stepMs) {
      this.stepMs = connection.nowMs
      this.requestsInStep = 0
    }
    this.requestsInStep += 1
    if (this.requestsInStep < this.limits.pipelinedRequestsMax || connection.input.available === 0)
      return false
    this.requestsInStep = 0
    return true
  }

  /** The answer cannot be sent, or not to its end. */
  private failToAnswer({ request, scope }: Exchange, error: unknown): false {
    scope.cancel(error)
    request.failBody(error)
    reportFailure(request, error)
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
    exchange.abandon()
    exchange.scope.cancel(error)
    exchange.request.failBody(error)
  }

  /** Skips the rest of a body that nobody read, within bounds. @returns whether its end was reached. */
  private *readToEnd({ body }: HttpRequest): Generator<void, boolean, void> {
    const { connection, limits } = this
    connection.expect(limits.unreadBodyTimeoutMs, BODY_LATE, 'rest of the body')
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

  private answerToFailure(exchange: Exchange) {
    const error = exchange.failure?.error
    const response = responseTo(error)
    if (response.status >= 500) reportFailure(exchange.request, error)
    return response
  }

  private dateText(): string {
    return this.settings.date.at(this.connection.nowMs, this.ctx.clock)
  }
}

/** What has no end yet is kept as a whole: a head, the header of a chunk, trailers. One byte more tells that it is too long. */
function lineBytesMax({ headBytesMax, chunkExtensionBytesMax, trailerBytesMax }: HttpLimits): number {
  return Math.max(headBytesMax, chunkExtensionBytesMax + CHUNK_HEADER_BYTES_MAX, trailerBytesMax) + 1
}
