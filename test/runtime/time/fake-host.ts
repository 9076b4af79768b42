/**
 * A host whose time is moved by hand, to run the real clock without waiting. Alarms ring within `moveTo`, and the calls
 * that Node would have had to serve are counted.
 */
import type { Alarm, Host } from '../../../runtime/time/host.ts'

interface PendingAlarm {
  atMs: number
  wake: () => void
  isReferenced: boolean
}

export class FakeHost implements Host {
  alarmsSet = 0
  readonly #alarms = new Set<PendingAlarm>()
  #nowMs: number
  readonly #earlyMs: number

  /** @param earlyMs - how long before its time each alarm rings, as Node's do by up to the length of a loop phase. */
  constructor(options: { startMs?: number; earlyMs?: number } = {}) {
    this.#nowMs = options.startMs ?? 0
    this.#earlyMs = options.earlyMs ?? 0
  }

  nowMs(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return 1_000_000 + this.#nowMs
  }

  alarm(delayMs: number, wake: () => void): Alarm {
    this.alarmsSet += 1
    // An early alarm still lets time pass, as Node does, or it would ring for ever.
    const waitMs = delayMs <= 0 ? 0 : Math.max(0.25, Math.ceil(delayMs) - this.#earlyMs)
    const alarm: PendingAlarm = { atMs: this.#nowMs + waitMs, wake, isReferenced: true }
    this.#alarms.add(alarm)
    return {
      ref() {
        alarm.isReferenced = true
      },
      unref() {
        alarm.isReferenced = false
      },
      clear: () => void this.#alarms.delete(alarm),
    }
  }

  get alarms(): number {
    return this.#alarms.size
  }

  /** Whether something would keep a process alive. */
  get isHeld(): boolean {
    return [...this.#alarms].some((alarm) => alarm.isReferenced)
  }

  /** Moves time on, ringing every alarm on the way at its instant. */
  moveTo(atMs: number): void {
    for (;;) {
      const next = [...this.#alarms].sort((a, b) => a.atMs - b.atMs)[0]
      if (next === undefined || next.atMs > atMs) break
      this.#nowMs = Math.max(this.#nowMs, next.atMs)
      this.#alarms.delete(next)
      next.wake()
    }
    this.#nowMs = Math.max(this.#nowMs, atMs)
  }

  /** Moves time on without ringing: a process whose event loop was blocked. */
  stall(ms: number): void {
    this.#nowMs += ms
  }
}
