/** What is done with one class at a decision: let in more of it, or less. See `admission-controller.ts`. */
import type { ResolvedAdmissionOptions } from './admission-options.ts'
import type {
  AdmissionAction,
  AdmissionReason,
  AdmissionSample,
  ClassSample,
  ClassState,
} from './admission-state.ts'

/** What becomes of one class. */
export interface Verdict {
  readonly state: ClassState
  readonly action: AdmissionAction
  readonly reason: AdmissionReason
}

/** One class with all that is known of it, while it is decided about. */
export interface Judged {
  readonly state: ClassState
  readonly sample: ClassSample
  readonly targetMs: number
  readonly isJudged: boolean
  /** (p90 - target) / target of what there is; -1 where there is nothing. */
  readonly error: number
  readonly completedPerSecond: number
}

/** A class's share of its target does not fall below this: by then next to nothing waits. */
export const WAIT_SHARE_MIN = 0.1

/** Cuts of the rate that leave the p90 above target, and by less than this fraction below what it was without, are of no use. */
const CUT_GAIN_MIN = 0.2

/** Times the p90 that a stage is given to settle after a cut of the rate, before it is judged: crowds thin out slowly. */
const SETTLE_P90S = 5

/** Share of the servers' time below which a first cut of the rate is not tried: jobs do not crowd where servers are free. */
const USE_CROWDED = 0.8

/** Share of the capacity below which a class does not cut its own rate: by then nothing is crowded. */
const OWN_SHARE_MIN = 0.5

/** Milliseconds without another cut of the rate, after one was of no use; doubled each time, up to 64 times as long. */
const FUTILE_MS = 10_000
const FUTILE_DOUBLINGS_MAX = 6

/** Share of the usual step by which a wait share grows between the error bands, where that is in the way of somebody. */
const CREEP = 0.25

/** Of the error below target, what does not count as room: the source's c_i. */
const ROOM_OFFSET = 0.1
/** What a rate grows by at least, in the same measure: that of an error at `errorIncrease`. */
const ROOM_MIN = 0.4

/** A rate that reaches this many times the capacity no longer binds. */
const RELEASE_FACTOR = 1.5

export function raise(one: Judged, capacity: number, options: ResolvedAdmissionOptions): Verdict {
  const { state, error } = one
  if (!one.isJudged && error > options.errorDecrease) return unchanged(state, 'hold', 'too-few-samples')
  const isWithin = error >= options.errorIncrease
  if (isWithin && one.sample.refused === 0) return unchanged(state, 'hold', 'within-bands')
  const reason = isWithin ? 'within-bands' : one.sample.samples === 0 ? 'idle' : 'below-target'
  const fraction = ((isWithin ? CREEP : 1) * options.increase) / 100
  const waitShare = Math.min(1, state.waitShare + fraction)
  const { ratePerSecond } = state
  if (ratePerSecond === null) {
    const raised = { ...state, waitShare }
    return waitShare === state.waitShare
      ? { state: raised, action: 'hold', reason: 'not-limited' }
      : { state: raised, action: 'raise', reason }
  }
  const gain = Math.max(
    options.ratePerSecondMin,
    (options.increase / 100) * capacity * Math.max(ROOM_MIN, -error - ROOM_OFFSET),
  )
  const raised = ratePerSecond + gain
  if (raised >= RELEASE_FACTOR * capacity) {
    return { state: { ...state, waitShare, ratePerSecond: null, cutP90Ms: null }, action: 'release', reason }
  }
  return { state: { ...state, waitShare, ratePerSecond: raised }, action: 'raise', reason }
}

/** For the sake of a higher class. One that nobody uses need not be cut. */
export function cutLower(
  { state, sample, completedPerSecond }: Judged,
  options: ResolvedAdmissionOptions,
): Verdict {
  const { ratePerSecondMin, decreaseLower } = options
  const isUsed = sample.offered > sample.refused || sample.completed > 0
  const isLeast = state.ratePerSecond !== null && state.ratePerSecond <= ratePerSecondMin
  if (!isUsed || isLeast) return unchanged(state, 'hold', isLeast ? 'at-least' : 'higher-class')
  const ratePerSecond = Math.max(
    ratePerSecondMin,
    (state.ratePerSecond ?? completedPerSecond) / decreaseLower,
  )
  return { state: { ...state, ratePerSecond }, action: 'cut', reason: 'higher-class' }
}

/** A class over its target, with nothing left to cut below it. */
export function cutOwn(
  one: Judged,
  capacity: number,
  sample: AdmissionSample,
  options: ResolvedAdmissionOptions,
): Verdict {
  const { state, targetMs, completedPerSecond } = one
  const { nowMs } = sample
  const fresh = { ...state, sinceMs: nowMs, p90Ms: null }
  const isQueueToBlame = sample.unqueuedP90Ms <= targetMs * (1 + options.errorDecrease)
  if (isQueueToBlame && state.waitShare > WAIT_SHARE_MIN) {
    const waitShare = Math.max(WAIT_SHARE_MIN, state.waitShare / options.decrease)
    return { state: { ...fresh, waitShare }, action: 'tighten', reason: 'over-target' }
  }
  const p90Ms = state.p90Ms as number
  if (nowMs < state.futileUntilMs) return unchanged(state, 'hold', 'futile')
  if (state.cutP90Ms !== null && one.sample.samples < 2 * options.samplesMin) {
    return unchanged(state, 'hold', 'too-few-samples')
  }
  const least = Math.max(options.ratePerSecondMin, OWN_SHARE_MIN * capacity)
  const isCutting = state.cutP90Ms !== null
  // For a higher class's sake: it is less than would crowd anybody.
  const isLeast = state.ratePerSecond !== null && state.ratePerSecond <= least
  if (isLeast && !isCutting) return unchanged(state, 'hold', 'at-least')
  // Where servers are free, jobs do not crowd each other: they are late by themselves.
  if (state.ratePerSecond === null && sample.use < USE_CROWDED) return unchanged(state, 'hold', 'futile')
  const isUseless = state.cutP90Ms !== null && p90Ms > state.cutP90Ms * (1 - CUT_GAIN_MIN)
  if (isUseless || isLeast) {
    const futileUntilMs = nowMs + FUTILE_MS * 2 ** state.futileTimes
    const futileTimes = Math.min(FUTILE_DOUBLINGS_MAX, state.futileTimes + 1)
    const back = { ...fresh, ratePerSecond: null, cutP90Ms: null, futileUntilMs, futileTimes }
    return { state: back, action: 'release', reason: 'futile' }
  }
  const rate = (state.ratePerSecond ?? completedPerSecond) / options.decrease
  const ratePerSecond = Math.max(least, rate)
  return {
    state: {
      ...fresh,
      sinceMs: nowMs + SETTLE_P90S * p90Ms,
      ratePerSecond,
      cutP90Ms: state.cutP90Ms ?? p90Ms,
    },
    action: 'cut',
    reason: 'over-target',
  }
}

export function unchanged(state: ClassState, action: AdmissionAction, reason: AdmissionReason): Verdict {
  return { state, action, reason }
}
