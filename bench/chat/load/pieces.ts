/**
 * The units of a stream (frames, lines, heads), wherever its chunks are cut. All but the last of a chunk are looked at in place;
 * what is incomplete is copied, since the bytes of a chunk are overwritten by the next.
 */

/** @returns how many of the first `end` bytes are done with: those of whole units. */
export type Scan = (bytes: Buffer, end: number) => number

const NOTHING = Buffer.alloc(0)

export class Pieces {
  private rest: Buffer = NOTHING

  /** @param end - how many bytes of `chunk` there are. */
  take(chunk: Buffer, end: number, scan: Scan): void {
    const isWhole = this.rest.length === 0
    const bytes = isWhole ? chunk : Buffer.concat([this.rest, chunk.subarray(0, end)])
    const length = isWhole ? end : bytes.length
    const done = scan(bytes, length)
    this.rest = done === length ? NOTHING : Buffer.from(bytes.subarray(done, length))
  }
}
