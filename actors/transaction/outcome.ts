/** What became of a transaction. */

interface Ended {
  /** Times that it was run. 0 where it never began. */
  readonly attempts: number
  /** What its hooks have thrown: it changed nothing of the outcome. */
  readonly hookFailures: readonly unknown[]
}

/** It is on the disk. */
export interface Committed<R> extends Ended {
  readonly status: 'committed'
  readonly value: R
}

/** Nothing has happened. */
export interface RolledBack extends Ended {
  readonly status: 'rolledBack'
  readonly error: unknown
}

/** COMMIT was begun, and nobody knows how it ended: it may be committed, or may not be. */
export interface Unknown extends Ended {
  readonly status: 'unknown'
  readonly error: unknown
}

export type TransactionOutcome<R> = Committed<R> | RolledBack | Unknown
