/** The text of the Date field, made once a second and shared by all connections of a protocol. */
import type { Clock } from '../../runtime/time/clock.ts'
import { utcText } from '../../runtime/time/utc-text.ts'

export class HttpDate {
  private text = ''
  /** The monotonic instants between which the text is right, unless the wall clock is set meanwhile. */
  private fromMs = Number.POSITIVE_INFINITY
  private untilMs = Number.NEGATIVE_INFINITY

  /**
   * IMF-fixdate, as RFC 9110 section 5.6.7 has it.
   *
   * @param nowMs - the monotonic instant of the present step: while the second lasts, no clock is asked.
   */
  at(nowMs: number, clock: Clock): string {
    if (nowMs < this.fromMs || nowMs >= this.untilMs) {
      const wallMs = clock.wallMs()
      this.text = utcText(wallMs)
      this.fromMs = nowMs
      this.untilMs = nowMs + 1000 - (wallMs % 1000)
    }
    return this.text
  }
}
