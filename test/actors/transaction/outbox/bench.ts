/**
 * Databases for tests of statements, without threads or lanes: a body is driven step by step, in a transaction of its own.
 * SQLite in memory; PostgreSQL in a schema of its own, where a server is reachable.
 */
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import postgres from 'postgres'
import type { Overlay } from '../../../../actors/transaction/cache/overlay.ts'
import type { Dialect } from '../../../../actors/transaction/driver.ts'
import { schemaOf } from '../../../../actors/transaction/outbox/schema.ts'
import type { Parameter, Step, Steps } from '../../../../actors/transaction/step.ts'
import { Tx } from '../../../../actors/transaction/thread/tx.ts'
import { Context } from '../../../../runtime/context/context.ts'
import { silentLog } from '../../../../runtime/context/log.ts'
import { createSeededRandom } from '../../../../runtime/context/random.ts'
import { createManualClock } from '../../../../runtime/time/manual-clock.ts'

export interface Bench {
  readonly dialect: Dialect
  /** Runs the body in a transaction, and commits. What it throws rolls it back. */
  transact<R>(body: (tx: Tx) => Steps<R>): Promise<R>
  /** Begins a transaction beside others, to be ended by the caller. PostgreSQL alone. */
  begin(): Promise<Open>
  close(): Promise<void>
}

export interface Open {
  run<R>(body: (tx: Tx) => Steps<R>): Promise<R>
  commit(): Promise<void>
}

const clock = createManualClock()
const ctx = Context.create({ clock, random: createSeededRandom(1), log: silentLog })

export function createTx(dialect: Dialect): Tx {
  const world = {
    dialect,
    outputsMax: 1_000,
    messageBytesMax: 262_144,
    contextOf: () => ctx,
    overlayOf: (): Overlay => {
      throw new Error('no cache here')
    },
  }
  return new Tx(world, 'test', 1)
}

export function openSqlite(path = ':memory:'): Bench {
  const database = new Database(path)
  database.exec(schemaOf('sqlite'))
  const execute = ({ kind, sql, parameters }: Step): unknown => {
    if (kind === 'savepoint') return void database.exec(`savepoint ${sql}`)
    if (kind === 'release') return void database.exec(`release ${sql}`)
    if (kind === 'rollbackTo') return void database.exec(`rollback to ${sql}; release ${sql}`)
    const statement = database.prepare(sql)
    if (kind === 'run') return { changes: statement.run(...parameters).changes }
    return kind === 'all' ? statement.all(...parameters) : statement.get(...parameters)
  }
  return {
    dialect: 'sqlite',
    async transact(body) {
      return database.transaction(() => drive(body(createTx('sqlite')), execute))()
    },
    begin: () => Promise.reject(new Error('SQLite has one writer')),
    async close() {
      database.close()
    },
  }
}

/** Drives a body whose steps are answered at once. */
function drive<R>(steps: Steps<R>, execute: (step: Step) => unknown): R {
  let next = steps.next()
  while (next.done !== true) {
    let answer: unknown
    try {
      answer = execute(next.value)
    } catch (error) {
      next = steps.throw(error)
      continue
    }
    next = steps.next(answer)
  }
  return next.value
}

const POSTGRES = process.env.POSTGRES_URL ?? 'postgres://postgres@127.0.0.1:5432/postgres'

let schemas = 0

/** Undefined where there is no server. */
export async function openPostgres(): Promise<Bench | undefined> {
  const schema = `outbox_${process.pid}_${++schemas}`
  const sql = postgres(POSTGRES, {
    max: 4,
    onnotice() {},
    connect_timeout: 5,
    connection: { search_path: schema },
  })
  try {
    await sql.unsafe(`create schema ${schema}`)
  } catch (error) {
    await sql.end()
    // As elsewhere: where `CI` is set no check is to be lost unseen.
    if ((error as { code?: string }).code === 'ECONNREFUSED' && !process.env.CI) return undefined
    throw error
  }
  await sql.unsafe(schemaOf('postgres'))
  const begin = async (): Promise<Open & { rollback(): Promise<void> }> => {
    const own = await sql.reserve()
    await own.unsafe('begin isolation level read committed')
    const end = async (how: string) => {
      await own.unsafe(how)
      own.release()
    }
    return {
      run: (body) => driveLater(body(createTx('postgres')), own),
      commit: () => end('commit'),
      rollback: () => end('rollback'),
    }
  }
  return {
    dialect: 'postgres',
    begin,
    async transact(body) {
      const open = await begin()
      let result: Awaited<ReturnType<typeof open.run>>
      try {
        result = await open.run(body)
      } catch (error) {
        await open.rollback()
        throw error
      }
      await open.commit()
      return result as never
    },
    async close() {
      await sql.unsafe(`drop schema ${schema} cascade`)
      await sql.end()
    },
  }
}

async function driveLater<R>(steps: Steps<R>, sql: postgres.ReservedSql): Promise<R> {
  let next = steps.next()
  while (next.done !== true) {
    let answer: unknown
    try {
      answer = await executeLater(next.value, sql)
    } catch (error) {
      next = steps.throw(error)
      continue
    }
    next = steps.next(answer)
  }
  return next.value
}

async function executeLater(
  { kind, sql: text, parameters }: Step,
  sql: postgres.ReservedSql,
): Promise<unknown> {
  if (kind === 'savepoint') return sql.unsafe(`savepoint ${text}`)
  if (kind === 'release') return sql.unsafe(`release savepoint ${text}`)
  if (kind === 'rollbackTo') return sql.unsafe(`rollback to savepoint ${text}`)
  let number = 0
  const numbered = text.replaceAll('?', () => `$${++number}`)
  const rows = await sql.unsafe(numbered, parameters as Parameter[] as never[], { prepare: true })
  if (kind === 'run') return { changes: rows.count }
  return kind === 'all' ? [...rows] : rows[0]
}

type Law = (t: ExecutionContext, bench: Bench) => Promise<void>

/** One law, on both databases. */
export function onBoth(title: string, law: Law): void {
  onSqlite(title, law)
  onPostgres(title, law)
}

export function onSqlite(title: string, law: Law): void {
  test(`SQLite: ${title}`, async (t) => {
    const bench = openSqlite()
    await law(t, bench)
    await bench.close()
  })
}

export function onPostgres(title: string, law: Law): void {
  test(`PostgreSQL: ${title}`, async (t) => {
    const bench = await openPostgres()
    if (bench === undefined) {
      t.pass('no server')
      return
    }
    try {
      await law(t, bench)
    } finally {
      await bench.close()
    }
  })
}
