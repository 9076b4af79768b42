/**
 * Server-sent events (WHATWG HTML section 9.2): an answer that goes on, event by event, until the client leaves or the
 * server drains. A browser's `EventSource` reads it, and comes back by itself with the id of the last event it got.
 */
import type { Context } from '../../../runtime/context/context.ts'
import { UsageError } from '../../../runtime/errors.ts'
import type { Timer } from '../../../runtime/time/clock.ts'
import { DELAY_MS_MAX } from '../../../runtime/time/limits.ts'
import { headerBlock, type ResponseHeaders } from '../codec/serialise.ts'
import type { HttpRequest } from '../request.ts'
import { type HttpResponse, stream } from '../response.ts'
import { withFields } from './response-fields.ts'

export interface ServerSentEvent {
  /** Text of any number of lines; CR and CRLF arrive as LF. Without it the client's listeners hear nothing. */
  readonly data?: string
  /** The type of event that listeners listen for. Default `message`. One line. */
  readonly event?: string
  /** What the client says it got last when it comes back; see `lastEventId`. One line without NUL; empty for none. */
  readonly id?: string
  /** Milliseconds that the client waits before it comes back, from now on. */
  readonly retryMs?: number
  /** Read by nobody but people. */
  readonly comment?: string
}

export interface EventStreamOptions {
  /**
   * Milliseconds of silence after which a comment is sent: proxies keep the connection, and a dead client is found.
   * Default 15,000, as the standard advises.
   */
  readonly heartbeatMs?: number
  /** Sent first: milliseconds that the client waits before it comes back. Default: the client's own, a few seconds. */
  readonly retryMs?: number
  /** Further fields, or others in the place of those below. */
  readonly headers?: ResponseHeaders
}

const HEARTBEAT_MS_DEFAULT = 15_000

/** Nobody between may store, change or collect it; the last is nginx's word for that. */
const FIELDS = headerBlock({
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
})

/**
 * Answers with the events of `source`, as they come. A piece of text is an event with that data.
 *
 * One event is asked for at a time, and the next one when the client has room. When the client leaves, or the server
 * drains, the source's `return` is called; where it waits for something, let it wait by the request's context. A source
 * that fails has its connection reset, and the failure logged.
 *
 * @param ctx - whose clock tells when it is silent: the request's.
 * @throws UsageError (`HTTP_EVENT_STREAM_INVALID`) for a time that is none. An event that cannot be sent fails the stream
 *   with `HTTP_EVENT_INVALID`.
 */
export function eventStream(
  ctx: Context,
  source: AsyncIterable<ServerSentEvent | string>,
  options: EventStreamOptions = {},
): HttpResponse {
  const { heartbeatMs = HEARTBEAT_MS_DEFAULT, retryMs, headers } = options
  if (!(heartbeatMs >= 1 && heartbeatMs <= DELAY_MS_MAX)) {
    throw new UsageError(
      'HTTP_EVENT_STREAM_INVALID',
      `heartbeatMs is a number from 1 to ${DELAY_MS_MAX}, not ${String(heartbeatMs)}`,
    )
  }
  if (retryMs !== undefined && !isRetry(retryMs)) {
    throw new UsageError('HTTP_EVENT_STREAM_INVALID', `retryMs is a whole number, not ${String(retryMs)}`)
  }
  const first = retryMs === undefined ? undefined : encode({ retryMs })
  return stream(
    {
      [Symbol.asyncIterator]: () => new EventPieces(ctx, source[Symbol.asyncIterator](), heartbeatMs, first),
    },
    { headers: headers === undefined ? FIELDS : withFields(FIELDS, headers), endsOnDrain: true },
  )
}

/** The id of the last event that a client got before it came back, or undefined. It is the client's word. */
export function lastEventId(request: HttpRequest): string | undefined {
  const id = request.headers.get('last-event-id')
  // The standard has it sent as UTF-8, and field values are read as latin1.
  return id === undefined ? undefined : Buffer.from(id, 'latin1').toString('utf8')
}

type Piece = IteratorResult<string, undefined>
const END: Piece = { done: true, value: undefined }
const HEARTBEAT: Piece = { done: false, value: ':\n\n' }

/**
 * The stream's text, an event a piece. Not a generator: that could neither be ended while it waits for its source, nor
 * give back a source that was never begun.
 */
class EventPieces implements AsyncIterator<string, undefined> {
  private readonly ctx: Context
  private readonly source: AsyncIterator<ServerSentEvent | string>
  private readonly heartbeatMs: number
  private first: string | undefined
  /** The source was asked for its next event: it goes on being so through heartbeats. */
  private isAsked = false
  /** What came of it while nobody waited for a piece. */
  private outcome: { piece: Piece } | { error: unknown } | undefined = undefined
  private waiter: { resolve(piece: Piece): void; reject(error: unknown): void } | undefined = undefined
  private timer: Timer | undefined = undefined
  private isOver = false

