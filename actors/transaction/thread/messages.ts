/** What home and a database thread say to each other: plain data. */
import type { Access, DriverPlan, Isolation } from '../driver.ts'
import type { DatabaseLimits } from '../limits.ts'
import type { Migration } from '../migrations.ts'
import type { Listed } from './catalogue.ts'

/** What a thread's actor is made from. */
export interface ThreadInput {
  readonly driver: DriverPlan
  /** URL of the user's module; undefined for none. */
  readonly module: string | undefined
  readonly access: Access
  readonly limits: DatabaseLimits
  /** Shared with home: the board of the groups that are under way, and the versions of what caches hold. */
  readonly board: SharedArrayBuffer
  readonly slots: number
  readonly versions: SharedArrayBuffer
  /** Which of the threads that write this is, from 0. */
  readonly writer: number
  /** It makes the database ready as it opens: one of the threads does. */
  readonly prepares: boolean
  /** Applied then; undefined where nobody has given any, whatever has been applied before. */
  readonly migrations: readonly Migration[] | undefined
}

/** The answer to `open`. */
export interface Opened {
  /** Another in each life of the thread. */
  readonly life: number
  /** By name. */
  readonly transactions: Readonly<Record<string, Listed>>
  /** Names of the portable keys whose values are to come along. */
  readonly keys: readonly string[]
}

/** Fields of one transaction in `GroupEvent.jobs`. */
export const JOB_STRIDE = 6

export interface GroupEvent {
  readonly type: 'group'
  readonly slot: number
  readonly access: Access
  readonly isolation: Isolation
  /** One of them at least is done again, since a group of it was spoilt. */
  readonly wasSpoilt: boolean
  /** Flat: name, input, attempt, milliseconds left to run, traceparent, encoded values by key name. */
  readonly jobs: readonly unknown[]
}

/** The answer to a group: see report.ts. */
export interface GroupAnswer {
  readonly reports: readonly unknown[]
  /** For which the thread was occupied with it. */
  readonly elapsedMs: number
  /** And of these, for COMMIT. */
  readonly commitMs: number
}
