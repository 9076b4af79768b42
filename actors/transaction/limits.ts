/** Every bound of a database and its transactions, with its unit, its default, and what happens there. */
import { type Bounds, resolveBounds } from '../../runtime/bounds.ts'
import { DELAY_MS_MAX } from '../../runtime/time/limits.ts'
import { misuse } from './errors.ts'

export interface DatabaseLimits {
  /** Transactions that may wait for a thread, of each kind (writing, reading). One more is refused: `TRANSACTION_QUEUE_FULL`. */
  readonly queueCapacity: number
  /** Milliseconds that one may wait in all, retries included, whose context has no earlier deadline: then `TRANSACTION_EXPIRED`. */
  readonly waitMs: number
  /** Milliseconds that one may run, from its first step to COMMIT: then it is interrupted, and fails with `TRANSACTION_TIMEOUT`. */
  readonly timeoutMs: number
  /** Milliseconds that one statement may take: then `DATABASE_STATEMENT_TIMEOUT`. SQLite notices only when it is done. */
  readonly statementTimeoutMs: number
  /** Milliseconds that a thread may go on with a transaction that is to stop: then it is taken for stuck, and replaced. */
  readonly stuckMs: number
  /** Milliseconds that COMMIT may take before its outcome is given up as unknown. */
  readonly commitTimeoutMs: number
  /** Milliseconds to wait for a lock of another process, or for a connection: then `DATABASE_BUSY`, `DATABASE_UNAVAILABLE`. */
  readonly busyTimeoutMs: number
  /** Times that one is run, the first included, where it could not be serialised, or its connection broke. */
  readonly attemptsMax: number
  /** Milliseconds before the second attempt, at most; each one more waits twice as long, with full jitter. */
  readonly retryMinMs: number
  /** Milliseconds that an attempt waits at most. */
  readonly retryMaxMs: number
  /** Transactions that commit together at most; how many do, the batch controller decides. */
  readonly groupMax: number
  /** Rows that one statement may give: then `DATABASE_ROWS_LIMIT`. */
  readonly rowsMax: number
  /** Messages that one transaction may emit and publish: then `TRANSACTION_OUTPUT_LIMIT`. */
  readonly outputsMax: number
  /** Bytes of one published message, as JSON. */
  readonly messageBytesMax: number
  /** Entries of each cache: one at home, one on each thread. The least recently used makes room. */
  readonly cacheEntries: number
  /** Milliseconds for which caches hold nothing of a COMMIT in doubt, which a server may still carry out. */
  readonly doubtMs: number
  /** Milliseconds that the threads are given to open the database: then `openDatabase` fails. */
  readonly openMs: number
}

/** Places for the transactions of one group on the board that home and thread share. */
export const GROUP_MAX = 1_024

const COUNT_MAX = 16_777_216

const bounds: Bounds<DatabaseLimits> = {
  queueCapacity: [1_024, 1, COUNT_MAX],
  waitMs: [10_000, 1, DELAY_MS_MAX],
  timeoutMs: [5_000, 1, DELAY_MS_MAX],
  statementTimeoutMs: [5_000, 1, DELAY_MS_MAX],
  stuckMs: [1_000, 1, DELAY_MS_MAX],
  commitTimeoutMs: [30_000, 1, DELAY_MS_MAX],
  busyTimeoutMs: [5_000, 1, DELAY_MS_MAX],
  attemptsMax: [20, 1, COUNT_MAX],
  retryMinMs: [5, 1, DELAY_MS_MAX],
  retryMaxMs: [1_000, 1, DELAY_MS_MAX],
  groupMax: [256, 1, GROUP_MAX],
  rowsMax: [10_000, 1, COUNT_MAX],
  outputsMax: [1_000, 1, COUNT_MAX],
  messageBytesMax: [262_144, 1, COUNT_MAX],
  cacheEntries: [10_000, 1, COUNT_MAX],
  doubtMs: [60_000, 1, DELAY_MS_MAX],
  openMs: [30_000, 1, DELAY_MS_MAX],
}

/** @throws UsageError (`TRANSACTION_OPTION_INVALID`) naming the limit, its value and its bounds, or one that is unknown. */
export function resolveDatabaseLimits(overrides?: Partial<DatabaseLimits>): DatabaseLimits {
  const resolved = resolveBounds('database limit', 'TRANSACTION_OPTION_INVALID', bounds, overrides)
  if (resolved.retryMinMs > resolved.retryMaxMs) {
    throw misuse(
      'TRANSACTION_OPTION_INVALID',
      `limit retryMinMs (${resolved.retryMinMs}) of a database is at most retryMaxMs (${resolved.retryMaxMs})`,
    )
  }
  return resolved
}

export const defaultDatabaseLimits: DatabaseLimits = resolveDatabaseLimits()
