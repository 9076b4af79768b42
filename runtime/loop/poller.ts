/**
 * What stands below the loop: ports, and the poller that knows which of them are ready.
 *
 * Rules for implementations: a callback of the operating system only marks a port ready and returns; bytes move in
 * `transfer` alone, inside a turn; written bytes leave in `flush` alone, once a turn. Two implementations from the
 * first day: `node-poller.ts`, and the memory network of `runtime/testing`.
 */
import type { Deferred } from '../deferred/deferred.ts'
import type { Securing, TlsSession } from './tls.ts'
import type { Flushable } from './work.ts'

/** Something that the operating system has for us, or wants from us: a listener, a stream, the clock. */
export interface Port {
  /**
   * Does one piece of the work for which the port is ready. A port with more to do makes itself ready again.
   *
   * @returns what came in, or undefined where nothing did after all.
   */
  transfer(): Transfer | undefined
  /**
   * Takes what came in; the actor that owns the port sets it. A transfer of a port that nobody owns is dropped, but a
   * stream is not read before it has its first owner, and a listener keeps its connections until it has one.
   */
  owner: PortOwner | undefined
}

export interface PortOwner {
  transferred(transfer: Transfer): void
}

/** What one port brought in one piece of work. The types are past tense: they are events, of the connection actors. */
export type Transfer =
  | { readonly type: 'accepted'; readonly port: ListenerPort; readonly stream: StreamPort }
  | { readonly type: 'acceptFailed'; readonly port: ListenerPort; readonly error: Error }
  | { readonly type: 'received'; readonly port: StreamPort; readonly bytes: Buffer }
  /** The peer will send no more; it may still read. */
  | { readonly type: 'ended'; readonly port: StreamPort }
  /** The output, once above its high-water mark, is down to half of it. */
  | { readonly type: 'drained'; readonly port: StreamPort }
  /** TLS is agreed on: nothing was received since `secure` and before this. Where it cannot be, the stream fails and closes. */
  | { readonly type: 'secured'; readonly port: StreamPort; readonly session: TlsSession }
  /** The last transfer of a port: it is gone, by our doing or, with `error`, by somebody else's. */
  | { readonly type: 'closed'; readonly port: StreamPort; readonly error: Error | undefined }
  /** Batches from another thread. */
  | { readonly type: 'mailed'; readonly port: Port; readonly batches: number }
  /** Timers that were due have fired. */
  | { readonly type: 'fired'; readonly port: Port; readonly timers: number }

/** Where a listener listens or a stream leads. */
export type Address =
  | { readonly transport: 'tcp'; readonly host: string; readonly port: number }
  | { readonly transport: 'unix'; readonly path: string }

export interface ListenOptions {
  readonly address: Address
  /** Connections that the operating system completes and keeps for us until we accept them. Default 511, as Node's. */
  readonly backlog?: number
  /** Bytes of unsent output above which a stream of this listener is blocked. */
  readonly outputHighWaterBytes: number
  /** Bytes received ahead of their turn above which the poller stops reading a stream. */
  readonly inputHighWaterBytes: number
}

export interface ConnectOptions {
  readonly address: Address
  /** Bytes of unsent output above which the stream is blocked. */
  readonly outputHighWaterBytes: number
  /** Bytes received ahead of their turn above which the poller stops reading it. */
  readonly inputHighWaterBytes: number
}

export interface ListenerPort extends Port {
  /** Where it really listens: with the port number that was chosen for port 0. */
  readonly address: Address
  /** Accepts no more. Streams accepted before live on. Fulfilled when the address is free again. */
  close(): Deferred<void>
}

export interface StreamPort extends Port {
  readonly local: Address | undefined
  readonly remote: Address | undefined
  /** Bytes written and not yet taken by the operating system, this turn's included. */
  readonly outputBytes: number
  /** True from the moment that the output is above its high-water mark until `drained`. */
  readonly isBlocked: boolean
  /**
   * Adds to what leaves at the end of the turn. A string is sent as latin1, one byte a character; an array is not
   * copied, so nobody may write to it again. After `end`, `destroy` or `closed` the chunk is dropped.
   */
  write(chunk: Uint8Array | string): void
  /**
   * What is written from now on, and what arrives, is encrypted. What was written before goes out as it was. `secured` follows;
   * until then nothing is received, and what is written waits. Bytes that had arrived already, which the peer cannot have
   * meant to be secret, fail the stream with `TLS_EARLY_BYTES`: who can slip bytes in before the handshake must not have them
   * taken for the peer's (CVE-2011-0411).
   */
  secure(securing: Securing): void
  /** Sends what was written, then tells the peer that no more comes. Reading goes on. */
  end(): void
  /**
   * Holds what arrives until `resume`. Reading itself stops at the high-water mark, and the peer's window fills up: a
   * pause between two messages costs nothing, and a peer that leaves meanwhile is noticed.
   */
  pause(): void
  resume(): void
  /** Frees the stream now, unsent output and all. With `reset`, the peer sees a reset, not an end. */
  destroy(reset?: boolean): void
}

export interface Poller {
  /** The next port that is ready, no longer counted as such; undefined when none is. */
  next(): Port | undefined
  /** A port is ready, or `next` would find one: a turn that begins while this is false does not ask. */
  readonly hasReady: boolean
  /** Marks a port ready from inside: the clock's, say. */
  markReady(port: Port): void
  /** Called when a port has become ready while there was none. The reactor sets it. */
  onReady: (() => void) | undefined
  /** Called when a port has got its first output since its last flush. The reactor sets it, and flushes later. */
  onWritten: ((port: Flushable) => void) | undefined
  /** Calls `run` once, after I/O and timers have been looked at again. */
  defer(run: () => void): void
  /**
   * Binds and listens. Fails with the operating system's error: `EADDRINUSE`, `EACCES`, `ENOTFOUND`, ...
   */
  listen(options: ListenOptions): Deferred<ListenerPort>
  /**
   * Connects as a client. Of a host with several addresses those that do not answer do not hold up the others (RFC 8305).
   * Fails with the operating system's error: `ECONNREFUSED`, `ENOTFOUND`, `EHOSTUNREACH`, ... Cancelled, it is given up.
   */
  connect(options: ConnectOptions): Deferred<StreamPort>
}
