/** A driver with a database of its own, and steps for it, as a database thread would have them. */
import type { ExecutionContext } from 'ava'
import type {
  Driver,
  DriverSettings,
  Session,
  SessionOptions,
} from '../../../../actors/transaction/driver.ts'
import { DatabaseError } from '../../../../actors/transaction/errors.ts'
import { openDriver } from '../../../../actors/transaction/postgres/open.ts'
import { type PostgresOptions, postgres } from '../../../../actors/transaction/postgres/options.ts'
import { type Parameter, Step, type StepKind } from '../../../../actors/transaction/step.ts'
import { Context } from '../../../../runtime/context/context.ts'
import { silentLog } from '../../../../runtime/context/log.ts'
import { createSeededRandom } from '../../../../runtime/context/random.ts'
import { createClock } from '../../../../runtime/time/node-clock.ts'
import { postgresOrSkip } from './server.ts'

export const WRITING: SessionOptions = { access: 'write', isolation: 'serializable' }
export const READING: SessionOptions = { access: 'read', isolation: 'repeatable read' }
export const READ_COMMITTED: SessionOptions = { access: 'write', isolation: 'read committed' }

const settings: DriverSettings = {
  access: 'write',
  rowsMax: 1_000,
  statementTimeoutMs: 10_000,
  busyTimeoutMs: 10_000,
}

/** Closed after the test, which fails if it leaves a timer. */
export async function open(
  t: ExecutionContext,
  options: PostgresOptions,
  overrides: Partial<DriverSettings> = {},
): Promise<Driver> {
  const clock = createClock()
  const ctx = Context.create({ clock, random: createSeededRandom(1), log: silentLog })
  const plan = postgres(options)
  const driver = await openDriver(structuredClone(plan.options), { ...settings, ...overrides }, ctx)
  t.teardown(async () => {
    await driver.close()
    const { pending } = clock
    clock.close()
    if (pending > 0) throw new Error(`${pending} timers are left`)
  })
  return driver
}

/** A test with a database of its own. */
export function withDatabase(
  body: (t: ExecutionContext, driver: Driver, url: string) => Promise<void>,
  options: PostgresOptions = {},
  overrides: Partial<DriverSettings> = {},
): (t: ExecutionContext) => Promise<void> {
  return async (t) => {
    const url = await postgresOrSkip(t)
    if (url !== undefined) await body(t, await open(t, { url, ...options }, overrides), url)
  }
}

// ── Steps ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function step(kind: StepKind, sql: string, parameters: readonly unknown[]): Step {
  return new Step(undefined as never, kind, sql, parameters as readonly Parameter[])
}

export async function run(session: Session, sql: string, ...parameters: unknown[]): Promise<number> {
  return ((await session.execute(step('run', sql, parameters))) as { changes: number }).changes
}

export async function one<Row = Record<string, unknown>>(
  session: Session,
  sql: string,
  ...parameters: unknown[]
): Promise<Row> {
  return (await session.execute(step('one', sql, parameters))) as Row
}

export async function first(session: Session, sql: string, ...parameters: unknown[]): Promise<unknown> {
  return session.execute(step('first', sql, parameters))
}

export async function all(session: Session, sql: string, ...parameters: unknown[]): Promise<unknown[]> {
  return (await session.execute(step('all', sql, parameters))) as unknown[]
}

/** Runs `body` in a transaction, and commits it. */
export async function committed<T>(
  driver: Driver,
  body: (session: Session) => Promise<T>,
  options: SessionOptions = WRITING,
): Promise<T> {
  const session = await driver.begin(options)
  try {
    const result = await body(session)
    await session.commit()
    return result
  } catch (error) {
    await session.rollback()
    throw error
  }
}

/** How `work` fails. */
export async function failure(
  t: ExecutionContext,
  work: PromiseLike<unknown> | unknown,
): Promise<DatabaseError> {
  const error = await t.throwsAsync(async () => void (await work))
  if (error instanceof DatabaseError) return error
  throw new Error('failed with something else than a DatabaseError', { cause: error })
}

export async function codeOf(t: ExecutionContext, work: PromiseLike<unknown> | unknown): Promise<string> {
  return (await failure(t, work)).code
}
