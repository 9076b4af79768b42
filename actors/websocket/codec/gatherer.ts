/**
 * Collects the bytes of one message that does not lie in one piece: of a frame that is still arriving, or of several.
 *
 * Rules: bytes are copied out of the received chunks, whose memory is then free. A view of each piece would cost less,
 * but holds its whole chunk: a client that sends fragments of one byte, each at the end of a large read, would make
 * us keep a thousand times what its message is allowed to be. Room doubles, so that all copies together are linear in
 * the bytes; what a peer announces and does not send costs no memory.
 */
import type { Input } from '../../connection/input.ts'

const ROOM_MIN = 256

const NOTHING = Buffer.alloc(0)

export class Gatherer {
  #room: Buffer = NOTHING
  #length = 0

  /** Bytes gathered. */
  get length(): number {
    return this.#length
  }

  /** What was gathered from index `from` on, to be changed in place. */
  get bytes(): Buffer {
    return this.#room
  }

  /**
   * Consumes `n` bytes, which are available.
   *
   * @param total - how many bytes there may be in the end, as far as is known: more room is not made.
   */
  consume(input: Input, n: number, total: number): void {
    this.#reserve(this.#length + n, total)
    let left = n
    while (left > 0) {
      const { chunk, at } = input
      const copied = chunk.copy(this.#room, this.#length, at, Math.min(chunk.length, at + left))
      input.skip(copied)
      this.#length += copied
      left -= copied
    }
  }

  /** Gives all away and begins anew. */
  take(): Buffer {
    const whole = this.#room.subarray(0, this.#length)
    this.#room = NOTHING
    this.#length = 0
    return whole
  }

  #reserve(length: number, total: number): void {
    if (length <= this.#room.length) return
    const size = Math.max(length, Math.min(total, Math.max(ROOM_MIN, 2 * length)))
    const room = Buffer.allocUnsafeSlow(size)
    this.#room.copy(room, 0, 0, this.#length)
    this.#room = room
  }
}
