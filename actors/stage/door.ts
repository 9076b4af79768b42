/**
 * The door of a stage: who is let in, decided on the submitter's stack before anything is kept of the job.
 *
 * In this order: an ended context is `expired`, a queue without room is `full`, and what admission does not let in is
 * `overloaded`. The admission controller looks each 100 ms, for as long as there is a job inside or a limit in force.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { Clock } from '../../runtime/time/clock.ts'
import { Admission } from './controllers/admission.ts'
import type { Decided } from './events.ts'
import { ADMISSION_TICK_MS, RETRY_MS_MAX, RETRY_MS_UNKNOWN } from './limits.ts'
import type { StagePlan } from './plan.ts'
import { Refused } from './refused.ts'
import { Ticker } from './ticker.ts'

/** How it stands behind the door. */
export interface Inside {
  /** Jobs that wait, and slots that are held. */
  readonly queued: number
  /** Jobs that were handed over and are not done. */
  readonly running: number
  readonly servers: number
  readonly canGrow: boolean
  readonly isOnLoop: boolean
  decided(decided: Decided): void
}

/** Weight of one job in the mean of what jobs cost. */
const WEIGHT = 0.05

export class Door {
  private readonly name: string
  private readonly inside: Inside
  private readonly capacity: number
  private readonly admission: Admission | undefined
  private readonly ticker: Ticker | undefined
  /** Milliseconds that a job costs a server, smoothed; undefined before the first. */
  private costMs: number | undefined = undefined
  private loopDelayMs = 0

  constructor({ name, admission, limits }: StagePlan, clock: Clock, inside: Inside) {
    this.name = name
    this.inside = inside
    this.capacity = limits.queueCapacity
    if (admission === undefined) return
    this.admission = new Admission(admission)
    this.ticker = new Ticker(clock, ADMISSION_TICK_MS, (nowMs, lateMs) => this.look(nowMs, lateMs))
  }

  /** Asks for `jobs` places of one class, all or none. @returns the refusal, if it is one. */
  refuses(ctx: Context, index: number, jobs: number, nowMs: number): Refused | undefined {
    if (ctx.isCancelled) return new Refused(this.name, 'expired', 0)
    const { inside, admission } = this
    const { queued } = inside
    if (queued + jobs > this.capacity) return new Refused(this.name, 'full', this.retryMs(queued))
    if (admission === undefined || jobs === 0) return undefined
    const { running, servers } = inside
    const retryMs = admission.offer(index, jobs, { nowMs, queued, running, servers })
    if (retryMs > 0) return new Refused(this.name, 'overloaded', retryMs)
    this.ticker?.start()
    return undefined
  }

  closed(): Refused {
    return new Refused(this.name, 'closed', 0)
  }

  /** A job has left, with a result or too late for one. */
  ended(index: number, elapsedMs: number, nowMs: number): void {
    this.admission?.ended(index, elapsedMs, nowMs)
  }

  /** A server was occupied by `jobs` jobs for so long. */
  served(elapsedMs: number, jobs: number): void {
    const eachMs = elapsedMs / jobs
    this.costMs = this.costMs === undefined ? eachMs : this.costMs + WEIGHT * (eachMs - this.costMs)
    this.admission?.served(elapsedMs, jobs)
  }

  /** Of the first class. */
  get p90Ms(): number | undefined {
    return this.admission?.p90Ms(0)
  }

  /** Of the first class. */
  get targetMs(): number | undefined {
    return this.admission?.options.classes[0]?.targetMs
  }

  /** Over all classes. */
  get ratePerSecond(): number {
    const { admission } = this
    if (admission === undefined) return Number.POSITIVE_INFINITY
    return admission.options.classes.reduce((sum, _, i) => sum + admission.ratePerSecond(i), 0)
  }

  /** For good. */
  stop(): void {
    this.ticker?.stop()
  }

  /** What is in the queue will be gone by then, as far as is known. */
  private retryMs(queued: number): number {
    if (this.costMs === undefined) return RETRY_MS_UNKNOWN
    const drainedMs = (queued * this.costMs) / Math.max(1, this.inside.servers)
    return Math.min(RETRY_MS_MAX, Math.max(1, drainedMs))
  }

  private look(nowMs: number, lateMs: number): boolean {
    const { admission, inside } = this
    if (admission === undefined) return false
    const { queued, running, servers, canGrow, isOnLoop } = inside
    this.loopDelayMs = isOnLoop ? Math.max(this.loopDelayMs, lateMs) : 0
    const { loopDelayMs } = this
    const decision = admission.step({ nowMs, queued, running, servers, canGrow, loopDelayMs })
    if (decision.action !== 'wait') {
      this.loopDelayMs = 0
      inside.decided({ controller: 'admission', decision })
    }
    // What the last jobs have shown is judged too, before there is nothing more to see.
    return decision.action === 'wait' || !decision.isAtRest
  }
}
