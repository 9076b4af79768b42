/** What a driver remembers of the texts of statements: each is looked at once. */
import { LRUCache } from 'lru-cache'
import { refuseControl, refused } from '../control-statements.ts'
import { TEXTS_MAX } from './limits.ts'
import { type Translated, translate } from './placeholders.ts'

export class Statements {
  private readonly known = new LRUCache<string, Translated>({ max: TEXTS_MAX })

  /** @throws DatabaseError (`DATABASE_STATEMENT`) for what a body must not do, and what no server can read. */
  get(sql: string): Translated {
    let statement = this.known.get(sql)
    if (statement === undefined) {
      statement = translate(sql)
      check(sql, statement.verb)
      this.known.set(sql, statement)
    }
    return statement
  }
}

function check(sql: string, verb: string): void {
  if (sql.includes('\0')) throw refused('a statement holds a null character', sql)
  refuseControl(verb, sql)
  const why = REFUSED.get(verb)
  if (why !== undefined) throw refused(why, sql)
}

const PREPARE = 'statements are prepared by themselves, and a transaction is not prepared for another to end'
const COPY = 'COPY speaks a protocol of its own, which is not spoken here'

const REFUSED: ReadonlyMap<string, string> = new Map([
  ['prepare', PREPARE],
  ['deallocate', PREPARE],
  ['copy', COPY],
])
