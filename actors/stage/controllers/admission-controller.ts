/**
 * The admission controller: how much a stage lets in, decided from how long its jobs take.
 *
 * After Welsh and Culler, "Adaptive Overload Control for Busy Internet Servers" (USITS 2003): the smoothed 90th percentile
 * of the time from entry to end, compared with a target; a little more is let in while it is well below, much less when
 * it is above. What differs from the original, and why:
 *
 * - There are two handles. A class's *wait share* bounds the time that its jobs are predicted to take (the gate,
 *   `admission.ts`); its *rate* bounds their number. Where a queue makes jobs late the share is cut: that shortens the
 *   queue and never idles a server. A cut of the rate does, and by the time that the p90 tells, the queue has long been
 *   there: a rate alone swings around the capacity. It is cut where jobs are late by themselves, since they crowd what
 *   they share (a database, the event loop).
 * - A cut of the rate that lowers nothing is taken back, and not tried again for a while: where jobs are longer than
 *   their target by themselves, cutting would only starve the stage.
 * - Stepped by a timer also when idle, and a rate is always at least `ratePerSecondMin`: what was throttled recovers.
 * - A class is judged by at least `samplesMin` jobs, all of which entered after the last cut for its sake: one delay
 *   does not cut twice.
 * - A rate begins at the measured one, grows by a share of the capacity, and is dropped when it no longer binds.
 * - Pool first, admission second: nothing is cut while the pool may grow. The gate holds then too: it refuses only what
 *   would be late already.
 *
 * Pure: no clock, no randomness; state, sample and decision are plain data.
 */
import type { ResolvedAdmissionOptions } from './admission-options.ts'

/** What the stage saw of one class since the last decision; `samples` and `p90Ms` since its `sinceMs`. */
export interface ClassSample {
  /** Jobs that count in `p90Ms`. */
  readonly samples: number
  /** 90th percentile of milliseconds from entry to end; null where `samples` is 0. */
  readonly p90Ms: number | null
  /** Jobs submitted, admitted or not. */
  readonly offered: number
  /** Of these, refused by the gate or the rate. */
  readonly refused: number
  /** Jobs that ended, whatever became of them. */
  readonly completed: number
}

export interface AdmissionSample {
  readonly nowMs: number
  /** Jobs that wait or are under way. */
  readonly inside: number
  /** Jobs a second that the servers can end; null while unknown. */
  readonly capacityPerSecond: number | null
  /** Milliseconds, as predicted, that 90 of 100 jobs take when they need not wait; 0 while unknown. */
  readonly unqueuedP90Ms: number
  /** Whether the pool may still grow. */
  readonly canGrow: boolean
  /** Milliseconds that the event loop was late, at worst; 0 where the stage does not work on it. */
  readonly loopDelayMs: number
  /** As in the options. */
  readonly classes: readonly ClassSample[]
}

export interface ClassState {
  /** Jobs a second that are let in; null: it is not limited. */
  readonly ratePerSecond: number | null
  /** Share of its target that a job may be predicted to take: from `WAIT_SHARE_MIN` to 1. */
  readonly waitShare: number
  /** Smoothed; null while too few samples count. */
  readonly p90Ms: number | null
  /** Jobs that entered before this instant do not count: they came before the last cut. */
  readonly sinceMs: number
  /** The p90 that led to the last cut of the rate; null where there was none, or it is over. */
  readonly cutP90Ms: number | null
  /** No cut of the rate before this instant: the last ones changed nothing. */
  readonly futileUntilMs: number
}

export interface AdmissionState {
  /** The instant of the last decision; null before the first step. */
  readonly decidedAtMs: number | null
  readonly classes: readonly ClassState[]
}

export type AdmissionAction =
  /** Not yet time to decide. */
  | 'wait'
  /** Nothing changes. */
  | 'hold'
  /** The wait share is divided by `decrease`. */
  | 'tighten'
  /** The rate is divided by `decrease`, or, for the sake of a higher class, by `decreaseLower`. */
  | 'cut'
  /** Wait share and rate grow. */
  | 'raise'
  /** The rate no longer binds, or binding was of no use: it is not limited. */
  | 'release'

export type AdmissionReason =
  | 'not-due'
  | 'too-few-samples'
  | 'within-bands'
  | 'over-target'
  | 'loop-delayed'
  | 'pool-may-grow'
  /** A higher class is over its target, or has been refused. */
  | 'higher-class'
  | 'below-target'
  | 'idle'
  /** Nothing is left to cut. */
  | 'at-least'
  /** Cutting the rate did not lower the p90. */
  | 'futile'
  | 'not-limited'

export interface ClassDecision {
  readonly name: string
  readonly action: AdmissionAction
  readonly reason: AdmissionReason
  readonly ratePerSecond: number | null
  readonly waitShare: number
  readonly p90Ms: number | null
  readonly targetMs: number
}

