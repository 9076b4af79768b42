/**
 * A contender's database, as the bench makes it and looks at it from outside: each contender has one of its own, new.
 *
 * What it answered is compared with what is in the books: who leaves out a statement, or loses an update, is fast for the wrong
 * reason.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import connect, { type Sql } from 'postgres'
import { durableFolder } from './durable-folder.ts'
import { openFile } from './sqlite-file.ts'
import { ACCOUNTS, BALANCE } from './work.ts'

/** What the books say. */
export interface Audit {
  readonly transfers: number
  /** Of all accounts: transfers do not change it. */
  readonly total: number
  /** Accounts whose balance is not what their transfers make of it. */
  readonly wrong: number
}

export interface Books {
  /** What a server is started with: a file, or a URL. */
  readonly address: string
  /** @param isThorough - looks at every account, which takes seconds after millions of transfers; else none counts as wrong. */
  audit(isThorough: boolean): Promise<Audit>
  /** Deletes it. Never rejects. */
  end(): Promise<void>
}

/** As plain as both databases allow. */
const TRANSFERS =
  'create table transfers (id text primary key, from_account integer not null, to_account integer not null, amount integer not null)'
const WRONG = `
  select count(*) as wrong from accounts left join (
    select account, sum(amount) as moved from (
      select to_account as account, amount from transfers
      union all select from_account, -amount from transfers
    ) as moves group by account
  ) as moved on account = accounts.id where balance <> ${BALANCE} + coalesce(moved, 0)`
const TOTALS =
  'select (select count(*) from transfers) as transfers, (select sum(balance) from accounts) as total'

export async function sqliteBooks(): Promise<Books> {
  const folder = await mkdtemp(join(await durableFolder(), 'greenroom-bench-'))
  const file = join(folder, 'bank.db')
  const making = openFile(file)
  making.exec('create table accounts (id integer primary key, balance integer not null)')
  making.exec(`${TRANSFERS} without rowid`)
  const insert = making.prepare('insert into accounts values (?, ?)')
  making.transaction(() => {
    for (let id = 1; id <= ACCOUNTS; id++) insert.run(id, BALANCE)
  })()
  making.close()
  return {
    address: file,
    async audit(isThorough) {
      const database = new Database(file, { readonly: true })
      try {
        const totals = database.prepare(TOTALS).get() as Omit<Audit, 'wrong'>
        const { wrong } = isThorough ? (database.prepare(WRONG).get() as Audit) : { wrong: 0 }
        return { ...totals, wrong }
      } finally {
        database.close()
      }
    },
    end: () => rm(folder, { recursive: true, force: true }).catch(() => {}),
  }
}

/** Where PostgreSQL is, and one may make databases. */
export const POSTGRES_URL =
  process.env.GREENROOM_BENCH_POSTGRES ?? 'postgres://postgres@127.0.0.1:5432/postgres'

let databases = 0

/** @returns why there is no PostgreSQL, if so. */
export async function whyNoPostgres(): Promise<string | undefined> {
  const sql = openQuietly(POSTGRES_URL)
  try {
    await sql`select 1`
    return undefined
  } catch (error) {
    const { host } = new URL(POSTGRES_URL)
    return `no PostgreSQL at ${host}: ${(error as Error).message || (error as { code?: string }).code}`
  } finally {
    await sql.end({ timeout: 1 })
  }
}

export async function postgresBooks(): Promise<Books> {
  const name = `greenroom_bench_${process.pid}_${++databases}`
  const server = openQuietly(POSTGRES_URL)
  await server.unsafe(`create database ${name}`)
  const url = new URL(POSTGRES_URL)
  url.pathname = `/${name}`
  const sql = openQuietly(url.href)
  const end = async (): Promise<void> => {
    await sql.end({ timeout: 1 }).catch(() => {})
    await server.unsafe(`drop database ${name} with (force)`).catch(() => {})
    await server.end({ timeout: 1 }).catch(() => {})
  }
  try {
    // Room on each page, so that a balance can change without an entry in the index, as one does with what is updated all the time.
    await sql.unsafe(
      'create table accounts (id integer primary key, balance integer not null) with (fillfactor = 50)',
    )
    await sql.unsafe(TRANSFERS)
    await sql`insert into accounts select id, ${BALANCE} from generate_series(1, ${ACCOUNTS}) as id`
    await sql.unsafe('vacuum analyze accounts')
  } catch (error) {
    await end()
    throw error
  }
  return {
    address: url.href,
    async audit(isThorough) {
      const [totals] = await sql.unsafe(TOTALS)
      const [found] = isThorough ? await sql.unsafe(WRONG) : [{ wrong: 0 }]
      return {
        transfers: Number(totals?.transfers),
        total: Number(totals?.total),
        wrong: Number(found?.wrong),
      }
    },
    end,
  }
}

function openQuietly(url: string): Sql {
  return connect(url, { max: 1, connect_timeout: 5, onnotice: () => {} })
}
