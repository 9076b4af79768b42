/** Bounds of a stage, with units, defaults, and what happens at each. */
import { DELAY_MS_MAX } from '../../runtime/time/limits.ts'
import { type BoundsOf, resolveNumbers } from './controllers/options.ts'

export interface StageLimits {
  /** Jobs that may wait, reserved slots included; one more is refused as `full`. Default 1,024. */
  readonly queueCapacity: number
  /** Milliseconds that a job may take, from entry to end, whose context has no deadline; then it expires. Default 30,000. */
  readonly jobTimeoutMs: number
  /** Milliseconds that a reserved slot is held; then it is free again. Default 5,000. */
  readonly reservationMs: number
  /** Calls of a handler at home that are under way at once. Default 16; of a handler of batches, 1. */
  readonly concurrency: number
  /**
   * Jobs given to one member of a pool at once, where it takes single jobs and `batch` is off: so many may be at the
   * member when it is lost, and so many keep it busy while an answer is on its way. Default 2.
   */
  readonly prefetch: number
  /** Milliseconds that the stage is given to finish when the actor above it ends; then what is left fails. Default 5,000, as OTP's. */
  readonly shutdownMs: number
  /** Milliseconds before the first member of a pool is replaced that was lost. Each one in a row waits twice as long. Default 100. */
  readonly replaceMinMs: number
  /** Milliseconds that a replacement waits at most, a fifth of jitter apart. Default 5,000. */
  readonly replaceMaxMs: number
}

const milliseconds = { least: 1, most: DELAY_MS_MAX, unit: 'milliseconds', whole: true } as const

const bounds: BoundsOf<StageLimits> = {
  queueCapacity: { byDefault: 1_024, least: 1, most: 16_777_216, unit: 'jobs', whole: true },
  jobTimeoutMs: { ...milliseconds, byDefault: 30_000 },
  reservationMs: { ...milliseconds, byDefault: 5_000 },
  concurrency: { byDefault: 16, least: 1, most: 65_536, unit: 'calls', whole: true },
  prefetch: { byDefault: 2, least: 1, most: 65_536, unit: 'jobs', whole: true },
  shutdownMs: { ...milliseconds, byDefault: 5_000, least: 0 },
  replaceMinMs: { ...milliseconds, byDefault: 100, most: 3_600_000 },
  replaceMaxMs: { ...milliseconds, byDefault: 5_000, most: 3_600_000 },
}

/** Milliseconds between two looks of the admission controller; it decides by itself whether it is time to. */
export const ADMISSION_TICK_MS = 100

/** What `retryAfterMs` says at most where the queue is full, in milliseconds, and what it says while nothing is known. */
export const RETRY_MS_MAX = 30_000
export const RETRY_MS_UNKNOWN = 1_000

/** Longest time that a question to a member may take by itself: the job's own deadline comes first. */
export const MEMBER_TIMEOUT_MS = DELAY_MS_MAX

/**
 * The defaults with `overrides` in their place.
 *
 * @throws UsageError (`STAGE_OPTION_INVALID`) naming the limit, its value and its bounds, or one that is unknown.
 */
export function createStageLimits(overrides: Partial<StageLimits> = {}): StageLimits {
  const limits = resolveNumbers<StageLimits>('limits.', bounds, overrides)
  return { ...limits, replaceMaxMs: Math.max(limits.replaceMinMs, limits.replaceMaxMs) }
}

export const defaultStageLimits: StageLimits = createStageLimits()
