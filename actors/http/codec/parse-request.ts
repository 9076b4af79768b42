/**
 * From bytes to the head of a request, as a generator that suspends while the head is not whole.
 *
 * Rules:
 * - Only whole lines are judged, and a line's length before its content. So the verdict depends on the bytes alone and
 *   never on how they were cut, and a bad line is refused at once, without waiting for the end of its head.
 * - The work is linear in the bytes, however they are cut: a line is scanned again only when its line feed has come.
 * - The first byte of a request is judged by itself, so that a TLS handshake on a plain port is refused directly
 *   instead of waiting for a line feed.
 */
import type { Input } from '../../connection/input.ts'
import type { HttpLimits } from '../limits.ts'
import { badRequest, HttpError } from './errors.ts'
import { fieldLineFault, NO_LINE, scanFieldLine } from './field-lines.ts'
import { readFraming } from './framing.ts'
import { CR, isTokenChar, LF } from './grammar.ts'
import { HeaderFields } from './headers.ts'
import { RequestHead } from './request-head.ts'
import { type RequestLine, readRequestLine, requestLineFault, scanRequestLine } from './request-line.ts'

/**
 * Reads the next request's head and consumes exactly its bytes. Suspends (`yield`) until more bytes have come.
 *
 * @returns the head, or `undefined` if the input ended cleanly, before a request began.
 * @throws HttpError: see `HttpErrorCode`. The generator is then at its end, and the input's position is undefined.
 */
export function* parseHead(input: Input, limits: HttpLimits): Generator<void, RequestHead | undefined, void> {
  const whole = readWholeHead(input, limits)
  if (whole !== undefined) return whole
  const parser = new HeadParser(limits)
  for (;;) {
    const head = parser.read(input)
    if (head !== undefined) return head
    if (input.ended) return parser.endOfInput(input)
    yield
  }
}

/**
 * Reads the usual head: whole, within its limits, and in one chunk of the input. It is looked at once, made into text
 * once, and consumed.
 *
 * @returns `undefined` for any other, of which nothing is consumed: `HeadParser` knows what is to be said of it.
 * @throws HttpError for one whose target or framing is refused.
 */
export function readWholeHead(input: Input, limits: HttpLimits): RequestHead | undefined {
  const bytes = input.chunk
  const start = input.at
  const lineEnd = scanRequestLine(bytes, start)
  if (lineEnd === NO_LINE || lineEnd - start > limits.requestLineBytesMax) return undefined
  const fields = new HeaderFields()
  let at = lineEnd
  while (bytes[at] !== CR || bytes[at + 1] !== LF) {
    at = scanFieldLine(bytes, at, -start, fields)
    if (at === NO_LINE || fields.count > limits.headerCountMax) return undefined
  }
  const size = at + 2 - start
  if (size > limits.headBytesMax) return undefined
  const text = bytes.toString('latin1', start, start + size)
  const line = readRequestLine(text, lineEnd - start)
  fields.append(text)
  input.skip(size)
  return new RequestHead(line, fields, readFraming(line, fields, limits))
}

/** One head, however it is cut and whatever is wrong with it. */
export class HeadParser {
  readonly #limits: HttpLimits
  readonly #fields = new HeaderFields()
  #line: RequestLine | undefined = undefined
  #emptyLines = 0
  /** Bytes of the lines read so far, from the request line on. */
  #bytes = 0
  /** Bytes of the input that hold no line feed, as far as is known. */
  #searched = 0

  constructor(limits: HttpLimits) {
    this.#limits = limits
  }

  /** Consumes the whole lines that are there. @returns the head once its last line was, else `undefined`. @throws HttpError */
  read(input: Input): RequestHead | undefined {
    for (;;) {
      const lineFeed = input.indexOf(LF, this.#searched)
      if (lineFeed === -1) {
        this.#checkPartialLine(input)
        this.#searched = input.available
        return undefined
      }
      input.gather(lineFeed + 1)
      this.#searched = 0
      if (this.#readLines(input)) return this.#finish()
    }
  }

  /** Nothing of a request has come, but perhaps empty lines. */
  hasNothing(input: Input): boolean {
    return this.#line === undefined && input.available === 0
  }

  /** @throws HttpError (`HTTP_TRUNCATED`) if the input ended within a head. */
  endOfInput(input: Input): undefined {
    if (this.hasNothing(input)) return undefined
    throw badRequest('HTTP_TRUNCATED', 'the connection ended within the head of a request')
  }

  /** Consumes the whole lines in the input's first chunk; answers whether the head's last is among them. */
  #readLines(input: Input): boolean {
    if (this.#line === undefined) {
      this.#skipEmptyLines(input)
      this.#line = this.#readRequestLine(input)
    }
    return this.#line !== undefined && this.#readFieldLines(input)
  }

  /** Judges what can be judged of a line whose end has not come. */
  #checkPartialLine(input: Input): void {
    if (this.#line !== undefined) {
      this.#checkSize(this.#bytes + input.available)
    } else if (input.available > 0) {
      this.#checkFirstByte(input.byteAt(0))
      this.#checkRequestLineLength(input.available)
    }
  }

