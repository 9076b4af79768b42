/** Makes a database ready when it is opened: greenroom's own tables, and the migrations that are still to be applied. */
import type { Dialect, Driver, Session } from '../driver.ts'
import { DatabaseError } from '../errors.ts'
import { now, type Waiting } from '../maybe-later.ts'
import { MIGRATIONS_TABLE, type Migration, pending, readApplied, recordApplied } from '../migrations.ts'
import { schemaOf } from '../outbox/schema.ts'
import type { Steps } from '../step.ts'
import { BodyRun } from './run-body.ts'
import type { Tx } from './tx.ts'

export interface Preparing {
  readonly driver: Driver
  readonly dialect: Dialect
  /** Undefined: none are looked at. */
  readonly migrations: readonly Migration[] | undefined
  nowMs(): number
  wallMs(): number
  /** A handle for greenroom's own steps. */
  tx(): Tx
}

/** One server is prepared by one process at a time. The number is "greenroom" on a telephone's keys. */
const LOCK = 'select pg_advisory_xact_lock(473376660)'

/** @throws DatabaseError, of `DATABASE_MIGRATION` where one cannot be applied. */
export function* prepare(preparing: Preparing): Waiting<void> {
  yield* inTransaction(preparing, function* (session) {
    yield* now(preparing.driver.script(session, `${MIGRATIONS_TABLE};${schemaOf(preparing.dialect)}`))
  })
  const { migrations } = preparing
  if (migrations === undefined) return
  let isDone = false
  while (!isDone) {
    // One transaction each, in which it is looked again what others have applied meanwhile.
    yield* inTransaction(preparing, function* (session) {
      isDone = yield* applyNext(preparing, migrations, session)
    })
  }
}

/** @returns whether there was none. */
function* applyNext(
  preparing: Preparing,
  migrations: readonly Migration[],
  session: Session,
): Waiting<boolean> {
  const applied = yield* steps(preparing, session, readApplied)
  const [next] = pending(migrations, applied)
  if (next === undefined) return true
  try {
    yield* now(preparing.driver.script(session, next.sql))
  } catch (cause) {
    const { message } = cause as Error
    throw new DatabaseError(
      'DATABASE_MIGRATION',
      `migration ${next.number} (${next.name}) failed: ${message}`,
      { cause },
    )
  }
  if (session.isLost) {
    throw new DatabaseError(
      'DATABASE_MIGRATION',
      `migration ${next.number} (${next.name}) has ended its own transaction: it must not say COMMIT or ROLLBACK. What came before that stays`,
    )
  }
  yield* steps(preparing, session, (tx) => recordApplied(tx, next, preparing.wallMs()))
  return false
}

function* inTransaction(preparing: Preparing, body: (session: Session) => Waiting<void>): Waiting<void> {
  const { driver, dialect } = preparing
  const session = yield* now(driver.begin({ access: 'write', isolation: 'read committed' }))
  try {
    if (dialect === 'postgres') yield* now(driver.script(session, LOCK))
    yield* body(session)
    yield* now(session.commit())
  } catch (error) {
    yield* now(session.rollback())
    throw error
  }
}

function steps<R>(preparing: Preparing, session: Session, body: (tx: Tx) => Steps<R>): Waiting<R> {
  const tx = preparing.tx()
  const { nowMs } = preparing
  const run = new BodyRun({
    tx,
    session,
    timeoutMs: Number.POSITIVE_INFINITY,
    statementTimeoutMs: Number.POSITIVE_INFINITY,
    nowMs,
    isStopped: () => false,
  })
  return run.run(body(tx))
}
