/**
 * permessage-deflate (RFC 7692): compressing and uncompressing one message.
 *
 * Rules:
 * - No window is kept from one message to the next, in either direction (see `deflate-offer.ts`): a compressed frame is
 *   the same for all clients that agreed on one window, and an idle connection holds no memory of zlib.
 * - zlib works where it is called, within the turn. What it may take is bounded: going in by the limit of a message,
 *   coming out by the same.
 * - What is not a whole message is refused, where zlib would give what it understood of it.
 */
import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib'
import { InvariantError } from '../../../runtime/errors.ts'
import { dataInvalid, messageTooLarge } from './errors.ts'
import { encodeCompressed } from './frame-writer.ts'

/** What a flush ends in, and a sender leaves out (RFC 7692 section 7.2.1). */
const FLUSH_END = Buffer.of(0x00, 0x00, 0xff, 0xff)

/**
 * What is appended to a message: what its sender left out, and an empty block that is the last one. So zlib sees an end,
 * and a message that was broken off within a block is a fault instead of a shorter message, unless what is appended
 * happens to be good data there.
 */
const END = Buffer.concat([FLUSH_END, Buffer.of(0x01, 0x00, 0x00, 0xff, 0xff)])

/** A window of 2^15 bytes reads what was made with any smaller one. */
const INFLATE_WINDOW_BITS = 15

/**
 * Uncompresses a message.
 *
 * A block that says it is the last may be followed by the one byte of an empty one (RFC 7692 section 7.2.3.4). Senders
 * whose last block is followed by more are unheard of; RFC 7692 lets them, and we refuse them rather than lose the rest.
 *
 * @throws WebSocketError 1009 (`WEBSOCKET_MESSAGE_TOO_LARGE`) as soon as more than `bytesMax` bytes would come out;
 *   1007 (`WEBSOCKET_DEFLATE_INVALID`) if the bytes are not exactly one compressed message.
 */
export function inflateMessage(payload: Buffer, bytesMax: number): Buffer {
  const { buffer, consumed } = inflate(Buffer.concat([payload, END]), bytesMax)
  const rest = payload.length - consumed
  const isWhole = rest <= 0 || (rest === 1 && payload[consumed] === 0)
  if (!isWhole) throw dataInvalid('WEBSOCKET_DEFLATE_INVALID', 'data follows the end of a compressed message')
  return buffer
}

/** What was agreed with a client. */
export interface DeflateAgreement {
  /** 9 to 15: no distance in what we compress is beyond 2 to this power. Frames are shared by clients that have the same. */
  readonly windowBits: number
}

/**
 * The whole frame of a compressed message, or `undefined` where it is better sent as it is: if it is shorter than
 * `bytesMin`, or would not get shorter.
 */
export function encodeDeflated(
  type: 'text' | 'binary',
  payload: Uint8Array,
  { windowBits }: DeflateAgreement,
  bytesMin: number,
): Buffer | undefined {
  if (payload.length < bytesMin) return undefined
  const flushed = deflateRawSync(payload, { windowBits, finishFlush: constants.Z_SYNC_FLUSH })
  const length = flushed.length - FLUSH_END.length
  if (length < 0 || !flushed.subarray(length).equals(FLUSH_END)) {
    throw new InvariantError(
      'WEBSOCKET_DEFLATE_UNFLUSHED',
      `zlib gave ${flushed.length} bytes without a flush`,
    )
  }
  return length < payload.length ? encodeCompressed(type, flushed.subarray(0, length)) : undefined
}

interface Inflated {
  readonly buffer: Buffer
  /** Bytes that zlib has read; fewer than there are where a block was the last before the end. */
  readonly consumed: number
}

function inflate(bytes: Buffer, bytesMax: number): Inflated {
  const options: ZlibOptions = { windowBits: INFLATE_WINDOW_BITS, maxOutputLength: bytesMax, info: true }
  try {
    // The declarations do not know of `info`, which Node documents.
    const { buffer, engine } = inflateRawSync(bytes, options) as unknown as {
      readonly buffer: Buffer
      readonly engine: { readonly bytesWritten: number }
    }
    return { buffer, consumed: engine.bytesWritten }
  } catch (error) {
    const { code } = error as { readonly code?: unknown }
    if (code === 'ERR_BUFFER_TOO_LARGE') throw messageTooLarge(bytesMax)
    if (code === 'Z_DATA_ERROR' || code === 'Z_BUF_ERROR') {
      throw dataInvalid('WEBSOCKET_DEFLATE_INVALID', 'a compressed message is broken')
    }
    throw error
  }
}
