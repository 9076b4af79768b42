/**
 * How long the load rests between two looks at what has come, so that it finds several messages on a connection and pays for one
 * read: else a delivery costs it as much as it costs the server. An eighth of what is under way is awaited, and the rest of it
 * waits at the server meanwhile, which so has always something to do. Pure.
 */

const SHARE = 1 / 8
const REST_MIN_MS = 0.1
const REST_MAX_MS = 50
/** Times the rest before. It grows slowly and shrinks fast: a server that waits for the load is worse than a load that works. */
const LONGER_MAX = 1.25
const SHORTER_MAX = 0.25

export class Rests {
  private readonly target: number
  private ms = REST_MIN_MS

  /** @param underWay - messages that all senders together keep under way. */
  constructor(underWay: number) {
    this.target = underWay * SHARE
  }

  /** Milliseconds to rest after a look that took so many reads for so many deliveries; 0 for not at all. */
  after(reads: number, deliveries: number): number {
    const times = (reads * this.target) / Math.max(1, deliveries)
    const ms = this.ms * Math.min(LONGER_MAX, Math.max(SHORTER_MAX, times))
    this.ms = Math.min(REST_MAX_MS, Math.max(REST_MIN_MS, ms))
    return this.ms === REST_MIN_MS ? 0 : this.ms
  }
}
