/** The rows of one statement as they come in: what the step asked for is kept, the others are only counted. */

import { excerpt } from '../control-statements.ts'
import { DatabaseError } from '../errors.ts'
import type { StepKind } from '../step.ts'
import type { Answer } from './connection.ts'

export class Rows {
  private readonly kind: StepKind
  private readonly sql: string
  private readonly rowsMax: number
  private readonly kept: object[] = []
  private seen = 0

  constructor(kind: StepKind, sql: string, rowsMax: number) {
    this.kind = kind
    this.sql = sql
    this.rowsMax = rowsMax
  }

  /** @returns false for the first that is too many, and true for all others: it is the time to stop the statement. */
  add(row: object): boolean {
    this.seen += 1
    if (this.isTooMany) return this.seen !== this.rowsMax + 1
    if (this.kind === 'all' || (this.kind !== 'run' && this.seen === 1)) this.kept.push(row)
    return true
  }

  get isTooMany(): boolean {
    return this.seen > this.rowsMax
  }

  /** @throws DatabaseError (`DATABASE_NO_ROW`) */
  result(answer: Answer): unknown {
    switch (this.kind) {
      case 'run':
        return { changes: CHANGING.has(answer.command ?? '') ? (answer.count ?? 0) : 0 }
      case 'all':
        return this.kept
      case 'first':
        return this.kept[0]
    }
    if (this.seen > 0) return this.kept[0]
    throw new DatabaseError('DATABASE_NO_ROW', `no row: ${excerpt(this.sql)}`)
  }

  tooMany(): DatabaseError {
    return new DatabaseError('DATABASE_ROWS_LIMIT', `more than ${this.rowsMax} rows: ${excerpt(this.sql)}`)
  }
}

/** The others count rows, too, but have not changed them. */
const CHANGING: ReadonlySet<string> = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE'])
