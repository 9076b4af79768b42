/** What the admission controller sees, remembers and says: plain data, so that it can be an event, a line of a trace, a test. */

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
  /** Share of the servers' time that was occupied lately: 0 to 1. */
  readonly use: number
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
  /** Jobs that entered before this instant do not count: the last cut had not yet had its effect on them. */
  readonly sinceMs: number
  /** The p90 that led to the first cut of a rate that was not limited; null where it is not. */
  readonly cutP90Ms: number | null
  /** No cut of the rate before this instant: the last ones changed nothing. */
  readonly futileUntilMs: number
  /** Times in a row that cutting the rate changed nothing; the next pause is 2 to this power times as long. 0 to 6. */
  readonly futileTimes: number
}

export interface AdmissionState {
  /** The instant of the last decision; null before the first step. */
  readonly decidedAtMs: number | null
  /** Jobs a second that have ended when most did, lately: it fades by `CAPACITY_FADE` at each decision. 0 before the first. */
  readonly capacityPerSecond: number
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
