/**
 * The pool controller: how many members a stage's pool has.
 *
 * After SEDA's thread pool controller (Welsh 2002, chapter 4): one member more when the queue stays above its mark, one
 * less when a member has had nothing to do for a while, and back to what was before when growing has cost throughput.
 * What differs from the original, and why:
 *
 * - It samples each 100 ms, not each 2 s, and its mark is one job waiting for each member, not 100: what is worth a
 *   thread here may be jobs of 250 ms, and admission keeps queues short. Two samples in a row are asked for, so that a
 *   burst which is gone after one makes no member.
 * - Refusals count as a queue: admission has turned away what would have waited.
 * - One at a time: while a member starts, no other is made. What it gives is not known yet.
 * - It never flaps. A member is retired only if for all of `idleMs` there was never work for it; and where one is called
 *   for again soon after, the next has to be idle for twice as long.
 * - Thrashing is judged by what was measured just before growing, not by the best ever: work may have become heavier.
 *
 * Pure: no clock, no randomness; state, sample and decision are plain data.
 */
import type { ResolvedPoolOptions } from './pool-options.ts'

/** What the stage saw. Counts are those since the sample before. */
export interface PoolSample {
  readonly nowMs: number
  /** Members that take jobs. */
  readonly ready: number
  /** Members that have been made and do not take jobs yet: their thread starts, or they wait for a restart. */
  readonly starting: number
  /** Jobs that wait and are given to no member. */
  readonly queued: number
  /** The most members that had work at one time. */
  readonly busyPeak: number
  /** Jobs that ended. */
  readonly completed: number
  /** Jobs refused by admission or a full queue: demand that the queue does not show. */
  readonly refused: number
}

/** Throughput while there was more to do than was done: above the mark at every sample, with the same members. */
export interface PoolMeasure {
  readonly members: number
  readonly completed: number
  readonly elapsedMs: number
}

export interface PoolState {
  /** The instant of the last sample; null before the first. */
  readonly sampledAtMs: number | null
  /** Samples in a row above the mark. */
  readonly above: number
  /** Members that were ready at the last sample. */
  readonly ready: number
  /** What is being measured; null while there is not enough to do. */
  readonly measure: PoolMeasure | null
  /** What was measured before the last growth, which is on trial; null where none is. */
  readonly trial: (PoolMeasure & { readonly sinceMs: number }) | null
  /** No growth before this instant: the last one was thrashing. */
  readonly heldUntilMs: number
  /** Times that growth has been thrashing; the next hold is 2 to this power times as long. 0 to 4. */
  readonly thrashes: number
  /** Since when there has been a member without work; null while there is none. */
  readonly idleSinceMs: number | null
  /** The most members that had work at one time since then. */
  readonly idlePeak: number
  /** When a member was last retired; null where none was. */
  readonly retiredAtMs: number | null
  /** Times that one was called for soon after another was retired; `idleMs` is 2 to this power times as long. 0 to 4. */
  readonly regrets: number
}

export type PoolAction =
  /** Nothing changes. */
  | 'hold'
  /** One member is made. */
  | 'grow'
  /** Members are retired, when they have finished what they have. */
  | 'retire'

export type PoolReason =
  | 'below-min'
  | 'above-max'
  /** Jobs wait and there is no member. */
  | 'first-job'
  | 'queue-above-mark'
  | 'idle'
  /** Growing has lowered the throughput: back to what was before. */
  | 'thrashing'
  /** It was thrashing lately. */
  | 'held'
  | 'member-starting'
  | 'at-max'
  /** Nothing calls for a change. */
  | 'enough'

export interface PoolDecision {
  readonly action: PoolAction
  readonly reason: PoolReason
  /** Members that there should be from now on, ready or starting; from `min` to `max`. */
  readonly members: number
  /** Whether the pool may still grow; then admission does not cut. */
  readonly canGrow: boolean
  readonly sample: PoolSample
}

