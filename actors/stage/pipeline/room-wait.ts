/** How somebody who found no room waits, and comes again. */
import type { Clock, Timer } from '../../../runtime/time/clock.ts'
import { RETRY_MS_MAX } from './limits.ts'
import type { Full } from './section.ts'

export class RoomWait {
  private readonly again: () => void
  private unlisten: (() => void) | undefined = undefined
  private timer: Timer | undefined = undefined

  /** @param again - called once for each `start`. */
  constructor(again: () => void) {
    this.again = again
  }

  /**
   * Waits until there is room. What admission refuses is let in by time as well, without that anybody tells.
   *
   * @param untilMs - at this instant at the latest.
   */
  start({ refused, room }: Full, clock: Clock, untilMs = Number.POSITIVE_INFINITY): void {
    this.stop()
    this.unlisten = room.wait(this.rang)
    const { reason, retryAfterMs } = refused
    const isByTime = reason === 'overloaded'
    const retryMs = isByTime ? clock.nowMs() + Math.min(Math.max(retryAfterMs, 1), RETRY_MS_MAX) : untilMs
    const dueMs = Math.min(retryMs, untilMs)
    if (dueMs !== Number.POSITIVE_INFINITY) this.timer = clock.schedule(dueMs, this.rang)
  }

  stop(): void {
    this.unlisten?.()
    this.timer?.cancel()
    this.unlisten = undefined
    this.timer = undefined
  }

  private readonly rang = (): void => {
    this.stop()
    this.again()
  }
}
