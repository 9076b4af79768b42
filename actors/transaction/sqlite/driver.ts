/**
 * The SQLite driver, as it runs on a database thread: one connection, one transaction at a time, every call answered at once.
 *
 * Rules: statements are prepared once. A transaction that writes begins with BEGIN IMMEDIATE, so that it waits for the lock of
 * another process before it has read anything, and never fails half-way for it. Integers come as numbers where they are safe,
 * as bigints where they are not.
 */
import { LRUCache } from 'lru-cache'
import type { Driver, DriverSettings, Session, SessionOptions } from '../driver.ts'
import { DatabaseError } from '../errors.ts'
import type { Changes, Parameter, Step } from '../step.ts'
import { toDatabaseError } from './errors.ts'
import type { Bound, Row, SqliteHandle, SqliteStatement } from './handle.ts'
import { checkStatement } from './refused-statements.ts'

/** Prepared statements that are kept. */
const STATEMENTS_MAX = 1_000

/** A statement of a body. */
interface Prepared {
  readonly statement: SqliteStatement
  readonly mayWrite: boolean
}

export class SqliteDriver implements Driver {
  private readonly handle: SqliteHandle
  private readonly settings: DriverSettings
  private readonly statements = new LRUCache<string, Prepared>({ max: STATEMENTS_MAX })
  /** What begins and ends transactions and savepoints. */
  private readonly commands = new LRUCache<string, SqliteStatement>({ max: STATEMENTS_MAX })
  private readonly session: SqliteSession

  constructor(handle: SqliteHandle, settings: DriverSettings) {
    this.handle = handle
    this.settings = settings
    this.session = new SqliteSession(this)
  }

  get isInTransaction(): boolean {
    return this.handle.isInTransaction
  }

  begin({ access }: SessionOptions): Session {
    const isGuarded = access === 'read' && this.settings.access === 'write'
    try {
      if (isGuarded) this.handle.exec('pragma query_only = 1')
      this.command(access === 'read' ? 'begin' : 'begin immediate')
    } catch (error) {
      if (isGuarded) this.handle.exec('pragma query_only = 0')
      throw error
    }
    this.session.isGuarded = isGuarded
    return this.session
  }

  script(_session: Session, sql: string): void {
    this.attempt('a script', () => this.handle.exec(sql))
  }

  close(): void {
    this.handle.close()
  }

  /** A statement without parameters and rows. */
  command(sql: string): void {
    try {
      let statement = this.commands.get(sql)
      if (statement === undefined) {
        statement = this.handle.prepare(sql)
        this.commands.set(sql, statement)
      }
      statement.run(NONE)
    } catch (error) {
      throw toDatabaseError(error, sql)
    }
  }

  /** Ends a guard against writing. */
  unguard(): void {
    this.attempt('pragma query_only', () => this.handle.exec('pragma query_only = 0'))
  }

  execute({ kind, sql, parameters }: Step): unknown {
    try {
      const { statement, mayWrite } = this.prepared(sql)
      const bound = bind(parameters, sql)
      // Also one that fails may have done a part of it (ON CONFLICT FAIL).
      if (mayWrite) this.session.writes += 1
      if (kind === 'run') return { changes: statement.run(bound) } satisfies Changes
      if (kind === 'all') return this.rows(statement, bound)
      const row = statement.first(bound)
      if (row !== undefined) return withNumbers(row)
      if (kind === 'first') return undefined
    } catch (error) {
      throw toDatabaseError(error, sql)
    }
    throw new DatabaseError('DATABASE_NO_ROW', `${sql}: there is no such row`)
  }

  private rows(statement: SqliteStatement, bound: readonly Bound[]): Row[] {
    const { rowsMax } = this.settings
    const rows: Row[] = []
    for (const row of statement.iterate(bound)) {
      if (rows.length === rowsMax) {
        throw new DatabaseError('DATABASE_ROWS_LIMIT', `a statement gives at most ${rowsMax} rows (rowsMax)`)
      }
      rows.push(withNumbers(row))
    }
    return rows
  }

