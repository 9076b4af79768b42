/**
 * A clock whose time moves only when it is told to: for tests and simulations, shipped as a part of `greenroom/testing`.
 *
 * Advancing visits the due instants one after another, so that an action sees `nowMs()` equal to its own instant and
 * what it schedules within the span fires in the same advance.
 */
import { UsageError } from '../errors.ts'
import type { Clock, ClockOptions } from './clock.ts'
import { FIRE_AT_ONE_INSTANT_MAX } from './limits.ts'
import { WheelClock } from './wheel-clock.ts'

/** 2000-01-01T00:00:00Z: a fixed date, so that what is derived from it repeats from run to run. */
const WALL_MS_DEFAULT = 946_684_800_000

export interface ManualClockOptions extends ClockOptions {
  /** Where monotonic time begins, in milliseconds; default 0. */
  startMs?: number
  /** Unix time at the start, in milliseconds; default 2000-01-01T00:00:00Z. It moves along with monotonic time. */
  wallMs?: number
}

export interface ManualClock extends Clock {
  /** The instant of the first timer, due ones included; Infinity if none waits. */
  readonly nextDueMs: number

  /**
   * Moves time on by `ms`, stopping at each due instant on the way to fire what is due there.
   *
   * With `onDue` set, it is called at each due instant instead. A reactor that fires timers in the call sees every
   * instant by itself. One that only takes note is called once; time then moves to the end of the span, and what is due
   * fires, in order, when the reactor gets its turn. To give it a turn per instant, advance to `nextDueMs` repeatedly.
   *
   * @throws UsageError (`CLOCK_BAD_ADVANCE`) if `ms` is negative or not finite.
   * @throws UsageError (`CLOCK_STALLED`) if a million timers fire without time moving on (`FIRE_AT_ONE_INSTANT_MAX`).
   */
  advance(ms: number): void

  /** Like `advance`, to an instant. One that is not after the present fires what is due now and moves nothing back. */
  advanceTo(atMs: number): void
}

export function createManualClock(options: ManualClockOptions = {}): ManualClock {
  return new SteppedClock(options)
}

class SteppedClock extends WheelClock implements ManualClock {
  #nowMs: number
  readonly #wallOffsetMs: number
  #isAdvancing = false
  #onDue: (() => void) | undefined = undefined

  constructor(options: ManualClockOptions) {
    super(options)
    const { startMs = 0, wallMs = WALL_MS_DEFAULT } = options
    if (!(startMs >= 0 && startMs < Infinity)) {
      throw new UsageError('CLOCK_BAD_START', `startMs: 0 or more milliseconds expected, ${startMs} given`)
    }
    this.#nowMs = startMs
    this.#wallOffsetMs = wallMs - startMs
    // Nobody has to be woken: whoever advances the time looks at the wheel.
    this.wakeMs = -Infinity
  }

  nowMs(): number {
    return this.#nowMs
  }

  wallMs(): number {
    return this.#wallOffsetMs + this.#nowMs
  }

  get onDue(): (() => void) | undefined {
    return this.#onDue
  }

  set onDue(onDue: (() => void) | undefined) {
    this.#onDue = onDue
  }

  get nextDueMs(): number {
    return this.wheel.earliestMs()
  }

  advance(ms: number): void {
    if (!(ms >= 0 && ms < Infinity)) {
      throw new UsageError('CLOCK_BAD_ADVANCE', `advance(ms): 0 or more milliseconds expected, ${ms} given`)
    }
    this.advanceTo(this.#nowMs + ms)
  }

  advanceTo(atMs: number): void {
    if (!Number.isFinite(atMs)) {
      throw new UsageError('CLOCK_BAD_ADVANCE', `advanceTo(atMs): a finite instant expected, ${atMs} given`)
    }
    this.#isAdvancing = true
    try {
      this.#moveTo(atMs)
    } finally {
      this.#isAdvancing = false
    }
  }

  #moveTo(atMs: number): void {
    const endMs = Math.max(atMs, this.#nowMs)
    let firedHere = 0
    for (;;) {
      const timer = this.wheel.dueBy(endMs)
      if (timer === undefined) break
      if (timer.atMs > this.#nowMs) {
        this.#nowMs = timer.atMs
        firedHere = 0
      }
      if (this.#onDue === undefined) {
        firedHere += this.fireDue()
      } else {
        this.#onDue()
        firedHere += 1
        const isLeftForLater = timer.holder !== undefined
        if (isLeftForLater) break
      }
      if (firedHere > FIRE_AT_ONE_INSTANT_MAX) {
        throw new UsageError(
          'CLOCK_STALLED',
          `advance: ${firedHere} timers fired at ${this.#nowMs} ms, and more are due: an action reschedules itself for the same instant`,
        )
      }
    }
    this.#nowMs = Math.max(this.#nowMs, endMs)
  }

  protected wakeAt(): void {}
  protected becameEmpty(): void {}
  protected becameOccupied(): void {}

  /** What one round has left over is due still. While time is moved, that is `advanceTo`'s own matter. */
  protected fired(): void {
    if (!this.#isAdvancing && this.wheel.dueBy(this.#nowMs) !== undefined) this.#onDue?.()
  }
}