export interface AdmissionDecision {
  /** The gravest of its classes' actions. */
  readonly action: AdmissionAction
  readonly reason: AdmissionReason
  readonly classes: readonly ClassDecision[]
  readonly sample: AdmissionSample
  /** Nothing is limited and nothing is inside: until a job is submitted there is nothing to decide, and no timer needed. */
  readonly isAtRest: boolean
}

export interface AdmissionStep {
  readonly state: AdmissionState
  readonly decision: AdmissionDecision
}

/** A class's share of its target does not fall below this: by then next to nothing waits. */
export const WAIT_SHARE_MIN = 0.1

/** A cut of the rate that lowers the p90 by less than this fraction was of no use. */
const CUT_GAIN_MIN = 0.1

/** Milliseconds without another cut of the rate, after one was of no use. */
const FUTILE_MS = 10_000

/** Of the error below target, what does not count as room: the source's c_i. */
const ROOM_OFFSET = 0.1

/** A rate that reaches this many times the capacity no longer binds. */
const RELEASE_FACTOR = 1.5

/** The loop may be late for others' sake: on its account a class is not cut below this share of the capacity. */
const LOOP_SHARE_MIN = 0.5

export function initialAdmission({ classes }: ResolvedAdmissionOptions): AdmissionState {
  return {
    decidedAtMs: null,
    classes: classes.map(() => ({
      ratePerSecond: null,
      waitShare: 1,
      p90Ms: null,
      sinceMs: 0,
      cutP90Ms: null,
      futileUntilMs: 0,
    })),
  }
}

/** What becomes of one class. */
interface Verdict {
  readonly state: ClassState
  readonly action: AdmissionAction
  readonly reason: AdmissionReason
}

/** One class with all that is known of it, while it is decided about. */
interface Judged {
  readonly state: ClassState
  readonly sample: ClassSample
  readonly targetMs: number
  readonly isJudged: boolean
  /** (p90 - target) / target of what there is; -1 where there is nothing. */
  readonly error: number
  readonly completedPerSecond: number
}

/** Call it every 100 ms or so, and with every sample of one call's making: it decides by itself when to decide. */
export function admissionStep(
  state: AdmissionState,
  sample: AdmissionSample,
  options: ResolvedAdmissionOptions,
): AdmissionStep {
  const { decidedAtMs } = state
  const passedMs = decidedAtMs === null ? 0 : sample.nowMs - decidedAtMs
  const completed = sample.classes.reduce((sum, one) => sum + one.completed, 0)
  const isDue = passedMs >= options.intervalMs || (passedMs > 0 && completed >= options.samples)
  if (!isDue) {
    const kept = decidedAtMs === null ? { ...state, decidedAtMs: sample.nowMs } : state
    return conclude(
      kept,
      kept.classes.map((one) => unchanged(one, 'wait', 'not-due')),
      sample,
      options,
    )
  }
  const judged = state.classes.map((one, i) =>
    judge(one, sample.classes[i] as ClassSample, options.classes[i]!.targetMs, passedMs, options),
  )
  const verdicts = decide(judged, sample, options)
  return conclude({ ...state, decidedAtMs: sample.nowMs }, verdicts, sample, options)
}

function judge(
  state: ClassState,
  sample: ClassSample,
  targetMs: number,
  passedMs: number,
  { samplesMin, smoothing }: ResolvedAdmissionOptions,
): Judged {
  const { p90Ms } = sample
  const isJudged = p90Ms !== null && sample.samples >= samplesMin
  const smoothed =
    isJudged && state.p90Ms !== null ? smoothing * state.p90Ms + (1 - smoothing) * p90Ms : p90Ms
  return {
    state: { ...state, p90Ms: isJudged ? smoothed : null },
    sample,
    targetMs,
    isJudged,
    error: smoothed === null ? -1 : (smoothed - targetMs) / targetMs,
    completedPerSecond: (sample.completed / passedMs) * 1_000,
  }
}

function decide(
  judged: readonly Judged[],
  sample: AdmissionSample,
  options: ResolvedAdmissionOptions,
): readonly Verdict[] {
  const over = judged.findIndex((one) => one.isJudged && one.error > options.errorDecrease + 1e-6)
  const isWorking = sample.inside > 0 || judged.some((one) => one.sample.completed > 0)
  const isLoopLate = isWorking && sample.loopDelayMs > options.loopDelayMsMax
  if (over === -1 && !isLoopLate) return judged.map((one) => raise(one, sample, options))
  if (sample.canGrow) return judged.map((one) => unchanged(one.state, 'hold', 'pool-may-grow'))
  if (over === -1) return cutForLoop(judged, sample, options)
  const lowerCut = judged.map((one, i) => (i > over ? cutLower(one, options) : undefined))
  const isAnyCut = lowerCut.some((one) => one?.action === 'cut')
  return judged.map((one, i) => {
    if (i > over) return lowerCut[i] as Verdict
    if (i < over) return raise(one, sample, options)
    if (!isAnyCut) return cutOwn(one, sample, options)
    // What the lower ones were cut for is seen in jobs that enter from now on.
    return {
      state: { ...one.state, sinceMs: sample.nowMs, p90Ms: null },
      action: 'hold',
      reason: 'over-target',
    }
  })
}

