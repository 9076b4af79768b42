/** What SQLite says, in the words of `DatabaseError`. Source: sqlite.org/rescode.html. */
import { DatabaseError, type DatabaseErrorCode } from '../errors.ts'

/** By the primary result code: its number, and its name as better-sqlite3 gives it. */
const CODES: readonly (readonly [number, string, DatabaseErrorCode])[] = [
  [1, 'SQLITE_ERROR', 'DATABASE_STATEMENT'],
  [5, 'SQLITE_BUSY', 'DATABASE_BUSY'],
  [6, 'SQLITE_LOCKED', 'DATABASE_BUSY'],
  [8, 'SQLITE_READONLY', 'DATABASE_READ_ONLY'],
  [9, 'SQLITE_INTERRUPT', 'DATABASE_INTERRUPTED'],
  [10, 'SQLITE_IOERR', 'DATABASE_IO'],
  [11, 'SQLITE_CORRUPT', 'DATABASE_CORRUPT'],
  [13, 'SQLITE_FULL', 'DATABASE_FULL'],
  [14, 'SQLITE_CANTOPEN', 'DATABASE_CANNOT_OPEN'],
  [18, 'SQLITE_TOOBIG', 'DATABASE_STATEMENT'],
  [19, 'SQLITE_CONSTRAINT', 'DATABASE_CONSTRAINT'],
  [20, 'SQLITE_MISMATCH', 'DATABASE_STATEMENT'],
  [23, 'SQLITE_AUTH', 'DATABASE_STATEMENT'],
  [25, 'SQLITE_RANGE', 'DATABASE_STATEMENT'],
  [26, 'SQLITE_NOTADB', 'DATABASE_CORRUPT'],
]

const byNumber = new Map(CODES.map(([number, , code]) => [number, code]))
const byName = CODES.map(([, name, code]) => [name, code] as const)

/** @param what - was being done, for the message. */
export function toDatabaseError(error: unknown, what: string): DatabaseError {
  if (error instanceof DatabaseError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new DatabaseError(codeOf(error), `${what}: ${message}`, { cause: error })
}

function codeOf(error: unknown): DatabaseErrorCode {
  const { code, errcode } = (error ?? {}) as { readonly code?: unknown; readonly errcode?: unknown }
  // node:sqlite: an extended result code, whose lowest byte is the primary one.
  if (typeof errcode === 'number') return byNumber.get(errcode & 0xff) ?? 'DATABASE_ERROR'
  if (typeof code === 'string' && code.startsWith('SQLITE_')) {
    return byName.find(([name]) => code === name || code.startsWith(`${name}_`))?.[1] ?? 'DATABASE_ERROR'
  }
  // Parameters of the wrong number or kind, which neither library lets reach SQLite.
  if (error instanceof TypeError || error instanceof RangeError) return 'DATABASE_STATEMENT'
  if (code === 'ERR_INVALID_ARG_TYPE' || code === 'ERR_INVALID_ARG_VALUE') return 'DATABASE_STATEMENT'
  return 'DATABASE_ERROR'
}
