/**
 * One field line of a head or of trailers: `name ":" OWS value OWS CRLF` (RFC 9112 section 5).
 *
 * Rules: the scanner only says yes or no, in one pass over the bytes; why a line was refused is worked out afterwards,
 * where time does not matter. Nothing is repaired: obs-fold, white space before the colon, and a CR or LF that is not
 * half of a CRLF are all ways to make two servers read different requests.
 */
import { badRequest, excerpt, type HttpError } from './errors.ts'
import { COLON, CR, isBlank, isFieldValueChar, isToken, isTokenChar, LF } from './grammar.ts'
import type { HeaderFields } from './headers.ts'

/** The answer of a scanner: what stands here is not a whole valid line, or not yet. */
export const NO_LINE = -1

/**
 * Reads the line that begins at `at` and notes it in `fields`.
 *
 * @param base - what to add to an index in `bytes` to get one in the text of `fields`.
 * @returns the index after the line, or `NO_LINE`.
 */
export function scanFieldLine(bytes: Buffer, at: number, base: number, fields: HeaderFields): number {
  const end = bytes.length
  let i = at
  while (i < end && isTokenChar(bytes[i])) i++
  const nameEnd = i
  if (nameEnd === at || i >= end || bytes[i] !== COLON) return NO_LINE
  i++
  while (i < end && isBlank(bytes[i])) i++
  const valueStart = i
  while (i < end && isFieldValueChar(bytes[i])) i++
  if (i + 1 >= end || bytes[i] !== CR || bytes[i + 1] !== LF) return NO_LINE
  let valueEnd = i
  while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd--
  fields.add(base + at, base + nameEnd, base + valueStart, base + valueEnd)
  return i + 2
}

/** Why a line, given with its LF, was refused. */
export function fieldLineFault(line: string): HttpError {
  if (!line.endsWith('\r\n')) return badRequest('HTTP_FIELD_INVALID', 'a field line ends in a bare LF')
  if (isBlank(line.charCodeAt(0)))
    return badRequest('HTTP_FIELD_FOLDED', 'a field line begins with white space')
  const colon = line.indexOf(':')
  if (colon === -1) return badRequest('HTTP_FIELD_INVALID', 'a field line has no colon')
  const name = line.slice(0, colon)
  return isToken(name)
    ? badRequest('HTTP_FIELD_INVALID', `the value of ${excerpt(name)} holds a control character`)
    : badRequest('HTTP_FIELD_INVALID', `${excerpt(name)} is not a field name`)
}
