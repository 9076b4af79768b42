/**
 * Statements that a body must not make, on any database: a transaction is begun and ended for it. After a COMMIT of its own the
 * rest of it would run outside of any transaction, and what others of its group have done would be decided by it.
 */
import { DatabaseError } from './errors.ts'

const CONTROL = 'a transaction is begun and ended for its body, which has tx.savepoint to undo a part'

const VERBS: ReadonlySet<string> = new Set([
  'begin',
  'start',
  'commit',
  'end',
  'rollback',
  'abort',
  'savepoint',
  'release',
])

/** @param verb - the first word of the statement, in small letters. @throws DatabaseError (`DATABASE_STATEMENT`) */
export function refuseControl(verb: string, sql: string): void {
  if (VERBS.has(verb)) throw refused(CONTROL, sql)
}

/** @param why - the statement is refused. */
export function refused(why: string, sql: string): DatabaseError {
  return new DatabaseError('DATABASE_STATEMENT', `${why}: ${excerpt(sql)}`)
}

/** A statement in a message: its beginning. */
export function excerpt(sql: string): string {
  return sql.length <= EXCERPT ? sql : `${sql.slice(0, EXCERPT)}...`
}

const EXCERPT = 120
