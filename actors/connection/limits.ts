/** Bounds of listeners and connections, with units, defaults, and what happens at each. */
import { UsageError } from '../../runtime/errors.ts'

export interface ConnectionLimits {
  /** Connections open at once on one listener; one more takes the place of one that idles, or is reset at once, and counted. Default 16,384, as ThousandIsland's acceptors. */
  readonly connectionsMax: number
  /** Milliseconds without a byte from the peer while the conversation waits for one, unless its protocol says otherwise; then the connection ends. Default 60 s. */
  readonly idleTimeoutMs: number
  /** Milliseconds in which some of the output must leave, where any waits; a peer of which nothing is seen to be taken for that long, twice that at most, is reset. What waits in the operating system is taken in lumps, of up to a megabyte on a fast path. Default 60 s, as nginx. */
  readonly writeTimeoutMs: number
  /** Bytes a second that a peer must take while output waits for it, on the average of a `writeTimeoutMs`; a slower one is reset. 0 asks for one byte a `writeTimeoutMs`. Default 240, as Kestrel. */
  readonly writeBytesPerSecondMin: number
  /** Milliseconds after our end in which the peer may go on sending, read the rest, and close too, counted anew with each byte of its; then the stream is freed. Default 2 s. */
  readonly lingerTimeoutMs: number
  /** Milliseconds after our end in which the stream is freed, whatever the peer still sends. Default 30 s, as nginx. */
  readonly lingerMaxMs: number
}

export const defaultConnectionLimits: ConnectionLimits = {
  connectionsMax: 16_384,
  idleTimeoutMs: 60_000,
  writeTimeoutMs: 60_000,
  writeBytesPerSecondMin: 240,
  lingerTimeoutMs: 2_000,
  lingerMaxMs: 30_000,
}

const MAX = 2 ** 31 - 1

/** @throws UsageError (`CONNECTION_LIMIT_INVALID`) naming the limit, what it may be and what it was. */
export function createConnectionLimits(overrides: Partial<ConnectionLimits> = {}): ConnectionLimits {
  const limits: Record<string, number> = { ...defaultConnectionLimits }
  for (const [name, value] of Object.entries(overrides)) {
    if (!Object.hasOwn(limits, name)) {
      throw invalid(`no connection limit is named "${name}"; there are ${Object.keys(limits).join(', ')}`)
    }
    if (value === undefined) continue
    const least = name === 'writeBytesPerSecondMin' ? 0 : 1
    if (!Number.isInteger(value) || value < least || value > MAX) {
      throw invalid(
        `connection limit ${name} must be a whole number from ${least} to ${MAX}, not ${String(value)}`,
      )
    }
    limits[name] = value
  }
  return limits as unknown as ConnectionLimits
}

function invalid(message: string): UsageError {
  return new UsageError('CONNECTION_LIMIT_INVALID', message)
}
