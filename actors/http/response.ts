/**
 * Responses as values: status, fields, and a body that is there already or comes in pieces. Made by `text`, `html`,
 * `json` and `stream`. One response may answer any number of requests, unless its body is a stream.
 */
import { UsageError } from '../../runtime/errors.ts'
import { HeaderBlock, headerBlock, type ResponseHeaders } from './codec/serialise.ts'

export type ResponseBody = string | Uint8Array | Streamed | undefined
/** Pieces of a body: text is sent as UTF-8. */
export type Streamed = AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>

export function isStreamed(body: ResponseBody): body is Streamed {
  return typeof body === 'object' && !(body instanceof Uint8Array)
}

export interface ResponseInit {
  /** Default 200. */
  readonly status?: number
  readonly headers?: ResponseHeaders
}

/** What the sender should know of a body that comes in pieces. */
export interface StreamOptions {
  /**
   * Bytes of the body in all, where that is known: sent as Content-Length instead of in chunks. A source that gives
   * more or less has its connection reset, since the client has been promised otherwise. Not with `endsOnDrain`.
   */
  readonly length?: number
  /** Asked once the last piece has left, for fields behind a chunked body; HTTP/1.0 and HEAD get none. */
  readonly trailers?: () => ResponseHeaders
  /** It has no end of its own: when the server drains, it is ended where it stands. Default false. */
  readonly endsOnDrain?: boolean
}

export interface StreamInit extends ResponseInit, StreamOptions {
  /** Default `application/octet-stream`. */
  readonly type?: string
}

export class HttpResponse {
  readonly status: number
  /** Checked when the response is made, so that the fault is found where it was made. */
  readonly headers: HeaderBlock
  readonly body: ResponseBody
  /** For a body in pieces only. */
  readonly streaming: StreamOptions | undefined

  /**
   * @throws UsageError for a field that cannot be sent, or that is the server's to send; `HTTP_STATUS_INVALID`;
   *   `HTTP_STATUS_INTERIM` for a status below 200, after which a client would go on waiting; `HTTP_BODY_INVALID`;
   *   `HTTP_BODY_FORBIDDEN` for content with 205; `HTTP_BODY_LENGTH` for a length that is none.
   */
  constructor(status: number, headers: ResponseHeaders, body?: ResponseBody, streaming?: StreamOptions) {
    if (!Number.isInteger(status) || status > 999) {
      throw new UsageError(
        'HTTP_STATUS_INVALID',
        `a status is a whole number from 200 to 999, not ${String(status)}`,
      )
    }
    if (status < 200)
      throw new UsageError('HTTP_STATUS_INTERIM', `${status} is no status of an answer: it is interim`)
    if (body !== undefined && !isBody(body)) {
      throw new UsageError(
        'HTTP_BODY_INVALID',
        `a body is text, bytes, or an iterable of them, not ${typeof body}`,
      )
    }
    if (status === 205 && body !== undefined && body !== '') {
      throw new UsageError('HTTP_BODY_FORBIDDEN', 'a response with status 205 has no content')
    }
    const length = streaming?.length
    if (length !== undefined && !(Number.isSafeInteger(length) && length >= 0)) {
      throw new UsageError(
        'HTTP_BODY_LENGTH',
        `the length of a body is a whole number, not ${String(length)}`,
      )
    }
    if (length !== undefined && streaming?.endsOnDrain === true) {
      throw new UsageError('HTTP_BODY_LENGTH', 'a body that ends with the drain has no length beforehand')
    }
    this.status = status
    this.headers = headerBlock(headers)
    this.body = body
    this.streaming = streaming
  }
}

function isBody(body: unknown): body is ResponseBody {
  if (typeof body === 'string') return true
  return (
    typeof body === 'object' && body !== null && (Symbol.iterator in body || Symbol.asyncIterator in body)
  )
}

/** Plain text, as UTF-8. */
export function text(body: string, init?: ResponseInit): HttpResponse {
  return typed(TEXT, 'text/plain; charset=utf-8', body, init)
}

export function html(body: string, init?: ResponseInit): HttpResponse {
  return typed(HTML, 'text/html; charset=utf-8', body, init)
}

/** A value as JSON. */
export function json(value: unknown, init?: ResponseInit): HttpResponse {
  return typed(JSON_TYPE, 'application/json', JSON.stringify(value), init)
}

/**
 * A body in pieces, each sent when it is there and the client takes it: the source is asked for the next one only
 * when there is room. If the client leaves, the source's `return` is called.
 */
export function stream(body: Streamed, init?: StreamInit): HttpResponse {
  return typed(undefined, init?.type ?? 'application/octet-stream', body, init, init)
}

/** A status, fields, and no body. */
export function status(code: number, init?: Omit<ResponseInit, 'status'>): HttpResponse {
  return new HttpResponse(code, init?.headers ?? [])
}

const TEXT = headerBlock([['content-type', 'text/plain; charset=utf-8']])
const HTML = headerBlock([['content-type', 'text/html; charset=utf-8']])
const JSON_TYPE = headerBlock([['content-type', 'application/json']])

function typed(
  ready: HeaderBlock | undefined,
  type: string,
  body: ResponseBody,
  init: ResponseInit | undefined,
  streaming?: StreamOptions,
): HttpResponse {
  const code = init?.status ?? 200
  const headers = init?.headers
  if (headers === undefined) return new HttpResponse(code, ready ?? [['content-type', type]], body, streaming)
  const given = headerBlock(headers)
  // A type of the caller's own takes the place of ours.
  if (/^content-type:/im.test(given.text)) return new HttpResponse(code, given, body, streaming)
  const text = `${(ready ?? headerBlock([['content-type', type]])).text}${given.text}`
  return new HttpResponse(code, new HeaderBlock(text, given.hasDate, given.hasUpgrade), body, streaming)
}
