/**
 * How long a body may keep us waiting: instants in, milliseconds out.
 *
 * Only the time counts in which somebody waits for the client, since a handler that reads slowly is not the client's
 * doing. In that time the body must come at a least rate on the average, beyond a grace; and each piece within the idle
 * timeout; and all of it by the request's own deadline. A client that sends a byte now and then (slow body, "R.U.D.Y.") is
 * thus cut off after the grace, and one on a bad line is not.
 */
import type { HttpLimits } from './limits.ts'

export class BodyPace {
  private readonly limits: HttpLimits
  /** The instant by which the whole request must be there. */
  private readonly deadlineMs: number
  private bytes = 0
  private waitedMs = 0
  /** Since when somebody waits; undefined while nobody does. */
  private waitingSinceMs: number | undefined = undefined

  constructor(limits: HttpLimits, deadlineMs: number) {
    this.limits = limits
    this.deadlineMs = deadlineMs
  }

  /** Somebody waits, perhaps since before. @returns how long that may still last. */
  waits(nowMs: number): number {
    this.waitingSinceMs ??= nowMs
    const { bodyIdleTimeoutMs, bodyBytesPerSecondMin, bodyGraceMs } = this.limits
    let byMs = Math.min(this.waitingSinceMs + bodyIdleTimeoutMs, this.deadlineMs)
    if (bodyBytesPerSecondMin > 0) {
      const allowedMs = bodyGraceMs + (this.bytes * 1000) / bodyBytesPerSecondMin - this.waitedMs
      byMs = Math.min(byMs, this.waitingSinceMs + allowedMs)
    }
    return Math.max(0, byMs - nowMs)
  }

  arrived(bytes: number, nowMs: number): void {
    this.bytes += bytes
    if (this.waitingSinceMs === undefined) return
    this.waitedMs += Math.max(0, nowMs - this.waitingSinceMs)
    this.waitingSinceMs = undefined
  }
}
