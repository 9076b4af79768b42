/**
 * Runs the body of one transaction: its generator says what it wants, the session does it, and the answer goes back in.
 *
 * Rules: nothing is done for a transaction that is to stop, has run out of time, or whose last statement failed: the failure
 * counts, whatever the body makes of it, unless it was within a savepoint that is rolled back. (PostgreSQL would refuse by
 * itself, SQLite would go on; here both are the same.) A body that yields on after it was told to stop is left behind.
 */

import type { Session } from '../driver.ts'
import { DatabaseError, misuse, TransactionError } from '../errors.ts'
import { isLater, silence, type Waiting } from '../maybe-later.ts'
import { Step } from '../step.ts'
import type { Tx } from './tx.ts'

/** One transaction, as the runner drives it. */
export interface Running {
  readonly tx: Tx
  readonly session: Session
  readonly timeoutMs: number
  readonly statementTimeoutMs: number
  nowMs(): number
  /** Nobody wants it any more. */
  isStopped(): boolean
}

interface Aborted {
  readonly error: unknown
  /** Savepoints that were open when it failed. */
  readonly depth: number
}

export class BodyRun {
  private readonly running: Running
  private readonly endMs: number
  /** Names of the savepoints that are open. */
  private readonly savepoints: string[] = []
  private aborted: Aborted | undefined = undefined
  /** It was told to stop, and why. */
  private stopped: unknown = undefined
  /** Made here, since it was called off or something took too long: not what the body, or the database, has thrown. */
  private ranOut: Error | undefined = undefined
  private lastMs: number
  /** It was told that it goes on in vain. */
  private wasRefused = false

  constructor(running: Running) {
    this.running = running
    this.lastMs = running.nowMs()
    this.endMs = this.lastMs + running.timeoutMs
  }

  /** @returns what the body returns. @throws what rolls it back. */
  *run<R>(body: Generator<unknown, R, unknown>): Waiting<R> {
    let answer: unknown
    let hasFailed = false
    for (;;) {
      let next: IteratorResult<unknown, R>
      try {
        next = hasFailed ? body.throw(answer) : body.next(answer)
      } catch (error) {
        throw this.verdict() ?? error
      }
      const verdict = next.done === true || hasFailed ? this.verdict() : undefined
      if (next.done === true) {
        if (verdict !== undefined) throw verdict
        // What it has done since its last step counts as well.
        this.lookAround()
        return next.value
      }
      if (this.stopped !== undefined) {
        leave(body)
        throw this.stopped
      }
      hasFailed = false
      try {
        answer = this.perform(next.value)
        if (isLater(answer)) answer = yield answer
        this.lookAtStatement()
      } catch (error) {
        hasFailed = true
        answer = error
        // What the database has ended by itself no savepoint brings back.
        if (this.running.session.isLost) this.aborted = { error: this.aborted?.error ?? error, depth: -1 }
        else if (isFatal(error)) this.aborted ??= { error, depth: this.savepoints.length }
      }
    }
  }

  /** Whether it fails with that because it was called off or out of time, which has nothing to do with what it has read. */
  hasRunOut(error: unknown): boolean {
    return error !== undefined && error === this.ranOut
  }

  /** What it fails with, whatever the body says: why it was stopped, or what a database would not forgive. */
  private verdict(): unknown {
    return this.stopped ?? this.aborted?.error
  }

  private perform(yielded: unknown): unknown {
    const { running } = this
    this.lookAround()
    const step = this.own(yielded)
    const { session } = running
    switch (step.kind) {
      case 'rollbackTo':
        return this.rolledBackTo(step.sql, session)
      case 'savepoint':
        this.checkWhole()
        this.savepoints.push(step.sql)
        return session.savepoint(step.sql)
      case 'release':
        this.checkWhole()
        this.savepoints.pop()
        return session.release(step.sql)
      case 'pipeline':
        this.checkWhole()
        return this.pipeline(step.steps, session)
      default:
        this.checkWhole()
        return session.execute(step)
    }
  }

