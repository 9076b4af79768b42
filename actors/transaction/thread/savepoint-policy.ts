/**
 * Whether each transaction of a group is put into a savepoint, so that it can fail alone.
 *
 * A savepoint and its release are two more statements, and all that is written within is noted twice: on SQLite a quarter of what
 * a short transaction costs. Without them a group in which one fails has to be done again. So they are used only where groups
 * fail often enough: each group counts, also those that have savepoints.
 */

/** Of groups, lately, in which one has failed after it wrote. A group in vain costs about as much as its savepoints save four times. */
const OFTEN = 0.25
/** Groups that "lately" is. */
const LATELY = 8

export class SavepointPolicy {
  private failing = 0

  get areUsed(): boolean {
    return this.failing > OFTEN
  }

  /** @param hasFailed - one of the group had written something, and had to be undone. */
  ended(hasFailed: boolean): void {
    this.failing += ((hasFailed ? 1 : 0) - this.failing) / LATELY
  }
}
