/** Options of the pool controller, which decides how many members a stage's pool has. */
import { DELAY_MS_MAX } from '../../../runtime/time/limits.ts'
import { type BoundsOf, checkOrder, resolveNumbers } from './options.ts'

/** Sources: Welsh, "An Architecture for Highly Concurrent, Well-Conditioned Internet Services" (2002), chapter 4. */
export interface PoolOptions {
  /** Members kept at least. Default 1; 0 to 1,024. With 0 the first job calls for one. */
  readonly min?: number
  /** Members at most. Default 4, or `min` where that is more; 1 to 1,024. SEDA's is 20. */
  readonly max?: number
  /** Milliseconds between two samples. Default 100; 10 to 60,000. SEDA takes 2,000, for work of seconds. */
  readonly sampleMs?: number
  /** Jobs waiting for each member, above which a sample calls for one more. Default 1; 0 to 1,000,000. SEDA's is 100 for all. */
  readonly queueMark?: number
  /** Samples above the mark, in a row, that make a member. Default 2; 1 to 1,000. */
  readonly samplesAbove?: number
  /** Milliseconds in which there was never work for a member, until it is retired. Default 5,000 (source); from `sampleMs`. */
  readonly idleMs?: number
  /** Fraction of the throughput that is lost after growing, above which it is thrashing. Default 0.2 (source); 0.01 to 0.9. */
  readonly thrashMargin?: number
  /** Milliseconds without growth after thrashing; each further time twice as long, up to 16 times. Default 30,000. */
  readonly thrashHoldMs?: number
}

export type ResolvedPoolOptions = Required<PoolOptions>

const bounds: BoundsOf<PoolOptions> = {
  min: { byDefault: 1, least: 0, most: 1_024, unit: 'members', whole: true },
  max: { byDefault: 4, least: 1, most: 1_024, unit: 'members', whole: true },
  sampleMs: { byDefault: 100, least: 10, most: 60_000, unit: 'milliseconds' },
  queueMark: { byDefault: 1, least: 0, most: 1_000_000, unit: 'jobs a member' },
  samplesAbove: { byDefault: 2, least: 1, most: 1_000, unit: 'samples', whole: true },
  idleMs: { byDefault: 5_000, least: 10, most: DELAY_MS_MAX, unit: 'milliseconds' },
  thrashMargin: { byDefault: 0.2, least: 0.01, most: 0.9, unit: 'fraction of the throughput' },
  thrashHoldMs: { byDefault: 30_000, least: 10, most: DELAY_MS_MAX, unit: 'milliseconds' },
}

/**
 * The defaults with `given` in their place.
 *
 * @throws UsageError (`STAGE_OPTION_INVALID`) naming the option, its value and its bounds; an unknown one; or a relation
 *   that does not hold.
 */
export function resolvePoolOptions(given: PoolOptions = {}): ResolvedPoolOptions {
  const resolved = resolveNumbers<ResolvedPoolOptions>('pool.', bounds, given)
  const options = { ...resolved, max: given.max ?? Math.max(resolved.max, resolved.min) }
  checkOrder('pool.', options, 'min', 'max')
  checkOrder('pool.', options, 'sampleMs', 'idleMs')
  return options
}
