/**
 * The body of a request as its reader sees it: pieces, one reader at a time.
 *
 * The body is read on demand. What nobody has asked for stays in the connection's input, which stops reading when it
 * is full: a handler that is slow slows its client, and memory stays flat whatever the size.
 */
import { UsageError } from '../../runtime/errors.ts'
import type { Connection } from '../connection/connection.ts'
import type { BodyPace } from './body-pace.ts'
import type { BodyDecoder } from './codec/body.ts'
import type { HeaderFields } from './codec/headers.ts'

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

type Piece = IteratorResult<Buffer, undefined>

export class RequestBody implements AsyncIterableIterator<Buffer, undefined> {
  private readonly decoder: BodyDecoder
  private readonly connection: Connection
  private readonly pace: BodyPace
  /** @internal The client waits to be told that its body is wanted (RFC 9110 section 10.1.1). */
  expectsContinue: boolean
  /** @internal Its framing is lost, or its rest is not waited for: nothing that follows on this connection can be understood. */
  isBroken = false
  /** @internal Bytes that were read or skipped so far. */
  bytesRead = 0
  private reader: { resolve(piece: Piece): void; reject(error: unknown): void } | undefined = undefined
  private failure: { readonly error: unknown } | undefined = undefined

  /** @internal */
  constructor(decoder: BodyDecoder, connection: Connection, pace: BodyPace, expectsContinue: boolean) {
    this.decoder = decoder
    this.connection = connection
    this.pace = pace
    this.expectsContinue = expectsContinue
  }

  /**
   * The next piece, once it is there.
   *
   * @throws UsageError (`HTTP_BODY_BUSY`) if another piece is being waited for, (`HTTP_BODY_OVER`) once the answer was
   *   sent; HttpError if the body is malformed or too large; PeerError (`HTTP_BODY_TIMEOUT`, `HTTP_CLIENT_LEFT`) if it
   *   does not come.
   */
  next(): Promise<Piece> {
    if (this.reader !== undefined) return Promise.reject(busy())
    try {
      const piece = this.take()
      if (piece !== undefined) return Promise.resolve(piece)
    } catch (error) {
      return Promise.reject(error)
    }
    if (this.expectsContinue) {
      this.expectsContinue = false
      this.connection.write(CONTINUE)
    }
    // From now on it is the client who is waited for, and no longer the handler.
    this.connection.wake()
    return new Promise((resolve, reject) => {
      this.reader = { resolve, reject }
    })
  }

  /** @internal All pieces that are here, without a promise for each. @throws what `next` fails with. */
  takeArrived(): Buffer[] {
    if (this.reader !== undefined) throw busy()
    const pieces: Buffer[] = []
    for (let piece = this.take(); piece?.done === false; piece = this.take()) pieces.push(piece.value)
    return pieces
  }

  return(): Promise<Piece> {
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** The whole of it was read. */
  get isDone(): boolean {
    return this.decoder.done
  }

  /** The fields behind a chunked body, once it is done; else none. */
  get trailers(): HeaderFields {
    return this.decoder.trailers
  }

  /** @internal More has arrived: serves the reader that waits, if one does. */
  feed(): void {
    const { reader } = this
    if (reader === undefined) return
    try {
      const piece = this.take()
      if (piece === undefined) return
      this.reader = undefined
      reader.resolve(piece)
    } catch (error) {
      this.reader = undefined
      reader.reject(error)
    }
  }

  /** @internal No more will come: a reader is told so, now or whenever it asks. */
  fail(error: unknown): void {
    if (this.decoder.done) return
    this.failure ??= { error }
    const { reader } = this
    this.reader = undefined
    reader?.reject(error)
  }

  /** @internal Skips what is here of the rest. @returns bytes skipped; `isDone` tells whether that was all. */
  skip(): number {
    const before = this.bytesRead
    while (this.read() !== undefined);
    return this.bytesRead - before
  }

  /** @internal A reader waits for the next piece. */
  get isAwaited(): boolean {
    return this.reader !== undefined
  }

  /** @internal How long the reader that waits may go on waiting. */
  patienceMs(nowMs: number): number {
    return this.pace.waits(nowMs)
  }

  private read(): Buffer | undefined {
    try {
      const piece = this.decoder.read()
      if (piece !== undefined) this.bytesRead += piece.length
      return piece
    } catch (error) {
      this.isBroken = true
      throw error
    }
  }

  private take(): Piece | undefined {
    if (this.failure !== undefined) throw this.failure.error
    const value = this.read()
    if (value !== undefined) {
      this.connection.consumed()
      this.pace.arrived(value.length, this.connection.nowMs)
      return { done: false, value }
    }
    return this.decoder.done ? { done: true, value: undefined } : undefined
  }
}

function busy(): UsageError {
  return new UsageError('HTTP_BODY_BUSY', 'the body has one reader at a time')
}
