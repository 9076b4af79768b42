/**
 * The bytes that a connection has received and nobody has consumed: what every protocol reads from.
 *
 * Rules:
 * - A pushed chunk belongs to the input. Views of it are handed out without copying, so nobody may write to it again.
 * - Offsets count from the read position. Looking consumes nothing; only `take`, `takeSome` and `skip` do.
 * - Small chunks that wait behind others are gathered into larger ones: a peer that sends single bytes costs a copy
 *   of each byte, and not an object and a list entry of each.
 * - The input itself has no bound. Whoever pushes stops reading at its high-water mark, and whoever parses refuses
 *   what grows beyond its limit.
 */
import { InvariantError } from '../../runtime/errors.ts'

/** Bytes up to which neighbouring chunks are joined. Hence any two neighbours hold more than this together. */
const GATHER_BYTES = 4_096

const NOTHING = Buffer.alloc(0)

export class Input {
  #available = 0
  #position = 0
  #ended = false
  /** The chunk that is being read. Invariant: it is read to its end only if no other chunk waits. */
  #chunk: Buffer = NOTHING
  #at = 0
  /** The chunks behind the first, in order of arrival. */
  readonly #rest: Buffer[] = []
  /** The buffer whose beginning is the last chunk and whose remainder nobody has seen yet, if there is one. */
  #tail: Buffer | undefined = undefined

  /** Bytes received and not consumed. */
  get available(): number {
    return this.#available
  }

  /** Bytes consumed since the beginning. */
  get position(): number {
    return this.#position
  }

  /** Whether no more bytes will come. Those that are `available` can still be read. */
  get ended(): boolean {
    return this.#ended
  }

  /** The chunk that holds the next byte, for scanners: its bytes from `at` on are the next ones of the input. */
  get chunk(): Buffer {
    return this.#chunk
  }

  /** Index in `chunk` of the next byte. */
  get at(): number {
    return this.#at
  }

  /** Adds received bytes. The caller gives the chunk away. */
  push(chunk: Buffer): void {
    if (this.#ended)
      throw new InvariantError('INPUT_ENDED', `${chunk.length} bytes pushed after the end of input`)
    if (chunk.length === 0) return
    if (this.#available === 0) {
      this.#chunk = chunk
      this.#at = 0
      this.#tail = undefined
    } else if (!this.#gatherInto(chunk)) {
      this.#rest.push(chunk)
      this.#tail = undefined
    }
    this.#available += chunk.length
  }

  /** No more bytes will come. */
  end(): void {
    this.#ended = true
  }

  /**
   * Offset of the first occurrence of a byte or a sequence at or after `from`, or -1. A caller that searched before
   * gives as `from` the `available` of that time, less `needle.length - 1`, and no byte is searched twice.
   */
  indexOf(needle: Buffer | number, from = 0): number {
    if (typeof needle === 'number') return this.#indexOfByte(needle, from)
    const first = needle[0]
    if (first === undefined) return from <= this.#available ? from : -1
    let found = this.#indexOfByte(first, from)
    while (found !== -1 && !this.#matches(needle, found)) found = this.#indexOfByte(first, found + 1)
    return found
  }

  /** The byte at an offset, or -1 where there is none yet. */
  byteAt(offset: number): number {
    const index = this.#at + offset
    if (index < this.#chunk.length) return this.#chunk[index]!
    let beyond = index - this.#chunk.length
    for (const chunk of this.#rest) {
      if (beyond < chunk.length) return chunk[beyond]!
      beyond -= chunk.length
    }
    return -1
  }

  /** Consumes exactly `n` bytes: a view where one chunk holds them, else a copy. */
  take(n: number): Buffer {
    this.gather(n)
    return this.#takeHere(n)
  }

  /** Consumes between 1 and `bytesMax` bytes, as many as can be had without copying. Not to be called on an empty input. */
  takeSome(bytesMax: number): Buffer {
    return this.#takeHere(Math.min(bytesMax, this.#chunk.length - this.#at))
  }

  /** The characters from offset `start` to `end`, one for each byte. Consumes nothing. */
  latin1(start: number, end: number): string {
    this.gather(end)
    return this.#chunk.toString('latin1', this.#at + start, this.#at + end)
  }

  /** Consumes `n` bytes unseen. */
  skip(n: number): void {
    this.#require(n)
    this.#available -= n
    this.#position += n
    this.#at += n
    while (this.#at >= this.#chunk.length) {
      const next = this.#rest.shift()
      if (next === undefined) {
        // Read to the end: holding the chunk would keep its memory for as long as the connection idles.
        this.#chunk = NOTHING
        this.#at = 0
        this.#tail = undefined
        return
      }
      this.#at -= this.#chunk.length
      this.#chunk = next
    }
  }

  /** Sees to it that the next `n` bytes lie side by side in `chunk`. Copies only if they do not already. */
  gather(n: number): void {
    this.#require(n)
    if (this.#chunk.length - this.#at >= n) return
    const parts = [this.#chunk.subarray(this.#at)]
    let length = parts[0]!.length
    while (length < n) {
      const next = this.#rest.shift()!
      parts.push(next)
      length += next.length
    }
    this.#chunk = Buffer.concat(parts, length)
    this.#at = 0
    if (this.#rest.length === 0) this.#tail = undefined
  }

  #takeHere(n: number): Buffer {
    const view = this.#chunk.subarray(this.#at, this.#at + n)
    this.skip(n)
    return view
  }

  #require(n: number): void {
    if (n > this.#available) {
      throw new InvariantError('INPUT_UNDERRUN', `${n} bytes wanted where ${this.#available} are available`)
    }
  }

  #indexOfByte(byte: number, from: number): number {
    const here = this.#chunk.indexOf(byte, this.#at + from)
    if (here !== -1) return here - this.#at
    let base = this.#chunk.length - this.#at
    for (const chunk of this.#rest) {
      if (base + chunk.length > from) {
        const found = chunk.indexOf(byte, Math.max(0, from - base))
        if (found !== -1) return base + found
      }
      base += chunk.length
    }
    return -1
  }

  #matches(needle: Buffer, offset: number): boolean {
    for (let i = 1; i < needle.length; i++) if (this.byteAt(offset + i) !== needle[i]) return false
    return true
  }

  /**
   * Appends a small chunk to a small last one. The room behind the last chunk doubles, so that all copies together
   * are linear in the bytes; what was handed out before lies in front of that room and never changes.
   */
  #gatherInto(chunk: Buffer): boolean {
    const isAlone = this.#rest.length === 0
    const last = isAlone ? this.#chunk.subarray(this.#at) : this.#rest[this.#rest.length - 1]!
    const length = last.length + chunk.length
    if (length > GATHER_BYTES) return false
    let tail = this.#tail
    let start = tail === undefined ? 0 : last.byteOffset - tail.byteOffset
    if (tail === undefined || start + length > tail.length) {
      tail = Buffer.allocUnsafeSlow(Math.min(2 * length, GATHER_BYTES))
      tail.set(last)
      start = 0
      this.#tail = tail
    }
    tail.set(chunk, start + last.length)
    const joined = tail.subarray(start, start + length)
    if (isAlone) {
      this.#chunk = joined
      this.#at = 0
    } else {
      this.#rest[this.#rest.length - 1] = joined
    }
    return true
  }
}
