/**
 * The clock as the rest of the runtime sees it. Everything that needs time gets a `Clock` through its context and
 * never reads `Date`, `performance` or a Node timer: that is what makes the runtime steppable and simulable.
 *
 * Two words: an *instant* (`atMs`) is a point on the clock's monotonic axis, a *delay* (`ms`) a duration.
 */
import type { Deferred } from '../deferred/deferred.ts'

/** One scheduled action. It holds nothing once it has fired or was cancelled, so a handle may be kept. */
export interface Timer {
  /** The monotonic instant at which the action is due. */
  readonly atMs: number

  /** Forgets the action. Idempotent, and nothing happens if it has fired. Constant time for all but imminent timers. */
  cancel(): void
}

export interface Clock {
  /** Monotonic time in fractional milliseconds. The origin is arbitrary: only differences mean something. */
  nowMs(): number

  /** Unix time in milliseconds. It may jump when the host's clock is set: for display and records, not for waiting. */
  wallMs(): number

  /**
   * A deferred that is fulfilled `ms` from now. Cancelling it removes its timer.
   *
   * @param ms - 0 to 2^31-1 (`DELAY_MS_MAX`), fractions allowed.
   * @throws UsageError (`TIMER_BAD_DELAY`) for a negative, larger, infinite or NaN delay. To wait without end,
   *   schedule nothing: an infinite delay is more often a division by zero than a wish.
   * @throws UsageError (`CLOCK_CLOSED`) after `close()`.
   */
  after(ms: number): Deferred<void>

  /**
   * Runs `action` once `nowMs()` has reached `atMs`; never before, and never within this call. An instant in the past
   * is due at once. Actions run in the order of `atMs`, and of scheduling where that is equal.
   *
   * An action that throws stops no other: the error goes to the clock's `onError`.
   *
   * @param atMs - a monotonic instant, at most 2^31-1 ms (`DELAY_MS_MAX`) from now.
   * @throws UsageError (`TIMER_BAD_INSTANT`) if it is not finite or further away.
   * @throws UsageError (`CLOCK_CLOSED`) after `close()`.
   */
  schedule(atMs: number, action: () => void): Timer

  /**
   * Fires what is due at the instant of the call, in order. Cheap when nothing is due, so a turn may always call it.
   *
   * @param max - timers to fire at most; default 10,000 (`FIRE_MAX`). What remains is announced again at once.
   * @returns how many fired.
   */
  fireDue(max?: number): number

  /**
   * What a reactor sets, so that timers fire within a turn: called *instead of* `fireDue` when timers are due, and not
   * again until `fireDue` was called. A real clock calls it from a callback of Node's and never from within `schedule`
   * or `fireDue`.
   */
  onDue: (() => void) | undefined

  /** Timers waiting, the due ones that have not fired included. */
  readonly pending: number

  /**
   * Forgets all timers and lets go of the process. Deferreds of `after` that are still pending stay so: whoever closes
   * a clock has already cancelled what waits on it. Idempotent.
   */
  close(): void
}

export interface ClockOptions {
  /**
   * Receives what an action threw. By default the error is thrown again on a stack of its own, so that it reaches
   * `uncaughtException` as it would from `setTimeout`.
   */
  onError?: (error: unknown) => void
}
