/** Opens a SQLite file on a database thread: write-ahead log, every commit on the disk before it is told, foreign keys. */
import type { Driver, DriverSettings } from '../driver.ts'
import { DatabaseError } from '../errors.ts'
import { betterSqlite3 } from './better-sqlite3.ts'
import { SqliteDriver } from './driver.ts'
import { toDatabaseError } from './errors.ts'
import type { OpenHandle, SqliteHandle } from './handle.ts'
import { type NodeSqlite, nodeSqlite } from './node-sqlite.ts'
import type { SqliteLibrary, SqliteOptions } from './sqlite.ts'

/** @throws DatabaseError (`DATABASE_CANNOT_OPEN`, `DATABASE_CORRUPT`, `DATABASE_READ_ONLY`, `DATABASE_BUSY`) */
export async function openDriver(options: object, settings: DriverSettings): Promise<Driver> {
  const { file, library, cacheKb } = options as SqliteOptions
  const openHandle = await libraryOf(library)
  const isReader = settings.access === 'read'
  let handle: SqliteHandle | undefined
  try {
    handle = openHandle(file, { isReadOnly: isReader })
    handle.exec(`pragma busy_timeout = ${settings.busyTimeoutMs}`)
    if (!isReader) handle.exec('pragma journal_mode = wal')
    // A reply means that it is on the disk.
    handle.exec('pragma synchronous = full')
    handle.exec('pragma foreign_keys = on')
    // Negative: kibibytes instead of pages.
    handle.exec(`pragma cache_size = -${cacheKb}`)
    handle.exec('pragma temp_store = memory')
    // Reads the first page, so that a file that is no database is found out now.
    handle.exec('pragma user_version')
    handle.prepare('select count(*) as tables from sqlite_schema').first([])
  } catch (error) {
    try {
      handle?.close()
    } catch {
      // What could not be opened has nothing to lose.
    }
    const told = toDatabaseError(error, `cannot open ${file}`)
    // better-sqlite3 looks for the folder by itself, and throws a TypeError.
    if (told.code !== 'DATABASE_STATEMENT') throw told
    throw new DatabaseError('DATABASE_CANNOT_OPEN', told.message, { cause: error })
  }
  return new SqliteDriver(handle, settings)
}

async function libraryOf(library: SqliteLibrary | undefined): Promise<OpenHandle> {
  const failures: unknown[] = []
  if (library !== 'node:sqlite') {
    try {
      const found = (await import('better-sqlite3')).default
      // Its native part is loaded only now: it is not there where install scripts did not run, or is of another Node.
      new found(':memory:').close()
      return betterSqlite3(found)
    } catch (error) {
      failures.push(error)
    }
  }
  if (library !== 'better-sqlite3') {
    try {
      // No literal: Node 20 has no such module, and its types know of none.
      const name = 'node:sqlite'
      return nodeSqlite((await import(name)) as NodeSqlite)
    } catch (error) {
      failures.push(error)
    }
  }
  throw new DatabaseError(
    'DATABASE_CANNOT_OPEN',
    'SQLite needs the package better-sqlite3 (npm install better-sqlite3), or Node 22.13 or later for its own node:sqlite',
    { cause: new AggregateError(failures, 'neither could be loaded') },
  )
}
