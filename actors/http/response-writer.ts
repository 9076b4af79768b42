/**
 * Sends responses over a connection: framing by what the body is and what the client understands, and pieces of a
 * stream as fast as the client takes them.
 */
import { UsageError } from '../../runtime/errors.ts'
import type { Connection } from '../connection/connection.ts'
import { ConnectionTimeoutError } from '../connection/errors.ts'
import type { RequestHead } from './codec/request-head.ts'
import { chunkEnd, chunkHeader, lastChunk, type ResponseFraming, serialiseHead } from './codec/serialise.ts'
import { allowsBody } from './codec/status.ts'
import type { Patience } from './patience.ts'
import type { HttpRequest } from './request.ts'
import type { HttpResponse, Streamed } from './response.ts'
import { StreamedSource } from './streamed-source.ts'

export class ResponseWriter {
  private readonly connection: Connection
  private readonly patience: Patience
  /** The head of the present response is on its way: no other can be sent in its place. */
  hasBegun = false

  constructor(connection: Connection, patience: Patience) {
    this.connection = connection
    this.patience = patience
  }

  /** Sends a response that ends the connection, to a request that could not be read. */
  sendLast(response: HttpResponse, date: string): void {
    this.send(UNREAD, response, false, date)
  }

  /** Sends a response whose body is there, or that has none. `mayKeep`: the connection could serve another request. */
  send(
    head: Pick<RequestHead, 'versionMinor' | 'method'>,
    response: HttpResponse,
    mayKeep: boolean,
    date: string,
  ): void {
    const { status } = response
    const body = response.body as string | Uint8Array | undefined
    const hasBody = allowsBody(status)
    const bytes = body === undefined ? 0 : lengthOf(body)
    const kind = hasBody ? 'length' : 'none'
    const text = serialiseHead(
      status,
      response.headers,
      framing(head.versionMinor, mayKeep, date, kind, bytes),
    )
    this.hasBegun = true
    this.writeBody(text, hasBody && head.method !== 'HEAD' ? body : undefined, bytes)
  }

  /** One write for head and body where the body is text of one byte a character. */
  private writeBody(head: string, body: string | Uint8Array | undefined, bytes: number): void {
    const { connection } = this
    if (body === undefined) {
      connection.write(head)
    } else if (typeof body !== 'string') {
      connection.write(head)
      connection.write(body)
    } else if (bytes === body.length) {
      connection.write(head + body)
    } else {
      connection.write(head)
      connection.write(Buffer.from(body))
    }
  }

  /**
   * Sends a response whose body comes in pieces. Suspends while the source or the client's window makes it wait, and
   * then lets whoever reads the request's body, often this very source, have what has arrived of it.
   *
   * @param contentLength - bytes in all, where that is known.
   * @returns whether the connection may serve another request: to HTTP/1.0 its end is the body's.
   * @throws what the source throws; UsageError (`HTTP_BODY_LENGTH`) where it gives more or less than `contentLength`.
   */
  *sendStream(
    request: HttpRequest,
    response: HttpResponse,
    body: Streamed,
    contentLength: number | undefined,
    mayKeep: boolean,
    date: string,
  ): Generator<void, boolean, void> {
    const { connection, patience } = this
    const { head } = request
    const { streaming } = response
    const hasBody = allowsBody(response.status)
    const kind = hasBody ? kindOf(contentLength, head) : 'none'
    const isChunked = kind === 'chunked'
    const source = new StreamedSource(body, () => connection.wake())
    const isSent = hasBody && head.method !== 'HEAD'
    try {
      // First, since a source that is the request's body may have to ask for it: that goes out before the head.
      if (isSent) source.pull()
      // What is made of the request's body is not begun before there is some: it may yet turn out to be malformed.
      while (isSent && body === request.body && !source.isReady) {
        patience.forPiece(request)
        yield
        request.feed()
      }
      source.throwIfFailed()
      const keepAlive = mayKeep && kind !== 'close' && !request.owesContinue
      const text = serialiseHead(
        response.status,
        response.headers,
        framing(head.versionMinor, keepAlive, date, kind, contentLength ?? 0),
      )
      request.beginAnswer()
      this.hasBegun = true
      connection.write(text)
      if (!isSent) return keepAlive
      const isEndless = streaming?.endsOnDrain === true
      let sentBytes = 0
      for (;;) {
        if (!(yield* this.awaitPiece(request, source, isEndless, sentBytes === contentLength))) break
        const piece = source.take()
        if (piece === undefined) break
        if (piece.length === 0) continue
        const bytes = typeof piece === 'string' ? Buffer.from(piece) : piece
        sentBytes += bytes.length
        if (contentLength !== undefined && sentBytes > contentLength)
          throw lengthMissed(contentLength, sentBytes)
        if (isSmall(bytes)) this.writePiece(bytes, isChunked)
        else yield* this.sendSlices(request, bytes, isChunked)
      }
      if (contentLength !== undefined && sentBytes < contentLength)
        throw lengthMissed(contentLength, sentBytes)
      if (isChunked) connection.write(lastChunk(streaming?.trailers?.()))
      return keepAlive && !(isEndless && connection.isDraining)
    } finally {
      source.release()
    }
  }

