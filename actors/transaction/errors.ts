/**
 * What can go wrong with a transaction, and with a database: match on `code`.
 *
 * What a body throws is given on as it is, with its own code. These are for everything else.
 */
import { GreenroomError, InvariantError, OverloadError, UsageError } from '../../runtime/errors.ts'

/** What the database says, in the words of no particular one. `cause` is the driver's own error. */
export type DatabaseErrorCode =
  /** A constraint does not hold: unique, foreign key, check, not null. */
  | 'DATABASE_CONSTRAINT'
  /** It could not be serialised with others, or was in a deadlock with them: done again, it may well succeed. */
  | 'DATABASE_SERIALIZATION'
  /** Another process has it locked, for longer than `busyTimeoutMs`. */
  | 'DATABASE_BUSY'
  /** The disk, or the limit of the database's size, is full. */
  | 'DATABASE_FULL'
  /** It may not be written: the file, or the server, is read-only; or a read-only transaction has tried to. */
  | 'DATABASE_READ_ONLY'
  /** The file is no database, or is damaged. */
  | 'DATABASE_CORRUPT'
  /** It cannot be opened: no such folder, no permission. */
  | 'DATABASE_CANNOT_OPEN'
  /** The operating system could not read or write. */
  | 'DATABASE_IO'
  /** The statement is wrong: its syntax, a table that is not there, the number or kind of its parameters. */
  | 'DATABASE_STATEMENT'
  /** `one` found no row. */
  | 'DATABASE_NO_ROW'
  /** A statement gave more than `rowsMax` rows. */
  | 'DATABASE_ROWS_LIMIT'
  /** The statement took longer than `statementTimeoutMs`. */
  | 'DATABASE_STATEMENT_TIMEOUT'
  /** The statement was interrupted, since nobody wants it any more. */
  | 'DATABASE_INTERRUPTED'
  /** The connection broke before COMMIT was sent: nothing has happened. */
  | 'DATABASE_CONNECTION_LOST'
  /** No connection could be made: the server is down, refuses, or has none left. */
  | 'DATABASE_UNAVAILABLE'
  /** COMMIT was sent, and nobody knows what became of it. */
  | 'DATABASE_COMMIT_IN_DOUBT'
  /** A migration was changed after it had been applied, is missing, or comes too late. */
  | 'DATABASE_MIGRATION'
  /** Anything else that a database says. */
  | 'DATABASE_ERROR'

export class DatabaseError extends GreenroomError {
  declare readonly code: DatabaseErrorCode

  constructor(code: DatabaseErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }

  /** Nothing has happened, and the same transaction may well succeed if it is done again. */
  get isTransient(): boolean {
    return TRANSIENT.has(this.code)
  }

  /** Nobody knows whether the transaction was committed. */
  get isInDoubt(): boolean {
    return this.code === 'DATABASE_COMMIT_IN_DOUBT'
  }
}

const TRANSIENT: ReadonlySet<string> = new Set([
  'DATABASE_SERIALIZATION',
  'DATABASE_CONNECTION_LOST',
  'DATABASE_UNAVAILABLE',
])

export type RefusalCode =
  /** So many wait already (`queueCapacity`). */
  | 'TRANSACTION_QUEUE_FULL'
  /** It waited too long (`waitMs`); `cause` is for what, where that is known. */
  | 'TRANSACTION_EXPIRED'
  /** It had to be done again, for `attemptsMax` times; `cause` is why. */
  | 'TRANSACTION_RETRIES_EXHAUSTED'

/** More is asked of the database than it can do for now: nothing has happened. HTTP answers 503. */
export class TransactionRefusedError extends OverloadError {
  declare readonly code: RefusalCode
  /** After so many whole milliseconds it may be worth asking again. */
  readonly retryAfterMs: number

  constructor(code: RefusalCode, message: string, retryAfterMs: number, cause?: unknown) {
    super(code, message, cause === undefined ? undefined : { cause })
    this.retryAfterMs = retryAfterMs
  }
}

export type TransactionErrorCode =
  /** The database was closed before it could run. */
  | 'TRANSACTION_CLOSED'
  /** It took longer than `timeoutMs`; it is rolled back. */
  | 'TRANSACTION_TIMEOUT'
  /** Its thread was lost while it ran: it is rolled back. */
  | 'TRANSACTION_THREAD_LOST'
  /** COMMIT was begun, and nobody knows how it ended. */
  | 'TRANSACTION_UNKNOWN'
  /** It is committed, but its thread was lost before it could tell the result. What it emitted is lost; what it published is not. */
  | 'TRANSACTION_RESULT_LOST'

/** How a transaction ended other than by what its body threw. */
export class TransactionError extends GreenroomError {
  declare readonly code: TransactionErrorCode

  constructor(code: TransactionErrorCode, message: string, options?: ErrorOptions) {
    super(code, message, options)
  }
}

/** A body does what no body may. */
export type MisuseCode =
  /** No transaction of that name is exported by the module. */
  | 'TRANSACTION_UNKNOWN_NAME'
  /** What the module exports as a transaction is no generator function. */
  | 'TRANSACTION_BODY_INVALID'
  /** The body yielded something that no method of its `tx` has made. */
  | 'TRANSACTION_FOREIGN_YIELD'
  /** `tx` was used after the transaction had ended. */
  | 'TRANSACTION_OVER'
  /** A statement has failed, and the body went on as if it had not. Work that may fail belongs in a savepoint. */
  | 'TRANSACTION_ABORTED'
  /** The input, the result or an output is no plain data. */
  | 'TRANSACTION_NOT_CLONEABLE'
  /** It emitted or published more than it may, or too large a message. */
  | 'TRANSACTION_OUTPUT_LIMIT'
  /** An option is unknown, or out of its bounds. */
  | 'TRANSACTION_OPTION_INVALID'

export function misuse(code: MisuseCode, message: string, options?: ErrorOptions): UsageError {
  return new UsageError(code, message, options)
}

export function impossible(message: string): InvariantError {
  return new InvariantError('TRANSACTION_IMPOSSIBLE', message)
}