  #finish(): RequestHead {
    const line = this.#line!
    return new RequestHead(line, this.#fields, readFraming(line, this.#fields, this.#limits))
  }

  /** RFC 9112 section 2.2: empty lines before a request are skipped, since old clients send one after a body. */
  #skipEmptyLines(input: Input): void {
    const { emptyLinesMax } = this.#limits
    while (input.byteAt(0) === CR && input.byteAt(1) === LF) {
      if (++this.#emptyLines > emptyLinesMax) {
        throw badRequest('HTTP_EMPTY_LINES', `more than ${emptyLinesMax} empty lines before a request`)
      }
      input.skip(2)
    }
  }

  /** Consumes the request line, unless its end is not in this chunk. */
  #readRequestLine(input: Input): RequestLine | undefined {
    const bytes = input.chunk
    const start = input.at
    const next = scanRequestLine(bytes, start)
    if (next === NO_LINE) {
      const lineFeed = bytes.indexOf(LF, start)
      if (lineFeed === -1) return undefined
      this.#checkFirstByte(bytes[start])
      this.#checkRequestLineLength(lineFeed + 1 - start)
      throw requestLineFault(bytes.toString('latin1', start, lineFeed + 1))
    }
    this.#checkRequestLineLength(next - start)
    const line = readRequestLine(bytes.toString('latin1', start, next), next - start)
    this.#bytes = next - start
    this.#checkSize(this.#bytes)
    input.skip(next - start)
    return line
  }

  /** Consumes the whole field lines of this chunk; answers whether the empty line that ends the head was reached. */
  #readFieldLines(input: Input): boolean {
    const { headBytesMax, headerCountMax } = this.#limits
    const fields = this.#fields
    const bytes = input.chunk
    const start = input.at
    const textBase = fields.textLength - start
    const sizeBase = this.#bytes - start
    let at = start
    let isLast = false
    while (!isLast) {
      isLast = bytes[at] === CR && bytes[at + 1] === LF
      const next = isLast ? at + 2 : scanFieldLine(bytes, at, textBase, fields)
      if (next === NO_LINE) {
        this.#refuseIfWhole(bytes, at, sizeBase + at)
        break
      }
      if (sizeBase + next > headBytesMax || fields.count > headerCountMax) this.#checkSize(sizeBase + next)
      at = next
    }
    fields.append(bytes.toString('latin1', start, at))
    this.#bytes += at - start
    input.skip(at - start)
    return isLast
  }

  /** What stands at `at` is no field line. Is it because its end has not come, or because it is wrong? */
  #refuseIfWhole(bytes: Buffer, at: number, bytesBefore: number): void {
    const lineFeed = bytes.indexOf(LF, at)
    if (lineFeed === -1) return
    this.#checkSize(bytesBefore + lineFeed + 1 - at)
    throw fieldLineFault(bytes.toString('latin1', at, lineFeed + 1))
  }

  /** A CR passes, since it may begin one of the empty lines before a request. */
  #checkFirstByte(byte: number | undefined): void {
    if (isTokenChar(byte) || byte === CR) return
    throw badRequest('HTTP_METHOD_INVALID', 'the first byte cannot begin a method')
  }

  #checkRequestLineLength(bytes: number): void {
    const { requestLineBytesMax } = this.#limits
    if (bytes <= requestLineBytesMax) return
    const reason = `the request line is longer than ${requestLineBytesMax} bytes`
    throw new HttpError(414, 'HTTP_REQUEST_LINE_TOO_LONG', reason)
  }

  #checkSize(bytes: number): void {
    const { headBytesMax, headerCountMax } = this.#limits
    if (bytes > headBytesMax) {
      throw new HttpError(431, 'HTTP_HEAD_TOO_LARGE', `the head is larger than ${headBytesMax} bytes`)
    }
    if (this.#fields.count > headerCountMax) {
      throw new HttpError(431, 'HTTP_TOO_MANY_FIELDS', `the head has more than ${headerCountMax} fields`)
    }
  }
}
