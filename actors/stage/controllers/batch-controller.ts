/**
 * The batch controller: how many jobs a batch takes.
 *
 * After SEDA's batching controller (Welsh 2002, chapter 4): larger batches do more jobs in a time, up to a point, and
 * make each wait longer; the least size that keeps the throughput is the best. What differs from the original, and why:
 *
 * - It begins with the smallest and grows while that helps: jobs of a second would not forgive a batch of a thousand.
 * - Throughput is that of the work, jobs in a millisecond of a server's time: a stage that has little to do is not slow. Only
 *   full batches count, since the others say nothing of their size.
 * - A batch that takes longer than `batchMsMax` is made smaller whatever it does for the throughput: latency first.
 *
 * Theory of operation. A look is taken when `windowMs` of work and a few batches have been measured at one size. `up`:
 * as long as a size does noticeably better than the best before, the next one up is tried; one that does not is passed
 * over once, since measurements are noisy. `down`: from there smaller ones are tried, as long as they keep `keep` of the
 * best. `rest`: the one above the first that did not is held, until the throughput changes: it rises, and growing is
 * tried anew; or it drops suddenly, and all begins at the largest, as the source has it. Now and then growing is tried
 * anyhow, in place of the source's random resets: a size that was settled on by chance is not kept for ever.
 *
 * Pure: no clock, no randomness; state, sample and decision are plain data.
 */
import type { ResolvedBatchOptions } from './batch-options.ts'

/** One batch that has ended. */
export interface BatchSample {
  readonly nowMs: number
  /** The batch size that was in force when it was taken from the queue. */
  readonly batchSize: number
  /** Jobs that it had; fewer than `batchSize` where no more were waiting. At least 1. */
  readonly jobs: number
  /** Milliseconds for which its server was occupied by it. */
  readonly elapsedMs: number
}

export type BatchPhase = 'up' | 'down' | 'rest'

export interface BatchState {
  /** Whole. */
  readonly batchSize: number
  readonly phase: BatchPhase
  /** What has been measured at the present size: jobs, batches, and milliseconds of work. */
  readonly jobs: number
  readonly batches: number
  readonly workMs: number
  /** The best throughput so far, in jobs a millisecond of work; null before the first look. */
  readonly best: number | null
  /** Going up: sizes in a row that did not do better. 0 or 1. */
  readonly misses: number
  /** At rest: the smoothed throughput; null before the first look there. */
  readonly smoothed: number | null
  /** At rest: looks since it came there. */
  readonly looks: number
}

export type BatchAction = 'hold' | 'grow' | 'shrink' | 'reset'

export type BatchReason =
  /** Not enough has been measured at this size. */
  | 'measuring'
  | 'throughput-rises'
  /** This size did not do better: one more is tried. */
  | 'looking-further'
  /** It has rested for long: growing is tried again. */
  | 'looking-again'
  /** It could not be smaller, or larger. */
  | 'at-bound'
  /** A smaller size keeps the throughput. */
  | 'keeps-throughput'
  /** It does not: back. */
  | 'loses-throughput'
  | 'too-long'
  | 'sudden-drop'
  /** Nothing calls for a change. */
  | 'settled'

export interface BatchDecision {
  readonly action: BatchAction
  readonly reason: BatchReason
  /** Jobs that the next batch takes at most; whole, from 1 to `batchMax`. */
  readonly batchSize: number
  readonly sample: BatchSample
}

export interface BatchStep {
  readonly state: BatchState
  readonly decision: BatchDecision
}

/** Fraction by which a larger batch must do better than the best before, to be worth its latency. */
const GAIN_MIN = 0.02
/** Batches that a look takes in at least: one may be anything. */
const BATCHES_MIN = 4
/** Looks at rest after which growing is tried again: a minute of work, with the default window. */
const REST_LOOKS = 1_200
/** Share of the smoothed throughput below which it has dropped suddenly (source: 0.5 in SEDA's code). */
const DROP_SHARE = 0.5
/** Share above which, at rest, growing is tried again. */
const RISE_SHARE = 1.25

export function initialBatch({ initial }: ResolvedBatchOptions): BatchState {
  return fresh({ batchSize: initial, phase: 'up', best: null })
}