export interface PoolStep {
  readonly state: PoolState
  readonly decision: PoolDecision
}

/** Jobs that must have been counted on both sides of a growth, for their throughputs to be compared. */
const TRIAL_JOBS = 100
/** Jobs counted before growing without which no trial is held: their throughput would be chance. */
const BASELINE_JOBS = 20
/** A trial that has not come to an end by then is over. */
const TRIAL_MS_MAX = 30_000
/** Doublings of a hold, and of `idleMs`. */
const DOUBLINGS_MAX = 4
/** After as many times its patience without regret, a doubling of `idleMs` is taken back. */
const REGRET_FACTOR = 4

export function initialPool(_options: ResolvedPoolOptions): PoolState {
  return {
    sampledAtMs: null,
    above: 0,
    ready: 0,
    measure: null,
    trial: null,
    heldUntilMs: 0,
    thrashes: 0,
    idleSinceMs: null,
    idlePeak: 0,
    retiredAtMs: null,
    regrets: 0,
  }
}

/**
 * Call it each `sampleMs`, and when the first job comes to a pool without members. An extra call between two samples
 * counts as a sample.
 */
export function poolStep(state: PoolState, sample: PoolSample, options: ResolvedPoolOptions): PoolStep {
  const seen = judged(observe(state, sample, options), options)
  const members = sample.ready + sample.starting
  const { min, max } = options
  if (members < min) return conclude(seen, 'grow', 'below-min', members + 1, sample, options)
  if (members > max) return conclude(seen, 'retire', 'above-max', max, sample, options)
  if (members === 0) {
    if (sample.queued + sample.refused === 0) return conclude(seen, 'hold', 'enough', 0, sample, options)
    return grow(seen, sample, 'first-job', options)
  }
  if (isThrashing(seen, options)) return revert(seen, sample, options)
  if (seen.above >= options.samplesAbove) {
    if (members === max) return conclude(seen, 'hold', 'at-max', members, sample, options)
    if (sample.starting > 0) return conclude(seen, 'hold', 'member-starting', members, sample, options)
    if (sample.nowMs < seen.heldUntilMs) return conclude(seen, 'hold', 'held', members, sample, options)
    return grow(seen, sample, 'queue-above-mark', options)
  }
  const isIdle = seen.idleSinceMs !== null && sample.nowMs - seen.idleSinceMs >= patienceMs(seen, options)
  const needed = Math.max(min, seen.idlePeak)
  if (!isIdle || needed >= members) return conclude(seen, 'hold', 'enough', members, sample, options)
  const idle = {
    ...seen,
    idleSinceMs: null,
    idlePeak: 0,
    retiredAtMs: sample.nowMs,
    trial: null,
    measure: null,
  }
  return conclude(idle, 'retire', 'idle', needed, sample, options)
}

/** What the sample adds to what is known, before anything is decided. */
function observe(state: PoolState, sample: PoolSample, options: ResolvedPoolOptions): PoolState {
  const { nowMs, ready } = sample
  const isAbove = sample.refused > 0 || sample.queued > options.queueMark * Math.max(1, ready)
  const isIdle = ready > 0 && sample.starting === 0 && sample.busyPeak < ready && !isAbove
  const wasIdle = isIdle && state.idleSinceMs !== null
  const hasNoRegret =
    state.retiredAtMs !== null && nowMs - state.retiredAtMs > REGRET_FACTOR * patienceMs(state, options)
  const isTrialOver = state.trial !== null && nowMs - state.trial.sinceMs > TRIAL_MS_MAX
  return {
    ...state,
    sampledAtMs: nowMs,
    above: isAbove ? Math.min(state.above + 1, options.samplesAbove) : 0,
    ready,
    measure: measured(state, sample, isAbove),
    trial: isTrialOver ? null : state.trial,
    // A member that had work at the sample before has been idle since then at the earliest.
    idleSinceMs: isIdle ? (state.idleSinceMs ?? nowMs) : null,
    idlePeak: isIdle ? Math.max(wasIdle ? state.idlePeak : 0, sample.busyPeak) : 0,
    retiredAtMs: hasNoRegret ? null : state.retiredAtMs,
    regrets: hasNoRegret ? Math.max(0, state.regrets - 1) : state.regrets,
  }
}

