/** A SQLite file as the peers open it: as durable as greenroom's, and with as much memory. */
import Database from 'better-sqlite3'
import { CACHE_KB } from './work.ts'

/** What greenroom's driver sets as well. Peers with a thread hand them to it. */
export const pragmas: readonly string[] = [
  'journal_mode = wal',
  'synchronous = full',
  'foreign_keys = on',
  `cache_size = -${CACHE_KB}`,
  'temp_store = memory',
]

export function openFile(file: string): Database.Database {
  const database = new Database(file)
  for (const pragma of pragmas) database.pragma(pragma)
  return database
}

export function isTaken(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === 'SQLITE_CONSTRAINT_PRIMARYKEY'
}
