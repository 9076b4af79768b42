/**
 * What a connection speaks. A protocol is a generator over the connection: each `yield` suspends it until something has
 * changed (bytes, the peer's end, output drained, a wake-up), whereupon it looks again at what it waits for. It knows
 * no socket; the time that it may wait for is the connection's to measure.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import type { Connection } from './connection.ts'

export interface Protocol<in K extends AnyKey = never> {
  readonly name: string
  /** What it is called in TLS (ALPN, RFC 7301): peers that ask for other protocols alone are refused. Left out, they are not asked. */
  readonly alpn?: readonly string[]
  /**
   * Holds one conversation. Returning ends the connection, once what was written has left; so does throwing, which
   * also fails the connection's actor. `return()` is called when the connection is lost: `finally` cleans up.
   *
   * @param ctx - the connection's own context: cancelled when the connection is gone.
   */
  converse(ctx: Context<K>, connection: Connection): Generator<void, void, void>
}
