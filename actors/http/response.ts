/**
 * Responses as values: status, fields, and a body that is there already or comes in pieces. Made by `text`, `html`,
 * `json` and `stream`. One response may answer any number of requests, unless its body is a stream.
 */
import { UsageError } from '../../runtime/errors.ts'
import { HeaderBlock, headerBlock, type ResponseHeaders } from './serialise.ts'

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

export interface StreamInit extends ResponseInit {
  /** Default `application/octet-stream`. */
  readonly type?: string
}

export class HttpResponse {
  readonly status: number
  /** Checked when the response is made, so that the fault is found where it was made. */
  readonly headers: HeaderBlock
  readonly body: ResponseBody

  /**
   * @throws UsageError for a field that cannot be sent, or that is the server's to send; `HTTP_STATUS_INVALID`; `HTTP_STATUS_INTERIM` for a
   *   status below 200, after which a client would go on waiting; `HTTP_BODY_INVALID`.
   */
  constructor(status: number, headers: ResponseHeaders, body?: ResponseBody) {
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
    this.status = status
    this.headers = headerBlock(headers)
    this.body = body
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
  return typed(undefined, init?.type ?? 'application/octet-stream', body, init)
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
): HttpResponse {
  const code = init?.status ?? 200
  const headers = init?.headers
  if (headers === undefined) return new HttpResponse(code, ready ?? [['content-type', type]], body)
  const given = headerBlock(headers)
  // A type of the caller's own takes the place of ours.
  if (/^content-type:/im.test(given.text)) return new HttpResponse(code, given, body)
  const text = `${(ready ?? headerBlock([['content-type', type]])).text}${given.text}`
  return new HttpResponse(code, new HeaderBlock(text, given.hasDate), body)
}