  constructor(
    ctx: Context,
    source: AsyncIterator<ServerSentEvent | string>,
    heartbeatMs: number,
    first: string | undefined,
  ) {
    this.ctx = ctx
    this.source = source
    this.heartbeatMs = heartbeatMs
    this.first = first
  }

  next(): Promise<Piece> {
    const { first } = this
    this.first = undefined
    if (first !== undefined) return Promise.resolve({ done: false, value: first })
    if (this.isOver && this.outcome === undefined) return Promise.resolve(END)
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject }
      if (this.outcome !== undefined) this.settle()
      else this.listen()
    })
  }

  /** Nobody reads on. */
  return(): Promise<Piece> {
    const wasOver = this.isOver
    this.isOver = true
    this.outcome = { piece: END }
    this.settle()
    if (!wasOver) this.giveBack()
    return Promise.resolve(END)
  }

  /** Waits for the source, or for its silence. */
  private listen(): void {
    const { clock } = this.ctx
    this.timer = clock.schedule(clock.nowMs() + this.heartbeatMs, this.fallenSilent)
    if (this.isAsked) return
    this.isAsked = true
    try {
      this.source.next().then(this.arrived, this.failed)
    } catch (error) {
      this.failed(error)
    }
  }

  private readonly fallenSilent = (): void => {
    this.outcome = { piece: HEARTBEAT }
    this.settle()
  }

  private readonly arrived = (step: IteratorResult<ServerSentEvent | string>): void => {
    this.isAsked = false
    if (this.isOver) return
    if (step.done === true) {
      this.isOver = true
      this.outcome = { piece: END }
    } else {
      try {
        this.outcome = { piece: { done: false, value: encode(step.value) } }
      } catch (error) {
        this.isOver = true
        this.outcome = { error }
        this.giveBack()
      }
    }
    this.settle()
  }

  private readonly failed = (error: unknown): void => {
    this.isAsked = false
    if (this.isOver) return
    this.isOver = true
    this.outcome = { error }
    this.settle()
  }

  /** Hands the outcome to who waits for it, if anybody does. */
  private settle(): void {
    const { waiter, outcome } = this
    this.timer?.cancel()
    this.timer = undefined
    if (waiter === undefined || outcome === undefined) return
    this.waiter = undefined
    this.outcome = undefined
    if ('error' in outcome) waiter.reject(outcome.error)
    else waiter.resolve(outcome.piece)
  }

  private giveBack(): void {
    const ignored = () => {}
    try {
      this.source.return?.()?.then(ignored, ignored)
    } catch {
      // It was asked to clean up, and could not; there is nobody left to tell.
    }
  }
}

const LINE_BREAK = /\r\n|\r|\n/

function encode(event: ServerSentEvent | string): string {
  if (typeof event === 'string') return `${lines('data', event)}\n`
  if (typeof event !== 'object' || event === null) {
    throw invalid(`an event is text or an object, not ${event === null ? 'null' : typeof event}`)
  }
  const { comment, retryMs, id, event: type, data } = event
  let text = ''
  if (comment !== undefined) text += lines('', comment)
  if (retryMs !== undefined) {
    if (!isRetry(retryMs)) throw invalid(`the retryMs of an event is a whole number, not ${String(retryMs)}`)
    text += `retry: ${retryMs}\n`
  }
  if (id !== undefined) text += line('id', id, /[\0\r\n]/)
  if (type !== undefined) {
    if (data === undefined) throw invalid('an event with a type and no data is heard by nobody')
    text += line('event', type, /[\r\n]/)
  }
  if (data !== undefined) text += lines('data', data)
  return `${text}\n`
}

function line(name: string, value: string, forbidden: RegExp): string {
  if (typeof value !== 'string') throw invalid(`the ${name} of an event is text, not ${typeof value}`)
  if (forbidden.test(value)) throw invalid(`the ${name} of an event is one line, without NUL`)
  return `${name}: ${value}\n`
}

function lines(name: string, value: string): string {
  if (typeof value !== 'string')
    throw invalid(`the ${name || 'comment'} of an event is text, not ${typeof value}`)
  let text = ''
  for (const part of value.split(LINE_BREAK)) text += `${name}: ${part}\n`
  return text
}

function isRetry(ms: number): boolean {
  return Number.isSafeInteger(ms) && ms >= 0
}

function invalid(message: string): UsageError {
  return new UsageError('HTTP_EVENT_INVALID', message)
}
