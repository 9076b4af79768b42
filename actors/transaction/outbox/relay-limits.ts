/** Every bound of a relay, with its unit and its default, and how they hang together. */
import { type Bounds, resolveBounds } from '../../../runtime/bounds.ts'
import { DELAY_MS_MAX } from '../../../runtime/time/limits.ts'
import { misuse } from '../errors.ts'

export interface RelayLimits {
  /** Messages of one destination that a relay holds at most, and claims at once. Default 64. */
  readonly batch: number
  /** Messages that it holds in all: claimed, and not yet settled in the database. Default 256; at least `batch`. */
  readonly heldMax: number
  /** Messages of one destination that are sent at once. Default 16; of one whose order is strict it is 1. */
  readonly concurrency: number
  /** Milliseconds for which a message is claimed: after that anybody may claim it. Default 30,000. */
  readonly leaseMs: number
  /**
   * Milliseconds that one delivery may take: then it has failed. Default 20,000; less than `leaseMs`. Of the difference one
   * half is for waiting to be sent, the other for the acknowledgement to be written.
   */
  readonly sendMs: number
  /** Times that a message is sent at most: then it is dead. Default 25. */
  readonly attemptsMax: number
  /** Milliseconds whose double is the most that the second attempt waits; each one more waits twice as long. Default 1,000. */
  readonly retryMs: number
  /** Milliseconds that an attempt waits at most. Default 300,000. */
  readonly retryMaxMs: number
  /** Milliseconds between two looks while there is work. Default 100. */
  readonly pollMinMs: number
  /** Milliseconds between two looks at most: each that finds nothing doubles them. Default 5,000. */
  readonly pollMaxMs: number
  /** Milliseconds that one claim, or settlement, may take. Default 10,000. */
  readonly storeMs: number
}

/** More than a claim can give: see `rowsMax` of a database. */
const COUNT_MAX = 10_000

const bounds: Bounds<RelayLimits> = {
  batch: [64, 1, COUNT_MAX],
  heldMax: [256, 1, COUNT_MAX],
  concurrency: [16, 1, COUNT_MAX],
  leaseMs: [30_000, 1, DELAY_MS_MAX],
  sendMs: [20_000, 1, DELAY_MS_MAX],
  attemptsMax: [25, 1, COUNT_MAX],
  retryMs: [1_000, 1, DELAY_MS_MAX],
  retryMaxMs: [300_000, 1, DELAY_MS_MAX],
  pollMinMs: [100, 1, DELAY_MS_MAX],
  pollMaxMs: [5_000, 1, DELAY_MS_MAX],
  storeMs: [10_000, 1, DELAY_MS_MAX],
}

/** @throws UsageError (`TRANSACTION_OPTION_INVALID`) naming the limit, its value and its bounds, or one that is unknown. */
export function resolveRelayLimits(overrides?: Partial<RelayLimits>): RelayLimits {
  const limits = resolveBounds('outbox limit', 'TRANSACTION_OPTION_INVALID', bounds, overrides)
  checkAtMost(limits, 'batch', 'heldMax')
  checkAtMost(limits, 'pollMinMs', 'pollMaxMs')
  checkAtMost(limits, 'retryMs', 'retryMaxMs')
  if (limits.sendMs >= limits.leaseMs) {
    throw misuse(
      'TRANSACTION_OPTION_INVALID',
      `limit sendMs (${limits.sendMs}) of an outbox is less than leaseMs (${limits.leaseMs})`,
    )
  }
  return limits
}

function checkAtMost(limits: RelayLimits, less: keyof RelayLimits, more: keyof RelayLimits): void {
  if (limits[less] <= limits[more]) return
  throw misuse(
    'TRANSACTION_OPTION_INVALID',
    `limit ${less} (${limits[less]}) of an outbox is at most ${more} (${limits[more]})`,
  )
}

export const defaultRelayLimits: RelayLimits = resolveRelayLimits()
