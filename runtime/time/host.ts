/**
 * Node's time: the only module of the project that touches `Date`, `performance` and Node's timers. A clock gets it as
 * a value, so that the laws of the real clock are tested without waiting.
 */
/** One pending call from the host. */
export interface Alarm {
  /** Whether the alarm alone keeps the process alive: `ref` yes (the default), `unref` no. */
  ref(): void
  unref(): void
  clear(): void
}

export interface Host {
  nowMs(): number
  wallMs(): number
  /** Calls `wake` once, `delayMs` (0 to 2^31-1) from now, or up to some milliseconds earlier, as Node's timers do. */
  alarm(delayMs: number, wake: () => void): Alarm
}

export const nodeHost: Host = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),

  alarm(delayMs, wake) {
    // `setTimeout` makes at least one millisecond of a delay of 0; what is due already need not wait for that.
    if (delayMs <= 0) {
      const immediate = setImmediate(wake)
      return {
        ref: () => void immediate.ref(),
        unref: () => void immediate.unref(),
        clear: () => clearImmediate(immediate),
      }
    }
    const timeout = setTimeout(wake, Math.ceil(delayMs))
    return {
      ref: () => void timeout.ref(),
      unref: () => void timeout.unref(),
      clear: () => clearTimeout(timeout),
    }
  },
}
