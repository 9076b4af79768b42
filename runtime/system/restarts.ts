/** The record of an actor's restarts, or of a supervisor's: how many, how lately, and how long the next one waits. */
import { nextFraction, type Random } from '../context/random.ts'

/** How long a restart waits: twice as long each time, until the actor has run quietly for a while. */
export interface Backoff {
  readonly minMs: number
  readonly maxMs: number
  /** Up to this fraction of the delay is added, at random, so that those who failed together do not return together. */
  readonly jitter: number
  /** Milliseconds of running after which the next delay is `minMs` again. */
  readonly quietMs: number
}

export interface RestartBounds {
  /** Restarts within `periodMs`, beyond which there is none: OTP's MaxR and MaxT. */
  readonly intensity: number
  readonly periodMs: number
  readonly backoff: Backoff | undefined
}

const DOUBLINGS_MAX = 64

export class Restarts {
  private readonly bounds: RestartBounds
  /** The instants of the latest restarts, at most `intensity` of them. */
  private recent: number[] = []
  /** Restarts since it last ran quietly. */
  private inARow = 0
  /** Since when it has run; Infinity while it does not, or has not been restarted yet. */
  private runsSinceMs = Number.POSITIVE_INFINITY
  /** Starts after the first. */
  total = 0

  constructor(bounds: RestartBounds) {
    this.bounds = bounds
  }

  /** Counts one more restart at `nowMs`. @returns false if that would be one too many; then it was not counted. */
  isAllowed(nowMs: number): boolean {
    const { intensity, periodMs } = this.bounds
    if (intensity === Number.POSITIVE_INFINITY) return true
    this.recent = this.recent.filter((atMs) => nowMs - atMs < periodMs)
    if (this.recent.length >= intensity) return false
    this.recent.push(nowMs)
    return true
  }

  /** How long the restart that has been allowed waits, in milliseconds. 0 where there is no backoff. */
  delayMs(nowMs: number, random: Random): number {
    const { backoff } = this.bounds
    if (backoff === undefined) return 0
    if (nowMs - this.runsSinceMs >= backoff.quietMs) this.inARow = 0
    this.runsSinceMs = Number.POSITIVE_INFINITY
    const delayMs = Math.min(backoff.maxMs, backoff.minMs * 2 ** this.inARow)
    // Beyond that nothing is left to double, and 0 must not be multiplied by Infinity.
    if (this.inARow < DOUBLINGS_MAX) this.inARow += 1
    return delayMs * (1 + backoff.jitter * nextFraction(random))
  }

  /** It has begun anew. */
  started(nowMs: number): void {
    this.runsSinceMs = nowMs
  }
}
