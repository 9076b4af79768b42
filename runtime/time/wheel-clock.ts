/**
 * What the clocks have in common: a timing wheel, `after` and `schedule` with their bounds, and firing.
 *
 * A subclass says what time it is and arranges for the next look at the wheel. `wakeMs` is its word on that: scheduling
 * a timer that is not due before `wakeMs` asks nothing of it, which keeps the ordinary `schedule` at the wheel's cost.
 */
import { Deferred } from '../deferred/deferred.ts'
import { UsageError } from '../errors.ts'
import type { Clock, ClockOptions, Timer } from './clock.ts'
import { DELAY_MS_MAX, FIRE_MAX } from './limits.ts'
import { TimerWheel } from './timer-wheel.ts'

function throwOnFreshStack(error: unknown): void {
  queueMicrotask(() => {
    throw error
  })
}

export abstract class WheelClock implements Clock {
  protected readonly wheel: TimerWheel

  /**
   * The instant at which the subclass will look at the wheel: Infinity for never, -Infinity where somebody has been
   * told already and will call `fireDue`. Never later than the first timer.
   */
  protected wakeMs = Infinity

  readonly #onError: (error: unknown) => void
  #isClosed = false

  constructor(options: ClockOptions) {
    this.#onError = options.onError ?? throwOnFreshStack
    this.wheel = new TimerWheel(() => this.becameEmpty())
  }

  abstract nowMs(): number
  abstract wallMs(): number
  abstract get onDue(): (() => void) | undefined
  abstract set onDue(onDue: (() => void) | undefined)

  /** Look at the wheel at `atMs`, which is before `wakeMs`. */
  protected abstract wakeAt(atMs: number): void

  /** There are no timers any more, or there is a first one again. */
  protected abstract becameEmpty(): void
  protected abstract becameOccupied(): void

  /** Some timers have fired; `wakeMs` may be out of date. */
  protected abstract fired(): void

  get pending(): number {
    return this.wheel.size
  }

  after(ms: number): Deferred<void> {
    if (!(ms >= 0 && ms <= DELAY_MS_MAX)) {
      throw new UsageError('TIMER_BAD_DELAY', `after(ms): 0 to ${DELAY_MS_MAX} ms expected, ${ms} given`)
    }
    const deferred = new Deferred<void>(() => timer.cancel())
    const timer = this.schedule(this.nowMs() + ms, () => deferred.resolve(undefined))
    return deferred
  }

  schedule(atMs: number, action: () => void): Timer {
    const wheel = this.wheel
    // Measured from the wheel's position, which is never after the present: reading the time costs more than the rest
    // of this method, so that only a timer that looks too far away, or the first one, is worth it.
    if (!(atMs - wheel.tick <= DELAY_MS_MAX && atMs > -Infinity) || wheel.size === 0) this.#prepare(atMs)
    const timer = wheel.add(atMs, action)
    if (atMs < this.wakeMs) this.wakeAt(atMs)
    return timer
  }

  fireDue(max: number = FIRE_MAX): number {
    const nowMs = this.nowMs()
    if (nowMs < this.wakeMs) return 0
    const wheel = this.wheel
    let count = 0
    while (count < max) {
      const timer = wheel.dueBy(nowMs)
      if (timer === undefined) break
      const action = timer.action
      wheel.remove(timer)
      count += 1
      try {
        action()
      } catch (error) {
        this.#report(error)
      }
    }
    this.fired()
    return count
  }

  close(): void {
    this.#isClosed = true
    this.wheel.clear()
  }

  #report(error: unknown): void {
    try {
      this.#onError(error)
    } catch (errorOfHandler) {
      throwOnFreshStack(errorOfHandler)
    }
  }

  #prepare(atMs: number): void {
    if (this.#isClosed) throw new UsageError('CLOCK_CLOSED', 'schedule(atMs): the clock is closed')
    const nowMs = this.nowMs()
    // Added, not subtracted, as callers do: a fraction that is rounded away makes no instant too far.
    if (!Number.isFinite(atMs) || atMs > nowMs + DELAY_MS_MAX) {
      throw new UsageError(
        'TIMER_BAD_INSTANT',
        `schedule(atMs): an instant up to ${DELAY_MS_MAX} ms from now (${nowMs}) expected, ${atMs} given`,
      )
    }
    this.wheel.turnTo(Math.floor(nowMs))
    if (this.wheel.size === 0) this.becameOccupied()
  }
}
