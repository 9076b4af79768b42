/**
 * Frames of a server, which are never masked (RFC 6455 section 5.1), as the bytes that are written.
 *
 * Rules: a frame is the same for every client, so it is encoded once and written to any number of connections. It is
 * never changed after it was made, and neither is the payload that it shares memory with. Messages are sent in one frame.
 */
import { UsageError } from '../../../runtime/errors.ts'
import { isCloseCode, NO_STATUS } from './close-code.ts'
import { BINARY, CLOSE, CONTROL_BYTES_MAX, PING, PONG, TEXT } from './opcode.ts'

const FIN = 0x80
const RSV1 = 0x40

/** Payloads that the first form of length can say, and the second. */
const LENGTH_7_MAX = 125
const LENGTH_16_MAX = 0xffff

/** Bytes up to which a payload is copied behind its header: one write of a small buffer is cheaper than two. */
const COPIED_BYTES_MAX = 4_096

/** Bytes of a reason, which shares the payload with the code. */
const REASON_BYTES_MAX = CONTROL_BYTES_MAX - 2

/** Characters up to which a text is written one by one: measured twice as quick as a call into Node where it is ASCII. */
const SHORT_TEXT_MAX = 24

/** The whole frame of a text, in one buffer. A lone surrogate, which has no UTF-8, is sent as U+FFFD. */
export function encodeText(text: string): Buffer {
  return (text.length <= SHORT_TEXT_MAX ? encodeShortAscii(text) : undefined) ?? encodeLongText(text)
}

/**
 * The pieces of a binary frame: one for a small message, otherwise its header and `bytes` themselves, which the caller
 * never changes again.
 */
export function encodeBinary(bytes: Uint8Array): readonly Uint8Array[] {
  if (bytes.length > COPIED_BYTES_MAX) {
    return [encodeHeader(FIN | BINARY, bytes.length, headerBytes(bytes.length)), bytes]
  }
  return [encodeFrame(FIN | BINARY, bytes)]
}

/** @throws UsageError (`WEBSOCKET_PAYLOAD_TOO_LONG`) for more than 125 bytes. */
export function encodePing(payload: Uint8Array): Buffer {
  return encodeControl(PING, payload)
}

/** @throws UsageError (`WEBSOCKET_PAYLOAD_TOO_LONG`) for more than 125 bytes, which no ping has that is answered. */
export function encodePong(payload: Uint8Array): Buffer {
  return encodeControl(PONG, payload)
}

/**
 * A close frame. 1005, as a client's close without a code is read, gives one without a code again.
 *
 * @throws UsageError (`WEBSOCKET_CLOSE_CODE_INVALID`) for a code that may not be sent, or a reason without a code;
 *   (`WEBSOCKET_PAYLOAD_TOO_LONG`) for a reason of more than 123 bytes of UTF-8.
 */
export function encodeClose(code: number = NO_STATUS, reason = ''): Buffer {
  if (code === NO_STATUS) {
    if (reason === '') return encodeControl(CLOSE, new Uint8Array())
    throw new UsageError('WEBSOCKET_CLOSE_CODE_INVALID', 'a reason to close is sent with a code')
  }
  if (!Number.isInteger(code) || !isCloseCode(code)) {
    throw new UsageError('WEBSOCKET_CLOSE_CODE_INVALID', `${code} is not a close code that may be sent`)
  }
  const length = Buffer.byteLength(reason)
  if (length > REASON_BYTES_MAX) throw payloadTooLong(`a reason to close of ${length}`, REASON_BYTES_MAX)
  const payload = Buffer.allocUnsafe(2 + length)
  payload.writeUInt16BE(code, 0)
  payload.write(reason, 2, 'utf8')
  return encodeControl(CLOSE, payload)
}

/** The frame of a message that was compressed already. For `deflate.ts`. */
export function encodeCompressed(type: 'text' | 'binary', deflated: Uint8Array): Buffer {
  return encodeFrame(FIN | RSV1 | (type === 'text' ? TEXT : BINARY), deflated)
}

function encodeControl(opcode: number, payload: Uint8Array): Buffer {
  if (payload.length > CONTROL_BYTES_MAX) {
    throw payloadTooLong(`a control frame of ${payload.length}`, CONTROL_BYTES_MAX)
  }
  return encodeFrame(FIN | opcode, payload)
}

function encodeShortAscii(text: string): Buffer | undefined {
  const { length } = text
  const frame = Buffer.allocUnsafe(2 + length)
  frame[0] = FIN | TEXT
  frame[1] = length
  for (let i = 0; i < length; i++) {
    const char = text.charCodeAt(i)
    if (char > 0x7f) return undefined
    frame[2 + i] = char
  }
  return frame
}

function encodeLongText(text: string): Buffer {
  const length = Buffer.byteLength(text)
  const start = headerBytes(length)
  const frame = encodeHeader(FIN | TEXT, length, start + length)
  // As many bytes as characters: all are ASCII, which Node copies without looking at them.
  frame.write(text, start, length === text.length ? 'latin1' : 'utf8')
  return frame
}

function encodeFrame(first: number, payload: Uint8Array): Buffer {
  const start = headerBytes(payload.length)
  const frame = encodeHeader(first, payload.length, start + payload.length)
  frame.set(payload, start)
  return frame
}

function headerBytes(length: number): number {
  return length <= LENGTH_7_MAX ? 2 : length <= LENGTH_16_MAX ? 4 : 10
}

/** A buffer of `size` bytes that begins with a header; what is behind it is yet to be written. */
function encodeHeader(first: number, length: number, size: number): Buffer {
  const frame = Buffer.allocUnsafe(size)
  frame[0] = first
  if (length <= LENGTH_7_MAX) {
    frame[1] = length
  } else if (length <= LENGTH_16_MAX) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeUInt32BE(Math.floor(length / 2 ** 32), 2)
    frame.writeUInt32BE(length >>> 0, 6)
  }
  return frame
}

function payloadTooLong(what: string, bytesMax: number): UsageError {
  return new UsageError('WEBSOCKET_PAYLOAD_TOO_LONG', `${what} bytes, where at most ${bytesMax} can be sent`)
}
