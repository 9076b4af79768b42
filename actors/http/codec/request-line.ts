/**
 * The first line of a request: `method SP target SP "HTTP/1." DIGIT CRLF` (RFC 9112 section 3).
 *
 * Rules: exactly one space between the parts, whatever RFC 9112 section 3 permits in leniency: where the target ends
 * must not be a matter of opinion. The scanner says yes or no; `requestLineFault` says why not.
 */
import { badRequest, excerpt, HttpError } from './errors.ts'
import { NO_LINE } from './field-lines.ts'
import { CR, isDigit, isTargetChar, isToken, isTokenChar, LF, SP } from './grammar.ts'
import { hasPort, isHost } from './host.ts'

export interface RequestLine {
  readonly method: string
  readonly target: string
  /** 0 or 1. A higher minor version is read as 1, the highest that we speak (RFC 9110 section 2.5). */
  readonly versionMinor: 0 | 1
}

/** Characters behind the target: ` HTTP/1.1` and CRLF. */
const TAIL_LENGTH = 11

/** Characters of a method. The longest that is registered, UPDATEREDIRECTREF, has 17. */
const METHOD_LENGTH_MAX = 32

/** Index after the request line that begins at `at`, or `NO_LINE`. */
export function scanRequestLine(bytes: Buffer, at: number): number {
  const end = bytes.length
  let i = at
  while (i < end && isTokenChar(bytes[i])) i++
  if (i === at || i >= end || bytes[i] !== SP) return NO_LINE
  const target = ++i
  while (i < end && isTargetChar(bytes[i])) i++
  if (i === target || i + TAIL_LENGTH > end) return NO_LINE
  const isWhole =
    bytes[i] === SP &&
    bytes[i + 1] === 0x48 &&
    bytes[i + 2] === 0x54 &&
    bytes[i + 3] === 0x54 &&
    bytes[i + 4] === 0x50 &&
    bytes[i + 5] === 0x2f &&
    bytes[i + 6] === 0x31 &&
    bytes[i + 7] === 0x2e &&
    isDigit(bytes[i + 8]) &&
    bytes[i + 9] === CR &&
    bytes[i + 10] === LF
  return isWhole ? i + TAIL_LENGTH : NO_LINE
}

/**
 * Takes apart a line that was scanned: the first `length` characters of `text`, its CRLF among them.
 *
 * @throws HttpError (`HTTP_METHOD_TOO_LONG`, 501) for a method longer than any that is implemented (RFC 9112 section 3);
 *   (`HTTP_TARGET_INVALID`) if the target has none of the four forms, or one that is not the method's.
 */
export function readRequestLine(text: string, length: number): RequestLine {
  const methodEnd = text.indexOf(' ')
  const method = text.slice(0, methodEnd)
  if (methodEnd > METHOD_LENGTH_MAX) {
    throw new HttpError(
      501,
      'HTTP_METHOD_TOO_LONG',
      `no method has more than ${METHOD_LENGTH_MAX} characters`,
    )
  }
  const target = text.slice(methodEnd + 1, length - TAIL_LENGTH)
  if (!hasProperForm(method, target)) {
    throw badRequest('HTTP_TARGET_INVALID', `${excerpt(target)} is no target for ${excerpt(method)}`)
  }
  return { method, target, versionMinor: text.charCodeAt(length - 3) === 0x30 ? 0 : 1 }
}

/** Authority of a target in absolute form, or `undefined` for every other form. */
export function authorityOf(target: string): string | undefined {
  return target.startsWith('/') ? undefined : /^https?:\/\/([^/?]*)/i.exec(target)?.[1]
}

/** Why a line, given with its LF, was refused. */
export function requestLineFault(line: string): HttpError {
  if (!line.endsWith('\r\n'))
    return badRequest('HTTP_REQUEST_LINE_INVALID', 'the request line ends in a bare LF')
  const parts = line.slice(0, -2).split(' ')
  const [method, target, version] = parts
  if (method === undefined || target === undefined || version === undefined || parts.length !== 3) {
    return badRequest('HTTP_REQUEST_LINE_INVALID', 'the request line is not "method target version"')
  }
  if (!isToken(method)) return badRequest('HTTP_METHOD_INVALID', `${excerpt(method)} is not a method`)
  if (/^HTTP\/[02-9]\.\d$/.test(version)) {
    return new HttpError(505, 'HTTP_VERSION_UNSUPPORTED', `${version} is not spoken here, HTTP/1.1 is`)
  }
  if (!/^HTTP\/1\.\d$/.test(version)) {
    return badRequest('HTTP_REQUEST_LINE_INVALID', `${excerpt(version)} is not an HTTP version`)
  }
  return badRequest('HTTP_TARGET_INVALID', `${excerpt(target)} is not a request target`)
}

/** The four forms of RFC 9112 section 3.2; `*` is for OPTIONS alone, an authority for CONNECT alone. */
function hasProperForm(method: string, target: string): boolean {
  if (method === 'CONNECT') return isHost(target) && hasPort(target)
  if (target.startsWith('/')) return true
  if (target === '*') return method === 'OPTIONS'
  const authority = authorityOf(target)
  return authority !== undefined && isHost(authority)
}
