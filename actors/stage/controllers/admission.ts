/**
 * Admission of one stage, put together: the gate that every submission passes, what is measured, and the controller that
 * is stepped by a timer. It reads no clock and holds no timer: every call says what time it is.
 *
 * The gate is feed-forward. A job is refused if it is likely to end after its target: what is inside, times what a job
 * costs, over the servers, as far as its class's wait share allows. So a queue never grows beyond what can be served in
 * time, from the first second on, whatever is offered; feedback alone learns of a queue only by its victims.
 *
 * Rules of the gate:
 * - Where a server is free, nobody is kept from it. Nor where nothing is inside: what cannot be in time even then would
 *   be refused for ever.
 * - Each class may fill half of what the next higher one may: so that the lower ones are refused first, and a higher one
 *   finds room in a queue that they have filled.
 * - Before the first job has ended, its age stands for what a job costs.
 */
import {
  type AdmissionDecision,
  type AdmissionState,
  admissionStep,
  initialAdmission,
} from './admission-controller.ts'
import type { ResolvedAdmissionOptions } from './admission-options.ts'
import { PercentileWindow } from './percentile-window.ts'
import { noEstimate, observeService, predictMs, type ServiceEstimate } from './service-estimate.ts'
import { type BucketState, fillBucket, initialBucket, takeTokens } from './token-bucket.ts'

/** How the stage stands when a job comes. */
export interface Load {
  readonly nowMs: number
  /** Jobs that wait, reserved places included. */
  readonly queued: number
  /** Jobs under way: given to a handler or a member, and not ended. */
  readonly running: number
  /** Jobs that may be handled at one time: members that are ready, or the handler's `concurrency`. */
  readonly servers: number
}

export interface AdmissionTick extends Load {
  /** Whether the pool may still grow; false without a pool. */
  readonly canGrow: boolean
  /** Milliseconds that the event loop was late at worst since the last tick; 0 where the stage does not work on it. */
  readonly loopDelayMs: number
}

/**
 * Standard deviations above the mean at which a job is predicted to end. 1 for the first that wait, one for each server,
 * and for all while servers have time to spare: 84 of 100 then end before, and a refusal would leave a server idle. Up
 * to 3 where they have none, since then a short queue keeps them as busy as a long one, and makes nobody late.
 */
const DEVIATIONS_MIN = 1
const DEVIATIONS_MAX = 3
/**
 * Share of the target that the gate goes by, but for those first ones. The rest is for what a stage does not see: the way to whoever
 * asked and back, and a machine that has others to serve. Without it a queue of jobs of one size ends just at the target,
 * half of them late.
 */
const GATE_SHARE = 0.9
/** Share of the servers' time below which they have some to spare, and above which they have none. */
const USE_SPARE = 0.6
const USE_FULL = 0.9
/** Milliseconds over which that share is smoothed. */
const USE_MS = 1_000
/** For 90 of 100. */
const P90_DEVIATIONS = 1.282

/** What one class is measured by. */
interface Gauge {
  readonly window: PercentileWindow
  bucket: BucketState | undefined
  offered: number
  refused: number
  completed: number
}

export class Admission {
  readonly options: ResolvedAdmissionOptions
  private state: AdmissionState
  private estimate: ServiceEstimate = noEstimate
  private readonly gauges: readonly Gauge[]
  /** Of each class: milliseconds that one of its jobs may be predicted to take. */
  private bounds: readonly number[] = []
  /** Submissions for each that is admitted, smoothed; at least 1. */
  private pressure = 1
  /** Since when a job was seen under way, without a pause; only of use until one has ended. */
  private firstRunMs: number | undefined
  /** When jobs were let in to wait without anything being known: what becomes of these says nothing of the gate. */
  private ignorantFromMs = Number.POSITIVE_INFINITY
  private ignorantToMs = Number.NEGATIVE_INFINITY
  /** Milliseconds for which servers were occupied since the last tick, as far as jobs have ended. */
  private busyMs = 0
  /** Share of the servers' time that was occupied, smoothed. At first they are taken to have none to spare. */
  private use = 1
  private tickedAtMs: number | undefined

  constructor(options: ResolvedAdmissionOptions) {
    this.options = options
    this.state = initialAdmission(options)
    this.gauges = options.classes.map(() => ({
      window: new PercentileWindow(options.samples),
      bucket: undefined,
      offered: 0,
      refused: 0,
      completed: 0,
    }))
    this.rebound()
  }

  /**
   * Asks for `jobs` places of one class, all or none, and counts them.
   *
   * @param index - of the class, in the order of the options.
   * @returns 0 if they are admitted; else whole milliseconds after which to try again, from 1 to `retryAfterMsMax`.
   */
  offer(index: number, jobs: number, load: Load): number {
    const gauge = this.gauges[index] as Gauge
    gauge.offered += jobs
    const waitMs = this.gate(index, jobs, load)
    const retryMs = waitMs > 0 ? waitMs : this.take(index, gauge, jobs, load.nowMs)
    if (retryMs === 0) return 0
    gauge.refused += jobs
    return Math.min(this.options.retryAfterMsMax, Math.max(1, Math.ceil(retryMs * this.pressure)))
  }

  /**
   * Jobs that one server has handled.
   *
   * @param elapsedMs - see `observeService`.
   */
  served(elapsedMs: number, jobs = 1): void {
    this.busyMs += elapsedMs
    this.estimate = observeService(this.estimate, elapsedMs, jobs)
  }

  /** A job has left with a result, or too late for one. @param elapsedMs - since it entered. */
  ended(index: number, elapsedMs: number, nowMs: number): void {
    const gauge = this.gauges[index] as Gauge
    gauge.completed += 1
    const enteredMs = nowMs - elapsedMs
    const isBlind = enteredMs >= this.ignorantFromMs && enteredMs <= this.ignorantToMs
    if (!isBlind) gauge.window.add(elapsedMs, nowMs)
  }

