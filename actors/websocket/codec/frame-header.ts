/**
 * The header of one client frame (RFC 6455 section 5.2): what it says, and whether it may be said.
 *
 * Rules: a header is read when it is whole, and judged byte by byte in the order of arrival, so that a fault is the same
 * in every cut; all but the mask's key is enough to refuse it. What depends on the frames before is not judged here.
 * One object is filled again for every frame: most frames are small, and would be outweighed by an object each.
 */
import type { Input } from '../../connection/input.ts'
import { protocolError } from './errors.ts'
import { CONTINUATION, CONTROL_BYTES_MAX, isControl, isKnownOpcode } from './opcode.ts'

const FIN = 0x80
const RSV1 = 0x40
const RSV2_RSV3 = 0x30
const OPCODE = 0x0f
const MASKED = 0x80
const LENGTH = 0x7f

/** Lengths of 7 bits that stand for more: two bytes follow, or eight. */
const LENGTH_16 = 126
const LENGTH_64 = 127

const KEY_BYTES = 4

export class FrameHeader {
  /** The last frame of its message. Always true for a control frame. */
  isFinal = false
  /** RSV1: the message is compressed (RFC 7692 section 6). */
  isCompressed = false
  opcode = 0
  /** Bytes of payload. Beyond 2^53 it is not exact, and larger than any limit. */
  length = 0
  /** The four bytes of the mask's key as one signed number, which V8 keeps without an object; the first byte on top. Valid only if `hasKey`. */
  key = 0
  /** Whether the key had arrived when the header was read. */
  hasKey = false
  /** Bytes of the header with its key. */
  bytes = 0

  /**
   * Looks at the header that the input begins with, and consumes nothing.
   *
   * @param mayBeCompressed - whether permessage-deflate was agreed upon.
   * @returns false while too little of it has arrived to judge the frame: up to the end of the length.
   * @throws WebSocketError 1002: `WEBSOCKET_RESERVED_BITS`, `WEBSOCKET_OPCODE_UNKNOWN`, `WEBSOCKET_CONTROL_FRAGMENTED`,
   *   `WEBSOCKET_FRAME_UNMASKED`, `WEBSOCKET_CONTROL_TOO_LONG`, `WEBSOCKET_LENGTH_INVALID`.
   */
  look(input: Input, mayBeCompressed: boolean): boolean {
    if (input.available < 2) return false
    const first = input.byteAt(0)
    const second = input.byteAt(1)
    const opcode = first & OPCODE
    const isFinal = (first & FIN) !== 0
    const isCompressed = (first & RSV1) !== 0
    if ((first & RSV2_RSV3) !== 0 || (isCompressed && !mayBeCompressed)) throw reservedBits()
    if (!isKnownOpcode(opcode)) {
      throw protocolError('WEBSOCKET_OPCODE_UNKNOWN', `opcode ${opcode} is not defined`)
    }
    // Only the first frame of a message says whether it is compressed (RFC 7692 section 6).
    if (isCompressed && (isControl(opcode) || opcode === CONTINUATION)) throw reservedBits()
    if (!isFinal && isControl(opcode)) {
      throw protocolError('WEBSOCKET_CONTROL_FRAGMENTED', 'a control frame is fragmented')
    }
    if ((second & MASKED) === 0) {
      throw protocolError('WEBSOCKET_FRAME_UNMASKED', 'a frame of a client is not masked')
    }
    const short = second & LENGTH
    if (isControl(opcode) && short > CONTROL_BYTES_MAX) {
      throw protocolError(
        'WEBSOCKET_CONTROL_TOO_LONG',
        `a control frame has more than ${CONTROL_BYTES_MAX} bytes`,
      )
    }
    const keyAt = short === LENGTH_64 ? 10 : short === LENGTH_16 ? 4 : 2
    if (input.available < keyAt) return false
    this.length = short < LENGTH_16 ? short : longLength(input, short)
    this.opcode = opcode
    this.isFinal = isFinal
    this.isCompressed = isCompressed
    this.bytes = keyAt + KEY_BYTES
    this.hasKey = input.available >= this.bytes
    if (this.hasKey) this.key = uint32At(input, keyAt) | 0
    return true
  }
}

/** RFC 6455 section 5.2: the shortest form must be used, and the highest bit of eight bytes is 0. */
function longLength(input: Input, short: number): number {
  if (short === LENGTH_16) {
    const length = (input.byteAt(2) << 8) | input.byteAt(3)
    if (length < LENGTH_16) throw lengthInvalid('a length is not written in the shortest form')
    return length
  }
  const high = uint32At(input, 2)
  if (high > 0x7fffffff) throw lengthInvalid('a length of 64 bits is negative')
  const length = high * 2 ** 32 + uint32At(input, 6)
  if (length < 2 ** 16) throw lengthInvalid('a length is not written in the shortest form')
  return length
}

function uint32At(input: Input, at: number): number {
  const high = (input.byteAt(at) << 8) | input.byteAt(at + 1)
  return ((high << 16) | (input.byteAt(at + 2) << 8) | input.byteAt(at + 3)) >>> 0
}

function reservedBits(): Error {
  return protocolError('WEBSOCKET_RESERVED_BITS', 'a reserved bit is set that no extension defines')
}

function lengthInvalid(reason: string): Error {
  return protocolError('WEBSOCKET_LENGTH_INVALID', reason)
}
