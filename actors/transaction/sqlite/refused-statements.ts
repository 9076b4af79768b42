/** What a body must not say to SQLite: what ends its transaction, and what changes the connection that others have after it. */
import { refuseControl, refused } from '../control-statements.ts'

const CONNECTION = 'the connection is shared with other transactions, and keeps what is set on it'

const VERBS: ReadonlySet<string> = new Set(['attach', 'detach', 'vacuum'])

/** Pragmas that are asked with an argument, or whose value ends with the transaction, or stands in the file. */
const PRAGMAS: ReadonlySet<string> = new Set([
  'application_id',
  'defer_foreign_keys',
  'foreign_key_check',
  'foreign_key_list',
  'index_info',
  'index_list',
  'index_xinfo',
  'integrity_check',
  'max_page_count',
  'quick_check',
  'table_info',
  'table_list',
  'table_xinfo',
  'user_version',
])

/** Pragmas that do something without an argument. */
const DOERS: ReadonlySet<string> = new Set([
  'incremental_vacuum',
  'optimize',
  'shrink_memory',
  'wal_checkpoint',
])

/** The one pragma that writes and can be selected from. */
const OPTIMIZES = /\bpragma_optimize\b/i

/** White space and comments before the first word. */
const BEFORE = /^(?:\s|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/|;)*/
const PRAGMA = /^pragma\s+(?:\w+\s*\.\s*)?(\w+)\s*([=(])?/i

/**
 * @returns its first word, in small letters.
 * @throws DatabaseError (`DATABASE_STATEMENT`)
 */
export function checkStatement(sql: string): string {
  const text = sql.slice(BEFORE.exec(sql)?.[0].length ?? 0)
  const verb = /^[a-z]+/i.exec(text)?.[0].toLowerCase() ?? ''
  refuseControl(verb, sql)
  if (OPTIMIZES.test(text)) throw refused(CONNECTION, sql)
  if (VERBS.has(verb)) throw refused(CONNECTION, sql)
  const pragma = PRAGMA.exec(text)
  if (pragma === null) return verb
  const name = (pragma[1] as string).toLowerCase()
  const sets = pragma[2] !== undefined && !PRAGMAS.has(name)
  if (sets || DOERS.has(name)) throw refused(CONNECTION, sql)
  return verb
}
