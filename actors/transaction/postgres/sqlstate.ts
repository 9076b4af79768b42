/**
 * What an error of the server, or of the way to it, means in the words of no particular database.
 *
 * Source: PostgreSQL's manual, Appendix A: PostgreSQL Error Codes.
 */
import { codeOf, describe } from '../../../runtime/errors.ts'
import { DatabaseError, type DatabaseErrorCode } from '../errors.ts'

/** How far things had gone when it happened. */
export interface Circumstances {
  /** The server has answered on this connection before. */
  readonly wasOpen: boolean
  /** We have asked for it to be stopped. */
  readonly isInterrupted: boolean
}

export function toDatabaseError(error: unknown, { wasOpen, isInterrupted }: Circumstances): DatabaseError {
  if (error instanceof DatabaseError) return error
  const state = sqlstateOf(error)
  if (state === undefined) {
    if (isInterrupted)
      return failed('DATABASE_INTERRUPTED', 'its connection was cut, since it was to stop', error)
    if (wasOpen) return failed('DATABASE_CONNECTION_LOST', `the connection broke: ${describe(error)}`, error)
    return failed('DATABASE_UNAVAILABLE', `no connection to the server: ${describe(error)}`, error)
  }
  if (state === '57014') {
    // The one code has two causes, and only the message tells them apart; it may be in any language. An administrator who
    // cancels by hand is rare, and either way the statement was not let go on.
    return failed(
      isInterrupted ? 'DATABASE_INTERRUPTED' : 'DATABASE_STATEMENT_TIMEOUT',
      saying(error, state),
      error,
    )
  }
  if (isStalePlan(error)) return failed('DATABASE_SERIALIZATION', saying(error, state), error)
  return failed(CODES[state] ?? CLASSES[state.slice(0, 2)] ?? 'DATABASE_ERROR', saying(error, state), error)
}

/**
 * What became of a COMMIT. Only an error that the server lives on after is its word that nothing was committed: what ends the
 * connection may have come before or after the commit was on disk.
 */
export function toCommitError(error: unknown, circumstances: Circumstances): DatabaseError {
  if (sqlstateOf(error) !== undefined && severityOf(error) === 'ERROR')
    return toDatabaseError(error, circumstances)
  return failed(
    'DATABASE_COMMIT_IN_DOUBT',
    `COMMIT was sent, and its answer never came: ${describe(error)}`,
    error,
  )
}

/** The five characters of an answer of the server; undefined where the way to it has failed. */
function sqlstateOf(error: unknown): string | undefined {
  return severityOf(error) === undefined ? undefined : codeOf(error)
}

/** `ERROR` where the connection goes on; `FATAL` or `PANIC` where it does not; undefined of what no server has said. */
export function severityOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as { severity?: string }).severity : undefined
}

/**
 * A statement that stayed prepared while its table was changed, or was discarded. The client forgets it, so that it succeeds
 * when the transaction is done again: that is a conflict with others like any, and no fault of the statement.
 */
function isStalePlan(error: unknown): boolean {
  const { routine } = error as { routine?: string }
  return routine === 'RevalidateCachedQuery' || routine === 'FetchPreparedStatement'
}

function saying(error: unknown, state: string): string {
  return `${describe(error)} (SQLSTATE ${state})`
}

function failed(code: DatabaseErrorCode, message: string, cause: unknown): DatabaseError {
  return new DatabaseError(code, message, { cause })
}

const CODES: Readonly<Record<string, DatabaseErrorCode>> = {
  // The protocol, as seen from a statement: parameters that do not fit it.
  '08P01': 'DATABASE_STATEMENT',
  '25001': 'DATABASE_STATEMENT',
  '25006': 'DATABASE_READ_ONLY',
  // The server ended a transaction that sat idle.
  '25P03': 'DATABASE_CONNECTION_LOST',
  '40001': 'DATABASE_SERIALIZATION',
  '40002': 'DATABASE_CONSTRAINT',
  '40003': 'DATABASE_CONNECTION_LOST',
  '40P01': 'DATABASE_SERIALIZATION',
  '53100': 'DATABASE_FULL',
  '53300': 'DATABASE_UNAVAILABLE',
  '55P03': 'DATABASE_BUSY',
  '57P01': 'DATABASE_CONNECTION_LOST',
  '57P02': 'DATABASE_CONNECTION_LOST',
  '57P03': 'DATABASE_UNAVAILABLE',
  '57P04': 'DATABASE_CONNECTION_LOST',
  '57P05': 'DATABASE_CONNECTION_LOST',
  '58030': 'DATABASE_IO',
  '58P01': 'DATABASE_IO',
  XX001: 'DATABASE_CORRUPT',
  XX002: 'DATABASE_CORRUPT',
}

/** By the first two characters. */
const CLASSES: Readonly<Record<string, DatabaseErrorCode>> = {
  '08': 'DATABASE_UNAVAILABLE',
  '0A': 'DATABASE_STATEMENT',
  '21': 'DATABASE_STATEMENT',
  '22': 'DATABASE_STATEMENT',
  '23': 'DATABASE_CONSTRAINT',
  '26': 'DATABASE_STATEMENT',
  // Who we are, and which database we want: refused for good.
  '28': 'DATABASE_CANNOT_OPEN',
  '2B': 'DATABASE_STATEMENT',
  '2D': 'DATABASE_STATEMENT',
  '34': 'DATABASE_STATEMENT',
  '3B': 'DATABASE_STATEMENT',
  '3D': 'DATABASE_CANNOT_OPEN',
  '3F': 'DATABASE_STATEMENT',
  '42': 'DATABASE_STATEMENT',
  '54': 'DATABASE_STATEMENT',
}
