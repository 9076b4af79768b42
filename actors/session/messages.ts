/**
 * A conversation in messages: what protocols of messages have in common, and what their users see of it.
 *
 *     *converse(ctx, messages) {
 *       for (;;) {
 *         const message = yield* messages.receive()
 *         if (message === undefined) return // messages.end says why
 *         messages.send(message)
 *       }
 *     }
 *
 * A protocol adds how a message is read (`take`), and what it does while none comes.
 */
import type { Connection } from '../connection/connection.ts'
import { Outlet, type OutletOptions } from './outlet.ts'
import { Peer } from './peer.ts'
import { Shared } from './shared.ts'

/**
 * Why no more messages come.
 *
 * - `peer`: the peer has said its last.
 * - `drain`: the server is stopping.
 * - `hangUp`: an actor of ours wants it so.
 * - `slow`: the peer does not read what it is sent.
 * - `idle`: nothing has come for too long.
 * - `fault`: what came was not valid; the protocol tells the peer what was wrong.
 * - `session`: the session itself has ended.
 */
export type EndCause = 'peer' | 'drain' | 'hangUp' | 'slow' | 'idle' | 'fault' | 'session'

export abstract class Messages<In, Out> {
  readonly peer: Peer<Out>
  /** Why there are no more; undefined as long as there may be. */
  end: EndCause | undefined = undefined
  /** What was not valid: the protocol tells the peer, also where whoever was told of it here has done with it. */
  fault: unknown = undefined
  protected readonly connection: Connection
  protected readonly outlet: Outlet<Out>

  constructor(connection: Connection, options: OutletOptions<Out>, protocol?: string) {
    this.connection = connection
    this.outlet = new Outlet(connection, options)
    this.peer = new Peer<Out>(connection, this.outlet, protocol)
    connection.receiver = this.outlet
  }

  /** Messages that wait for the peer to read, besides what its stream holds. */
  get queued(): number {
    return this.outlet.queued
  }

  /** Messages that were dropped since the peer reads too slowly. */
  get dropped(): number {
    return this.outlet.dropped
  }

  /**
   * Waits for the next message. While the peer does not read, nothing is read from it.
   *
   * @returns undefined where none will come any more; `end` says why.
   * @throws PeerError where what came is not valid, once: the protocol knows what to do with it, if it is let through.
   */
  *receive(): Generator<void, In | undefined, void> {
    const { connection } = this
    const { input } = connection
    for (;;) {
      if (this.isToEnd()) return undefined
      // All that was there when the drain began has been read: who goes on talking does not hold it up.
      if (connection.isDrained) return this.over('drain')
      if (connection.isBlocked) {
        connection.expectNothing()
      } else {
        const message = this.next()
        if (message !== undefined) return message
        if (this.end !== undefined) return undefined
        if (input.ended) return this.over('peer')
        if (connection.isDraining) return this.over('drain')
        this.expectMore()
      }
      try {
        yield
      } catch (error) {
        if (!this.goesOnAfter(error)) return this.over('idle')
      }
    }
  }

  /** Sends a message, behind those that wait. In its own conversation only: other actors have a `peer`. */
  send(message: Out): void {
    this.outlet.put(message instanceof Shared ? message : new Shared(message))
  }

  /** No more messages are wanted: `receive` ends. */
  stop(): void {
    this.end ??= 'session'
    // Where the connection is lost there is nothing left to wake.
    if (this.connection.ref.isAlive) this.connection.wake()
  }

  /** @internal Nothing more is to be read, whatever is there. */
  isToEnd(): boolean {
    if (this.end !== undefined) return true
    if (this.outlet.isOverrun) this.over('slow')
    else if (this.connection.hungUp !== undefined) this.over('hangUp')
    return this.end !== undefined
  }

  /** What the peer hears of the end: that it has missed something comes before any other cause, the first one too. */
  protected get goodbye(): EndCause | undefined {
    return this.outlet.isOverrun ? 'slow' : this.end
  }

  /** @returns the next message if all of it is there. It may end the conversation, by `over`. */
  protected abstract take(): In | undefined

  /** Sets what is waited for, and for how long. */
  protected abstract expectMore(): void

  /** What it waited for did not come. @returns whether it goes on waiting. */
  protected abstract goesOnAfter(timeout: unknown): boolean

  protected over(cause: EndCause): undefined {
    this.end ??= cause
    return undefined
  }

  private next(): In | undefined {
    try {
      return this.take()
    } catch (error) {
      this.fault = error
      this.over('fault')
      throw error
    }
  }
}