/** Call it with every batch that has ended. */
export function batchStep(state: BatchState, sample: BatchSample, options: ResolvedBatchOptions): BatchStep {
  const seen = observe(state, sample)
  if (seen.workMs < options.windowMs || seen.batches < BATCHES_MIN) {
    return conclude(seen, 'hold', 'measuring', sample)
  }
  const size = seen.batchSize
  const smaller = sizeBelow(size, options)
  const meanMs = seen.workMs / seen.batches
  if (meanMs > options.batchMsMax && size > 1) {
    return conclude(fresh({ batchSize: smaller, phase: 'rest', best: null }), 'shrink', 'too-long', sample)
  }
  switch (seen.phase) {
    case 'up':
      return goUp(seen, sample, options)
    case 'down': {
      const best = Math.max(throughputOf(seen), seen.best ?? 0)
      if (throughputOf(seen) >= options.keep * best) return goDown(size, smaller, best, sample)
      const batchSize = sizeAbove(size, options)
      return conclude(fresh({ batchSize, phase: 'rest', best }), 'grow', 'loses-throughput', sample)
    }
    case 'rest':
      return rest(seen, sample, options)
  }
}

function goUp(seen: BatchState, sample: BatchSample, options: ResolvedBatchOptions): BatchStep {
  const { batchSize: size, best: before, misses } = seen
  const throughput = throughputOf(seen)
  const isBetter = before === null || throughput > before * (1 + GAIN_MIN)
  const best = Math.max(throughput, before ?? 0)
  if (!mayGrow(seen, options) || (!isBetter && misses > 0)) {
    return goDown(size, sizeBelow(size, options), best, sample)
  }
  const larger = fresh({ batchSize: sizeAbove(size, options), phase: 'up', best })
  if (isBetter) return conclude(larger, 'grow', 'throughput-rises', sample)
  return conclude({ ...larger, misses: misses + 1 }, 'grow', 'looking-further', sample)
}

function goDown(size: number, smaller: number, best: number, sample: BatchSample): BatchStep {
  if (size <= 1) return conclude(fresh({ batchSize: 1, phase: 'rest', best }), 'hold', 'at-bound', sample)
  return conclude(fresh({ batchSize: smaller, phase: 'down', best }), 'shrink', 'keeps-throughput', sample)
}

function rest(seen: BatchState, sample: BatchSample, options: ResolvedBatchOptions): BatchStep {
  const { batchSize, looks, best } = seen
  const { batchMax, smoothing } = options
  const throughput = throughputOf(seen)
  const before = seen.smoothed ?? throughput
  if (throughput < DROP_SHARE * before && batchMax > batchSize) {
    return conclude(fresh({ batchSize: batchMax, phase: 'down', best: null }), 'reset', 'sudden-drop', sample)
  }
  if (mayGrow(seen, options) && (throughput > RISE_SHARE * before || looks >= REST_LOOKS)) {
    const reason = looks >= REST_LOOKS ? 'looking-again' : 'throughput-rises'
    return conclude(fresh({ batchSize, phase: 'up', best: null }), 'hold', reason, sample)
  }
  const smoothed = smoothing * before + (1 - smoothing) * throughput
  const held = {
    ...fresh({ batchSize, phase: 'rest', best }),
    smoothed,
    looks: Math.min(REST_LOOKS, looks + 1),
  }
  return conclude(held, 'hold', 'settled', sample)
}

/** At least one job more: a factor alone would never leave 1. */
function sizeAbove(size: number, { factor, batchMax }: ResolvedBatchOptions): number {
  return Math.min(batchMax, Math.max(size + 1, Math.round(size * factor)))
}

function sizeBelow(size: number, { factor }: ResolvedBatchOptions): number {
  return Math.max(1, Math.min(size - 1, Math.round(size / factor)))
}

/** What would take too long is not tried. */
function mayGrow({ batchSize, workMs, batches }: BatchState, options: ResolvedBatchOptions): boolean {
  const larger = sizeAbove(batchSize, options)
  return larger > batchSize && (workMs / batches) * (larger / batchSize) <= options.batchMsMax
}

/** Jobs a millisecond of work. */
function throughputOf({ jobs, workMs }: BatchState): number {
  return jobs / workMs
}

/** A batch that was not full, or was taken at another size, says nothing. */
function observe(state: BatchState, { batchSize, jobs, elapsedMs }: BatchSample): BatchState {
  if (batchSize !== state.batchSize || jobs < batchSize || !(elapsedMs >= 0)) return state
  return {
    ...state,
    jobs: state.jobs + jobs,
    batches: state.batches + 1,
    workMs: state.workMs + Math.max(elapsedMs, LEAST_MS),
  }
}

/** No batch takes no time: clocks are coarse. */
const LEAST_MS = 0.001

function fresh({ batchSize, phase, best }: Pick<BatchState, 'batchSize' | 'phase' | 'best'>): BatchState {
  return { batchSize, phase, best, jobs: 0, batches: 0, workMs: 0, misses: 0, smoothed: null, looks: 0 }
}

function conclude(
  state: BatchState,
  action: BatchAction,
  reason: BatchReason,
  sample: BatchSample,
): BatchStep {
  return { state, decision: { action, reason, batchSize: state.batchSize, sample } }
}
