/** `sqlite({ file })`: the plan of a SQLite database, for `openDatabase`. */
import { fileURLToPath } from 'node:url'
import type { DriverPlan } from '../driver.ts'
import { misuse } from '../errors.ts'

/** Which library opens the file. */
export type SqliteLibrary = 'better-sqlite3' | 'node:sqlite'

export interface SqliteConfig {
  /** Path or URL of the file, which is made if it is not there; its folder has to be. `:memory:` for one that nobody else sees. */
  readonly file: string | URL
  /** Threads that read beside the one that writes, from 0 to 64. Default 1; of `:memory:` 0, since it cannot be shared. */
  readonly readers?: number
  /** Default: better-sqlite3 where it is installed, else Node's own. */
  readonly library?: SqliteLibrary
  /** Kibibytes of pages that each thread keeps in memory, from 64 to 16,777,216. Default 65,536. */
  readonly cacheKb?: number
}

/** @internal What crosses to the thread. */
export interface SqliteOptions {
  readonly file: string
  readonly library: SqliteLibrary | undefined
  readonly cacheKb: number
}

const NAMES: readonly string[] = ['file', 'readers', 'library', 'cacheKb']
const LIBRARIES: readonly unknown[] = ['better-sqlite3', 'node:sqlite', undefined]
const MEMORY = ':memory:'

/**
 * A SQLite database in a file: one thread writes, with group commit; others read beside it. Needs the package better-sqlite3,
 * or a Node that has `node:sqlite`.
 *
 * @throws UsageError (`TRANSACTION_OPTION_INVALID`) naming the option, its value and its bounds.
 */
export function sqlite(config: SqliteConfig): DriverPlan {
  for (const name of Object.keys(config)) {
    if (!NAMES.includes(name)) invalid(name, 'given', `left out: there are ${NAMES.join(', ')}`)
  }
  const { library, cacheKb = 65_536 } = config
  const file = config.file instanceof URL ? fileURLToPath(config.file) : config.file
  if (typeof file !== 'string' || file === '') invalid('file', file, 'a path, a file: URL, or ":memory:"')
  const isShared = file !== MEMORY
  const { readers = isShared ? 1 : 0 } = config
  whole('readers', readers, 0, isShared ? 64 : 0)
  whole('cacheKb', cacheKb, 64, 16_777_216)
  if (!LIBRARIES.includes(library)) invalid('library', library, 'better-sqlite3 or node:sqlite')
  const options: SqliteOptions = { file, library, cacheKb }
  return { dialect: 'sqlite', module: OPEN, options, writers: 1, readers, sessions: 1, commitsGroups: true }
}

/** Ends as the file does that is there when this runs. */
const OPEN = new URL(import.meta.url.endsWith('.ts') ? './open.ts' : './open.js', import.meta.url).href

function whole(name: string, value: unknown, least: number, most: number): void {
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return
  invalid(name, value, `a whole number from ${least} to ${most}`)
}

function invalid(name: string, value: unknown, allowed: string): never {
  throw misuse(
    'TRANSACTION_OPTION_INVALID',
    `option ${name} of sqlite must be ${allowed}, not ${String(value)}`,
  )
}
