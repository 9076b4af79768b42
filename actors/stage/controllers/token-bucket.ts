/**
 * A token bucket: `ratePerSecond` jobs on the average, `depth` of them at once. It fills continuously, by the time that
 * has passed and not by ticks: SEDA's regenerated in whole milliseconds, and so never gave more than 1,000 a second.
 *
 * Pure: the state is plain data, and a new one comes back. All or nothing: a refusal costs no token.
 */

export interface BucketOptions {
  /** Tokens that come in a second; above 0. */
  readonly ratePerSecond: number
  /** Tokens that it holds at most; at least 1. */
  readonly depth: number
}

export interface BucketState {
  /** From 0 to `depth`. */
  readonly tokens: number
  /** The instant up to which it has been filled, in milliseconds. */
  readonly filledAtMs: number
}

export interface BucketTake {
  readonly state: BucketState
  readonly isTaken: boolean
  /** Milliseconds until as many tokens will be there; 0 where they were taken. Infinity for more than `depth`. */
  readonly retryAfterMs: number
}

/** A full one. */
export function initialBucket(nowMs: number, { depth }: BucketOptions): BucketState {
  return { tokens: depth, filledAtMs: nowMs }
}

/** Takes `count` tokens (default 1), or none. A clock that goes back fills nothing. */
export function takeTokens(state: BucketState, nowMs: number, options: BucketOptions, count = 1): BucketTake {
  const filled = fillBucket(state, nowMs, options)
  if (filled.tokens >= count) {
    return { state: { ...filled, tokens: filled.tokens - count }, isTaken: true, retryAfterMs: 0 }
  }
  const retryAfterMs =
    count > options.depth
      ? Number.POSITIVE_INFINITY
      : ((count - filled.tokens) / options.ratePerSecond) * 1_000
  return { state: filled, isTaken: false, retryAfterMs }
}

/** The same bucket at `nowMs`. Call it before the rate changes, so that the past is counted at the old one. */
export function fillBucket(state: BucketState, nowMs: number, options: BucketOptions): BucketState {
  const { ratePerSecond, depth } = options
  const passedMs = Math.max(0, nowMs - state.filledAtMs)
  const tokens = Math.min(depth, state.tokens + (passedMs * ratePerSecond) / 1_000)
  return { tokens, filledAtMs: state.filledAtMs + passedMs }
}
