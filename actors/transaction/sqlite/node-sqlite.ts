/** SQLite by Node's own `node:sqlite`, which is there from Node 22.13 on. */
import type { Bound, HandleOptions, OpenHandle, Row, SqliteHandle, SqliteStatement } from './handle.ts'

/** What of the module is used: `@types/node` of Node 20 has no types for it. */
export interface NodeSqlite {
  readonly DatabaseSync: new (file: string, options: { readonly readOnly: boolean }) => NodeDatabase
}

interface NodeDatabase {
  exec(sql: string): void
  prepare(sql: string): NodeStatement
  close(): void
  readonly isTransaction: boolean
}

interface NodeStatement {
  setReadBigInts(enabled: boolean): void
  run(...parameters: readonly Bound[]): { readonly changes: number | bigint }
  get(...parameters: readonly Bound[]): Row | undefined
  iterate(...parameters: readonly Bound[]): Iterable<Row>
}

export function nodeSqlite(library: NodeSqlite): OpenHandle {
  return (file, options) => new NodeHandle(library, file, options)
}

class NodeHandle implements SqliteHandle {
  private readonly database: NodeDatabase

  constructor(library: NodeSqlite, file: string, { isReadOnly }: HandleOptions) {
    this.database = new library.DatabaseSync(file, { readOnly: isReadOnly })
  }

  exec(sql: string): void {
    this.database.exec(sql)
  }

  prepare(sql: string): SqliteStatement {
    return new Statement(this.database.prepare(sql))
  }

  get isInTransaction(): boolean {
    return this.database.isTransaction
  }

  close(): void {
    this.database.close()
  }
}

class Statement implements SqliteStatement {
  private readonly statement: NodeStatement

  constructor(statement: NodeStatement) {
    this.statement = statement
    // What is above 2^53 would be an error, whoever wants it.
    statement.setReadBigInts(true)
  }

  run(parameters: readonly Bound[]): number {
    return Number(this.statement.run(...parameters).changes)
  }

  first(parameters: readonly Bound[]): Row | undefined {
    return this.statement.get(...parameters)
  }

  iterate(parameters: readonly Bound[]): Iterable<Row> {
    return this.statement.iterate(...parameters)
  }
}
