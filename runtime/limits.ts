/**
 * Every bound of the runtime, with its unit, its default, and what happens there.
 *
 * Whoever needs another value gives it where the thing is made: `createSystem({ limits })` for a whole system, the
 * options of `spawn` for one actor. Relations between limits are asserted when they are resolved.
 */
import { type Bounds, MS_MAX, resolveBounds } from './bounds.ts'
import { UsageError } from './errors.ts'

export interface Limits {
  /** Envelopes waiting in one actor's mailbox. At the limit its overflow policy decides; by default `send` answers `full`. */
  readonly mailboxCapacity: number
  /** Envelopes that a receiving generator may set aside while it waits for others. At the limit the actor fails. */
  readonly stashCapacity: number
  /** Envelopes one actor handles before the next actor gets its step. The rest waits for its next step in the same turn. */
  readonly stepEnvelopes: number
  /** Envelopes handled in one turn, over all actors. The rest waits for the next turn, after the flush. */
  readonly turnEnvelopes: number
  /** Transfers (accepts, reads, drains) taken in by one turn. The rest is taken in by the next. */
  readonly turnTransfers: number
  /** Turns without I/O, one directly after another, before sockets and timers are looked at again. */
  readonly idleTurns: number
  /** Milliseconds until an ask fails whose context has no earlier deadline. */
  readonly askTimeoutMs: number
  /** Restarts of one actor within `restartPeriodMs`; at one more it is given up. OTP's default is 1 in 5 s. */
  readonly restartIntensity: number
  /** Milliseconds over which restarts are counted. */
  readonly restartPeriodMs: number
  /** Milliseconds that a supervisor gives a child to finish, before it is ended. OTP's default for workers. */
  readonly shutdownMs: number
  /** Children of one dynamic supervisor. One more is refused. */
  readonly childrenMax: number
  /** Names and groups in a system's registry. One more is refused. */
  readonly registryNames: number
  /** Members of one group. One more is refused. */
  readonly groupMembers: number
  /** Milliseconds that `system.stop()` leaves for work in flight; then what still lives is stopped at once. */
  readonly graceMs: number
  /** Bytes written to one stream and not yet taken by the operating system, above which its writer counts as blocked. */
  readonly outputHighWaterBytes: number
  /** Bytes received on one stream and not yet consumed, above which the poller stops reading it. */
  readonly inputHighWaterBytes: number
}

const bounds: Bounds<Limits> = {
  mailboxCapacity: [1_024, 1, MS_MAX],
  stashCapacity: [256, 1, MS_MAX],
  stepEnvelopes: [256, 1, MS_MAX],
  turnEnvelopes: [16_384, 1, MS_MAX],
  turnTransfers: [4_096, 1, MS_MAX],
  idleTurns: [1_024, 1, MS_MAX],
  askTimeoutMs: [5_000, 1, MS_MAX],
  restartIntensity: [1, 0, MS_MAX],
  restartPeriodMs: [5_000, 1, MS_MAX],
  shutdownMs: [5_000, 0, MS_MAX],
  childrenMax: [10_000, 1, MS_MAX],
  registryNames: [1_000_000, 1, MS_MAX],
  groupMembers: [100_000, 1, MS_MAX],
  graceMs: [10_000, 0, MS_MAX],
  outputHighWaterBytes: [65_536, 1, MS_MAX],
  inputHighWaterBytes: [65_536, 1, MS_MAX],
}

/**
 * The defaults with `overrides` in their place.
 *
 * @throws UsageError (`LIMIT_INVALID`) naming an unknown limit, a value out of bounds, or a relation that does not hold.
 */
export function resolveLimits(overrides?: Partial<Limits>): Limits {
  const resolved = resolveBounds('limit', 'LIMIT_INVALID', bounds, overrides)
  if (resolved.stepEnvelopes > resolved.turnEnvelopes) {
    throw new UsageError(
      'LIMIT_INVALID',
      `limit stepEnvelopes (${resolved.stepEnvelopes}) must not exceed turnEnvelopes (${resolved.turnEnvelopes})`,
    )
  }
  return resolved
}

export const defaultLimits: Limits = resolveLimits()