  private prepared(sql: string): Prepared {
    const { statements } = this
    let prepared = statements.get(sql)
    if (prepared === undefined) {
      const mayWrite = checkStatement(sql) !== 'select'
      prepared = { statement: this.handle.prepare(sql), mayWrite }
      statements.set(sql, prepared)
    }
    return prepared
  }

  private attempt(what: string, action: () => void): void {
    try {
      action()
    } catch (error) {
      throw toDatabaseError(error, what)
    }
  }
}

/** The one transaction that may be open. */
class SqliteSession implements Session {
  private readonly driver: SqliteDriver
  /** It only reads, on a connection that could write. */
  isGuarded = false
  writes = 0

  constructor(driver: SqliteDriver) {
    this.driver = driver
  }

  execute(step: Step): unknown {
    return this.driver.execute(step)
  }

  savepoint(name: string): void {
    this.driver.command(`savepoint ${name}`)
  }

  release(name: string): void {
    this.driver.command(`release ${name}`)
  }

  rollbackTo(name: string): void {
    this.driver.command(`rollback to ${name}`)
    this.driver.command(`release ${name}`)
  }

  commit(): void {
    try {
      this.driver.command('commit')
    } catch (error) {
      throw doubted(error as DatabaseError)
    }
    this.unguard()
  }

  rollback(): void {
    try {
      if (this.driver.isInTransaction) this.driver.command('rollback')
      this.unguard()
    } catch {
      // A connection that cannot even do that has nothing to roll back.
    }
  }

  get isLost(): boolean {
    return !this.driver.isInTransaction
  }

  /** A statement runs on this very thread: nobody could call this meanwhile. */
  interrupt(): void {}

  private unguard(): void {
    if (this.isGuarded) this.driver.unguard()
    this.isGuarded = false
  }
}

/**
 * Where the operating system fails while COMMIT is written, the last frame may be on the disk all the same, and be found by a
 * recovery. What SQLite refuses before it writes is certain.
 */
function doubted(error: DatabaseError): DatabaseError {
  if (error.code !== 'DATABASE_IO' && error.code !== 'DATABASE_CORRUPT' && error.code !== 'DATABASE_ERROR')
    return error
  return new DatabaseError(
    'DATABASE_COMMIT_IN_DOUBT',
    `nobody knows whether it is committed: ${error.message}`,
    {
      cause: error,
    },
  )
}

const NONE: readonly Bound[] = []

/** @throws DatabaseError (`DATABASE_STATEMENT`) for what no column can hold: libraries take an object for named parameters. */
function bind(parameters: readonly Parameter[], sql: string): readonly Bound[] {
  if (!Array.isArray(parameters)) throw unbound('parameters are an array: each stands for a `?`', sql)
  for (let i = 0; i < parameters.length; i++) {
    const value = parameters[i] as Parameter | undefined
    if (typeof value === 'boolean' || value === undefined || (typeof value === 'object' && value !== null)) {
      return Array.from(parameters, (one, index) => toBound(one, index, sql))
    }
  }
  return parameters as readonly Bound[]
}

function toBound(value: Parameter | undefined, index: number, sql: string): Bound {
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value === undefined)
    throw unbound(`parameter ${index + 1} is undefined: for no value there is null`, sql)
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value
  throw unbound(
    `parameter ${index + 1} is an object: there are numbers, bigints, texts, booleans, null and Uint8Array`,
    sql,
  )
}

function unbound(why: string, sql: string): DatabaseError {
  return new DatabaseError('DATABASE_STATEMENT', `${sql}: ${why}`)
}

/** Safe integers as numbers. The row is ours to change. */
function withNumbers(row: Row): Row {
  for (const name in row) {
    const value = row[name]
    if (typeof value === 'bigint' && value >= SAFE_LEAST && value <= SAFE_MOST) row[name] = Number(value)
  }
  return row
}

const SAFE_LEAST = BigInt(Number.MIN_SAFE_INTEGER)
const SAFE_MOST = BigInt(Number.MAX_SAFE_INTEGER)
