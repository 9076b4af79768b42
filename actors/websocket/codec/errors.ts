/**
 * The faults of a client in the WebSocket protocol: what was wrong with its bytes, and which close code tells it so.
 *
 * Rules: `code` is stable, `reason` is one line, printable ASCII of at most 123 characters, fit for a log and for the
 * close frame, and repeats nothing that the peer sent but numbers. After a `WebSocketError` the position in the byte
 * stream is unknown: the server sends one close frame and ends (RFC 6455 section 7.1.7).
 */
import { PeerError } from '../../../runtime/errors.ts'

/**
 * | code | close code | bound |
 * | --- | --- | --- |
 * | `WEBSOCKET_RESERVED_BITS`, `WEBSOCKET_OPCODE_UNKNOWN` | 1002 | |
 * | `WEBSOCKET_FRAME_UNMASKED`, `WEBSOCKET_LENGTH_INVALID` | 1002 | |
 * | `WEBSOCKET_CONTROL_FRAGMENTED` | 1002 | |
 * | `WEBSOCKET_CONTROL_TOO_LONG` | 1002 | 125 bytes |
 * | `WEBSOCKET_CONTINUATION_UNEXPECTED`, `WEBSOCKET_MESSAGE_INTERRUPTED` | 1002 | |
 * | `WEBSOCKET_CLOSE_INVALID` | 1002 | |
 * | `WEBSOCKET_TEXT_INVALID`, `WEBSOCKET_REASON_INVALID` | 1007 | |
 * | `WEBSOCKET_DEFLATE_INVALID` | 1007 | |
 * | `WEBSOCKET_TOO_MANY_FRAGMENTS` | 1008 | `fragmentsMax` |
 * | `WEBSOCKET_CONTROL_FLOOD` | 1008 | `controlFramesPerSecondMax` |
 * | `WEBSOCKET_MESSAGE_TOO_LARGE` | 1009 | `messageBytesMax` |
 */
export type WebSocketErrorCode =
  | 'WEBSOCKET_RESERVED_BITS'
  | 'WEBSOCKET_OPCODE_UNKNOWN'
  | 'WEBSOCKET_FRAME_UNMASKED'
  | 'WEBSOCKET_LENGTH_INVALID'
  | 'WEBSOCKET_CONTROL_FRAGMENTED'
  | 'WEBSOCKET_CONTROL_TOO_LONG'
  | 'WEBSOCKET_CONTINUATION_UNEXPECTED'
  | 'WEBSOCKET_MESSAGE_INTERRUPTED'
  | 'WEBSOCKET_CLOSE_INVALID'
  | 'WEBSOCKET_TEXT_INVALID'
  | 'WEBSOCKET_REASON_INVALID'
  | 'WEBSOCKET_DEFLATE_INVALID'
  | 'WEBSOCKET_TOO_MANY_FRAGMENTS'
  | 'WEBSOCKET_CONTROL_FLOOD'
  | 'WEBSOCKET_MESSAGE_TOO_LARGE'

/** The close codes that a server sends because of what it read (RFC 6455 section 7.4.1). */
export type FaultCloseCode = 1002 | 1007 | 1008 | 1009

/** The peer broke the WebSocket protocol or a limit. `closeCode` is what to close with. */
export class WebSocketError extends PeerError {
  declare readonly code: WebSocketErrorCode
  readonly closeCode: FaultCloseCode
  readonly reason: string

  constructor(closeCode: FaultCloseCode, code: WebSocketErrorCode, reason: string) {
    super(code, `connection closed with ${closeCode}: ${reason}`)
    this.closeCode = closeCode
    this.reason = reason
  }
}

/** The most common fault: 1002, protocol error. */
export function protocolError(code: WebSocketErrorCode, reason: string): WebSocketError {
  return new WebSocketError(1002, code, reason)
}

/** 1007: the data of a message is not what its type says. */
export function dataInvalid(code: WebSocketErrorCode, reason: string): WebSocketError {
  return new WebSocketError(1007, code, reason)
}

/** 1009. What was announced may be many times the bound, and is not repeated. */
export function messageTooLarge(bytesMax: number): WebSocketError {
  return new WebSocketError(1009, 'WEBSOCKET_MESSAGE_TOO_LARGE', `a message has more than ${bytesMax} bytes`)
}
