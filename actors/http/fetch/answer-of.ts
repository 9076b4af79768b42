/**
 * What a fetch handler returned, as a response that the server sends.
 *
 * Rules: how a body ends and whether the connection lives is the codec's to say. So of Content-Length only the promise
 * is kept that it makes for a stream, of Connection only `close`, and Transfer-Encoding not at all.
 */
import { UsageError } from '../../../runtime/errors.ts'
import { type HeaderBlock, headerBlock } from '../codec/serialise.ts'
import type { HttpRequest } from '../request.ts'
import { HttpResponse, type Streamed } from '../response.ts'
import { type Fields, textFields } from './fields.ts'
import { LazyBody } from './lazy-body.ts'
import { LazyResponse } from './lazy-response.ts'
import { StreamPieces } from './streams.ts'

/**
 * @throws UsageError: `HTTP_NOT_A_RESPONSE` for anything else than a response, `HTTP_BODY_USED` for one whose body was
 *   read, sent or locked before, and as `HttpResponse` for what cannot be sent.
 */
export function answerOf(result: unknown, request: HttpRequest): HttpResponse {
  const parts: Parts = LazyResponse.is(result) ? LazyResponse.partsOf(result) : partsOf(result)
  try {
    return answer(parts, request)
  } catch (error) {
    parts.body?.discard()
    throw error
  }
}

interface Parts {
  readonly status: number
  readonly fields: Fields
  readonly body: Pick<LazyBody, 'take' | 'discard'> | null
}

function answer({ status, fields, body }: Parts, request: HttpRequest): HttpResponse {
  const { block, length, isLast } = headOf(fields)
  if (isLast === true) request.closeAfter()
  const streaming = length === undefined ? undefined : { length }
  if (body !== null) return new HttpResponse(status, block, body.take(), streaming)
  // To HEAD many give no body, though they would to GET: that it has none must not be said then.
  if (request.method === 'HEAD') return new HttpResponse(status, block, nothing, streaming)
  return new HttpResponse(status, block)
}

const nothing: Streamed = []

interface Head {
  readonly block: HeaderBlock
  /** Bytes of the body, as the application says. */
  readonly length?: number
  /** The connection is to end with this response. */
  readonly isLast?: boolean
}

/** Heads that hold a content type and nothing else: most do. A cache, not state; beyond the bounds they are made each time. */
const typeHeads = new Map<string, Head>([
  [textFields[1] as string, { block: headerBlock([pair(textFields, 0)]) }],
])
const TYPE_HEADS_MAX = 64
const TYPE_LENGTH_MAX = 128

function headOf(fields: Fields): Head {
  if (fields.length !== 2 || fields[0] !== 'content-type') return collect(fields)
  const type = fields[1] as string
  const ready = typeHeads.get(type)
  if (ready !== undefined) return ready
  const head = collect(fields)
  if (typeHeads.size < TYPE_HEADS_MAX && type.length <= TYPE_LENGTH_MAX) typeHeads.set(type, head)
  return head
}

function collect(fields: Fields): Head {
  const kept: (readonly [string, string])[] = []
  let length: number | undefined
  let isLast = false
  for (let i = 0; i < fields.length; i += 2) {
    const [name, value] = pair(fields, i)
    if (name === 'content-length') length = lengthOf(value)
    else if (name === 'connection') isLast = /(?:^|,)[ \t]*close[ \t]*(?:,|$)/i.test(value)
    else if (name !== 'transfer-encoding') kept.push([name, value])
  }
  const block = headerBlock(kept)
  return length === undefined ? { block, isLast } : { block, isLast, length }
}

function pair(fields: Fields, at: number): readonly [name: string, value: string] {
  return [fields[at] as string, fields[at + 1] as string]
}

/** @returns undefined for what is no length: nobody is promised anything then. */
function lengthOf(value: string): number | undefined {
  const length = /^\d+$/.test(value) ? Number(value) : Number.NaN
  return Number.isSafeInteger(length) ? length : undefined
}

/** What of a response every implementation has. */
interface AnyResponse {
  readonly status: number
  readonly url?: unknown
  readonly headers: Iterable<readonly [string, string]>
  readonly body?: ReadableStream | Streamed | null
}

/** Of the platform, of another copy of ours, of another implementation: what has the members of a response is one. */
function partsOf(result: unknown): Parts {
  if (!isResponse(result)) {
    throw new UsageError(
      'HTTP_NOT_A_RESPONSE',
      `a fetch handler gives a Response, or a promise of one, not ${nameOf(result)}`,
    )
  }
  const { status, body } = result
  const fields: string[] = []
  for (const [name, value] of isDecoded(result) ? withoutCoding(result.headers) : result.headers) {
    fields.push(name.toLowerCase(), value)
  }
  return { status, fields, body: body === null || body === undefined ? null : anyBody(body) }
}

function isResponse(value: unknown): value is AnyResponse {
  if (typeof value !== 'object' || value === null) return false
  const { status, headers, body } = value as Partial<Record<string, unknown>>
  if (typeof status !== 'number' || !hasMember(headers, Symbol.iterator)) return false
  return (
    body === null ||
    body === undefined ||
    hasMember(body, 'getReader') ||
    hasMember(body, Symbol.asyncIterator)
  )
}

function hasMember(value: unknown, name: PropertyKey): boolean {
  return typeof (value as Record<PropertyKey, unknown> | null | undefined)?.[name] === 'function'
}

function anyBody(body: ReadableStream | Streamed): Exclude<Parts['body'], null> {
  if (body instanceof ReadableStream) return new LazyBody(body)
  return {
    take: () => ('getReader' in body ? new StreamPieces(body as ReadableStream) : body),
    discard: () => {},
  }
}

/** Codings that every `fetch` undoes. */
const DECODED = /^(?:x-)?gzip$|^deflate$|^br$/i

/**
 * Whether it came from `fetch`, which has undone its content codings (Fetch standard, "handle content codings") but left
 * the fields that tell of them. Passed on as they are they would be lies.
 */
function isDecoded({ url, headers, body }: AnyResponse): boolean {
  if (typeof url !== 'string' || url === '' || body === null || body === undefined) return false
  for (const [name, value] of headers) {
    if (name.toLowerCase() === 'content-encoding')
      return value.split(',').every((coding) => DECODED.test(coding.trim()))
  }
  return false
}

function* withoutCoding(headers: AnyResponse['headers']): Generator<readonly [string, string]> {
  for (const field of headers) if (!/^content-(?:encoding|length)$/i.test(field[0])) yield field
}

/** What it is, in a message for the one who wrote the handler. */
function nameOf(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  if (typeof value !== 'object') return `a ${typeof value}`
  const name: unknown = Object.getPrototypeOf(value)?.constructor?.name
  return typeof name === 'string' && name !== '' ? `an object of ${name}` : 'an object'
}
