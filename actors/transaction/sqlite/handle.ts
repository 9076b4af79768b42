/** What the SQLite driver needs of a library: better-sqlite3, or Node's own `node:sqlite`. */

/** As SQLite binds it. */
export type Bound = string | number | bigint | null | Uint8Array

export interface SqliteStatement {
  /** @returns rows changed. */
  run(parameters: readonly Bound[]): number
  first(parameters: readonly Bound[]): Row | undefined
  iterate(parameters: readonly Bound[]): Iterable<Row>
}

/** Integers are bigints. */
export type Row = Record<string, unknown>

export interface SqliteHandle {
  /** Runs statements without parameters, and gives no rows. */
  exec(sql: string): void
  prepare(sql: string): SqliteStatement
  /** Whether a transaction is open. */
  readonly isInTransaction: boolean
  close(): void
}

export interface HandleOptions {
  readonly isReadOnly: boolean
}

/** Opens a file. What it throws is the library's own. */
export type OpenHandle = (file: string, options: HandleOptions) => SqliteHandle
