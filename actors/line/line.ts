/**
 * Conversations in lines, over any connection: what `nc`, telnet clients and a great many small protocols speak.
 *
 *     listen(ctx, { endpoint: 'tcp:127.0.0.1:2323', protocol: line({ session: greeter }) })
 *
 * A line ends in LF or CRLF and is UTF-8; ours end in CRLF. A conversation is held by a session, an actor for each
 * connection, or by a generator within the connection's own actor. Who is disconnected for what he did is told why, in a
 * line of its own.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import { UsageError } from '../../runtime/errors.ts'
import type { Connection } from '../connection/connection.ts'
import { ConnectionTimeoutError } from '../connection/errors.ts'
import type { Protocol } from '../connection/protocol.ts'
import { type SessionLimits, splitLimits, type WhenSlow } from '../session/limits.ts'
import { Messages } from '../session/messages.ts'
import type { OutletOptions } from '../session/outlet.ts'
import { runSession, type SessionLogic } from '../session/session.ts'
import type { Format } from '../session/shared.ts'
import { LineError } from './errors.ts'
import { createLineLimits, type LineLimits } from './limits.ts'
import { LineReader } from './line-reader.ts'

/** `Out`: what is sent to peers. Lines of text, unless `encode` makes them of something else. */
export interface LineOptions<Out, K extends AnyKey> {
  /** One face: an actor for each connection. */
  readonly session?: SessionLogic<string, Out, K>
  /** The other: a generator for each connection, within its actor. Returning ends the connection. */
  readonly converse?: (ctx: Context<K>, lines: Messages<string, Out>) => Generator<void, void, void>
  /** A message as a line, or as several; without any line break. Default: the message itself. */
  readonly encode?: (message: Out) => string | readonly string[]
  /** What becomes of a peer that does not read what it is sent. Default `disconnect`. */
  readonly whenSlow?: WhenSlow
  /** For `dropOldest`: what a peer is told that has missed so many messages. Left out, it is told nothing. */
  readonly missed?: (missed: number) => Out
  readonly limits?: Partial<LineLimits & SessionLimits>
}

/**
 * Lines as a protocol for `listen` and `connect`.
 *
 * @throws UsageError (`LINE_FACE`) unless exactly one of `session` and `converse` is given; (`LINE_LIMIT_INVALID`,
 *   `SESSION_LIMIT_INVALID`) for limits that are not.
 */
export function line<Out = string, K extends AnyKey = never>(options: LineOptions<Out, K>): Protocol<K> {
  const { session, converse } = options
  if ((session === undefined) === (converse === undefined)) {
    throw new UsageError('LINE_FACE', 'line takes one of `session` and `converse`')
  }
  const { session: sessionLimits, own } = splitLimits<LineLimits>(options.limits)
  const limits = createLineLimits(own)
  const outlet: OutletOptions<Out> = {
    format: lineFormat(options.encode ?? String),
    limits: sessionLimits,
    whenSlow: options.whenSlow ?? 'disconnect',
    missed: options.missed,
  }
  return {
    name: 'line',
    *converse(ctx, connection) {
      const lines = new Lines<Out>(connection, outlet, limits)
      try {
        if (converse !== undefined) yield* converse(ctx, lines)
        else if (session !== undefined) yield* runSession(ctx, connection, lines, session, sessionLimits)
      } catch (error) {
        if (error !== lines.fault || !(error instanceof LineError)) throw error
      }
      lines.sayGoodbye()
    },
  }
}

/** A conversation in lines. */
class Lines<Out> extends Messages<string, Out> {
  private readonly reader: LineReader
  private readonly limits: LineLimits

  constructor(connection: Connection, outlet: OutletOptions<Out>, limits: LineLimits) {
    super(connection, outlet)
    this.reader = new LineReader(limits.lineBytesMax)
    this.limits = limits
    connection.needBytes(limits.lineBytesMax + 2)
    connection.expect(limits.idleTimeoutMs, IDLE, 'line')
  }

  /** Nothing is left to say but why. */
  sayGoodbye(): void {
    this.outlet.close()
    const reason = this.reason()
    if (reason !== undefined) this.connection.write(Buffer.from(`${reason.replaceAll(BREAKS, ' ')}\r\n`))
  }

  private reason(): string | undefined {
    if (this.goodbye === 'slow') return 'you read too slowly'
    return this.fault instanceof LineError ? this.fault.message : this.connection.hungUp?.reason
  }

  protected take(): string | undefined {
    const text = this.reader.next(this.connection.input)
    if (text !== undefined) this.connection.expect(this.limits.idleTimeoutMs, IDLE, 'line')
    return text
  }

  protected expectMore(): void {
    if (!this.connection.isExpecting) this.connection.expect(this.limits.idleTimeoutMs, IDLE, 'line')
  }

  protected goesOnAfter(timeout: unknown): boolean {
    if (timeout instanceof ConnectionTimeoutError && timeout.code === IDLE) return false
    throw timeout
  }
}

const IDLE = 'LINE_IDLE'
const BREAK = /[\r\n]/
const BREAKS = /[\r\n]+/g

function lineFormat<Out>(encode: (message: Out) => string | readonly string[]): Format<Out> {
  return {
    encode(message) {
      const lines = encode(message)
      let text = ''
      for (const line of typeof lines === 'string' ? [lines] : lines) {
        if (BREAK.test(line)) throw new UsageError('LINE_BROKEN', 'a line holds no line break: give several')
        text += `${line}\r\n`
      }
      return Buffer.from(text)
    },
  }
}