function measured(state: PoolState, sample: PoolSample, isAbove: boolean): PoolMeasure | null {
  const { ready, nowMs, completed } = sample
  if (!isAbove || ready === 0) return null
  const { measure, sampledAtMs } = state
  const elapsedMs = sampledAtMs === null ? 0 : nowMs - sampledAtMs
  // What was done before the queue was above its mark, or by other members, does not count.
  if (measure === null || measure.members !== ready) return { members: ready, completed: 0, elapsedMs: 0 }
  return {
    members: ready,
    completed: measure.completed + completed,
    elapsedMs: measure.elapsedMs + Math.max(0, elapsedMs),
  }
}

/** A growth that has kept the throughput is no longer on trial. */
function judged(state: PoolState, options: ResolvedPoolOptions): PoolState {
  return isTried(state) && !isThrashing(state, options) ? { ...state, trial: null } : state
}

function isTried({ trial, measure }: PoolState): boolean {
  if (trial === null || measure === null || measure.members <= trial.members) return false
  return measure.completed >= TRIAL_JOBS || measure.elapsedMs >= TRIAL_MS_MAX
}

function isThrashing(state: PoolState, { thrashMargin }: ResolvedPoolOptions): boolean {
  const { trial, measure } = state
  return isTried(state) && perMs(measure as PoolMeasure) < (1 - thrashMargin) * perMs(trial as PoolMeasure)
}

function perMs({ completed, elapsedMs }: PoolMeasure): number {
  return elapsedMs > 0 ? completed / elapsedMs : 0
}

function grow(
  state: PoolState,
  sample: PoolSample,
  reason: PoolReason,
  options: ResolvedPoolOptions,
): PoolStep {
  const { nowMs } = sample
  const { measure, retiredAtMs, regrets } = state
  const isRegret = retiredAtMs !== null && nowMs - retiredAtMs <= 2 * patienceMs(state, options)
  // Where it grows again before that was judged, all of it is compared with what was before.
  const baseline =
    measure !== null && measure.completed >= BASELINE_JOBS ? { ...measure, sinceMs: nowMs } : null
  const trial = state.trial ?? baseline
  const grown = {
    ...state,
    above: 0,
    trial,
    idleSinceMs: null,
    idlePeak: 0,
    retiredAtMs: isRegret ? null : retiredAtMs,
    regrets: isRegret ? Math.min(DOUBLINGS_MAX, regrets + 1) : regrets,
  }
  return conclude(grown, 'grow', reason, sample.ready + sample.starting + 1, sample, options)
}

function revert(state: PoolState, sample: PoolSample, options: ResolvedPoolOptions): PoolStep {
  const reverted = {
    ...state,
    above: 0,
    trial: null,
    measure: null,
    heldUntilMs: sample.nowMs + options.thrashHoldMs * 2 ** state.thrashes,
    thrashes: Math.min(DOUBLINGS_MAX, state.thrashes + 1),
  }
  const members = Math.max(options.min, state.trial?.members ?? options.min)
  return conclude(reverted, 'retire', 'thrashing', members, sample, options)
}

function patienceMs({ regrets }: PoolState, { idleMs }: ResolvedPoolOptions): number {
  return idleMs * 2 ** regrets
}

function conclude(
  state: PoolState,
  action: PoolAction,
  reason: PoolReason,
  members: number,
  sample: PoolSample,
  { max }: ResolvedPoolOptions,
): PoolStep {
  const isHeld = sample.nowMs < state.heldUntilMs
  return { state, decision: { action, reason, members, canGrow: members < max && !isHeld, sample } }
}
