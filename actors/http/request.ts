/**
 * A request as a handler sees it: the head, and the body as it arrives.
 *
 * The body is read on demand. What nobody has asked for stays in the connection's input, which stops reading when it
 * is full: a handler that is slow slows its client, and memory stays flat whatever the size.
 */
import type { Context } from '../../runtime/context/context.ts'
import { key } from '../../runtime/context/key.ts'
import { PeerError, UsageError } from '../../runtime/errors.ts'
import type { Address } from '../../runtime/loop/poller.ts'
import type { Connection } from '../connection/connection.ts'
import { BodyDecoder } from './body.ts'
import type { HeaderFields } from './headers.ts'
import type { HttpLimits } from './limits.ts'
import type { RequestHead } from './request-head.ts'

/** The request that a piece of work is for: `ctx.get(CurrentRequest)`. */
export const CurrentRequest = key<HttpRequest, 'request'>('request')

export class HttpRequest {
  readonly head: RequestHead
  private readonly connection: Connection
  private readonly limits: HttpLimits
  private startedBody: RequestBody | undefined = undefined
  private parsedQuery: URLSearchParams | undefined = undefined
  private ownContext: Context<typeof CurrentRequest> | undefined = undefined
  private wasCollected = false
  /** Its answer is the last on this connection. */
  isLast = false

  constructor(head: RequestHead, connection: Connection, limits: HttpLimits) {
    this.head = head
    this.connection = connection
    this.limits = limits
  }

  /** The body, in pieces as they arrive. It can be read once. */
  get body(): RequestBody {
    this.startedBody ??= new RequestBody(
      new BodyDecoder(this.head, this.connection.input, this.limits),
      this.connection,
      this.head.expectContinue,
    )
    return this.startedBody
  }

  /** @internal Somebody waits for more of the body. */
  get isBodyAwaited(): boolean {
    return this.startedBody?.isAwaited ?? false
  }

  /** @internal The client waits to be told that its body is wanted, and was not told. */
  get owesContinue(): boolean {
    return this.head.expectContinue && this.body.expectsContinue
  }

  /** @internal An answer is on its way: nothing may come between its head and its end. */
  withholdContinue(): void {
    if (this.head.expectContinue) this.body.expectsContinue = false
  }

  /** @internal Whoever reads the body gets what has arrived of it. */
  feed(): void {
    this.startedBody?.feed()
  }

  /** @internal No more of the body will come. */
  failBody(error: unknown): void {
    if (this.head.bodyKind !== 'none') this.body.fail(error)
  }

  get method(): string {
    return this.head.method
  }

  /** As it was sent: path and query, usually. */
  get target(): string {
    return this.head.target
  }

  /** The path alone, not decoded. */
  get path(): string {
    return this.head.path
  }

  get query(): URLSearchParams {
    this.parsedQuery ??= new URLSearchParams(this.head.query)
    return this.parsedQuery
  }

  get headers(): HeaderFields {
    return this.head.headers
  }

  /** `1.0` or `1.1`. */
  get version(): string {
    return `1.${this.head.versionMinor}`
  }

  get remote(): Address | undefined {
    return this.connection.remote
  }

  /** The request's own context: holds the request, its trace and its deadline; cancelled when the client goes away. */
  get ctx(): Context<typeof CurrentRequest> {
    return this.ownContext as Context<typeof CurrentRequest>
  }

  /** The connection ends with this request's answer. */
  closeAfter(): void {
    this.isLast = true
  }

  /** @internal */
  set ctx(ctx: Context<typeof CurrentRequest>) {
    this.ownContext = ctx
  }

  /** The whole body, at most `bodyBytesMax` bytes, once. @throws UsageError (`HTTP_BODY_READ`) for the second time. */
  async bytes(): Promise<Buffer> {
    if (this.wasCollected)
      throw new UsageError('HTTP_BODY_READ', 'the body was read before: it can be read once')
    this.wasCollected = true
    const pieces: Buffer[] = []
    for await (const piece of this.body) pieces.push(piece)
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
  }

  /** The whole body as UTF-8. */
  async text(): Promise<string> {
    return (await this.bytes()).toString('utf8')
  }

  /** The whole body as JSON. @throws PeerError (`HTTP_BODY_NOT_JSON`), answered with 400 if the handler lets it through. */
  async json(): Promise<unknown> {
    const text = await this.text()
    try {
      return JSON.parse(text)
    } catch (cause) {
      throw new BodyNotJsonError(cause)
    }
  }
}

class BodyNotJsonError extends PeerError {
  readonly status = 400
  readonly reason = 'the body is not JSON'

  constructor(cause: unknown) {
    super('HTTP_BODY_NOT_JSON', 'the body is not JSON', { cause })
  }
}

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'

type Piece = IteratorResult<Buffer, undefined>

/** The pieces of a body, one reader at a time. */
export class RequestBody implements AsyncIterableIterator<Buffer, undefined> {
  private readonly decoder: BodyDecoder
  private readonly connection: Connection
  /** @internal The client waits to be told that its body is wanted (RFC 9110 section 10.1.1). */
  expectsContinue: boolean
  /** Its framing is lost: nothing that follows on this connection can be understood. */
  isBroken = false
  private reader: { resolve(piece: Piece): void; reject(error: unknown): void } | undefined = undefined
  private failure: { readonly error: unknown } | undefined = undefined

  constructor(decoder: BodyDecoder, connection: Connection, expectsContinue: boolean) {
    this.decoder = decoder
    this.connection = connection
    this.expectsContinue = expectsContinue
  }

  /** The next piece, once it is there. @throws UsageError (`HTTP_BODY_BUSY`) if another piece is being waited for. */
  next(): Promise<Piece> {
    if (this.reader !== undefined) {
      return Promise.reject(new UsageError('HTTP_BODY_BUSY', 'the body has one reader at a time'))
    }
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
    return new Promise((resolve, reject) => {
      this.reader = { resolve, reject }
    })
  }

  return(): Promise<Piece> {
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
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
    let skipped = 0
    for (let piece = this.read(); piece !== undefined; piece = this.read()) skipped += piece.length
    return skipped
  }

  get isDone(): boolean {
    return this.decoder.done
  }

  /** @internal A reader waits for the next piece. */
  get isAwaited(): boolean {
    return this.reader !== undefined
  }

  private read(): Buffer | undefined {
    try {
      return this.decoder.read()
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
      return { done: false, value }
    }
    return this.decoder.done ? { done: true, value: undefined } : undefined
  }
}
