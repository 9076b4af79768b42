/**
 * One connection to the server, carried by a client of the package `postgres` that has no other.
 *
 * Why a client for each, and not one with a pool: its `begin` wants a callback for the whole transaction, and a connection that
 * is taken out of its pool with `reserve()` throws from a timer where it breaks. A client with one connection sends what it is
 * given in order and without waiting, which is all that a session needs.
 *
 * Rules: a connection that has broken is never used again, and never opened anew by the client (`socket.ts` says why): whatever
 * waits within the client is taken back. One that was told to stop something is spent: the request may arrive late, and must not
 * meet the next transaction. No promise of here rejects unobserved.
 */
import type { EventEmitter } from 'node:events'
import type postgres from 'postgres'
import type { Clock, Timer } from '../../../runtime/time/clock.ts'
import { DatabaseError } from '../errors.ts'
import { CLOSE_MS, PREPARED_MAX } from './limits.ts'
import { type Address, type Backend, openSocket, requestCancel, type Socket } from './socket.ts'
import { severityOf } from './sqlstate.ts'
import type { Encoded } from './values.ts'

/** Makes a client. `socket` is called for every connection that it opens; the client's own types do not name it. */
export type MakeClient = (
  socket: (parsed: ParsedAddress) => Promise<Socket>,
  onClose: () => void,
) => postgres.Sql

/** What the client has read from the options. */
export interface ParsedAddress {
  readonly host: readonly string[]
  readonly port: readonly number[]
  readonly path: string | false
}

/** What the server says at the end of a statement. */
export interface Answer {
  /** `INSERT`, `COMMIT`, ... */
  readonly command: string | null
  readonly count: number | null
}

type Query = postgres.PendingQuery<postgres.Row[]>

export type OnRow = (row: object) => void

export class Connection {
  private readonly clock: Clock
  private readonly sql: postgres.Sql
  private readonly onBroken: (connection: Connection) => void
  /** Statements that have no answer yet, and how each is told that none will come. */
  private readonly unanswered = new Map<Query, (reason: unknown) => void>()
  private readonly prepared = new Set<string>()
  private address: Address | undefined = undefined
  private socket: Socket | undefined = undefined
  /** Known once the server has answered. */
  private backend: Backend | undefined = undefined
  /** Why it broke: the first that was heard of it. */
  private reason: unknown = undefined
  private hasEnded = false
  private cancelling: Promise<void> | undefined = undefined
  private readonly timers = new Set<Timer>()
  private readonly ended: Promise<void>
  private resolveEnded: () => void = ignore
  /** Not to be used by another transaction. */
  isSpent = false

  constructor(clock: Clock, makeClient: MakeClient, onBroken: (connection: Connection) => void) {
    this.clock = clock
    this.onBroken = onBroken
    this.ended = new Promise((resolve) => {
      this.resolveEnded = resolve
    })
    this.sql = makeClient(
      (parsed) => this.dial(parsed),
      () => this.broke(new Error('the server closed the connection')),
    )
  }

  /** Nothing can be sent on it any more. */
  get isBroken(): boolean {
    return this.reason !== undefined
  }

  /** The server has answered on it. */
  get wasOpen(): boolean {
    return this.backend !== undefined
  }

  /** Sends a statement, behind those that were sent before; rows are told one by one. */
  send(text: string, values: readonly Encoded[], onRow: OnRow): Promise<Answer> {
    const prepare = this.prepared.has(text) || this.prepared.size < PREPARED_MAX
    if (prepare) this.prepared.add(text)
    return this.ask(
      this.sql.unsafe<postgres.Row[]>(text, [...values], { prepare, simple: false } as object),
      onRow,
    )
  }

  /** Sends one or several statements without parameters, by the simple protocol. Of several there is no answer to look at. */
  sendSimple(text: string): Promise<Answer> {
    return this.ask(this.sql.unsafe<postgres.Row[]>(text).simple(), ignore)
  }

