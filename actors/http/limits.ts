/**
 * Every bound of HTTP, with its unit, its default, and what happens there.
 *
 * Rules: a bound in bytes protects memory, a bound in milliseconds protects a place; neither is ever infinite. No
 * default leaves a client more room than node:http's. Whoever needs another value gives it to `createHttpLimits`.
 */
import { type Bounds, BYTES_MAX, MS_MAX, resolveBounds } from '../../runtime/bounds.ts'
import { UsageError } from '../../runtime/errors.ts'

export interface HttpLimits {
  /** Bytes of the request line with its CRLF; beyond it 414. Default 8 KiB, as nginx and Apache; RFC 9112 asks for 8,000. */
  readonly requestLineBytesMax: number
  /** Bytes of the whole head, from the request line to the empty line; beyond it 431. Default 16 KiB, node:http's `maxHeaderSize`. */
  readonly headBytesMax: number
  /** Field lines in one head or in one trailer section; beyond it 431. Default 100, as hyper and Cowboy. */
  readonly headerCountMax: number
  /** Empty lines before a request, which are skipped; beyond it 400. Default 5, as Cowboy. */
  readonly emptyLinesMax: number
  /** Bytes of one body, not counting its chunks' headers; beyond it 413, before reading where the length is announced. Default 64 MiB. */
  readonly bodyBytesMax: number
  /** Bytes of all chunk extensions of one body; beyond it 413. Default 16 KiB, node:http's bound since CVE-2024-22019. */
  readonly chunkExtensionBytesMax: number
  /** Bytes of the trailer section; beyond it 431. Default 8 KiB. */
  readonly trailerBytesMax: number
  /** Bytes of an unread body that are skipped to keep a connection; beyond it the connection closes. Default 1 MiB, as Cowboy. */
  readonly unreadBodyBytesMax: number
  /** Requests answered on one connection in one go, from what one read brought; what is pipelined behind them waits for a later turn, when the other connections have had theirs. Default 64. */
  readonly pipelinedRequestsMax: number
  /** Requests answered on one connection; the last is answered with `Connection: close`. Default 10,000; nginx and Cowboy have 1,000, node:http no bound. */
  readonly requestsMax: number
  /** Milliseconds from a request's first byte to the end of its head; then 408. Also from a connection's start to its first byte; then it is closed. Default 10 s; node:http has 60. */
  readonly headersTimeoutMs: number
  /** Milliseconds from a request's first byte to the last one of its body; then 408, or a reset where the answer has begun. Default 300 s, node:http's. */
  readonly requestTimeoutMs: number
  /** Milliseconds that a connection may idle between two requests; then it is closed. Default 5 s, node:http's. */
  readonly keepAliveTimeoutMs: number
  /** Milliseconds that the handler has, not counting those in which it waits for the request's body; then 503, and the request's context is cancelled. Default 30 s. */
  readonly responseTimeoutMs: number
  /** Milliseconds without a byte of a body that somebody waits for; then 408, or a reset where the answer has begun. Also without a piece to send to a client that has ended its side. Default 30 s. */
  readonly bodyIdleTimeoutMs: number
  /** Bytes a second that a body must bring while somebody waits for it, on the average; else as `bodyIdleTimeoutMs`. 0 asks for none. Default 240, as Kestrel. */
  readonly bodyBytesPerSecondMin: number
  /** Milliseconds that a body may keep us waiting beyond what its rate allows. Default 5 s, as Kestrel. */
  readonly bodyGraceMs: number
  /** Milliseconds for the rest of a body that nobody read, to keep the connection; then it closes. Default 5 s. */
  readonly unreadBodyTimeoutMs: number
  /** Milliseconds that a client which has ended its side is still thought to wait for its answer; then its request is cancelled. Default 10. */
  readonly leaveGraceMs: number
  /** Milliseconds that an idle connection is kept while the server drains, for a request that is on its way; then it is closed. Default 500. */
  readonly drainIdleTimeoutMs: number
}

const bounds: Bounds<HttpLimits> = {
  requestLineBytesMax: [8 * 1024, 64, 1024 * 1024],
  headBytesMax: [16 * 1024, 64, 1024 * 1024],
  headerCountMax: [100, 1, 10_000],
  emptyLinesMax: [5, 0, 100],
  bodyBytesMax: [64 * 1024 * 1024, 0, BYTES_MAX],
  chunkExtensionBytesMax: [16 * 1024, 0, 1024 * 1024],
  trailerBytesMax: [8 * 1024, 2, 1024 * 1024],
  unreadBodyBytesMax: [1024 * 1024, 0, BYTES_MAX],
  pipelinedRequestsMax: [64, 1, 10_000],
  requestsMax: [10_000, 1, Number.MAX_SAFE_INTEGER],
  headersTimeoutMs: [10_000, 1, MS_MAX],
  requestTimeoutMs: [300_000, 1, MS_MAX],
  keepAliveTimeoutMs: [5_000, 1, MS_MAX],
  responseTimeoutMs: [30_000, 1, MS_MAX],
  bodyIdleTimeoutMs: [30_000, 1, MS_MAX],
  bodyBytesPerSecondMin: [240, 0, BYTES_MAX],
  bodyGraceMs: [5_000, 1, MS_MAX],
  unreadBodyTimeoutMs: [5_000, 1, MS_MAX],
  leaveGraceMs: [10, 1, MS_MAX],
  drainIdleTimeoutMs: [500, 1, MS_MAX],
}

/**
 * The defaults with `overrides` in their place. All values are whole numbers.
 *
 * @throws UsageError (`HTTP_LIMIT_UNKNOWN`) for a name that is not a limit, listing those that are;
 *   (`HTTP_LIMIT_INVALID`) for a value out of bounds, or a request line that is allowed to outgrow its head.
 */
export function createHttpLimits(overrides: Partial<HttpLimits> = {}): HttpLimits {
  const limits = resolveBounds('HTTP limit', 'HTTP_LIMIT_INVALID', bounds, overrides, 'HTTP_LIMIT_UNKNOWN')
  return checkRelations(limits, overrides)
}

/** For each limit of a part, that of the whole. Where only the whole's was given, the part's follows it. */
const parts: readonly (readonly [part: keyof HttpLimits, whole: keyof HttpLimits])[] = [
  ['requestLineBytesMax', 'headBytesMax'],
  ['headersTimeoutMs', 'requestTimeoutMs'],
]

function checkRelations(limits: HttpLimits, overrides: Partial<HttpLimits>): HttpLimits {
  const related: Record<keyof HttpLimits, number> = { ...limits }
  for (const [part, whole] of parts) {
    if (related[part] <= related[whole]) continue
    if (overrides[part] !== undefined) {
      throw new UsageError(
        'HTTP_LIMIT_INVALID',
        `${part} must be at most ${whole} (${related[whole]}), not ${related[part]}`,
      )
    }
    related[part] = related[whole]
  }
  return related
}

export const defaultHttpLimits: HttpLimits = createHttpLimits()
