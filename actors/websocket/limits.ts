/**
 * Every bound of WebSocket, with its unit, its default, and what happens there.
 *
 * Rules: a bound in bytes or frames protects memory, a bound in milliseconds protects a place; none is ever infinite.
 * Whoever needs another value gives it to `createWebSocketLimits`.
 */
import { type Bounds, MS_MAX, resolveBounds } from '../../runtime/bounds.ts'
import { UsageError } from '../../runtime/errors.ts'

export interface WebSocketLimits {
  /**
   * Bytes of one message, and of what it is sent as where it is compressed; beyond it close with 1009, before reading
   * where the length is announced. Default 1 MiB; ws has 100 MiB, Cowboy no bound.
   */
  readonly messageBytesMax: number
  /** Frames of one message, empty ones too; beyond it close with 1008. Default 1,024; a browser sends one. */
  readonly fragmentsMax: number
  /** Pings, pongs and closes taken in one second; beyond it close with 1008, since each may ask for an answer. Default 100. */
  readonly controlFramesPerSecondMax: number
  /** Milliseconds without a byte from the client, after which it is sent a ping. Default 30 s. */
  readonly pingIntervalMs: number
  /** Milliseconds without a byte from the client, after which it is dropped. Default 60 s, nginx's `proxy_read_timeout`. */
  readonly idleTimeoutMs: number
  /** Milliseconds from our close to the client's; then the connection is closed without. Default 5 s. */
  readonly closeTimeoutMs: number
  /** Bytes of a message below which it is sent as it is, where permessage-deflate is spoken. Default 1,024, as ws. */
  readonly deflateBytesMin: number
}

/** Bytes of the longest message that can be allowed: as a string it is still shorter than V8's longest. */
const MESSAGE_BYTES_MAX = 256 * 1024 * 1024

const bounds: Bounds<WebSocketLimits> = {
  messageBytesMax: [1024 * 1024, 1, MESSAGE_BYTES_MAX],
  fragmentsMax: [1024, 1, 1_000_000],
  controlFramesPerSecondMax: [100, 1, 1_000_000],
  pingIntervalMs: [30_000, 1, MS_MAX - 1],
  idleTimeoutMs: [60_000, 2, MS_MAX],
  closeTimeoutMs: [5_000, 1, MS_MAX],
  deflateBytesMin: [1024, 0, MESSAGE_BYTES_MAX],
}

/**
 * The defaults with `overrides` in their place. All values are whole numbers. Where only `idleTimeoutMs` is given, and
 * is no longer than the default `pingIntervalMs`, that follows it: half as long.
 *
 * @throws UsageError (`WEBSOCKET_LIMIT_INVALID`) naming the limit, what it may be and what it was; or a ping that would come
 *   when the client is dropped already.
 */
export function createWebSocketLimits(overrides: Partial<WebSocketLimits> = {}): WebSocketLimits {
  const limits = resolveBounds('WebSocket limit', 'WEBSOCKET_LIMIT_INVALID', bounds, overrides)
  return checkRelations(limits, overrides)
}

/** A client is given time to answer a ping before it is dropped for silence. */
function checkRelations(limits: WebSocketLimits, overrides: Partial<WebSocketLimits>): WebSocketLimits {
  const { pingIntervalMs, idleTimeoutMs } = limits
  if (pingIntervalMs < idleTimeoutMs) return limits
  if (overrides.pingIntervalMs === undefined)
    return { ...limits, pingIntervalMs: Math.floor(idleTimeoutMs / 2) }
  throw new UsageError(
    'WEBSOCKET_LIMIT_INVALID',
    `pingIntervalMs must be less than idleTimeoutMs (${idleTimeoutMs}), not ${pingIntervalMs}`,
  )
}

export const defaultWebSocketLimits: WebSocketLimits = createWebSocketLimits()
