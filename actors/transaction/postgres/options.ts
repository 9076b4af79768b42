/** What `openDatabase` is given to use PostgreSQL, and how it is checked. */
import { DELAY_MS_MAX } from '../../../runtime/time/limits.ts'
import type { DriverPlan } from '../driver.ts'
import { misuse } from '../errors.ts'
import { SESSIONS_DEFAULT, SESSIONS_MAX } from './limits.ts'

/** Plain data: it crosses to the thread. What is not given is taken from `url`, then from libpq's variables (`PGHOST`, ...). */
export interface PostgresOptions {
  /** `postgres://user:password@host:port/database?sslmode=verify-full`. Options beside it come before what it says. */
  readonly url?: string
  /** Of the server, or the folder of its unix socket (`/var/run/postgresql`). Default `localhost`. */
  readonly host?: string
  /** 1 to 65,535. Default 5432. */
  readonly port?: number
  /** Default: the name of the user. */
  readonly database?: string
  readonly username?: string
  readonly password?: string
  /**
   * Whether the connection is encrypted: `require` takes any certificate, `verify-full` and an object (of `tls.connect`, as plain
   * data: `{ ca }`) check it. Default: as `sslmode` of the url says, else not.
   */
  readonly ssl?: 'require' | 'prefer' | 'verify-full' | boolean | Readonly<Record<string, unknown>>
  /** Transactions that are under way at once, each on a connection of its own: 1 to 200 (`SESSIONS_MAX`), default 10. */
  readonly sessions?: number
  /** As `pg_stat_activity` shows it. Default `greenroom`. */
  readonly applicationName?: string
  /** Milliseconds that a transaction may sit idle before the server ends it, since its thread is stuck: default 60,000. */
  readonly idleInTransactionMs?: number
}

const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
const MODULE = new URL(`./open${EXTENSION}`, import.meta.url).href

/**
 * PostgreSQL, through the package `postgres`, which is to be installed beside greenroom.
 *
 * @throws UsageError (`TRANSACTION_OPTION_INVALID`) naming the option, its value and what is allowed.
 */
export function postgres(options: PostgresOptions = {}): DriverPlan {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(CHECKS, name)) {
      throw invalid(`no option of postgres is named "${name}"; there are ${Object.keys(CHECKS).join(', ')}`)
    }
    if (value !== undefined) CHECKS[name as keyof PostgresOptions](name, value)
  }
  return {
    dialect: 'postgres',
    module: MODULE,
    options: { ...options },
    writers: 1,
    readers: 0,
    sessions: options.sessions ?? SESSIONS_DEFAULT,
    commitsGroups: false,
  }
}

type Check = (name: string, value: unknown) => void

const CHECKS: Readonly<Record<keyof PostgresOptions, Check>> = {
  url: checkUrl,
  host: checkText,
  port: whole(1, 65_535),
  database: checkText,
  username: checkText,
  password: checkText,
  ssl: checkSsl,
  sessions: whole(1, SESSIONS_MAX),
  applicationName: checkText,
  idleInTransactionMs: whole(1, DELAY_MS_MAX),
}

function checkUrl(name: string, value: unknown): void {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  const isOurs = url?.protocol === 'postgres:' || url?.protocol === 'postgresql:'
  if (isOurs && !url.hostname.includes(',')) return
  // It may hold a password, which belongs in no log.
  throw invalid(
    `option ${name} of postgres is postgres://user@host:port/database, with one host, and not what was given`,
  )
}

function checkText(name: string, value: unknown): void {
  if (typeof value === 'string' && !value.includes('\0')) return
  throw invalid(`option ${name} of postgres is a text, not ${typeof value}`)
}

function checkSsl(name: string, value: unknown): void {
  if (typeof value === 'boolean' || SSL_MODES.includes(value)) return
  if (typeof value === 'object' && value !== null) return
  throw invalid(
    `option ${name} of postgres is ${SSL_MODES.join(', ')}, true, false or an object, not ${String(value)}`,
  )
}

const SSL_MODES: readonly unknown[] = ['require', 'prefer', 'verify-full']

function whole(least: number, most: number): Check {
  return (name, value) => {
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return
    throw invalid(
      `option ${name} of postgres is a whole number from ${least} to ${most}, not ${String(value)}`,
    )
  }
}

function invalid(message: string): Error {
  return misuse('TRANSACTION_OPTION_INVALID', message)
}
