/** Bounds of conversations in messages, with units, defaults, and what happens at each. */
import { type Bounds, BYTES_MAX, MS_MAX, resolveBounds } from '../../runtime/bounds.ts'

export interface SessionLimits {
  /** Messages that wait for a peer which reads slowly, besides the connection's own `outputHighWaterBytes`; then `whenSlow` decides. Default 1,024. */
  readonly queueMessagesMax: number
  /** Bytes of these, at most; a single message may be larger. Default 1 MiB. */
  readonly queueBytesMax: number
  /** Messages of the peer's that wait for its session; then no more is read from it. Default 64. */
  readonly messagesAheadMax: number
  /** Characters or bytes of these; with the message that reaches it no more is read. Default 1 MiB. */
  readonly bytesAheadMax: number
  /** Milliseconds that a session has to end once its peer will say no more; then it is ended. Default 5 s. */
  readonly sessionGraceMs: number
}

/** What becomes of a peer that reads too slowly: it is told and disconnected, or it misses the oldest messages. */
export type WhenSlow = 'disconnect' | 'dropOldest'

const bounds: Bounds<SessionLimits> = {
  queueMessagesMax: [1_024, 1, 1_000_000],
  queueBytesMax: [1024 * 1024, 1, BYTES_MAX],
  messagesAheadMax: [64, 1, 100_000],
  bytesAheadMax: [1024 * 1024, 1, BYTES_MAX],
  sessionGraceMs: [5_000, 0, MS_MAX],
}

/** @throws UsageError (`SESSION_LIMIT_INVALID`) naming the limit, what it may be and what it was. */
export function createSessionLimits(overrides?: Partial<SessionLimits>): SessionLimits {
  return resolveBounds('session limit', 'SESSION_LIMIT_INVALID', bounds, overrides)
}

/**
 * Takes a session's limits out of those of a protocol that is spoken by sessions, which are given together.
 *
 * @throws UsageError (`SESSION_LIMIT_INVALID`)
 */
export function splitLimits<L extends object>(
  overrides: Partial<L & SessionLimits> = {},
): { readonly session: SessionLimits; readonly own: Partial<L> } {
  const own: Record<string, unknown> = {}
  const session: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(overrides))
    (Object.hasOwn(bounds, name) ? session : own)[name] = value
  return { session: createSessionLimits(session), own: own as Partial<L> }
}

export const defaultSessionLimits: SessionLimits = createSessionLimits()