function raise(one: Judged, sample: AdmissionSample, options: ResolvedAdmissionOptions): Verdict {
  const { state, error } = one
  if (error > 0) return unchanged(state, 'hold', 'too-few-samples')
  const isWithin = error >= options.errorIncrease
  if (isWithin && one.sample.refused === 0) return unchanged(state, 'hold', 'within-bands')
  const reason = isWithin ? 'within-bands' : one.sample.samples === 0 ? 'idle' : 'below-target'
  const fraction = ((isWithin ? 0.25 : 1) * options.increase) / 100
  const waitShare = Math.min(1, state.waitShare + fraction)
  const { ratePerSecond } = state
  if (ratePerSecond === null) {
    const raised = { ...state, waitShare, cutP90Ms: null }
    return waitShare === state.waitShare
      ? { state: raised, action: 'hold', reason: 'not-limited' }
      : { state: raised, action: 'raise', reason }
  }
  const capacity = sample.capacityPerSecond ?? ratePerSecond
  const gain = Math.max(options.ratePerSecondMin, fraction * capacity * Math.max(0.4, -error - ROOM_OFFSET))
  const raised = ratePerSecond + gain
  if (raised >= RELEASE_FACTOR * capacity) {
    return { state: { ...state, waitShare, ratePerSecond: null, cutP90Ms: null }, action: 'release', reason }
  }
  return { state: { ...state, waitShare, ratePerSecond: raised, cutP90Ms: null }, action: 'raise', reason }
}

/** For the sake of a higher class. One that nobody uses need not be cut. */
function cutLower({ state, sample, completedPerSecond }: Judged, options: ResolvedAdmissionOptions): Verdict {
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
function cutOwn(one: Judged, sample: AdmissionSample, options: ResolvedAdmissionOptions): Verdict {
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
  if (state.cutP90Ms !== null && p90Ms > state.cutP90Ms * (1 - CUT_GAIN_MIN)) {
    const back = { ...fresh, ratePerSecond: null, cutP90Ms: null, futileUntilMs: nowMs + FUTILE_MS }
    return { state: back, action: 'release', reason: 'futile' }
  }
  const least = Math.max(options.ratePerSecondMin, 0.5 * (sample.capacityPerSecond ?? 0))
  if (state.ratePerSecond !== null && state.ratePerSecond <= least) {
    const back = { ...fresh, ratePerSecond: null, cutP90Ms: null, futileUntilMs: nowMs + FUTILE_MS }
    return { state: back, action: 'release', reason: 'futile' }
  }
  const rate = (state.ratePerSecond ?? completedPerSecond) / options.decrease
  const ratePerSecond = Math.max(least, rate)
  return { state: { ...fresh, ratePerSecond, cutP90Ms: p90Ms }, action: 'cut', reason: 'over-target' }
}

/** The least important class that has anything to give is cut by `decrease`. */
function cutForLoop(
  judged: readonly Judged[],
  sample: AdmissionSample,
  options: ResolvedAdmissionOptions,
): readonly Verdict[] {
  const least = Math.max(options.ratePerSecondMin, LOOP_SHARE_MIN * (sample.capacityPerSecond ?? 0))
  const rates = judged.map((one) => (one.state.ratePerSecond ?? one.completedPerSecond) / options.decrease)
  const victim = judged.findLastIndex((one, i) => one.sample.completed > 0 && rates[i]! >= least)
  return judged.map(({ state }, i) => {
    if (i !== victim) return unchanged(state, 'hold', 'loop-delayed')
    return { state: { ...state, ratePerSecond: rates[i]! }, action: 'cut', reason: 'loop-delayed' }
  })
}

function unchanged(state: ClassState, action: AdmissionAction, reason: AdmissionReason): Verdict {
  return { state, action, reason }
}

/** The least grave first. */
const GRAVITY: readonly AdmissionAction[] = ['wait', 'hold', 'raise', 'release', 'tighten', 'cut']

function conclude(
  state: AdmissionState,
  verdicts: readonly Verdict[],
  sample: AdmissionSample,
  { classes }: ResolvedAdmissionOptions,
): AdmissionStep {
  const gravest = verdicts.reduce((a, b) => (GRAVITY.indexOf(b.action) > GRAVITY.indexOf(a.action) ? b : a))
  const states = verdicts.map((one) => one.state)
  const decision: AdmissionDecision = {
    action: gravest.action,
    reason: gravest.reason,
    classes: verdicts.map(({ state: { ratePerSecond, waitShare, p90Ms }, action, reason }, i) => ({
      name: classes[i]!.name,
      action,
      reason,
      ratePerSecond,
      waitShare,
      p90Ms,
      targetMs: classes[i]!.targetMs,
    })),
    sample,
    isAtRest: sample.inside === 0 && states.every((one) => one.ratePerSecond === null && one.waitShare === 1),
  }
  return { state: { ...state, classes: states }, decision }
}
