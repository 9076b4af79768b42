/**
 * What a driver is: the one interface between transactions and a database. `sqlite/` and `postgres/` implement it, and one
 * conformance suite is run against both.
 *
 * A driver lives on a database thread. Everything in it may answer at once, or with a promise: the runner waits only where it
 * has to, so that a driver whose calls are synchronous runs a whole transaction without a turn in between.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { Step } from './step.ts'

export type MaybeLater<T> = T | PromiseLike<T>

/** Whether transactions of a thread may change anything. */
export type Access = 'write' | 'read'

export type Dialect = 'sqlite' | 'postgres'

/** How far transactions are kept apart. SQLite's are serializable whatever is asked for. */
export type Isolation = 'serializable' | 'repeatable read' | 'read committed'

/** What `sqlite(...)` and `postgres(...)` make: plain data, which crosses to the threads. */
export interface DriverPlan {
  readonly dialect: Dialect
  /** Of the module that exports `openDriver`, as an `OpenDriver`. */
  readonly module: string
  /** The driver's own. */
  readonly options: object
  /** Threads that write, beside which `readers` only read. Default 1. */
  readonly writers: number
  /** 0: read-only transactions run where the others do. */
  readonly readers: number
  /** Transactions that are under way at once on one thread, each in a session of its own. */
  readonly sessions: number
  /** Whether transactions that wait together commit together, in one session. */
  readonly commitsGroups: boolean
}

/** @throws DatabaseError, saying what is wrong with the file or the server. */
export type OpenDriver = (options: object, settings: DriverSettings, ctx: Context) => MaybeLater<Driver>

export interface DriverSettings {
  readonly access: Access
  /** Rows that one statement may give; one more fails it with `DATABASE_ROWS_LIMIT`. */
  readonly rowsMax: number
  /** Milliseconds that one statement may take, where the database can stop it. */
  readonly statementTimeoutMs: number
  /** Milliseconds to wait for a lock that another process holds, or for a connection. */
  readonly busyTimeoutMs: number
}

export interface SessionOptions {
  readonly access: Access
  readonly isolation: Isolation
}

export interface Driver {
  /**
   * Begins a transaction. A driver that answers later may give the session at once, and let the first statement find out
   * that it did not begin.
   *
   * @throws DatabaseError
   */
  begin(options: SessionOptions): MaybeLater<Session>
  /** Runs several statements of a migration, within a session. */
  script(session: Session, sql: string): MaybeLater<void>
  /** Gives everything back. Called once, with no session open. */
  close(): MaybeLater<void>
}

/**
 * One open transaction. After `commit` or `rollback` nothing more is called.
 *
 * Whatever a driver throws, or rejects with, is a `DatabaseError`.
 */
export interface Session {
  /** Steps that were done and may have changed something. */
  readonly writes: number
  /** Does a step of the kinds `run`, `one`, `first` and `all`. `pipeline` is given as the steps in it, one after another, not waited for. */
  execute(step: Step): MaybeLater<unknown>
  savepoint(name: string): MaybeLater<unknown>
  release(name: string): MaybeLater<unknown>
  rollbackTo(name: string): MaybeLater<unknown>
  /** @throws DatabaseError, which `isInDoubt` where nobody can say whether it is committed. Then, and only then, the outcome is unknown. */
  commit(): MaybeLater<unknown>
  /** Never throws: what cannot be rolled back is given up. */
  rollback(): MaybeLater<unknown>
  /** Whether the database has ended the transaction by itself, as SQLite does where the disk is full. */
  readonly isLost: boolean
  /** Stops the statement that is running, if there is a way: it then fails. */
  interrupt(): void
}
