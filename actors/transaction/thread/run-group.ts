/**
 * Runs a group of transactions: in one session, with one COMMIT for all; or one alone.
 *
 * Rules: one that fails is rolled back alone. For that each is in a savepoint; or none is, while hardly any fails: then one that
 * fails after it wrote spoils the group, which is rolled back, and done again with savepoints (see savepoint-policy.ts). Where
 * COMMIT fails, or the database has ended the session by itself, nothing of the group has happened: then each is done again,
 * alone, and who was at fault is found out. Reports are made after COMMIT.
 */
import type { CommitGuard } from '../cache/guard.ts'
import type { Access, Driver, Isolation, Session } from '../driver.ts'
import { DatabaseError } from '../errors.ts'
import { now, type Waiting } from '../maybe-later.ts'
import { OK, type Report, UNKNOWN } from '../report.ts'
import type { Steps } from '../step.ts'
import { again, committed, type HookWorld, rolledBack, spoilt, unknown } from './reports.ts'
import { BodyRun } from './run-body.ts'
import type { SavepointPolicy } from './savepoint-policy.ts'
import type { Tx } from './tx.ts'

/** One transaction of a group. */
export interface Job {
  readonly tx: Tx
  readonly timeoutMs: number
  /** Starts the body, with what comes after it. @throws where there is no such transaction. */
  body(): Steps<unknown>
}

export interface GroupWorld extends HookWorld {
  readonly driver: Driver
  readonly statementTimeoutMs: number
  readonly savepoints: SavepointPolicy
  /** Milliseconds that COMMIT has taken. */
  commitMs: number
  nowMs(): number
  /** What caches know of commits under way. */
  readonly guard: CommitGuard
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
  /** One of them at least was in a group that was spoilt: each is in a savepoint. */
  readonly wasSpoilt: boolean
}

/** What has become of one, before COMMIT. */
type Fate =
  | { readonly isDone: true; readonly value: unknown }
  /** `hasRunOut`: it was called off or out of time. */
  | { readonly isDone: false; readonly error: unknown; readonly hasRunOut: boolean }

const SAVEPOINT = 'greenroom_transaction'

export function* runGroup(
  world: GroupWorld,
  options: GroupOptions,
  jobs: readonly Job[],
): Waiting<readonly Report[]> {
  const { slot } = options
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
    reports = yield* run(world, options, jobs, session)
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

function* run(
  world: GroupWorld,
  options: GroupOptions,
  jobs: readonly Job[],
  session: Session,
): Waiting<readonly Report[]> {
  const { access, wasSpoilt } = options
  const { savepoints } = world
  // Readers share a snapshot, and have nothing to roll back.
  const isSpoilable = jobs.length > 1 && access === 'write'
  const hasSavepoints = isSpoilable && (wasSpoilt || savepoints.areUsed)
  let isSpoilt = false
  const fates: Fate[] = []
  for (let index = 0; index < jobs.length; index++) {
    const { writes } = session
    const fate = yield* runOne(world, options.slot, index, jobs[index] as Job, session, hasSavepoints)
    fates.push(fate)
    if (fate.isDone) continue
    if (session.isLost) {
      yield* now(session.rollback())
      return undone(world, jobs, fates, (job, i) =>
        i === index ? rolledBack(world, job, fate.error) : again(world, job, fate.error),
      )
    }
    if (!isSpoilable || session.writes === writes) continue
    isSpoilt = true
    if (hasSavepoints) continue
    savepoints.ended(true)
    yield* now(session.rollback())
    return undone(world, jobs, fates, (job, i) =>
      spoilt(world, job, { wasRun: i <= index, error: i === index ? fate.error : undefined }),
    )
  }
  if (isSpoilable && !wasSpoilt) savepoints.ended(isSpoilt)
  return yield* end(world, options, jobs, fates, session)
}

function* runOne(
  world: GroupWorld,
  slot: number,
  index: number,
  { tx, timeoutMs, body }: Job,
  session: Session,
  hasSavepoint: boolean,
): Waiting<Fate> {
  const { statementTimeoutMs } = world
  let running: BodyRun | undefined
  world.begins(slot, index)
  try {
    if (hasSavepoint) session.savepoint(SAVEPOINT)
    const nowMs = () => world.nowMs()
    const isStopped = () => world.isStopped(slot, index)
    running = new BodyRun({ tx, session, timeoutMs, statementTimeoutMs, nowMs, isStopped })
    const value = yield* running.run(body())
    if (hasSavepoint) yield* now(session.release(SAVEPOINT))
    return { isDone: true, value }
  } catch (error) {
    tx.usedOverlay?.rollback()
    if (hasSavepoint && !session.isLost) yield* now(session.rollbackTo(SAVEPOINT))
    return { isDone: false, error, hasRunOut: running?.hasRunOut(error) === true }
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
      const error = new DatabaseError('DATABASE_INTERRUPTED', 'the group was given up')
      return undone(world, jobs, fates, (job) => again(world, job, error))
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
      return undone(world, jobs, fates, (job) =>
        jobs.length > 1 ? again(world, job, error) : rolledBack(world, job, error),
      )
    }
    world.committed(slot)
    isCommitted = true
    change.ended(true)
    return reportAll((job, value) => committed(world, job, value))
  } finally {
    if (isCommitted !== true) change.ended(isCommitted)
  }
}

/**
 * Nothing of the group has happened. What the database has told one that failed may have been taken back as well: it is done again,
 * as the others are. But who has run out of time has had it, whatever the others did.
 */
function undone(
  world: GroupWorld,
  jobs: readonly Job[],
  fates: readonly Fate[],
  redo: (job: Job, index: number) => Report,
): Report[] {
  return jobs.map((job, index) => {
    const fate = fates[index]
    return fate?.isDone === false && fate.hasRunOut ? rolledBack(world, job, fate.error) : redo(job, index)
  })
}

function impossibleFate(): never {
  throw new Error('none of the group is done')
}
