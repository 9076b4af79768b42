/**
 * Counts the requests in the bytes of a connection by their empty lines. That is no parser: it is right only for
 * requests without a body, as the load generators send them to the bare `net` server.
 */

const END = Buffer.from('\r\n\r\n')
const NOTHING = Buffer.alloc(0)

export class RequestEnds {
  /** The last bytes, if an end may have begun in them: fewer than an end has. */
  private rest: Buffer = NOTHING

  /** @returns how many requests end in this chunk, wherever the chunks are cut. */
  countIn(chunk: Buffer): number {
    const bytes = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk])
    let count = 0
    let from = 0
    for (let at = bytes.indexOf(END); at !== -1; at = bytes.indexOf(END, from)) {
      count += 1
      from = at + END.length
      if (from === bytes.length) break
    }
    this.rest =
      from === bytes.length ? NOTHING : bytes.subarray(Math.max(from, bytes.length - END.length + 1))
    return count
  }
}
