/**
 * One transaction on one connection.
 *
 * Rules: nothing is waited for that need not be. BEGIN and SAVEPOINT are sent, and the next statement behind them, in one round
 * trip; what becomes of them is told by the first answer that somebody waits for. So that a statement cannot commit by itself
 * where its BEGIN has failed, connections are read-only outside of a transaction (`client.ts`).
 *
 * Every promise that it gives may be left alone: it rejects, and nobody is told who did not ask.
 */
import type { Clock } from '../../../runtime/time/clock.ts'
import type { DriverSettings, Session, SessionOptions } from '../driver.ts'
import { DatabaseError } from '../errors.ts'
import type { Step } from '../step.ts'
import type { Connection } from './connection.ts'
import { INTERRUPT_MS, ROLLBACK_MS } from './limits.ts'
import { Rows } from './rows.ts'
import { type Circumstances, toCommitError, toDatabaseError } from './sqlstate.ts'
import type { Statements } from './statements.ts'
import { encodeParameters } from './values.ts'

/** What a session has of its driver. */
export interface SessionHome {
  readonly clock: Clock
  readonly settings: DriverSettings
  readonly statements: Statements
  /** The transaction has ended: the connection may have another one, unless it is spent or broken. */
  release(connection: Connection): void
}

export class PostgresSession implements Session {
  private readonly home: SessionHome
  private readonly connection: Connection
  private readonly begun: Promise<void>
  writes = 0
  private phase: 'open' | 'committing' | 'over' = 'open'
  private isInterrupted = false
  /** BEGIN has failed: whatever was sent behind it was done outside of a transaction, or not at all. */
  private beginFailure: DatabaseError | undefined = undefined
  /** What made the server give the transaction up; a savepoint may have undone it since. */
  private failure: DatabaseError | undefined = undefined

  constructor(home: SessionHome, connection: Connection, { access, isolation }: SessionOptions) {
    this.home = home
    this.connection = connection
    const { busyTimeoutMs } = home.settings
    const begin = `begin isolation level ${isolation} read ${access === 'read' ? 'only' : 'write'}`
    // Also of a connection that was idle for long: it may lead nowhere any more, and nobody has heard of that.
    this.begun = connection.within(busyTimeoutMs, connection.sendSimple(begin)).then(
      () => undefined,
      (error) => {
        const failure = this.failed(error)
        this.beginFailure = access === 'write' && isStandby(error) ? readOnly(failure) : failure
      },
    )
  }

  get isLost(): boolean {
    return this.connection.isBroken
  }

  execute(step: Step): Promise<unknown> {
    this.writes += 1
    return observed(this.perform(step))
  }

  savepoint(name: string): void {
    this.sendAhead(`savepoint ${quoted(name)}`)
  }

  release(name: string): void {
    this.sendAhead(`release savepoint ${quoted(name)}`)
  }

  rollbackTo(name: string): Promise<unknown> {
    return observed(this.undo(name))
  }

  /**
   * Statements without parameters, several in one text. They may change the schema, and take their time for it: the limit for a
   * statement is lifted until the transaction ends. They may not end it.
   */
  script(sql: string): Promise<void> {
    return observed(this.runScript(sql))
  }

  commit(): Promise<unknown> {
    return observed(this.tryCommit())
  }

  async rollback(): Promise<void> {
    if (this.phase === 'over') return
    const { connection } = this
    if (!connection.isBroken) {
      await connection.within(ROLLBACK_MS, connection.sendSimple('rollback')).catch(() => {
        // A connection that is closed has rolled back as well.
        connection.isSpent = true
      })
    }
    this.end()
  }

  /**
   * The statement that runs fails with `DATABASE_INTERRUPTED`, and so does every one after it. A COMMIT that is under way may
   * still succeed; it is given as long as a statement before it is taken for lost.
   */
  interrupt(): void {
    if (this.isInterrupted || this.phase === 'over') return
    this.isInterrupted = true
    const { statementTimeoutMs } = this.home.settings
    void this.connection.stop(this.phase === 'committing' ? statementTimeoutMs : INTERRUPT_MS)
  }

