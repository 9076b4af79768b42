/** The faces of a database: what its users give, and what they get. `openDatabase` is in open-database.ts. */
import type { Context } from '../../runtime/context/context.ts'
import { key } from '../../runtime/context/key.ts'
import type { Deferred } from '../../runtime/deferred/deferred.ts'
import type { Spawn } from '../../runtime/system/logic.ts'
import type { Drain, Ref } from '../../runtime/system/ref.ts'
import type { DatabaseCache } from './cache/cache.ts'
import type { InputOf, ResultOf, TransactionName } from './definition.ts'
import type { DriverPlan } from './driver.ts'
import type { DatabaseLimits } from './limits.ts'
import type { Destination } from './outbox/destination.ts'
import type { RelayLimits } from './outbox/relay-limits.ts'
import type { Transaction } from './transaction.ts'

export interface DatabaseConfig {
  /** `sqlite({ file })` of `greenroom/sqlite`, or `postgres({ url })` of `greenroom/postgres`. */
  readonly driver: DriverPlan
  /**
   * The module whose transactions it runs, on its threads: `new URL('./transfers.ts', import.meta.url)`. It is imported there,
   * and not at home.
   */
  readonly module: URL | string
  /** A folder of SQL files that are applied as it opens, each once: `new URL('./migrations/', import.meta.url)`. Default: none. */
  readonly migrations?: URL
  /** Where published messages go, by the names that `tx.publish` is given. Default: none; they stay in the outbox. */
  readonly destinations?: Readonly<Record<string, Destination>>
  /** Bounds of the relay that delivers them. */
  readonly outbox?: Partial<RelayLimits>
  /** Of its actor. Default `database`. No slash. */
  readonly name?: string
  readonly limits?: Partial<DatabaseLimits>
  /** Where its actor stands in the tree. Default: at the top of the system. */
  readonly spawn?: Spawn
}

/**
 * Called at home when the outcome is known, before the transaction's deferred settles. What one throws is told by the outcome's
 * `hookFailures` and by the system's events (`listenerFailed`), and changes nothing. A promise is not waited for.
 */
export interface Hooks {
  readonly afterCommit?: (value: unknown, ctx: Context) => unknown
  readonly afterRollback?: (error: unknown, ctx: Context) => unknown
  readonly afterUnknown?: (error: unknown, ctx: Context) => unknown
}

export interface TransactOptions {
  /** Milliseconds that it may run, at most the limit `timeoutMs`, which is the default. */
  readonly timeoutMs?: number
  readonly hooks?: Hooks
}

/** `input` may be left out where the transaction takes none. */
export type TransactArgs<I> = undefined extends I
  ? [input?: I, options?: TransactOptions]
  : [input: I, options?: TransactOptions]

export interface DatabaseStatistics {
  /** Transactions that wait, those included that wait to be done again. */
  readonly queued: number
  /** On the threads. */
  readonly running: number
  /** Since it was opened. */
  readonly submitted: number
  readonly committed: number
  readonly rolledBack: number
  readonly unknown: number
  /** Turned away at the door: its queue was full. */
  readonly refused: number
  /** Times that one was done again. */
  readonly retries: number
  /** COMMITs of transactions that write, and how many transactions were in them. */
  readonly groups: number
  readonly grouped: number
  /** Transactions that may share the next COMMIT. */
  readonly groupSize: number
  readonly published: number
}

/** What its actor understands. */
export type DatabaseEvent = Drain | { readonly type: 'closeDatabase' }

// biome-ignore lint/suspicious/noExplicitAny: a database of which the module is not known takes any name
export interface Database<M = any> {
  /**
   * Runs the module's transaction `name` on a database thread, from BEGIN to COMMIT, off the loop: all of it happens, or
   * nothing. It is an actor of its own, in `ctx`: its trace goes along, its deadline is a bound, and its end calls it off.
   *
   * Never throws: what is wrong with the call fails the transaction, as does a full queue (`TRANSACTION_QUEUE_FULL`).
   */
  transact<Name extends TransactionName<M>>(
    ctx: Context,
    name: Name,
    ...args: TransactArgs<InputOf<M, Name>>
  ): Transaction<ResultOf<M, Name>>
  /** What transactions that only read gave last, as long as it is what the database holds. */
  readonly cache: DatabaseCache<M>
  /** Its actor. */
  readonly ref: Ref<DatabaseEvent>
  readonly driver: DriverPlan
  statistics(): DatabaseStatistics
  /** Takes no more, finishes what it has, and closes its threads. `ref.stop()` does not finish it first. */
  close(): Deferred<void>
}

/** A database in a context. For one with the types of its module: `key<Database<typeof transfers>, 'ledger'>('ledger')`. */
export const Database = key<Database, 'database'>('database')
