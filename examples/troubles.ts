/** What a database may be unable to do just now, by its code: what all examples tell their clients the same of. */

/** Nothing has happened, and the same may succeed in a while. */
export const TROUBLES: readonly string[] = [
  'DATABASE_UNAVAILABLE',
  'DATABASE_CONNECTION_LOST',
  'DATABASE_BUSY',
  'DATABASE_FULL',
  'DATABASE_STATEMENT_TIMEOUT',
  'TRANSACTION_CLOSED',
  'TRANSACTION_TIMEOUT',
  'TRANSACTION_THREAD_LOST',
]

/** It may have happened, or has: only its answer is lost. */
export const DOUBTS: readonly string[] = [
  'TRANSACTION_UNKNOWN',
  'TRANSACTION_RESULT_LOST',
  'DATABASE_COMMIT_IN_DOUBT',
]
