/**
 * How long a stage works on the event loop before sockets and timers are looked at.
 *
 * A step of its actor counts as one envelope, and thousands of envelopes go into one turn: a handler that computes would keep
 * the loop until the queue is empty.
 */
import type { Timer } from '../../runtime/time/clock.ts'
import type { Desk } from './workers.ts'

/** Milliseconds of work in a row. One call that takes longer is not interrupted: that belongs on a thread. */
export const SLICE_MS = 10

export class Slice {
  private readonly desk: Desk
  private usedMs = 0
  private timer: Timer | undefined = undefined

  constructor(desk: Desk) {
    this.desk = desk
  }

  /** It is somebody else's turn. */
  get isOver(): boolean {
    return this.timer !== undefined
  }

  /** A step that began at `fromMs` has ended. */
  used(fromMs: number): void {
    const nowMs = this.desk.clock.nowMs()
    this.usedMs += nowMs - fromMs
    if (this.usedMs < SLICE_MS || this.timer !== undefined) return
    // A timer that is due at once comes after sockets and other timers.
    this.timer = this.desk.clock.schedule(nowMs, () => {
      this.timer = undefined
      this.usedMs = 0
      if (this.desk.ready > 0) this.desk.wake()
    })
  }

  stop(): void {
    this.timer?.cancel()
  }
}
