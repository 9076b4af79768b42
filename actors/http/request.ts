/** A request as a handler sees it: the head, and the body as it arrives. */
import type { Context } from '../../runtime/context/context.ts'
import { key } from '../../runtime/context/key.ts'
import { PeerError, UsageError } from '../../runtime/errors.ts'
import type { Address } from '../../runtime/loop/poller.ts'
import type { TlsSession } from '../../runtime/loop/tls.ts'
import type { Connection } from '../connection/connection.ts'
import { BodyPace } from './body-pace.ts'
import { BodyDecoder } from './codec/body.ts'
import { HeaderFields } from './codec/headers.ts'
import type { RequestHead } from './codec/request-head.ts'
import { headerBlock, type ResponseHeaders } from './codec/serialise.ts'
import type { HttpLimits } from './limits.ts'
import { RequestBody } from './request-body.ts'

/** The request that a piece of work is for: `ctx.get(CurrentRequest)`. */
export const CurrentRequest = key<HttpRequest, 'request'>('request')

export class HttpRequest {
  readonly head: RequestHead
  private readonly connection: Connection
  private readonly limits: HttpLimits
  /** When its first byte was there. */
  private readonly startMs: number
  private startedBody: RequestBody | undefined = undefined
  private parsedQuery: URLSearchParams | undefined = undefined
  private ownContext: Context<typeof CurrentRequest> | undefined = undefined
  private wasCollected = false
  /** @internal Its answer is the last on this connection. */
  isLast = false
  /** @internal Nothing may be sent ahead of its answer any more. */
  isAnswering = false

  /** @internal */
  constructor(head: RequestHead, connection: Connection, limits: HttpLimits, startMs: number) {
    this.head = head
    this.connection = connection
    this.limits = limits
    this.startMs = startMs
  }

  /** The body, in pieces as they arrive. It can be read once. */
  get body(): RequestBody {
    this.startedBody ??= new RequestBody(
      new BodyDecoder(this.head, this.connection.input, this.limits),
      this.connection,
      new BodyPace(this.limits, this.startMs + this.limits.requestTimeoutMs),
      this.head.expectContinue,
    )
    return this.startedBody
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

  /** The fields behind a chunked body, once the whole of it was read; before that, and for any other body, none. */
  get trailers(): HeaderFields {
    return this.startedBody?.trailers ?? HeaderFields.none
  }

  /** `1.0` or `1.1`. */
  get version(): string {
    return `1.${this.head.versionMinor}`
  }

  get remote(): Address | undefined {
    return this.connection.remote
  }

  get local(): Address | undefined {
    return this.connection.local
  }

  /** What TLS has agreed on; undefined where the request came in the clear. */
  get tls(): TlsSession | undefined {
    return this.connection.tls
  }

  /** The request's own context: holds the request, its trace and its deadline; cancelled when the client goes away. */
  get ctx(): Context<typeof CurrentRequest> {
    return this.ownContext as Context<typeof CurrentRequest>
  }

  /** @internal */
  set ctx(ctx: Context<typeof CurrentRequest>) {
    this.ownContext = ctx
  }

  /** The connection ends with this request's answer. */
  closeAfter(): void {
    this.isLast = true
  }

  /**
   * Sends `103 Early Hints` ahead of the answer (RFC 8297): `request.earlyHints({ link: '</a.css>; rel=preload' })`. Does
   * nothing for HTTP/1.0, which knows no interim responses, nor once the answer has begun.
   *
   * @throws UsageError for a field that cannot be sent.
   */
  earlyHints(headers: ResponseHeaders): void {
    const { text } = headerBlock(headers)
    if (this.isAnswering || this.head.versionMinor === 0) return
    this.connection.write(`HTTP/1.1 103 Early Hints\r\n${text}\r\n`)
  }

  /** The whole body, at most `bodyBytesMax` bytes, once. @throws UsageError (`HTTP_BODY_READ`) for the second time. */
  async bytes(): Promise<Buffer> {
    return this.collect()
  }

  /** The whole body as UTF-8. */
  async text(): Promise<string> {
    return (await this.collect()).toString('utf8')
  }

  /** The whole body as JSON. @throws PeerError (`HTTP_BODY_NOT_JSON`), answered with 400 if the handler lets it through. */
  async json(): Promise<unknown> {
    const body = this.collect()
    const bytes = Buffer.isBuffer(body) ? body : await body
    try {
      return JSON.parse(bytes.toString('utf8'))
    } catch (cause) {
      throw new BodyNotJsonError(cause)
    }
  }

  /** At once where all of it is here, as with most requests: to wait for each piece would cost more than to read it. */
  private collect(): Buffer | Promise<Buffer> {
    if (this.wasCollected)
      throw new UsageError('HTTP_BODY_READ', 'the body was read before: it can be read once')
    this.wasCollected = true
    const { body } = this
    const pieces = body.takeArrived()
    return body.isDone ? joined(pieces) : this.collectRest(pieces)
  }

  private async collectRest(pieces: Buffer[]): Promise<Buffer> {
    for await (const piece of this.body) pieces.push(piece)
    return joined(pieces)
  }

  // ── For the conversation ───────────────────────────────────────────────────────────────────────────────────────

  /** @internal Somebody waits for more of the body. */
  get isBodyAwaited(): boolean {
    return this.startedBody?.isAwaited ?? false
  }

  /** @internal Its body is malformed, or is not waited for any longer. */
  get isBodyBroken(): boolean {
    return this.startedBody?.isBroken ?? false
  }

  /** @internal Bytes of the body that are known to be still to come; of a chunked one nobody knows. */
  get bodyBytesLeft(): number {
    return this.head.contentLength - (this.startedBody?.bytesRead ?? 0)
  }

  /** @internal The client waits to be told that its body is wanted, and was not told. */
  get owesContinue(): boolean {
    return this.head.expectContinue && this.body.expectsContinue && !this.body.isDone
  }

  /** @internal The answer begins: nothing may come between its head and its end. */
  beginAnswer(): void {
    this.isAnswering = true
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

  /** @internal The body is not waited for any longer: its reader is told, and the connection cannot go on behind it. */
  giveUpBody(error: unknown): void {
    this.body.isBroken = true
    this.body.fail(error)
  }
}

function joined(pieces: readonly Buffer[]): Buffer {
  return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces)
}

class BodyNotJsonError extends PeerError {
  readonly status = 400
  readonly reason = 'the body is not JSON'

  constructor(cause: unknown) {
    super('HTTP_BODY_NOT_JSON', 'the body is not JSON', { cause })
  }
}
