/**
 * Who sends too much is not served: a token bucket for each session.
 *
 * Rules: what is refused costs no token. A peer that rests saves up `BURST` and no more. While its session was busy nothing of the
 * peer's was looked at, so that time counts in full: whoever keeps to the rate is never refused for our slowness.
 */

/** Units a second, and at once. */
const RATE = 10
const BURST = 20
/** Refused in a row, after which the peer is disconnected. */
const REFUSED_MAX = 100

export class Flood {
  private tokens = BURST
  private atMs: number
  private refusedInRow = 0
  /** Refused since the peer was last told of it. */
  untold = 0

  constructor(nowMs: number) {
    this.atMs = nowMs
  }

  /** The session had nothing to do until now. */
  rested(nowMs: number): void {
    this.tokens = Math.max(this.tokens, Math.min(BURST, this.tokens + this.earned(nowMs)))
  }

  /** @returns whether it is to be served. */
  takes(nowMs: number, units: number): boolean {
    this.rested(nowMs)
    if (this.tokens < units) {
      this.refusedInRow += 1
      this.untold += 1
      return false
    }
    this.tokens -= units
    this.refusedInRow = 0
    return true
  }

  /** The session was busy until now. */
  wasBusy(nowMs: number): void {
    this.tokens += this.earned(nowMs)
  }

  get isTooMuch(): boolean {
    return this.refusedInRow >= REFUSED_MAX
  }

  private earned(nowMs: number): number {
    const passedMs = Math.max(0, nowMs - this.atMs)
    this.atMs = Math.max(nowMs, this.atMs)
    return (passedMs * RATE) / 1_000
  }
}
