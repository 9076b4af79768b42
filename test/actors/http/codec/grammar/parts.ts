/** A request in its parts, one for each production of the grammar, so that a test can make it, break one, and write it. */
import type { Message } from '../reading.ts'

export interface Parts {
  readonly emptyLines: string
  readonly method: string
  readonly methodEnd: string
  readonly target: string
  readonly targetEnd: string
  readonly version: string
  readonly lineEnd: string
  /** All field lines, those that frame the body included. */
  readonly lines: readonly Line[]
  readonly headEnd: string
  readonly body: Body
}

/** A field line; the blanks are the OWS around the value. */
export interface Line {
  readonly name: string
  readonly colon: string
  readonly blankBefore: string
  readonly value: string
  readonly blankAfter: string
  readonly end: string
}

export type Body =
  | { readonly kind: 'none' }
  | { readonly kind: 'length'; readonly data: string }
  | {
      readonly kind: 'chunked'
      readonly chunks: readonly Chunk[]
      readonly trailers: readonly Line[]
      readonly end: string
    }

/** The last chunk is one whose data and `dataEnd` are empty. */
export interface Chunk {
  readonly size: string
  readonly extensions: string
  readonly lineEnd: string
  readonly data: string
  readonly dataEnd: string
}

export function line(name: string, value: string): Line {
  return { name, colon: ':', blankBefore: ' ', value, blankAfter: '', end: '\r\n' }
}

export function write(parts: Parts): string {
  const { emptyLines, method, methodEnd, target, targetEnd, version, lineEnd, lines, headEnd, body } = parts
  const requestLine = method + methodEnd + target + targetEnd + version + lineEnd
  return emptyLines + requestLine + writeLines(lines) + headEnd + writeBody(body)
}

function writeLines(lines: readonly Line[]): string {
  return lines
    .map(
      ({ name, colon, blankBefore, value, blankAfter, end }) =>
        name + colon + blankBefore + value + blankAfter + end,
    )
    .join('')
}

function writeBody(body: Body): string {
  if (body.kind === 'none') return ''
  if (body.kind === 'length') return body.data
  const chunks = body.chunks.map(
    ({ size, extensions, lineEnd, data, dataEnd }) => size + extensions + lineEnd + data + dataEnd,
  )
  return chunks.join('') + writeLines(body.trailers) + body.end
}

/** What is to be read of parts that are valid. */
export function messageOf({ method, target, version, lines, body }: Parts): Message {
  const versionMinor = version === 'HTTP/1.0' ? 0 : 1
  const data = dataOf(body)
  const hasBody = body.kind === 'chunked' || data !== ''
  const options = listOf(lines, 'connection')
  const isPersistent = versionMinor === 1 || options.includes('keep-alive')
  return {
    method,
    target,
    versionMinor,
    headers: fieldsOf(lines),
    keepAlive: method !== 'CONNECT' && isPersistent && !options.includes('close'),
    bodyKind: hasBody ? body.kind : 'none',
    expectContinue: versionMinor === 1 && hasBody && listOf(lines, 'expect').length > 0,
    isUpgrade: versionMinor === 1 && options.includes('upgrade') && listOf(lines, 'upgrade').length > 0,
    body: data,
    trailers: body.kind === 'chunked' ? fieldsOf(body.trailers) : [],
  }
}

function dataOf(body: Body): string {
  if (body.kind === 'none') return ''
  return body.kind === 'length' ? body.data : body.chunks.map(({ data }) => data).join('')
}

function fieldsOf(lines: readonly Line[]): [string, string][] {
  return lines.map(({ name, value }) => [name.toLowerCase(), value])
}

function listOf(lines: readonly Line[], name: string): string[] {
  return fieldsOf(lines)
    .filter(([other]) => other === name)
    .flatMap(([, value]) => value.toLowerCase().split(/[ \t]*,[ \t]*/))
}
