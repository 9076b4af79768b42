/**
 * As much of WebSocket's frames (RFC 6455) as a chat's client needs. Rules: whatever a server may not send, or need not for
 * messages as short as these (a mask, a part of a message, binary data, a close), ends the run; a mask of zeros is allowed, and
 * leaves the bytes as they are.
 */

const TEXT = 0x81
const CLOSE = 0x88
const PING = 0x89
const PONG = 0x8a
const MASKED = 0x80
/** Instead of a length: it follows in two bytes. */
const LONGER = 126
const SHORT_MAX = 125

export interface FrameSink {
  text(bytes: Buffer, from: number, to: number): void
  ping(payload: Buffer): void
}

/**
 * Tells of each whole frame among the first `end` bytes.
 *
 * @returns where the first incomplete one begins.
 * @throws RangeError naming what no server of a chat sends.
 */
export function scanFrames(bytes: Buffer, end: number, sink: FrameSink): number {
  let at = 0
  while (end - at >= 2) {
    let length = bytes[at + 1] as number
    let from = at + 2
    if (length > SHORT_MAX) {
      if (length !== LONGER) {
        throw new RangeError(length & MASKED ? 'a masked frame' : 'a frame of more than 65,535 bytes')
      }
      if (end - at < 4) return at
      length = bytes.readUInt16BE(from)
      from += 2
    }
    const to = from + length
    if (to > end) return at
    if (bytes[at] === TEXT) sink.text(bytes, from, to)
    else if (bytes[at] === PING) sink.ping(Buffer.from(bytes.subarray(from, to)))
    else if (bytes[at] === CLOSE) throw new RangeError(`a close, ${closeReason(bytes.subarray(from, to))}`)
    else if (bytes[at] !== PONG) throw new RangeError(`a frame that begins with 0x${bytes[at]?.toString(16)}`)
    at = to
  }
  return at
}

function closeReason(payload: Buffer): string {
  return payload.length < 2 ? 'without a reason' : `${payload.readUInt16BE(0)} ${payload.toString('utf8', 2)}`
}

/** A client's frame. @throws RangeError if the payload is longer than a message ever is. */
function clientFrame(opcode: number, payload: Buffer): Buffer {
  if (payload.length > SHORT_MAX) throw new RangeError(`a frame of ${payload.length} bytes`)
  const head = Buffer.from([opcode, MASKED | payload.length, 0, 0, 0, 0])
  return Buffer.concat([head, payload])
}

export const textFrame = (text: string): Buffer => clientFrame(TEXT, Buffer.from(text, 'latin1'))
export const pongFrame = (payload: Buffer): Buffer => clientFrame(PONG, payload)
