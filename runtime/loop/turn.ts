/** What one turn did: for wrappers of the loop that measure, limit or record it. */
export class Turn {
  /** Counts from 1 in each system. */
  readonly number: number
  /** Transfers taken in: accepts, reads, drains, ends. */
  transfers = 0
  /** Timers that fired. */
  timers = 0
  /** Times that an actor was given its step. */
  steps = 0
  /** Envelopes handled in those steps. */
  envelopes = 0
  /** What was flushed: ports whose output left, one write each, and the desk of questions that have begun to wait. */
  flushes = 0
  /** Actors that still have mail: their turn comes with the next one. */
  backlog = 0

  constructor(number: number) {
    this.number = number
  }

  /** Nothing came in and nobody had anything to do. */
  get isIdle(): boolean {
    return this.transfers === 0 && this.steps === 0 && this.flushes === 0
  }
}
