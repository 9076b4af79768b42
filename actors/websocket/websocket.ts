/**
 * WebSocket (RFC 6455), over a connection of HTTP/1.1.
 *
 *     const chat = websocket({ session })
 *     http({ respond: (ctx, request) => (request.path === '/chat' ? chat.accept(ctx, request) : page) })
 *
 * A conversation is held by a session, an actor for each connection, or by a generator within the connection's own actor.
 * Messages that go to many are encoded once, for all who have agreed on the same compression, which is mostly none.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { AnyKey } from '../../runtime/context/key.ts'
import { UsageError } from '../../runtime/errors.ts'
import type { EndReason } from '../../runtime/system/ref.ts'
import type { Connection } from '../connection/connection.ts'
import type { HttpRequest } from '../http/request.ts'
import { type HttpResponse, text } from '../http/response.ts'
import { type HttpUpgrade, upgrade } from '../http/upgrade.ts'
import { type SessionLimits, splitLimits, type WhenSlow } from '../session/limits.ts'
import type { Messages } from '../session/messages.ts'
import { runSession, type SessionLogic } from '../session/session.ts'
import { WebSocketError } from './codec/errors.ts'
import {
  createHandshakeRules,
  type HandshakeAccepted,
  type HandshakeOptions,
  type HandshakeRules,
  readHandshake,
} from './codec/handshake.ts'
import { WebSocketConversation, type WebSocketMessage } from './conversation.ts'
import { type Encode, Formats } from './formats.ts'
import { createWebSocketLimits, type WebSocketLimits } from './limits.ts'

/** `Out`: what is sent to clients. Text or bytes, unless `encode` makes them of something else. */
export interface WebSocketOptions<Out, K extends AnyKey> extends HandshakeOptions {
  /** One face: an actor for each connection. */
  readonly session?: SessionLogic<WebSocketMessage, Out, K>
  /** The other: a generator for each connection, within its actor. Returning closes it. */
  readonly converse?: (
    ctx: Context<K>,
    messages: Messages<WebSocketMessage, Out>,
  ) => Generator<void, void, void>
  /** A message as it is sent: a string as text, bytes as binary. Default: the message itself. */
  readonly encode?: Encode<Out>
  /** What becomes of a client that does not read what it is sent. Default `disconnect`, with 1008. */
  readonly whenSlow?: WhenSlow
  /** For `dropOldest`: what a client is told that has missed so many messages. Left out, it is told nothing. */
  readonly missed?: (missed: number) => Out
  readonly limits?: Partial<WebSocketLimits & SessionLimits>
}

/**
 * A WebSocket server, for any number of routes.
 *
 * @throws UsageError (`WEBSOCKET_FACE`) unless exactly one of `session` and `converse` is given; and for options and limits
 *   that are none.
 */
export function websocket<Out = string | Uint8Array, K extends AnyKey = never>(
  options: WebSocketOptions<Out, K>,
): WebSocketServer<Out, K> {
  return new WebSocketServer(options)
}

export class WebSocketServer<Out, K extends AnyKey> {
  private readonly options: WebSocketOptions<Out, K>
  private readonly rules: HandshakeRules
  private readonly limits: WebSocketLimits
  private readonly sessionLimits: SessionLimits
  private readonly formats: Formats<Out>

  constructor(options: WebSocketOptions<Out, K>) {
    if ((options.session === undefined) === (options.converse === undefined)) {
      throw new UsageError('WEBSOCKET_FACE', 'websocket takes one of `session` and `converse`')
    }
    const { session, own } = splitLimits<WebSocketLimits>(options.limits)
    this.options = options
    this.rules = createHandshakeRules(options)
    this.limits = createWebSocketLimits(own)
    this.sessionLimits = session
    const encode = options.encode ?? ((message: Out) => message as string | Uint8Array)
    this.formats = new Formats(encode, this.limits.deflateBytesMin)
  }

  /**
   * Answers a request that asks for a WebSocket: with 101, and the conversation begins; or with what is wrong about it.
   *
   * @param ctx - the request's, with whatever the session needs besides.
   */
  accept(ctx: Context<K>, request: HttpRequest): HttpUpgrade | HttpResponse {
    const handshake = readHandshake(request.head, this.rules)
    if (handshake.type === 'refused') {
      const { status, message, headers } = handshake
      return text(`${message}\n`, { status, headers })
    }
    return upgrade('websocket', (_ctx, connection) => this.converse(ctx, connection, handshake), {
      headers: handshake.headers,
    })
  }

  private *converse(
    ctx: Context<K>,
    connection: Connection,
    { deflate, protocol }: HandshakeAccepted,
  ): Generator<void, void, void> {
    const { session, converse, whenSlow = 'disconnect', missed } = this.options
    const { sessionLimits, limits } = this
    const outlet = { format: this.formats.for(deflate), limits: sessionLimits, whenSlow, missed }
    const isDeflated = deflate !== undefined
    const socket = new WebSocketConversation<Out>(connection, { outlet, limits, protocol, isDeflated })
    let reason: EndReason | undefined
    try {
      if (converse !== undefined) yield* converse(ctx, socket)
      else if (session !== undefined)
        reason = yield* runSession(ctx, connection, socket, session, sessionLimits)
    } catch (error) {
      if (error !== socket.fault || !(error instanceof WebSocketError)) throw error
    }
    yield* socket.finish(connection.ctx, reason)
  }
}
