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
 * - A class is judged by at least `samplesMin` jobs, all of which entered after the last cut for its sake had its effect: one delay
 *   does not cut twice.
 * - A rate begins at the measured one, grows by a share of the capacity, and is dropped when it no longer binds.
 * - Pool first, admission second: nothing is cut while the pool may grow. The gate holds then too: it refuses only what
 *   would be late already.
 *
 * Pure: no clock, no randomness; state, sample and decision are plain data.
 */
import type { ResolvedAdmissionOptions } from './admission-options.ts'
import { cutLower, cutOwn, type Judged, raise, unchanged, type Verdict } from './admission-rules.ts'
import type {
  AdmissionAction,
  AdmissionDecision,
  AdmissionSample,
  AdmissionState,
  AdmissionStep,
  ClassSample,
  ClassState,
} from './admission-state.ts'

export { WAIT_SHARE_MIN } from './admission-rules.ts'
export type * from './admission-state.ts'

/** What the capacity, as measured at its best, loses at each decision; nothing while a rate keeps it from being reached. */
const CAPACITY_FADE = 0.02

/** The loop may be late for others' sake: on its account a class is not cut below this share of the capacity. */
const LOOP_SHARE_MIN = 0.5

/** Errors are differences of times: what is less than this is rounding. */
const ERROR_EPSILON = 1e-6

export function initialAdmission({ classes }: ResolvedAdmissionOptions): AdmissionState {
  return {
    decidedAtMs: null,
    capacityPerSecond: 0,
    classes: classes.map(() => ({
      ratePerSecond: null,
      waitShare: 1,
      p90Ms: null,
      sinceMs: 0,
      cutP90Ms: null,
      futileUntilMs: 0,
      futileTimes: 0,
    })),
  }
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
  const isLimited = state.classes.some((one) => one.ratePerSecond !== null)
  const capacityPerSecond = Math.max(
    (completed / Math.max(1, passedMs)) * 1_000,
    (isLimited ? 1 : 1 - CAPACITY_FADE) * state.capacityPerSecond,
  )
  const verdicts = decide(judged, capacityPerSecond, sample, options)
  return conclude({ ...state, decidedAtMs: sample.nowMs, capacityPerSecond }, verdicts, sample, options)
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
    completedPerSecond: (sample.completed / Math.max(1, passedMs)) * 1_000,
  }
}

function decide(
  judged: readonly Judged[],
  capacity: number,
  sample: AdmissionSample,
  options: ResolvedAdmissionOptions,
): readonly Verdict[] {
  const over = judged.findIndex((one) => one.isJudged && one.error > options.errorDecrease + ERROR_EPSILON)
  const isWorking = sample.inside > 0 || judged.some((one) => one.sample.completed > 0)
  const isLoopLate = isWorking && sample.loopDelayMs > options.loopDelayMsMax
  if (over === -1 && !isLoopLate) return judged.map((one) => raise(one, capacity, options))
  if (sample.canGrow) return judged.map((one) => unchanged(one.state, 'hold', 'pool-may-grow'))
  if (over === -1) return cutForLoop(judged, capacity, options)
  const lowerCut = judged.map((one, i) => (i > over ? cutLower(one, options) : undefined))
  const isAnyCut = lowerCut.some((one) => one?.action === 'cut')
  return judged.map((one, i) => {
    if (i > over) return lowerCut[i] as Verdict
    if (i < over) return raise(one, capacity, options)
    if (!isAnyCut) return cutOwn(one, capacity, sample, options)
    // What the lower ones were cut for is seen in jobs that enter from now on.
    return {
      state: { ...one.state, sinceMs: sample.nowMs, p90Ms: null },
      action: 'hold',
      reason: 'over-target',
    }
  })
}

/** The least important class that has anything to give is cut by `decrease`. */
function cutForLoop(
  judged: readonly Judged[],
  capacity: number,
  options: ResolvedAdmissionOptions,
): readonly Verdict[] {
  const least = Math.max(options.ratePerSecondMin, LOOP_SHARE_MIN * capacity)
  const rates = judged.map((one) => (one.state.ratePerSecond ?? one.completedPerSecond) / options.decrease)
  const victim = judged.findLastIndex((one, i) => one.sample.completed > 0 && rates[i]! >= least)
  return judged.map(({ state }, i) => {
    if (i !== victim) return unchanged(state, 'hold', 'loop-delayed')
    return { state: { ...state, ratePerSecond: rates[i]! }, action: 'cut', reason: 'loop-delayed' }
  })
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
