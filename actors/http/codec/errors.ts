/**
 * The refusals of the HTTP codec: what was wrong with the peer's bytes, and which status tells it so.
 *
 * Rules: `code` is stable, `reason` is one line fit for a log or a 400's body and repeats nothing that the peer sent
 * but short printable excerpts. After an `HttpError` the position in the byte stream is unknown, so a connection
 * answers once and closes (RFC 9112 section 9.6).
 */
import { PeerError } from '../../../runtime/errors.ts'

/**
 * Codes by what they are about; the status stands beside each.
 *
 * | code | status | bound |
 * | --- | --- | --- |
 * | `HTTP_REQUEST_LINE_INVALID`, `HTTP_METHOD_INVALID`, `HTTP_TARGET_INVALID` | 400 | |
 * | `HTTP_METHOD_TOO_LONG` | 501 | 32 characters |
 * | `HTTP_VERSION_UNSUPPORTED` | 505 | |
 * | `HTTP_REQUEST_LINE_TOO_LONG` | 414 | `requestLineBytesMax` |
 * | `HTTP_EMPTY_LINES` | 400 | `emptyLinesMax` |
 * | `HTTP_FIELD_INVALID`, `HTTP_FIELD_FOLDED`, `HTTP_HOST_INVALID` | 400 | |
 * | `HTTP_HEAD_TOO_LARGE`, `HTTP_TOO_MANY_FIELDS` | 431 | `headBytesMax`, `headerCountMax` |
 * | `HTTP_CONTENT_LENGTH_INVALID`, `HTTP_TRANSFER_ENCODING_INVALID` | 400 | |
 * | `HTTP_CONTENT_FORBIDDEN` | 400 | |
 * | `HTTP_TRANSFER_CODING_UNKNOWN` | 501 | |
 * | `HTTP_EXPECTATION_UNKNOWN` | 417 | |
 * | `HTTP_BODY_TOO_LARGE` | 413 | `bodyBytesMax` |
 * | `HTTP_CHUNK_INVALID` | 400 | |
 * | `HTTP_CHUNK_EXTENSIONS_TOO_LARGE` | 413 | `chunkExtensionBytesMax` |
 * | `HTTP_TRAILER_FORBIDDEN` | 400 | |
 * | `HTTP_TRAILERS_TOO_LARGE` | 431 | `trailerBytesMax`, `headerCountMax` |
 * | `HTTP_LENGTH_REQUIRED` | 411 | |
 * | `HTTP_TRUNCATED` | 400 | |
 */
export type HttpErrorCode =
  | 'HTTP_REQUEST_LINE_INVALID'
  | 'HTTP_METHOD_INVALID'
  | 'HTTP_METHOD_TOO_LONG'
  | 'HTTP_TARGET_INVALID'
  | 'HTTP_VERSION_UNSUPPORTED'
  | 'HTTP_REQUEST_LINE_TOO_LONG'
  | 'HTTP_EMPTY_LINES'
  | 'HTTP_FIELD_INVALID'
  | 'HTTP_FIELD_FOLDED'
  | 'HTTP_HOST_INVALID'
  | 'HTTP_HEAD_TOO_LARGE'
  | 'HTTP_TOO_MANY_FIELDS'
  | 'HTTP_CONTENT_LENGTH_INVALID'
  | 'HTTP_TRANSFER_ENCODING_INVALID'
  | 'HTTP_CONTENT_FORBIDDEN'
  | 'HTTP_TRANSFER_CODING_UNKNOWN'
  | 'HTTP_EXPECTATION_UNKNOWN'
  | 'HTTP_BODY_TOO_LARGE'
  | 'HTTP_CHUNK_INVALID'
  | 'HTTP_CHUNK_EXTENSIONS_TOO_LARGE'
  | 'HTTP_TRAILER_FORBIDDEN'
  | 'HTTP_TRAILERS_TOO_LARGE'
  | 'HTTP_LENGTH_REQUIRED'
  | 'HTTP_TRUNCATED'

/** The peer broke HTTP/1.x or a limit. `status` is what to answer, if anything can still be answered. */
export class HttpError extends PeerError {
  declare readonly code: HttpErrorCode
  readonly status: number
  readonly reason: string

  constructor(status: number, code: HttpErrorCode, reason: string) {
    super(code, `request refused with ${status}: ${reason}`)
    this.status = status
    this.reason = reason
  }
}

/** The most common refusal: 400 Bad Request. */
export function badRequest(code: HttpErrorCode, reason: string): HttpError {
  return new HttpError(400, code, reason)
}

/** What the peer sent, short and printable, for a `reason`. */
export function excerpt(text: string): string {
  const short = text.length > 40 ? `${text.slice(0, 40)}...` : text
  return JSON.stringify(short).replace(/[^\x20-\x7e]/g, '?')
}