  /**
   * Asks the server to stop what it is doing here, and cuts the connection unless that has had its effect after `graceMs`.
   * One that is not open yet is cut at once. @returns a promise that is fulfilled when the request has reached the server.
   */
  stop(graceMs: number): Promise<void> {
    this.isSpent = true
    if (this.cancelling !== undefined) return this.cancelling
    if (this.unanswered.size === 0 || this.isBroken) return Promise.resolve()
    const { address, backend } = this
    if (address === undefined || backend === undefined) {
      this.cut(new Error('it was given up before it was open'))
      return Promise.resolve()
    }
    // What is sent after this is not to be stopped.
    const stopped = [...this.unanswered.keys()]
    this.cancelling = new Promise((resolve) => {
      const request = requestCancel(address, backend, resolve)
      this.schedule(graceMs, () => {
        request.destroy()
        if (stopped.some((query) => this.unanswered.has(query)))
          this.cut(new Error(`it went on for ${graceMs} ms after it was to stop`))
      })
    })
    return this.cancelling
  }

  /** Cuts the connection unless `answer` has come after `ms`. It is given on. */
  within<T>(ms: number, answer: Promise<T>): Promise<T> {
    const timer = this.schedule(ms, () => this.cut(new Error(`the server has said nothing for ${ms} ms`)))
    const done = () => this.forget(timer)
    answer.then(done, done)
    return answer
  }

  /** Ends it, and whatever it is still doing. */
  close(): Promise<void> {
    this.isSpent = true
    if (this.isBroken) return this.ended
    if (this.unanswered.size > 0 || this.socket === undefined) {
      this.cut(new Error('it was closed'))
    } else {
      void this.sql.end()
      this.schedule(CLOSE_MS, () => this.cut(new Error(`the server did not hang up for ${CLOSE_MS} ms`)))
    }
    return this.ended
  }

  private ask(query: Query, onRow: OnRow): Promise<Answer> {
    if (this.isBroken) return Promise.reject(this.reason)
    return new Promise((resolve, reject) => {
      // The client forgets what it was given between an error of the socket and its end: so we tell of that ourselves.
      this.unanswered.set(query, reject)
      query.forEach(onRow).then(
        (answer) => {
          this.unanswered.delete(query)
          if (!Array.isArray(answer)) return reject(this.refuseCopy(answer as EventEmitter))
          this.backend ??= answer.state
          resolve(answer)
        },
        (error) => {
          this.unanswered.delete(query)
          // What the server says of a statement counts as it is. Anything else is the end of the connection.
          if (severityOf(error) === 'ERROR') return reject(error)
          this.cut(error)
          reject(this.reason)
        },
      )
    })
  }

  /** The client answers COPY with a stream, and the server now waits for what is to be copied: nothing else goes on here. */
  private refuseCopy(stream: EventEmitter): DatabaseError {
    // It ends with the connection, and with an error, which would be nobody's.
    stream.on('error', ignore)
    const error = new DatabaseError(
      'DATABASE_STATEMENT',
      'COPY speaks a protocol of its own, which is not spoken here',
    )
    this.cut(error)
    return error
  }

  /** Called by the client to connect; a second time where the server hung up before it had said anything. */
  private dial({ host, port, path }: ParsedAddress): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const failed = (error: Error) => {
        this.broke(error)
        reject(error)
      }
      if (this.socket !== undefined || this.isSpent) {
        failed(new Error('the server hung up before it had answered'))
        return
      }
      this.address = path === false ? { host: host[0] as string, port: port[0] as number } : { path }
      const socket = openSocket(this.address)
      this.socket = socket
      socket.once('error', failed)
      socket.once('connect', () => {
        // From here on the client listens.
        socket.off('error', failed)
        resolve(socket)
      })
    })
  }

  private cut(reason: Error): void {
    this.isSpent = true
    this.reason ??= reason
    if (this.socket === undefined) this.broke(reason)
    else this.socket.destroy(reason)
  }

  private broke(reason: Error): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.reason ??= reason
    for (const timer of this.timers) timer.cancel()
    this.timers.clear()
    for (const [query, reject] of this.unanswered) {
      reject(this.reason)
      // One that the client has not sent would make it open a new connection: to cancel such a one takes it back, and asks the
      // server for nothing.
      query.cancel()
    }
    this.unanswered.clear()
    this.resolveEnded()
    this.onBroken(this)
  }

  private schedule(ms: number, action: () => void): Timer {
    const timer = this.clock.schedule(this.clock.nowMs() + ms, () => {
      this.timers.delete(timer)
      action()
    })
    this.timers.add(timer)
    return timer
  }

  private forget(timer: Timer): void {
    timer.cancel()
    this.timers.delete(timer)
  }
}

const ignore = (): void => {}
