/**
 * What the head of a request says about its connection and its body (RFC 9112 sections 6 and 9.3).
 *
 * Rules: one look at each field, and only at those that decide. Where two readings are possible the request is refused,
 * since the difference between two readings is a smuggled request: a repeated Content-Length even if the values agree,
 * Content-Length beside Transfer-Encoding, Transfer-Encoding in HTTP/1.0, and any Host but exactly one. No field that
 * Connection names is left out: naming Content-Length or Host there hides nothing (RFC 9110 section 7.6.1).
 */

import type { HttpLimits } from '../limits.ts'
import { badRequest, excerpt, HttpError } from './errors.ts'
import type { HeaderFields } from './headers.ts'
import { isHost } from './host.ts'
import type { RequestLine } from './request-line.ts'

/** How a body's end is known. A response may also end with its connection: see `ResponseFraming`. */
export type BodyKind = 'none' | 'length' | 'chunked'

export interface Framing {
  /** Whether the peer lets the connection live after the response. */
  readonly keepAlive: boolean
  readonly bodyKind: BodyKind
  /** Bytes of a body whose kind is `length`, at least 1; otherwise 0. */
  readonly contentLength: number
  /** Whether the peer waits for `100 Continue` before it sends its body. */
  readonly expectContinue: boolean
  /** Whether the peer asks for the protocols in its Upgrade field. */
  readonly isUpgrade: boolean
}

/** @throws HttpError with status 400, 413, 417 or 501: see `HttpErrorCode`. */
export function readFraming(line: RequestLine, fields: HeaderFields, limits: HttpLimits): Framing {
  const { method, versionMinor } = line
  let hosts = 0
  let contentLength = -1
  let codings: string | undefined
  let connection: string | undefined
  let expectation: string | undefined
  let hasUpgrade = false
  const { count } = fields
  for (let i = 0; i < count; i++) {
    // Six lengths cover every field that decides; most fields are passed over by one comparison of integers.
    switch (fields.nameLengthAt(i)) {
      case 4:
        if (fields.isNamedAt(i, 'host')) {
          hosts++
          checkHost(fields.valueOf(i))
        }
        break
      case 6:
        if (fields.isNamedAt(i, 'expect')) expectation = joined(expectation, fields.valueOf(i))
        break
      case 7:
        if (fields.isNamedAt(i, 'upgrade')) hasUpgrade = true
        break
      case 10:
        if (fields.isNamedAt(i, 'connection')) connection = joined(connection, fields.valueOf(i))
        break
      case 14:
        if (fields.isNamedAt(i, 'content-length')) {
          if (contentLength !== -1) {
            throw badRequest('HTTP_CONTENT_LENGTH_INVALID', 'Content-Length is given more than once')
          }
          contentLength = readContentLength(fields.valueOf(i))
        }
        break
      case 17:
        if (fields.isNamedAt(i, 'transfer-encoding')) codings = joined(codings, fields.valueOf(i))
        break
    }
  }
  if (hosts > 1 || (hosts === 0 && versionMinor === 1)) {
    throw badRequest('HTTP_HOST_INVALID', `${hosts} Host fields where exactly one is wanted`)
  }
  if (codings !== undefined) checkCodings(codings, versionMinor, contentLength)
  if (contentLength > limits.bodyBytesMax) {
    throw new HttpError(
      413,
      'HTTP_BODY_TOO_LARGE',
      `a body of ${contentLength} bytes is announced where at most ${limits.bodyBytesMax} are taken`,
    )
  }
  const isChunked = codings !== undefined
  const hasBody = isChunked || contentLength > 0
  if (hasBody && (method === 'CONNECT' || method === 'TRACE')) {
    throw badRequest('HTTP_CONTENT_FORBIDDEN', `a ${method} request has no content`)
  }
  return {
    // What follows CONNECT is meant for the tunnel, even where there is none: never another request (RFC 9110 9.3.6).
    keepAlive: method !== 'CONNECT' && readKeepAlive(versionMinor, connection),
    bodyKind: isChunked ? 'chunked' : hasBody ? 'length' : 'none',
    contentLength: Math.max(0, contentLength),
    expectContinue: expectation !== undefined && readExpectation(expectation, versionMinor) && hasBody,
    isUpgrade: hasUpgrade && versionMinor === 1 && hasOption(connection, 'upgrade'),
  }
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before},${value}`
}

/** The last Host that was found to be one: most requests name the same. A cache, not state. */
let knownHost = ''

function checkHost(value: string): void {
  if (value === knownHost) return
  if (!isHost(value)) throw badRequest('HTTP_HOST_INVALID', `${excerpt(value)} is not a host`)
  knownHost = value
}

/** `1*DIGIT` and nothing else: no sign, no list, no exponent. Beyond 2^53 the value is inexact, and refused as too large. */
function readContentLength(value: string): number {
  if (!/^\d+$/.test(value)) {
    throw badRequest('HTTP_CONTENT_LENGTH_INVALID', `${excerpt(value)} is not a Content-Length`)
  }
  return Number(value)
}

/** Of all the codings only `chunked` is spoken, and only as the single one. */
function checkCodings(value: string, versionMinor: 0 | 1, contentLength: number): void {
  if (versionMinor === 0) {
    throw badRequest('HTTP_TRANSFER_ENCODING_INVALID', 'Transfer-Encoding in an HTTP/1.0 request')
  }
  if (contentLength !== -1) {
    throw badRequest('HTTP_TRANSFER_ENCODING_INVALID', 'Transfer-Encoding beside Content-Length')
  }
  const codings = value.toLowerCase().split(',').map(trimBlanks)
  if (codings.length === 1 && codings[0] === 'chunked') return
  if (codings.indexOf('chunked') !== codings.length - 1 || codings.includes('')) {
    throw badRequest('HTTP_TRANSFER_ENCODING_INVALID', `${excerpt(value)} does not end in one "chunked"`)
  }
  throw new HttpError(
    501,
    'HTTP_TRANSFER_CODING_UNKNOWN',
    `${excerpt(value)} names codings other than "chunked"`,
  )
}

function readKeepAlive(versionMinor: 0 | 1, connection: string | undefined): boolean {
  if (connection === undefined) return versionMinor === 1
  if (hasOption(connection, 'close')) return false
  return versionMinor === 1 || hasOption(connection, 'keep-alive')
}

/** HTTP/1.0 knows no expectations, and a server must not see any in it (RFC 9110 section 10.1.1). */
function readExpectation(value: string, versionMinor: 0 | 1): boolean {
  if (versionMinor === 0) return false
  if (value.toLowerCase() === '100-continue') return true
  throw new HttpError(
    417,
    'HTTP_EXPECTATION_UNKNOWN',
    `${excerpt(value)} cannot be met, only "100-continue" can`,
  )
}

function hasOption(connection: string | undefined, option: string): boolean {
  if (connection === undefined) return false
  const value = connection.toLowerCase()
  if (!value.includes(',')) return value === option
  return value.split(',').some((element) => trimBlanks(element) === option)
}

/** Only SP and HT are white space in HTTP; `trim` would also take U+00A0, which is a byte of obs-text. */
function trimBlanks(text: string): string {
  return text.replace(/^[ \t]+|[ \t]+$/g, '')
}
