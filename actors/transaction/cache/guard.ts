/** What the runner of transactions tells caches of a COMMIT: that it comes, and how it ended. */
import type { Tx } from '../thread/tx.ts'

export interface CommitGuard {
  /** COMMIT is next, for all of these. Until it has ended, caches hold nothing of what they change. */
  changing(transactions: readonly Tx[]): Change
}

export interface Change {
  /** @param isCommitted - undefined where nobody knows. */
  ended(isCommitted: boolean | undefined): void
}
