/**
 * Waits for the next request of a connection and reads its head.
 *
 * The usual head is there whole as soon as anything is, and is then read in one call; else `rest` goes on where that
 * stopped, within the time for heads. Who says nothing at all is not answered: its `yield` throws, and that is the end.
 */
import type { Connection } from '../connection/connection.ts'
import { HttpError } from './codec/errors.ts'
import { HeadParser, readWholeHead } from './codec/parse-request.ts'
import type { RequestHead } from './codec/request-head.ts'
import type { HttpLimits } from './limits.ts'

const HEAD_LATE = 'HTTP_HEADERS_TIMEOUT'

export class HeadReader {
  private readonly connection: Connection
  private readonly limits: HttpLimits
  private readonly isLengthRequired: boolean
  /** Of a head that was not there whole. */
  private parser: HeadParser | undefined = undefined
  /** What was wrong with a head that was read at once. */
  private refusal: unknown = undefined
  private isFirst = true
  /** The wait for a request has begun. */
  private isExpecting = false
  /** The server drains, and the time for a last request to begin runs. */
  private isLeaving = false
  /** When the first byte of the present request was there. */
  startMs = 0

  /** @param isLengthRequired - bodies in chunks are refused with 411. */
  constructor(connection: Connection, limits: HttpLimits, isLengthRequired: boolean) {
    this.connection = connection
    this.limits = limits
    this.isLengthRequired = isLengthRequired
  }

  /** Nothing was asked yet. Empty lines do not begin the wait anew. */
  expectRequest(): void {
    if (this.isExpecting) return
    this.isExpecting = true
    const { headersTimeoutMs, keepAliveTimeoutMs } = this.limits
    this.isLeaving = false
    this.connection.expect(this.isFirst ? headersTimeoutMs : keepAliveTimeoutMs, 'HTTP_IDLE', 'request')
    this.lookAtDrain()
  }

  /** Where the server drains, a request may be on its way that was sent before the client could know: it is still answered. */
  lookAtDrain(): void {
    if (this.isLeaving || !this.connection.isDraining) return
    this.isLeaving = true
    this.connection.expect(this.limits.drainIdleTimeoutMs, 'HTTP_IDLE', 'request')
  }

  /** Only empty lines have come since the last request, which are skipped (RFC 9112 section 2.2). */
  get isStillIdle(): boolean {
    return this.refusal === undefined && this.parser?.hasNothing(this.connection.input) === true
  }

  /** @returns undefined where the head is not there whole, or is refused: `rest` knows. */
  atOnce(): RequestHead | undefined {
    const { connection, limits } = this
    const { input } = connection
    this.startMs = connection.nowMs
    try {
      const whole = this.parser === undefined ? readWholeHead(input, limits) : undefined
      if (whole !== undefined) return this.accepted(whole)
      this.parser ??= new HeadParser(limits)
      return this.accepted(this.parser.read(input))
    } catch (error) {
      this.refusal = error
      return undefined
    }
  }

  /**
   * Goes on where `atOnce` stopped.
   *
   * @returns undefined where the input ended before a request began.
   * @throws HttpError for what is not valid; ConnectionTimeoutError (`HTTP_HEADERS_TIMEOUT`).
   */
  *rest(): Generator<void, RequestHead | undefined, void> {
    const { connection, refusal } = this
    const { input } = connection
    if (refusal !== undefined) throw refusal
    const parser = this.parser as HeadParser
    connection.expect(this.limits.headersTimeoutMs, HEAD_LATE, 'complete head')
    let isHurried = false
    for (;;) {
      if (input.ended) return parser.endOfInput(input)
      if (connection.isDraining && !isHurried) {
        isHurried = true
        connection.expect(this.limits.drainIdleTimeoutMs, HEAD_LATE, 'complete head')
      }
      yield
      const head = this.accepted(parser.read(input))
      if (head !== undefined) return head
    }
  }

  private accepted(head: RequestHead | undefined): RequestHead | undefined {
    if (head === undefined) return undefined
    this.parser = undefined
    this.isFirst = false
    this.isExpecting = false
    if (head.bodyKind === 'chunked' && this.isLengthRequired) {
      throw new HttpError(411, 'HTTP_LENGTH_REQUIRED', 'a body is taken only with its length')
    }
    return head
  }
}
