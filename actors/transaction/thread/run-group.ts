/**
 * Runs a group of transactions: in one session, each in a savepoint, with one COMMIT for all; or one alone.
 *
 * Rules: one that fails is rolled back alone. Where COMMIT fails, or the database has ended the session by itself, nothing of
 * the group has happened: then each is done again, alone, and who was at fault is found out. Reports are made after COMMIT.
 */
import type { CommitGuard } from '../cache/guard.ts'
import type { Access, Driver, Isolation, Session } from '../driver.ts'
import { DatabaseError } from '../errors.ts'
import { isLater, now, type Waiting } from '../maybe-later.ts'
import { AGAIN, FAILED, OK, type Report, TRANSIENT, UNKNOWN } from '../report.ts'
import type { Steps } from '../step.ts'
import type { Hook } from './effects.ts'
import { BodyRun } from './run-body.ts'
import type { Tx } from './tx.ts'

/** One transaction of a group. */
export interface Job {
  readonly tx: Tx
  readonly timeoutMs: number
  /** Starts the body, with what comes after it. @throws where there is no such transaction. */
  body(): Steps<unknown>
}

export interface GroupWorld {
  readonly driver: Driver
  readonly statementTimeoutMs: number
  /** Milliseconds that COMMIT has taken. */
  commitMs: number
  nowMs(): number
  /** What caches know of commits under way. */
  readonly guard: CommitGuard
  /** A hook that nobody waits for has failed. */
  hookFailed(error: unknown): void
  /** Nobody knows whether it is committed. */
  doubted(): void
  /** A session is open, or is not any more: to be interrupted meanwhile. */
  opened(slot: number, session: Session | undefined): void
  begins(slot: number, index: number): void
  isStopped(slot: number, index: number): boolean
  /** @returns false where home has given the group up. */
  committing(slot: number): boolean
  committed(slot: number): void
  /** Nothing of it is left to do. */
  ended(slot: number, isInDoubt: boolean): void
}

export interface GroupOptions {
  readonly slot: number
  readonly access: Access
  readonly isolation: Isolation
}

/** What has become of one, before COMMIT. */
type Fate =
  | { readonly isDone: true; readonly value: unknown }
  | { readonly isDone: false; readonly error: unknown }

const SAVEPOINT = 'greenroom_transaction'

export function* runGroup(
  world: GroupWorld,
  options: GroupOptions,
  jobs: readonly Job[],
): Waiting<readonly Report[]> {
  const { slot, access } = options
  let session: Session
  try {
    session = yield* now(world.driver.begin(options))
  } catch (error) {
    world.ended(slot, false)
    return jobs.map((job) => rolledBack(world, job, error))
  }
  world.opened(slot, session)
  let reports: readonly Report[] = []
  try {
    const isGrouped = jobs.length > 1
    const fates: Fate[] = []
    for (let index = 0; index < jobs.length; index++) {
      // Readers share a snapshot, and have nothing to roll back.
      const fate = yield* runOne(
        world,
        slot,
        index,
        jobs[index] as Job,
        session,
        isGrouped && access === 'write',
      )
      fates.push(fate)
      if (!session.isLost || fate.isDone) continue
      yield* now(session.rollback())
      return jobs.map((job, i) =>
        i === index ? rolledBack(world, job, fate.error) : again(world, job, fate.error),
      )
    }
    reports = yield* end(world, options, jobs, fates, session)
    return reports
  } finally {
    world.opened(slot, undefined)
    // What is committed stays so until home has heard it.
    if (!reports.some(({ status }) => status === OK))
      world.ended(
        slot,
        reports.some(({ status }) => status === UNKNOWN),
      )
  }
}