  /** @throws UsageError (`TRANSACTION_FOREIGN_YIELD`) */
  private own(yielded: unknown): Step {
    const { tx } = this.running
    if (yielded instanceof Step && yielded.tx === tx) return yielded
    silence(yielded)
    const what = yielded instanceof Step ? 'a step of another transaction' : describeYield(yielded)
    const error = misuse(
      'TRANSACTION_FOREIGN_YIELD',
      `the body of transaction "${tx.name}" yielded ${what}: it yields what the methods of its tx give, by yield*`,
    )
    this.aborted ??= { error, depth: this.savepoints.length }
    throw error
  }

  private checkWhole(): void {
    const { aborted } = this
    if (aborted === undefined) return
    // Told once. One that does not heed it goes on for ever, as far as anybody knows.
    if (this.wasRefused) this.stop(aborted.error)
    this.wasRefused = true
    throw misuse(
      'TRANSACTION_ABORTED',
      `transaction "${this.running.tx.name}" went on after a failed statement: what may fail belongs in a savepoint`,
      { cause: aborted.error },
    )
  }

  private rolledBackTo(name: string, session: Session): unknown {
    const depth = this.savepoints.lastIndexOf(name)
    this.savepoints.length = Math.max(0, depth)
    // A failure from before the savepoint is not undone with it.
    if (this.aborted !== undefined && this.aborted.depth > depth) {
      this.aborted = undefined
      this.wasRefused = false
    }
    return session.isLost ? undefined : session.rollbackTo(name)
  }

  private pipeline(steps: readonly Step[], session: Session): unknown {
    const answers: unknown[] = []
    let isWaiting = false
    for (const step of steps) {
      const own = this.own(step)
      if (
        own.kind === 'savepoint' ||
        own.kind === 'release' ||
        own.kind === 'rollbackTo' ||
        own.kind === 'pipeline'
      ) {
        throw misuse('TRANSACTION_FOREIGN_YIELD', 'a pipeline takes run, one, first and all')
      }
      const answer = session.execute(own)
      isWaiting ||= isLater(answer)
      answers.push(answer)
    }
    return isWaiting ? Promise.all(answers) : answers
  }

  /** Before a step, and at the end: is it to stop, is its time over? */
  private lookAround(): void {
    const { running } = this
    if (running.isStopped()) {
      this.stop(
        this.runOut(new DatabaseError('DATABASE_INTERRUPTED', 'nobody waits for the transaction any more')),
      )
    }
    this.lastMs = running.nowMs()
    if (this.lastMs <= this.endMs) return
    const { tx, timeoutMs } = running
    const message = `transaction "${tx.name}" took longer than ${timeoutMs} ms (timeoutMs)`
    this.stop(this.runOut(new TransactionError('TRANSACTION_TIMEOUT', message)))
  }

  private lookAtStatement(): void {
    const { running } = this
    const { tx, statementTimeoutMs } = running
    const at = running.nowMs()
    const tookMs = at - this.lastMs
    this.lastMs = at
    if (tookMs > statementTimeoutMs) {
      throw this.runOut(
        new DatabaseError(
          'DATABASE_STATEMENT_TIMEOUT',
          `a statement of transaction "${tx.name}" took ${Math.round(tookMs)} ms; at most ${statementTimeoutMs} are allowed (statementTimeoutMs)`,
        ),
      )
    }
  }

  private runOut(error: Error): Error {
    // What it was stopped with stays what it fails with.
    if (this.stopped === undefined) this.ranOut = error
    return error
  }

  private stop(error: unknown): never {
    this.stopped ??= error
    throw this.stopped
  }
}

/** Whether a failure spoils all that follows. That a row is not there is an answer. */
function isFatal(error: unknown): boolean {
  return !(error instanceof DatabaseError && error.code === 'DATABASE_NO_ROW')
}

/** Its `finally` blocks run; whatever they yield or throw. */
function leave(body: Generator<unknown, unknown, unknown>): void {
  try {
    body.return(undefined)
  } catch {
    // It is rolled back anyway.
  }
}

function describeYield(yielded: unknown): string {
  if (isLater(yielded)) return 'a promise, for which a transaction does not wait'
  return yielded === null ? 'null' : `a value of type ${typeof yielded}`
}
