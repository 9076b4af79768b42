/** Opens the outbox of a database from outside: one that is there, and nothing else. */
import { statSync } from 'node:fs'
import type { Context } from '../../../runtime/context/context.ts'
import { codeOf, GreenroomError } from '../../../runtime/errors.ts'
import type { Access, DriverPlan } from '../driver.ts'
import { postgres } from '../postgres/options.ts'
import { sqlite } from '../sqlite/sqlite.ts'
import { DirectDatabase } from './direct.ts'

/**
 * @param where - a SQLite file, or a url of PostgreSQL.
 * @throws GreenroomError (`OUTBOX_NO_FILE`, `OUTBOX_NOT_THERE`); DatabaseError.
 */
export async function openOutbox(ctx: Context, where: string, access: Access): Promise<DirectDatabase> {
  const plan = planOf(where)
  const looking = await DirectDatabase.open(ctx, plan, 'read')
  try {
    await checkOutbox(looking, where)
  } catch (error) {
    await looking.close()
    throw error
  }
  if (access === 'read') return looking
  await looking.close()
  return await DirectDatabase.open(ctx, plan, access)
}

function planOf(where: string): DriverPlan {
  if (/^postgres(ql)?:/.test(where)) return postgres({ url: where, sessions: 1 })
  if (!statSync(where, { throwIfNoEntry: false })?.isFile()) {
    throw new GreenroomError('OUTBOX_NO_FILE', `there is no file ${where}`)
  }
  return sqlite({ file: where, readers: 0 })
}

/** A database that greenroom never opened has no such table. */
async function checkOutbox(database: DirectDatabase, where: string): Promise<void> {
  try {
    await database.transact(function* (tx) {
      yield* tx.first('select id from greenroom_outbox limit 1')
    })
  } catch (error) {
    if (codeOf(error) !== 'DATABASE_STATEMENT') throw error
    throw new GreenroomError('OUTBOX_NOT_THERE', `there is no outbox in ${nameOf(where)}`, { cause: error })
  }
}

/** Without a password. */
function nameOf(where: string): string {
  if (!URL.canParse(where)) return where
  const { protocol, host, pathname } = new URL(where)
  return /^postgres/.test(protocol) ? `${protocol}//${host}${pathname}` : where
}