function* runOne(
  world: GroupWorld,
  slot: number,
  index: number,
  { tx, timeoutMs, body }: Job,
  session: Session,
  isGrouped: boolean,
): Waiting<Fate> {
  const { statementTimeoutMs } = world
  world.begins(slot, index)
  try {
    if (isGrouped) session.savepoint(SAVEPOINT)
    const nowMs = () => world.nowMs()
    const isStopped = () => world.isStopped(slot, index)
    const run = new BodyRun({ tx, session, timeoutMs, statementTimeoutMs, nowMs, isStopped })
    const value = yield* run.run(body())
    if (isGrouped) yield* now(session.release(SAVEPOINT))
    return { isDone: true, value }
  } catch (error) {
    tx.usedOverlay?.rollback()
    if (isGrouped && !session.isLost) yield* now(session.rollbackTo(SAVEPOINT))
    return { isDone: false, error }
  } finally {
    tx.end()
  }
}

/** COMMIT, or ROLLBACK where there is nothing to commit. */
function* end(
  world: GroupWorld,
  { slot, access }: GroupOptions,
  jobs: readonly Job[],
  fates: readonly Fate[],
  session: Session,
): Waiting<Report[]> {
  const done = jobs.filter((_, i) => fates[i]?.isDone === true)
  const reportAll = (ofDone: (job: Job, value: unknown) => Report): Report[] =>
    jobs.map((job, i) => {
      const fate = fates[i] as Fate
      return fate.isDone ? ofDone(job, fate.value) : rolledBack(world, job, fate.error)
    })
  if (done.length === 0) {
    yield* now(session.rollback())
    return reportAll(impossibleFate)
  }
  const change = world.guard.changing(done.map(({ tx }) => tx))
  let isCommitted: boolean | undefined = false
  try {
    if (!world.committing(slot)) {
      yield* now(session.rollback())
      return reportAll((job) =>
        again(world, job, new DatabaseError('DATABASE_INTERRUPTED', 'the group was given up')),
      )
    }
    const startedAtMs = world.nowMs()
    try {
      yield* now(session.commit())
      world.commitMs = world.nowMs() - startedAtMs
    } catch (error) {
      const isInDoubt = access === 'write' && error instanceof DatabaseError && error.isInDoubt
      if (isInDoubt) isCommitted = undefined
      yield* now(session.rollback())
      if (isInDoubt) world.doubted()
      if (isInDoubt) return reportAll((job) => unknown(world, job, error))
      return reportAll((job) => (jobs.length > 1 ? again(world, job, error) : rolledBack(world, job, error)))
    }
    world.committed(slot)
    isCommitted = true
    change.ended(true)
    return reportAll((job, value) => committed(world, job, value))
  } finally {
    if (isCommitted !== true) change.ended(isCommitted)
  }
}

function committed(world: GroupWorld, { tx }: Job, value: unknown): Report {
  const { emits, published, afterCommit } = tx.effects
  const hookFailures = runHooks(world, afterCommit)
  return {
    status: OK,
    result: value,
    emits: emits.length === 0 ? undefined : emits,
    published: published.length,
    hookFailures,
  }
}

function rolledBack(world: GroupWorld, { tx }: Job, error: unknown): Report {
  const hookFailures = runHooks(world, tx.effects.afterRollback)
  const isTransient = error instanceof DatabaseError && error.isTransient
  return {
    status: isTransient ? TRANSIENT : FAILED,
    result: error,
    emits: undefined,
    published: 0,
    hookFailures,
  }
}

function again(world: GroupWorld, { tx }: Job, error: unknown): Report {
  const hookFailures = runHooks(world, tx.effects.afterRollback)
  return { status: AGAIN, result: error, emits: undefined, published: 0, hookFailures }
}

function unknown(world: GroupWorld, { tx }: Job, error: unknown): Report {
  const hookFailures = runHooks(world, tx.effects.afterUnknown)
  return { status: UNKNOWN, result: error, emits: undefined, published: 0, hookFailures }
}

/** All of them, whatever one of them throws. */
function runHooks(world: GroupWorld, hooks: readonly Hook[]): unknown[] | undefined {
  if (hooks.length === 0) return undefined
  const failures: unknown[] = []
  for (const hook of hooks) {
    try {
      const later = hook()
      if (isLater(later)) later.then(null, (error) => world.hookFailed(error))
    } catch (error) {
      failures.push(error)
    }
  }
  return failures.length === 0 ? undefined : failures
}

function impossibleFate(): never {
  throw new Error('none of the group is done')
}