  /** Call it every 100 ms while there is anything inside, or `isAtRest` was false. */
  step(tick: AdmissionTick): AdmissionDecision {
    const { options, gauges } = this
    const { nowMs } = tick
    this.observeUse(tick)
    const sample = {
      nowMs,
      inside: tick.queued + tick.running,
      unqueuedP90Ms: predictMs(this.estimate, 0, 1, P90_DEVIATIONS),
      use: this.use,
      canGrow: tick.canGrow,
      loopDelayMs: tick.loopDelayMs,
      classes: gauges.map(({ window, offered, refused, completed }, i) => {
        const enteredSinceMs = this.state.classes[i]!.sinceMs
        const { count, p90Ms } = window.summary({ nowMs, ageMsMax: options.sampleAgeMsMax, enteredSinceMs })
        return { samples: count, p90Ms, offered, refused, completed }
      }),
    }
    const { state, decision } = admissionStep(this.state, sample, options)
    if (decision.action === 'wait') {
      this.state = state
      return decision
    }
    this.adopt(state, nowMs)
    return decision
  }

  /** Jobs a second that the class is limited to; Infinity where it is not. */
  ratePerSecond(index: number): number {
    return this.state.classes[index]?.ratePerSecond ?? Number.POSITIVE_INFINITY
  }

  /** Smoothed p90 of the class as the controller last judged it, in milliseconds. */
  p90Ms(index: number): number | undefined {
    return this.state.classes[index]?.p90Ms ?? undefined
  }

  /** 0 if they may be expected in time, else milliseconds that what is inside takes. */
  private gate(index: number, jobs: number, load: Load): number {
    const { queued, running } = load
    const servers = Math.max(1, load.servers)
    const inside = queued + running
    const ahead = inside + jobs - 1
    if (running === 0) this.firstRunMs = undefined
    if (inside === 0 || ahead < servers) return 0
    const estimate = this.estimate.jobs > 0 ? this.estimate : this.guess(load)
    const isNear = ahead < 2 * servers
    const boundMs = (isNear ? 1 : GATE_SHARE) * (this.bounds[index] as number)
    const deviations = isNear ? DEVIATIONS_MIN : this.deviations()
    if (predictMs(estimate, ahead, servers, deviations) <= boundMs * (1 + 1e-9)) return 0
    return (ahead * estimate.meanMs) / servers
  }

  /** Before any job has ended: the first one takes at least as long as it has been seen at work. */
  private guess({ nowMs, running }: Load): ServiceEstimate {
    this.ignorantFromMs = Math.min(this.ignorantFromMs, nowMs)
    this.ignorantToMs = nowMs
    if (running === 0) return noEstimate
    this.firstRunMs ??= nowMs
    return observeService(noEstimate, nowMs - this.firstRunMs)
  }

  private deviations(): number {
    const fullness = Math.min(1, Math.max(0, (this.use - USE_SPARE) / (USE_FULL - USE_SPARE)))
    return DEVIATIONS_MIN + (DEVIATIONS_MAX - DEVIATIONS_MIN) * fullness
  }

  /** Between ticks, what has ended tells; jobs longer than that, only who is at work when one looks. */
  private observeUse({ nowMs, running, servers }: AdmissionTick): void {
    const passedMs = Math.max(0, nowMs - (this.tickedAtMs ?? nowMs))
    const isShort = this.estimate.meanMs < passedMs
    const share = (isShort ? this.busyMs / passedMs : running) / Math.max(1, servers)
    this.use += (1 - Math.exp(-passedMs / USE_MS)) * (Math.min(1, share) - this.use)
    this.busyMs = 0
    this.tickedAtMs = nowMs
  }

  private take(index: number, gauge: Gauge, jobs: number, nowMs: number): number {
    const rate = this.state.classes[index]!.ratePerSecond
    if (rate === null) return 0
    const bucket = this.bucketOptions(rate)
    // A list longer than the bucket is deep would never be let in: it takes what there is.
    const { state, retryAfterMs } = takeTokens(
      gauge.bucket ?? initialBucket(nowMs, bucket),
      nowMs,
      bucket,
      Math.min(jobs, bucket.depth),
    )
    gauge.bucket = state
    return retryAfterMs
  }

  private bucketOptions(ratePerSecond: number) {
    return { ratePerSecond, depth: Math.max(1, (ratePerSecond * this.options.burstMs) / 1_000) }
  }

  private adopt(state: AdmissionState, nowMs: number): void {
    let offered = 0
    let refused = 0
    this.gauges.forEach((gauge, i) => {
      const rate = this.state.classes[i]!.ratePerSecond
      if (state.classes[i]!.ratePerSecond === null || rate === null) gauge.bucket = undefined
      else if (gauge.bucket !== undefined)
        gauge.bucket = fillBucket(gauge.bucket, nowMs, this.bucketOptions(rate))
      offered += gauge.offered
      refused += gauge.refused
      gauge.offered = 0
      gauge.refused = 0
      gauge.completed = 0
    })
    const { smoothing } = this.options
    const pressure = offered === 0 ? 1 : offered / Math.max(1, offered - refused)
    this.pressure = smoothing * this.pressure + (1 - smoothing) * pressure
    this.state = state
    this.rebound()
  }

  private rebound(): void {
    let most = Number.POSITIVE_INFINITY
    this.bounds = this.options.classes.map(({ targetMs }, i) => {
      const boundMs = Math.min(most, targetMs * this.state.classes[i]!.waitShare)
      most = boundMs / 2
      return boundMs
    })
  }
}
