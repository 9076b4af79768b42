/** Options of the batch controller, which decides how many jobs a batch takes. */
import { type BoundsOf, checkOrder, resolveNumbers } from './options.ts'

/** Sources: Welsh, "An Architecture for Highly Concurrent, Well-Conditioned Internet Services" (2002), chapter 4; SEDA's code. */
export interface BatchOptions {
  /** Jobs in one batch at most. Default 64; 1 to 65,536. SEDA's is 1,000. */
  readonly batchMax?: number
  /** Jobs in one batch at first. Default 1; 1 to `batchMax`. SEDA begins with the most, which jobs of a second would not forgive. */
  readonly initial?: number
  /** Milliseconds that a batch may take, on the average; a longer one is made smaller. Default 20; 0.01 to 60,000. */
  readonly batchMsMax?: number
  /** Factor of a step up, divisor of a step down. Default 1.2 (source); 1.01 to 4. */
  readonly factor?: number
  /** Milliseconds of work over which the throughput is taken, once. Default 50; 0.1 to 60,000. SEDA's is 1,000, of time. */
  readonly windowMs?: number
  /** Weight of the past in the smoothed throughput. Default 0.7 (source); 0 to 0.99. */
  readonly smoothing?: number
  /** Share of the best throughput that a smaller batch must keep. Default 0.9 (source); 0.1 to 1. */
  readonly keep?: number
}

export type ResolvedBatchOptions = Required<BatchOptions>

const bounds: BoundsOf<BatchOptions> = {
  batchMax: { byDefault: 64, least: 1, most: 65_536, unit: 'jobs', whole: true },
  initial: { byDefault: 1, least: 1, most: 65_536, unit: 'jobs', whole: true },
  batchMsMax: { byDefault: 20, least: 0.01, most: 60_000, unit: 'milliseconds' },
  factor: { byDefault: 1.2, least: 1.01, most: 4, unit: 'factor' },
  windowMs: { byDefault: 50, least: 0.1, most: 60_000, unit: 'milliseconds of work' },
  smoothing: { byDefault: 0.7, least: 0, most: 0.99, unit: 'weight of the past' },
  keep: { byDefault: 0.9, least: 0.1, most: 1, unit: 'fraction of the best throughput' },
}

/**
 * The defaults with `given` in their place.
 *
 * @throws UsageError (`STAGE_OPTION_INVALID`) naming the option, its value and its bounds; an unknown one; or an
 *   `initial` above `batchMax`.
 */
export function resolveBatchOptions(given: BatchOptions = {}): ResolvedBatchOptions {
  const options = resolveNumbers<ResolvedBatchOptions>('batch.', bounds, given)
  checkOrder('batch.', { ...options }, 'initial', 'batchMax')
  return options
}
