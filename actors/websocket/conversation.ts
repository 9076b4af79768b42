/**
 * One WebSocket, from the answer 101 to its end: messages in and out, pings answered and sent, and the closing handshake
 * (RFC 6455 sections 5.5 and 7).
 *
 * Rules: a client that says nothing is pinged, and one that does not answer is dropped. We close with one frame that says why,
 * and wait a while for the client's; where the client has broken the protocol nothing more of it is read.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { EndReason } from '../../runtime/system/ref.ts'
import type { Connection } from '../connection/connection.ts'
import { ConnectionTimeoutError } from '../connection/errors.ts'
import { Messages } from '../session/messages.ts'
import type { OutletOptions } from '../session/outlet.ts'
import { WebSocketError } from './codec/errors.ts'
import { encodeClose, encodePing, encodePong } from './codec/frame-writer.ts'
import { MessageReader } from './codec/message-reader.ts'
import type { WebSocketLimits } from './limits.ts'

/** What a client sends: text, or bytes. */
export type WebSocketMessage = string | Buffer

const PING_DUE = 'WEBSOCKET_PING_DUE'
const IDLE = 'WEBSOCKET_IDLE'
const CLOSE_LATE = 'WEBSOCKET_CLOSE_LATE'

const NO_PAYLOAD = new Uint8Array()
const CONTROL_PERIOD_MS = 1_000

export interface SocketOptions<Out> {
  readonly outlet: OutletOptions<Out>
  readonly limits: WebSocketLimits
  readonly protocol: string | undefined
  readonly isDeflated: boolean
}

export class WebSocketConversation<Out> extends Messages<WebSocketMessage, Out> {
  /** The client's close frame. */
  theirClose: { readonly code: number; readonly reason: string } | undefined = undefined
  private readonly limits: WebSocketLimits
  private readonly reader: MessageReader
  /** Bytes of the client's, when we last waited for more. */
  private heardBytes = -1
  private controlFrames = 0
  private controlSinceMs = 0

  constructor(connection: Connection, { outlet, limits, protocol, isDeflated }: SocketOptions<Out>) {
    super(connection, outlet, protocol)
    this.limits = limits
    this.reader = new MessageReader({ limits, isDeflated })
    this.expectMore()
  }

  /** Says why it ends, and hears the client out. `reason`: of a session that has ended. */
  *finish(ctx: Context, reason: EndReason | undefined): Generator<void, void, void> {
    this.outlet.close()
    const [code, why] = this.closing(ctx, reason)
    if (code === undefined) return
    this.connection.write(encodeClose(code, why))
    if (this.fault === undefined && this.theirClose === undefined && this.end !== 'idle')
      yield* this.awaitClose()
  }

  protected take(): WebSocketMessage | undefined {
    const { input } = this.connection
    for (;;) {
      const event = this.reader.next(input)
      if (event === undefined) return undefined
      switch (event.type) {
        case 'text':
          return event.text
        case 'binary':
          return event.bytes
        case 'ping':
          this.countControl()
          this.connection.write(encodePong(event.payload))
          break
        case 'pong':
          this.countControl()
          break
        case 'close':
          this.theirClose = event
          return this.over('peer')
      }
    }
  }

  protected expectMore(): void {
    const { connection, limits } = this
    const { input } = connection
    const heardBytes = input.position + input.available
    if (heardBytes === this.heardBytes && connection.isExpecting) return
    this.heardBytes = heardBytes
    connection.expect(limits.pingIntervalMs, PING_DUE, 'byte')
  }

  protected goesOnAfter(timeout: unknown): boolean {
    if (!(timeout instanceof ConnectionTimeoutError)) throw timeout
    if (timeout.code === IDLE) return false
    if (timeout.code !== PING_DUE) throw timeout
    const { connection, limits } = this
    connection.write(encodePing(NO_PAYLOAD))
    connection.expect(limits.idleTimeoutMs - limits.pingIntervalMs, IDLE, 'byte')
    return true
  }

  /** Each may ask for an answer, and none of them is a message that a session could refuse. */
  private countControl(): void {
    const { nowMs } = this.connection
    const { controlFramesPerSecondMax } = this.limits
    if (nowMs - this.controlSinceMs >= CONTROL_PERIOD_MS) {
      this.controlSinceMs = nowMs
      this.controlFrames = 0
    }
    this.controlFrames += 1
    if (this.controlFrames > controlFramesPerSecondMax) {
      const reason = `more than ${controlFramesPerSecondMax} control frames in a second`
      throw new WebSocketError(1008, 'WEBSOCKET_CONTROL_FLOOD', reason)
    }
  }

  /** What is said at the end (section 7.4.1). @returns no code where there is nobody left to be told. */
  private closing(
    ctx: Context,
    reason: EndReason | undefined,
  ): readonly [code: number | undefined, why: string] {
    const { hungUp } = this.connection
    const { fault } = this
    if (fault instanceof WebSocketError) return [fault.closeCode, fault.reason]
    switch (this.goodbye) {
      case 'drain':
        return [1001, 'the server is stopping']
      case 'slow':
        return [1008, 'you read too slowly']
      case 'idle':
        return [1001, 'nothing was heard of you']
      case 'hangUp':
        return wished(ctx, hungUp?.code, hungUp?.reason)
      case 'peer':
        return [this.theirClose?.code, '']
      default:
        return reason?.kind === 'failed' ? [1011, 'the server has failed'] : [1000, '']
    }
  }

  private *awaitClose(): Generator<void, void, void> {
    const { connection, limits } = this
    const { input } = connection
    connection.expect(limits.closeTimeoutMs, CLOSE_LATE, 'close frame')
    try {
      while (!input.ended) {
        for (;;) {
          const event = this.reader.next(input)
          if (event?.type === 'close') return
          if (event === undefined) break
        }
        yield
      }
    } catch (error) {
      if (!(error instanceof ConnectionTimeoutError || error instanceof WebSocketError)) throw error
    }
  }
}

/** A code or reason that cannot be sent is our own actor's mistake; the client is told goodbye all the same. */
function wished(ctx: Context, code = 1000, reason = ''): readonly [number, string] {
  try {
    encodeClose(code, reason)
    return [code, reason]
  } catch (error) {
    ctx.log.error({ error }, 'a WebSocket cannot be closed as it was wished')
    return [1000, '']
  }
}
