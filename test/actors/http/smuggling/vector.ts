/**
 * Vectors of request smuggling. Each holds a whole second request, `POISON`, at a place where it is not one: a server
 * that reads `GET /smuggled` there disagrees with whoever stands before or behind it about where a request ends.
 */

export interface Vector {
  readonly title: string
  readonly bytes: string
  /** Status and code of the refusal, or `end` where the bytes are valid and hold the poison as something else. */
  readonly verdict: string
  /** Requests that are read to their end before the verdict; 0 if left out, 1 where the verdict is `end`. */
  readonly requests: number
}

export const POISON = 'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n'

export const HOST = 'Host: a\r\n'
export const GET = `GET / HTTP/1.1\r\n${HOST}`
export const POST = `POST / HTTP/1.1\r\n${HOST}`

/** The verdicts, by short names. */
export const BAD = {
  line: '400 HTTP_REQUEST_LINE_INVALID',
  method: '400 HTTP_METHOD_INVALID',
  target: '400 HTTP_TARGET_INVALID',
  field: '400 HTTP_FIELD_INVALID',
  folded: '400 HTTP_FIELD_FOLDED',
  host: '400 HTTP_HOST_INVALID',
  length: '400 HTTP_CONTENT_LENGTH_INVALID',
  coding: '400 HTTP_TRANSFER_ENCODING_INVALID',
  content: '400 HTTP_CONTENT_FORBIDDEN',
  unknownCoding: '501 HTTP_TRANSFER_CODING_UNKNOWN',
  expectation: '417 HTTP_EXPECTATION_UNKNOWN',
  chunk: '400 HTTP_CHUNK_INVALID',
  extensions: '413 HTTP_CHUNK_EXTENSIONS_TOO_LARGE',
  trailer: '400 HTTP_TRAILER_FORBIDDEN',
  tooLarge: '413 HTTP_BODY_TOO_LARGE',
  version: '505 HTTP_VERSION_UNSUPPORTED',
  longLine: '414 HTTP_REQUEST_LINE_TOO_LONG',
  longMethod: '501 HTTP_METHOD_TOO_LONG',
  longHead: '431 HTTP_HEAD_TOO_LARGE',
  emptyLines: '400 HTTP_EMPTY_LINES',
} as const

/** Bytes that are refused with `verdict`. */
export function refused(title: string, bytes: string, verdict: string, requests = 0): Vector {
  return { title, bytes, verdict, requests }
}

/** Bytes that are one valid request, or `requests` of them, none of which is the poison. */
export function harmless(title: string, bytes: string, requests = 1): Vector {
  return { title, bytes, verdict: 'end', requests }
}

/** A control character or a foreign one, made visible for a title. */
export function shown(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(/[^\x20-\x7e]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`)
}
