/**
 * The chunked coding, read (RFC 9112 section 7.1): `*( size [extensions] CRLF data CRLF ) "0" CRLF trailers CRLF`.
 *
 * Rules: data is handed out as it comes, in views of the received bytes, and a piece never spans two chunks. What is
 * between the data is held to the letter: a size is hexadecimal digits alone, a line ends in CRLF, extensions follow
 * their grammar and are dropped. All of it is bounded, because a peer can send a megabyte of it for each byte of data.
 */
import type { Input } from '../../connection/input.ts'
import type { HttpLimits } from '../limits.ts'
import { badRequest, excerpt, HttpError } from './errors.ts'
import { fieldLineFault, NO_LINE, scanFieldLine } from './field-lines.ts'
import { CR, LF } from './grammar.ts'
import { HeaderFields } from './headers.ts'

/** Pieces of a body as they come, `undefined` to wait for more input; at its end, the trailers. */
export type BodyPieces = Generator<Buffer | undefined, HeaderFields, void>

/** Hexadecimal digits of a size, leading zeros and all. 13 are enough for 2^52. */
const SIZE_DIGITS_MAX = 16

/** Bytes of a chunk's header without its extensions. */
export const CHUNK_HEADER_BYTES_MAX = SIZE_DIGITS_MAX + 2

const SIZE = /^[0-9A-Fa-f]+/

/** `*( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] )`; linear, since its alternatives begin differently. */
const EXTENSIONS =
  /^(?:[ \t]*;[ \t]*[!#$%&'*+\-.^_`|~\w]+(?:[ \t]*=[ \t]*(?:[!#$%&'*+\-.^_`|~\w]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*$/

/**
 * Fields that mean something only before the content: framing, routing, request modifiers, authentication and the
 * content's format (RFC 9110 section 6.5.1). One of them in a trailer is meant for somebody who merges it into a head.
 */
const FORBIDDEN_TRAILERS: ReadonlySet<string> = new Set([
  'authorization',
  'cache-control',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'cookie',
  'expect',
  'host',
  'http2-settings',
  'keep-alive',
  'max-forwards',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

export function* readChunked(input: Input, limits: HttpLimits): BodyPieces {
  let bodyBytesLeft = limits.bodyBytesMax
  let extensionBytesLeft = limits.chunkExtensionBytesMax
  for (;;) {
    const line = yield* readLine(input, CHUNK_HEADER_BYTES_MAX + extensionBytesLeft, extensionsTooLarge)
    const digits = SIZE.exec(line)?.[0].length ?? 0
    const extensions = line.slice(digits, -2)
    const isValid =
      digits > 0 && digits <= SIZE_DIGITS_MAX && line.endsWith('\r\n') && EXTENSIONS.test(extensions)
    if (!isValid) throw badRequest('HTTP_CHUNK_INVALID', `${excerpt(line)} is not the header of a chunk`)
    extensionBytesLeft -= extensions.length
    if (extensionBytesLeft < 0) throw extensionsTooLarge()
    const size = Number.parseInt(line.slice(0, digits), 16)
    if (size > bodyBytesLeft) {
      const reason = `the body is larger than ${limits.bodyBytesMax} bytes`
      throw new HttpError(413, 'HTTP_BODY_TOO_LARGE', reason)
    }
    if (size === 0) return yield* readTrailers(input, limits)
    bodyBytesLeft -= size
    yield* readExactly(input, size)
    yield* readChunkEnd(input)
  }
}

/** The next `n` bytes, in pieces. The body of a message with Content-Length, or the data of one chunk. */
export function* readExactly(input: Input, n: number): Generator<Buffer | undefined, void, void> {
  let left = n
  while (left > 0) {
    if (input.available > 0) {
      const piece = input.takeSome(left)
      left -= piece.length
      yield piece
    } else if (input.ended) {
      throw truncated()
    } else {
      yield undefined
    }
  }
}

function* readChunkEnd(input: Input): Generator<undefined, void, void> {
  for (;;) {
    const first = input.byteAt(0)
    const second = input.byteAt(1)
    if (first === CR && second === LF) return input.skip(2)
    const isWrong = (first !== -1 && first !== CR) || (second !== -1 && second !== LF)
    if (isWrong) throw badRequest('HTTP_CHUNK_INVALID', 'the data of a chunk is not followed by CRLF')
    if (input.ended) throw truncated()
    yield undefined
  }
}

/** Trailers stay apart from the head's fields: nothing that was decided by the head can be changed by them. */
function* readTrailers(input: Input, limits: HttpLimits): Generator<undefined, HeaderFields, void> {
  let trailers = HeaderFields.none
  let bytesLeft = limits.trailerBytesMax
  for (;;) {
    const line = yield* readLine(input, bytesLeft, trailersTooLarge)
    if (line === '\r\n') return trailers
    if (trailers === HeaderFields.none) trailers = new HeaderFields()
    bytesLeft -= line.length
    const end = scanFieldLine(Buffer.from(line, 'latin1'), 0, trailers.textLength, trailers)
    if (end === NO_LINE) throw fieldLineFault(line)
    trailers.append(line)
    if (trailers.count > limits.headerCountMax) throw trailersTooLarge()
    const name = line.slice(0, line.indexOf(':')).toLowerCase()
    if (FORBIDDEN_TRAILERS.has(name)) {
      throw badRequest('HTTP_TRAILER_FORBIDDEN', `${excerpt(name)} may not be a trailer`)
    }
  }
}

/** The next line with its LF. Its length is judged before its content, so that no cut changes the verdict. */
function* readLine(
  input: Input,
  bytesMax: number,
  tooLong: () => HttpError,
): Generator<undefined, string, void> {
  let searched = 0
  for (;;) {
    const lineFeed = input.indexOf(LF, searched)
    const length = lineFeed === -1 ? input.available : lineFeed + 1
    if (length > bytesMax) throw tooLong()
    if (lineFeed !== -1) {
      const line = input.latin1(0, length)
      input.skip(length)
      return line
    }
    if (input.ended) throw truncated()
    searched = length
    yield undefined
  }
}

function extensionsTooLarge(): HttpError {
  return new HttpError(
    413,
    'HTTP_CHUNK_EXTENSIONS_TOO_LARGE',
    'the chunks of the body have too much in their headers',
  )
}

function trailersTooLarge(): HttpError {
  return new HttpError(431, 'HTTP_TRAILERS_TOO_LARGE', 'the trailers are too many or too large')
}

function truncated(): HttpError {
  return badRequest('HTTP_TRUNCATED', 'the connection ended within the body of a request')
}
