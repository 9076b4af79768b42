/**
 * The bounds of time: each says what it prevents. A leaf: imports nothing.
 */

/**
 * The longest delay, in milliseconds: 24 days and 20 hours.
 *
 * It is the bound of Node's own timers (a longer `setTimeout` fires after 1 ms, with a warning), and half the span of
 * the wheel, so that a wheel whose position lags by as much again still places every timer without ambiguity.
 */
export const DELAY_MS_MAX = 2 ** 31 - 1

/**
 * Timers fired by one `fireDue()`. A burst of due timers must not keep a turn from its sockets: 10,000 actions of
 * half a microsecond are 5 ms. What remains stays due and is announced again at once.
 */
export const FIRE_MAX = 10_000

/**
 * Timers that a manual clock fires without its time moving on. An action that schedules itself again for the same
 * instant would keep `advance` from ever returning; a test should fail with a message instead of hanging.
 */
export const FIRE_AT_ONE_INSTANT_MAX = 1_000_000
