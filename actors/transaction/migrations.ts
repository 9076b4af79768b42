/**
 * Migrations: a folder of SQL files, applied in the order of their numbers, each in a transaction, once, when a database is
 * opened.
 *
 * `0001-accounts.sql`, `0002-index.sql`, ... Where the dialects differ, `0001-accounts.sqlite.sql` and
 * `0001-accounts.postgres.sql` stand beside each other.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import type { Dialect } from './driver.ts'
import { DatabaseError } from './errors.ts'
import type { Steps } from './step.ts'
import type { Tx } from './thread/tx.ts'

export interface Migration {
  readonly number: number
  readonly name: string
  readonly sql: string
  /** SHA-256 of the file, hexadecimal, with line ends as LF. */
  readonly digest: string
}

const FILE = /^(\d{1,9})[-_](.+?)(?:\.(sqlite|postgres))?\.sql$/

/** @throws DatabaseError (`DATABASE_MIGRATION`) where the folder cannot be read, or two files have one number. */
export function readMigrations(folder: URL, dialect: Dialect): readonly Migration[] {
  const migrations = new Map<number, Migration>()
  // Without a slash at its end a URL would name a file, and its neighbours.
  const inside = folder.href.endsWith('/') ? folder : new URL(`${folder.href}/`)
  for (const file of list(inside)) {
    const match = FILE.exec(file)
    if (match === null) {
      if (file.endsWith('.sql')) throw bad(`${file} has no number: migrations are named as 0001-accounts.sql`)
      continue
    }
    const [, digits, name = '', only] = match
    if (only !== undefined && only !== dialect) continue
    const number = Number(digits)
    const other = migrations.get(number)
    if (other !== undefined) throw bad(`two migrations have the number ${number}: ${other.name}, ${name}`)
    const sql = readFileSync(new URL(encodeURIComponent(file), inside), 'utf8').replaceAll('\r\n', '\n')
    migrations.set(number, { number, name, sql, digest: createHash('sha256').update(sql).digest('hex') })
  }
  return [...migrations.values()].sort((a, b) => a.number - b.number)
}

function list(folder: URL): string[] {
  try {
    return readdirSync(folder)
  } catch (cause) {
    throw new DatabaseError(
      'DATABASE_MIGRATION',
      `cannot read the migrations in ${folder.href}: ${(cause as Error).message}`,
      { cause },
    )
  }
}

interface Applied {
  readonly number: number
  readonly name: string
  readonly digest: string
}

/**
 * What is still to be applied, of what there is and what has been.
 *
 * @throws DatabaseError (`DATABASE_MIGRATION`) where one was changed after it had been applied, is missing, or would come
 *   before one that has been.
 */
export function pending(migrations: readonly Migration[], applied: readonly Applied[]): readonly Migration[] {
  const byNumber = new Map(migrations.map((migration) => [migration.number, migration]))
  let last = 0
  for (const { number, name, digest } of applied) {
    const migration = byNumber.get(number)
    if (migration === undefined)
      throw bad(`migration ${number} (${name}) was applied to this database, and its file is missing`)
    if (migration.digest !== digest)
      throw bad(
        `migration ${number} (${name}) was changed after it had been applied: write a new one instead`,
      )
    last = Math.max(last, number)
    byNumber.delete(number)
  }
  const rest = [...byNumber.values()]
  const late = rest.find(({ number }) => number < last)
  if (late !== undefined)
    throw bad(`migration ${late.number} (${late.name}) comes too late: ${last} has been applied already`)
  return rest
}

function bad(message: string): DatabaseError {
  return new DatabaseError('DATABASE_MIGRATION', message)
}

/** Where applied migrations are written down. */
export const MIGRATIONS_TABLE = `create table if not exists greenroom_migration (
  number integer primary key, name text not null, digest text not null, applied_ms bigint not null)`

export function* readApplied(tx: Tx): Steps<readonly Applied[]> {
  return yield* tx.all<Applied>('select number, name, digest from greenroom_migration order by number')
}

export function* recordApplied(tx: Tx, { number, name, digest }: Migration, nowMs: number): Steps<void> {
  yield* tx.run('insert into greenroom_migration (number, name, digest, applied_ms) values (?, ?, ?, ?)', [
    number,
    name,
    digest,
    nowMs,
  ])
}
