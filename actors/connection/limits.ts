/** Bounds of listeners and connections, with units, defaults, and what happens at each. */
import { type Bounds, MS_MAX, resolveBounds } from '../../runtime/bounds.ts'

export interface ConnectionLimits {
  /** Connections open at once on one listener; one more takes the place of one that idles, or is reset at once, and counted. Default 16,384, as ThousandIsland's acceptors. */
  readonly connectionsMax: number
  /** Milliseconds without a byte from the peer while the conversation waits for one, unless its protocol says otherwise; then the connection ends. Default 60 s. */
  readonly idleTimeoutMs: number
  /** Milliseconds that `connect` waits for an answer, before TLS; then it fails with `CONNECT_TIMEOUT`. Default 10 s. */
  readonly connectTimeoutMs: number
  /** Milliseconds for a TLS handshake; then the connection is dropped. Default 10 s. */
  readonly handshakeTimeoutMs: number
  /** Milliseconds in which some of the output must leave, where any waits; a peer of which nothing is seen to be taken for that long, twice that at most, is reset. What waits in the operating system is taken in lumps, of up to a megabyte on a fast path. Default 60 s, as nginx. */
  readonly writeTimeoutMs: number
  /** Bytes a second that a peer must take while output waits for it, on the average of a `writeTimeoutMs`; a slower one is reset. 0 asks for one byte a `writeTimeoutMs`. Default 240, as Kestrel. */
  readonly writeBytesPerSecondMin: number
  /** Milliseconds after our end in which the peer may go on sending, read the rest, and close too, counted anew with each byte of its; then the stream is freed. Default 2 s. */
  readonly lingerTimeoutMs: number
  /** Milliseconds after our end in which the stream is freed, whatever the peer still sends. Default 30 s, as nginx. */
  readonly lingerMaxMs: number
}

const bounds: Bounds<ConnectionLimits> = {
  connectionsMax: [16_384, 1, MS_MAX],
  idleTimeoutMs: [60_000, 1, MS_MAX],
  connectTimeoutMs: [10_000, 1, MS_MAX],
  handshakeTimeoutMs: [10_000, 1, MS_MAX],
  writeTimeoutMs: [60_000, 1, MS_MAX],
  writeBytesPerSecondMin: [240, 0, MS_MAX],
  lingerTimeoutMs: [2_000, 1, MS_MAX],
  lingerMaxMs: [30_000, 1, MS_MAX],
}

/** @throws UsageError (`CONNECTION_LIMIT_INVALID`) naming the limit, what it may be and what it was. */
export function createConnectionLimits(overrides?: Partial<ConnectionLimits>): ConnectionLimits {
  return resolveBounds('connection limit', 'CONNECTION_LIMIT_INVALID', bounds, overrides)
}

export const defaultConnectionLimits: ConnectionLimits = createConnectionLimits()