  private writePiece(bytes: Uint8Array, isChunked: boolean): void {
    const { connection } = this
    if (isChunked) connection.write(chunkHeader(bytes.length))
    connection.write(bytes)
    if (isChunked) connection.write(chunkEnd)
  }

  /** A piece as large as this leaves as several: see `WHOLE_BYTES_MAX`. */
  private *sendSlices(
    request: HttpRequest,
    bytes: Uint8Array,
    isChunked: boolean,
  ): Generator<void, void, void> {
    for (const slice of slicesOf(bytes)) {
      yield* this.awaitRoom(request, false)
      this.writePiece(slice, isChunked)
    }
  }

  /**
   * Waits for the next piece, and for room to send it.
   *
   * @param isEndless - it ends when the server drains.
   * @param isComplete - all that was promised has been given: the source may say so, but is not waited for long.
   * @returns whether there is one, or the source's own end; false where no more is to be sent.
   */
  private *awaitPiece(
    request: HttpRequest,
    source: StreamedSource,
    isEndless: boolean,
    isComplete: boolean,
  ): Generator<void, boolean, void> {
    const { connection, patience } = this
    if (connection.isBlocked) yield* this.awaitRoom(request, isEndless)
    if (isEndless && connection.isDraining) return false
    source.pull()
    while (!source.isReady) {
      request.feed()
      if (source.isReady) break
      if (isEndless && connection.isDraining) return false
      if (isComplete) return yield* this.awaitEnd(request, source)
      patience.forPiece(request)
      yield
    }
    return true
  }

  /** @param untilDrain - nor is it waited for when the server drains. */
  private *awaitRoom(request: HttpRequest, untilDrain: boolean): Generator<void, void, void> {
    const { connection } = this
    while (connection.isBlocked && !(untilDrain && connection.isDraining)) {
      connection.expectNothing()
      yield
      request.feed()
    }
  }

  /** The client has the whole: a source that does not end does not keep it from its next request. */
  private *awaitEnd(request: HttpRequest, source: StreamedSource): Generator<void, boolean, void> {
    this.patience.forEnd()
    try {
      while (!source.isReady) {
        yield
        request.feed()
      }
      return true
    } catch (error) {
      if (error instanceof ConnectionTimeoutError) return false
      throw error
    }
  }
}

function lengthMissed(declared: number, given: number): UsageError {
  const what = given > declared ? `gave ${given} bytes or more` : `ended after ${given} bytes`
  return new UsageError(
    'HTTP_BODY_LENGTH',
    `a body of ${declared} bytes was promised, and its source ${what}`,
  )
}

/**
 * Bytes of a body that leaves in one write. Of one write Node tells only when all of it has been taken, so a larger body
 * leaves in pieces: a client that reads slowly is seen to read, and what waits for it stays small.
 */
const WHOLE_BYTES_MAX = 65_536

/** Whether a body leaves in one write. */
export function isSmall(body: string | Uint8Array | undefined): boolean {
  return body === undefined || body.length <= WHOLE_BYTES_MAX
}

export function* slicesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += WHOLE_BYTES_MAX) yield bytes.subarray(at, at + WHOLE_BYTES_MAX)
}

/** Of a request that could not be read nothing is known. */
const UNREAD = { versionMinor: 1, method: 'GET' } as const

function kindOf(
  contentLength: number | undefined,
  { versionMinor }: RequestHead,
): ResponseFraming['bodyKind'] {
  if (contentLength !== undefined) return 'length'
  return versionMinor === 1 ? 'chunked' : 'close'
}

function lengthOf(body: string | Uint8Array): number {
  return typeof body === 'string' ? Buffer.byteLength(body) : body.length
}

function framing(
  versionMinor: 0 | 1,
  keepAlive: boolean,
  date: string,
  bodyKind: ResponseFraming['bodyKind'],
  contentLength: number,
): ResponseFraming {
  return { versionMinor, keepAlive, date, bodyKind, contentLength }
}
