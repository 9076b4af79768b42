/**
 * Content codings: which responses are compressed, and how (RFC 9110 sections 8.4 and 12.5.3).
 *
 * Caution. Where a page holds a secret (a CSRF token, say) together with text that its visitor chose, the length of what
 * is sent under TLS tells about the secret (BREACH). So nothing is compressed unless asked for; and of such a page say
 * `cache-control: no-transform`, or mask the secret anew each time.
 *
 * Rules: a response whose bytes are spoken for stays as it is: it has a coding or a range already, or says
 * `no-transform`. One that could come in another coding says so in `vary`, also to a client that gets it plain. What
 * was byte for byte the same is so no longer: a strong entity tag becomes a weak one, and ranges are not offered.
 */
import { negotiate } from '@fastify/accept-negotiator'
import { UsageError } from '../../../runtime/errors.ts'
import type { HeaderBlock } from '../codec/serialise.ts'
import { allowsBody } from '../codec/status.ts'
import type { HttpRequest } from '../request.ts'
import { HttpResponse, isStreamed, type ResponseBody } from '../response.ts'
import { slicesOf } from '../response-writer.ts'
import { CompressedBody } from './compressed-body.ts'
import { brotliCoder, type ContentCoder, gzipCoder, zstdCoder } from './content-coder.ts'
import { fieldOf, withFields, withoutFields } from './response-fields.ts'

export type ContentCoding = 'br' | 'gzip' | 'zstd'

export interface CompressionOptions {
  /** In order of preference, where the client has none. Default `br`, `gzip`. `zstd` is passed over where Node has none (before 22.15). */
  readonly codings?: readonly ContentCoding[]
  /** Bytes of a body, where they are known, below which it is left alone. Default 1024: a head and a small body fit one packet as they are. */
  readonly bytesMin?: number
  /** 0 to 11. Default 4: beyond it, time grows faster than what is saved. */
  readonly brotliQuality?: number
  /** 1 to 9. Default 6, zlib's own. */
  readonly gzipLevel?: number
}

/** Options that were checked. */
export interface Compression {
  readonly bytesMin: number
  /** @internal In order of preference. */
  readonly coders: ReadonlyMap<ContentCoding, ContentCoder>
}

/**
 * Bytes that are compressed at once, within the turn. Measured with JSON on Node 20: at 4 KiB the loop is busy for 50 us
 * when it compresses, and for 120 us when a thread does it for it; at 16 KiB for 85 us and 50 to 250; from there the
 * thread wins.
 */
const NOW_BYTES_MAX = 16 * 1024

/** Bytes that are compressed as a whole, so that their length is known before they leave; a larger body leaves in pieces. */
const WHOLE_BYTES_MAX = 256 * 1024

/** @throws UsageError (`HTTP_COMPRESSION_INVALID`) for an unknown coding, or a number out of its bounds. */
export function createCompression(options: CompressionOptions = {}): Compression {
  const { codings = ['br', 'gzip'], bytesMin = 1024, brotliQuality = 4, gzipLevel = 6 } = options
  checkWhole('bytesMin', bytesMin, 0, Number.MAX_SAFE_INTEGER)
  checkWhole('brotliQuality', brotliQuality, 0, 11)
  checkWhole('gzipLevel', gzipLevel, 1, 9)
  const known: Record<ContentCoding, ContentCoder | undefined> = {
    br: brotliCoder(brotliQuality),
    gzip: gzipCoder(gzipLevel),
    zstd: zstdCoder(),
  }
  const coders = new Map<ContentCoding, ContentCoder>()
  for (const coding of codings) {
    if (!Object.hasOwn(known, coding)) {
      throw invalid(`the codings are ${Object.keys(known).join(', ')}, not "${String(coding)}"`)
    }
    const coder = known[coding]
    if (coder !== undefined) coders.set(coding, coder)
  }
  return { bytesMin, coders }
}

