/** The connections of one thread: as many as sessions are open at once, made when they are wanted. */
import type { Clock } from '../../../runtime/time/clock.ts'
import type { Driver, DriverSettings, Session, SessionOptions } from '../driver.ts'
import { DatabaseError, impossible } from '../errors.ts'
import { Connection, type MakeClient } from './connection.ts'
import { PostgresSession, type SessionHome } from './session.ts'
import { Statements } from './statements.ts'

export class PostgresDriver implements Driver, SessionHome {
  readonly clock: Clock
  readonly settings: DriverSettings
  readonly statements = new Statements()
  private readonly makeClient: MakeClient
  private readonly sessionsMax: number
  /** All that may have a transaction. */
  private readonly connections = new Set<Connection>()
  /** Those of them that have none. The one used last is used next: what is not needed is left to grow old. */
  private readonly idle: Connection[] = []
  /** On their way out. */
  private readonly leaving = new Set<Promise<void>>()
  private isClosed = false

  constructor(clock: Clock, settings: DriverSettings, makeClient: MakeClient, sessionsMax: number) {
    this.clock = clock
    this.settings = settings
    this.makeClient = makeClient
    this.sessionsMax = sessionsMax
  }

  begin(options: SessionOptions): Session {
    if (this.isClosed) throw new DatabaseError('DATABASE_UNAVAILABLE', 'the database was closed')
    return new PostgresSession(this, this.idle.pop() ?? this.connect(), options)
  }

  script(session: Session, sql: string): Promise<void> {
    if (!(session instanceof PostgresSession)) throw impossible('a session of another driver')
    return session.script(sql)
  }

  async close(): Promise<void> {
    this.isClosed = true
    for (const connection of [...this.connections]) this.dismiss(connection)
    await Promise.all(this.leaving)
  }

  release(connection: Connection): void {
    if (connection.isBroken) this.forget(connection)
    else if (connection.isSpent || this.isClosed) this.dismiss(connection)
    else this.idle.push(connection)
  }

  private connect(): Connection {
    if (this.connections.size >= this.sessionsMax) {
      const message = `all ${this.sessionsMax} sessions are in use`
      throw new DatabaseError('DATABASE_UNAVAILABLE', message)
    }
    const connection = new Connection(this.clock, this.makeClient, (broken) => this.forget(broken))
    this.connections.add(connection)
    return connection
  }

  private dismiss(connection: Connection): void {
    this.forget(connection)
    const left = connection.close()
    this.leaving.add(left)
    void left.then(() => this.leaving.delete(left))
  }

  private forget(connection: Connection): void {
    this.connections.delete(connection)
    const at = this.idle.indexOf(connection)
    if (at !== -1) this.idle.splice(at, 1)
  }
}