  private async perform(step: Step): Promise<unknown> {
    this.check()
    const { connection, home } = this
    const statement = home.statements.get(step.sql)
    const rows = new Rows(step.kind, step.sql, home.settings.rowsMax)
    let stopped: Promise<void> | undefined
    const onRow = (row: object) => {
      // What is on its way already has to be read to its end, which takes what it takes.
      if (!rows.add(row)) stopped = connection.stop(home.settings.statementTimeoutMs)
    }
    try {
      const answer = await connection.send(
        statement.text,
        encodeParameters(statement, step.parameters),
        onRow,
      )
      if (this.beginFailure !== undefined) throw this.beginFailure
      if (!rows.isTooMany) return rows.result(answer)
    } catch (error) {
      if (!rows.isTooMany) throw this.failed(error)
    }
    // What comes next must not meet the request to stop.
    await stopped
    this.failure ??= rows.tooMany()
    throw rows.tooMany()
  }

  private async undo(name: string): Promise<void> {
    this.check()
    const point = quoted(name)
    const answer = this.connection.sendSimple(`rollback to savepoint ${point}; release savepoint ${point}`)
    await this.translated(answer)
    this.failure = undefined
  }

  private async runScript(sql: string): Promise<void> {
    this.check()
    const { connection } = this
    if (sql.includes('\0')) throw new DatabaseError('DATABASE_STATEMENT', 'a script holds a null character')
    this.sendAhead('set local statement_timeout to 0')
    const answer = this.translated(connection.sendSimple(sql))
    // The server refuses a savepoint where there is no transaction any more.
    const probe = observed(
      connection.sendSimple('savepoint greenroom_script; release savepoint greenroom_script'),
    )
    await answer
    await probe.catch((cause: unknown) => {
      if (this.connection.isBroken) throw this.failed(cause)
      const message = 'a script has ended the transaction that it runs in'
      throw new DatabaseError('DATABASE_STATEMENT', message, { cause })
    })
  }

  private async tryCommit(): Promise<void> {
    const { connection } = this
    try {
      // What cannot have begun is not in doubt.
      await this.begun
      this.check()
      this.phase = 'committing'
      const { command } = await connection.sendSimple('commit').catch((error: unknown) => {
        throw toCommitError(error, this.circumstances)
      })
      if (command !== 'COMMIT') throw this.rolledBack()
    } finally {
      this.end()
    }
  }

  /** COMMIT of a transaction that the server has given up succeeds, and rolls it back. */
  private rolledBack(): DatabaseError {
    const { failure } = this
    const message = 'it had failed before COMMIT, which rolled it back'
    return new DatabaseError(failure?.code ?? 'DATABASE_ERROR', message, { cause: failure })
  }

  /** Sends what is not waited for. Where it fails, so does everything behind it, for a reason of which this is the cause. */
  private sendAhead(text: string): void {
    this.check()
    void observed(this.translated(this.connection.sendSimple(text)))
  }

  private async translated<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer
    } catch (error) {
      throw this.failed(error)
    }
  }

  /** @throws DatabaseError where nothing can be sent any more. */
  private check(): void {
    if (this.beginFailure !== undefined) throw this.beginFailure
    if (this.isInterrupted)
      throw new DatabaseError('DATABASE_INTERRUPTED', 'the transaction was told to stop')
    if (this.phase !== 'open' || this.connection.isBroken) {
      throw new DatabaseError('DATABASE_CONNECTION_LOST', 'the connection of the transaction is gone')
    }
  }

  private failed(error: unknown): DatabaseError {
    // Ours: the server knows of nothing.
    if (error instanceof DatabaseError) return error
    const failure = toDatabaseError(error, this.circumstances)
    // In a transaction that has failed each statement says so, and not why.
    if (this.failure !== undefined && isAfterFailure(error)) return this.failure
    this.failure ??= failure
    return failure
  }

  private get circumstances(): Circumstances {
    return { wasOpen: this.connection.wasOpen, isInterrupted: this.isInterrupted }
  }

  private end(): void {
    this.phase = 'over'
    this.home.release(this.connection)
  }
}

/** Of a BEGIN. A standby does not have what it takes to write, or to be serializable: so it says it. */
function isStandby(error: unknown): boolean {
  return (error as { code?: unknown }).code === '0A000'
}

function readOnly({ message, cause }: DatabaseError): DatabaseError {
  return new DatabaseError('DATABASE_READ_ONLY', message, { cause })
}

function isAfterFailure(error: unknown): boolean {
  return (error as { code?: unknown }).code === '25P02'
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A rejection that nobody asks for is not reported as unhandled: the next statement, or COMMIT, tells of it. */
function observed<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined)
  return promise
}