function checkWhole(name: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return
  throw invalid(`${name} is a whole number from ${min} to ${max}, not ${String(value)}`)
}

function invalid(message: string): UsageError {
  return new UsageError('HTTP_COMPRESSION_INVALID', message)
}

export const defaultCompression: Compression = createCompression()

/**
 * The response to send in the place of `response`: itself, where nothing is to be done.
 *
 * Compressed are text, JSON, XML, scripts, SVG and the like: never `text/event-stream`, whose pieces have to leave each by
 * itself, nor a stream that ends with the server's drain, which would be broken off inside of its coding. A body that
 * would not become smaller stays plain. A body in pieces is compressed piece by piece, as fast as the client takes it;
 * where its source is slow, what has come of it leaves at once.
 *
 * @returns a promise for a body of 16 to 256 KiB, which another thread compresses.
 */
export function compress(
  request: Pick<HttpRequest, 'method'> & { readonly headers: Pick<HttpRequest['headers'], 'get'> },
  response: HttpResponse,
  compression: Compression = defaultCompression,
): HttpResponse | Promise<HttpResponse> {
  const { status, headers, body } = response
  if (status === 304) return confirmed(response, request.headers.get('if-none-match'))
  if (body === undefined || !allowsBody(status)) return response
  const bytes = lengthOf(response, body)
  if (bytes !== undefined && bytes < compression.bytesMin) return response
  if (response.streaming?.endsOnDrain === true || !isOpenToCoding(headers)) return response
  const vary = varied(headers)
  const plain = withHeaders(response, vary)
  if (status === 206 || fieldOf(headers, 'content-range') !== undefined) return plain
  const coding = chosen(request.headers.get('accept-encoding'), [...compression.coders.keys()])
  const coder = coding === undefined ? undefined : compression.coders.get(coding)
  if (coding === undefined || coder === undefined) return plain
  const coded = codedHeaders(vary, coding)
  const isWhole = !isStreamed(body) && bytes !== undefined && bytes <= WHOLE_BYTES_MAX
  if (!isWhole || request.method === 'HEAD') return inPieces(response, coded, coder, body)
  const input = typeof body === 'string' ? Buffer.from(body) : body
  const take = (output: Uint8Array) =>
    output.length < input.length ? new HttpResponse(status, coded, output) : plain
  if (input.length <= NOW_BYTES_MAX) return take(coder.now(input))
  return new Promise((resolve, reject) => {
    coder.later(input, (error, output) => {
      if (error === null) resolve(take(output))
      else reject(error)
    })
  })
}

/** What a handler gave, compressed: a response now, or one that comes later. All else is given back as it is. */
export function compressAnswer(request: HttpRequest, answer: unknown, compression: Compression): unknown {
  const take = (result: unknown) =>
    result instanceof HttpResponse ? compress(request, result, compression) : result
  const { then } = (answer ?? {}) as Partial<PromiseLike<unknown>>
  return typeof then === 'function' ? (answer as PromiseLike<unknown>).then(take) : take(answer)
}

/** To HEAD it is given back unread: what GET would have, but for the length, which nobody knows without the work. */
function inPieces(
  response: HttpResponse,
  headers: HeaderBlock,
  coder: ContentCoder,
  body: NonNullable<ResponseBody>,
) {
  const { length: _, ...streaming } = response.streaming ?? {}
  const bytes = typeof body === 'string' ? Buffer.from(body) : body
  const source = bytes instanceof Uint8Array ? slicesOf(bytes) : bytes
  const pieces = {
    [Symbol.asyncIterator]: () => new CompressedBody(source, coder.createEncoder, coder.flushKind),
  }
  return new HttpResponse(response.status, headers, pieces, streaming)
}

/**
 * 304 speaks of a response that the client has, compressed or not: it names that one's tag, and what it varies by (RFC
 * 9110 section 15.4.5). With a strong tag the client would take its coded bytes for those that a range counts.
 */
