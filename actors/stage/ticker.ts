/** A look at something, each so many milliseconds, for as long as there is something to see. */
import type { Clock, Timer } from '../../runtime/time/clock.ts'

export class Ticker {
  private readonly clock: Clock
  private readonly everyMs: number
  private readonly tick: (nowMs: number, lateMs: number) => boolean
  private timer: Timer | undefined = undefined
  private isOver = false

  /**
   * @param tick - returns whether it wants another. It is told how many milliseconds the event loop was late, and with
   *   another look that is so long after this one.
   */
  constructor(clock: Clock, everyMs: number, tick: (nowMs: number, lateMs: number) => boolean) {
    this.clock = clock
    this.everyMs = everyMs
    this.tick = tick
  }

  /** Idempotent: the first look comes after the first interval. */
  start(): void {
    if (this.timer !== undefined || this.isOver) return
    const { clock } = this
    const atMs = clock.nowMs() + this.everyMs
    this.timer = clock.schedule(atMs, () => {
      this.timer = undefined
      const nowMs = clock.nowMs()
      if (this.tick(nowMs, Math.max(0, nowMs - atMs))) this.start()
    })
  }

  /** For good. */
  stop(): void {
    this.isOver = true
    this.timer?.cancel()
    this.timer = undefined
  }
}