function confirmed(response: HttpResponse, ifNoneMatch: string | undefined): HttpResponse {
  const { headers } = response
  if (NO_TRANSFORM.test(fieldOf(headers, 'cache-control') ?? '')) return response
  const tag = fieldOf(headers, 'etag')
  const known = (ifNoneMatch ?? '').split(',').map((member) => member.trim())
  const isCoded = tag !== undefined && known.includes(`W/${tag}`) && !known.includes(tag)
  const vary = varied(headers)
  return withHeaders(response, isCoded ? withFields(vary, [['etag', `W/${tag}`]]) : vary)
}

/** Types that are text, whatever they are called, and those whose data is laid out as plainly. */
const COMPRESSIBLE = new RegExp(
  `^(?:${[
    'text/(?!event-stream\\b)',
    'application/(?:json|jsonl|x-ndjson|xml|javascript|x-javascript|ecmascript|graphql|rtf|wasm)\\b',
    'image/(?:svg\\+xml|bmp|x-icon|vnd\\.microsoft\\.icon)\\b',
    'font/(?:ttf|otf|collection)\\b',
    '[^;]+\\+(?:json|xml|text)\\b',
  ].join('|')})`,
  'i',
)
const NO_TRANSFORM = /\bno-transform\b/i

/** Whether the response could come in another coding. */
function isOpenToCoding(headers: HeaderBlock): boolean {
  if (!COMPRESSIBLE.test(fieldOf(headers, 'content-type') ?? '')) return false
  if (fieldOf(headers, 'content-encoding') !== undefined) return false
  // A digest of the content (RFC 9530) is one of its bytes as they are.
  if (fieldOf(headers, 'content-digest') !== undefined) return false
  return !NO_TRANSFORM.test(fieldOf(headers, 'cache-control') ?? '')
}

/**
 * The coding that the client likes best of ours, or undefined for none. The library takes `*` for our first coding even
 * where the client refuses that one by name, and knows no capitals; so it is shown neither.
 */
function chosen(accepted: string | undefined, codings: readonly ContentCoding[]): ContentCoding | undefined {
  if (accepted === undefined) return undefined
  const text = accepted.toLowerCase()
  const refused = new Set(Array.from(text.matchAll(REFUSED), ([, name]) => name))
  const offered = codings.filter((coding) => !refused.has(coding))
  if (offered.length === 0) return undefined
  const found = negotiate<string>(text, [...offered, 'identity'])
  return found === null || found === 'identity' ? undefined : (found as ContentCoding)
}

const REFUSED = /([^\s,;]+)[ \t]*;[ \t]*q=0(?:\.0{0,3})?[ \t]*(?=,|$)/g

function varied(headers: HeaderBlock): HeaderBlock {
  const vary = fieldOf(headers, 'vary')
  if (vary === undefined || vary === '') return withFields(headers, [['vary', 'accept-encoding']])
  const names = vary.split(',').map((name) => name.trim().toLowerCase())
  if (names.includes('*') || names.includes('accept-encoding')) return headers
  return withFields(headers, [['vary', `${vary}, accept-encoding`]])
}

function codedHeaders(headers: HeaderBlock, coding: ContentCoding): HeaderBlock {
  const tag = fieldOf(headers, 'etag')
  const coded = withFields(withoutFields(headers, 'accept-ranges'), [['content-encoding', coding]])
  return tag?.startsWith('"') ? withFields(coded, [['etag', `W/${tag}`]]) : coded
}

function withHeaders(response: HttpResponse, headers: HeaderBlock): HttpResponse {
  if (headers === response.headers) return response
  return new HttpResponse(response.status, headers, response.body, response.streaming)
}

/** Bytes of the body, where they are known. */
function lengthOf({ streaming }: HttpResponse, body: NonNullable<ResponseBody>): number | undefined {
  if (typeof body === 'string') return Buffer.byteLength(body)
  return body instanceof Uint8Array ? body.length : streaming?.length
}
