/** Lines on a plain TCP connection: CRLF is sent, and LF is understood as well. */

const LF = 10
const CR = 13

export interface LineSink {
  text(bytes: Buffer, from: number, to: number): void
}

/** Tells of each whole line among the first `end` bytes. @returns where the first incomplete one begins. */
export function scanLines(bytes: Buffer, end: number, sink: LineSink): number {
  let at = 0
  for (let lf = bytes.indexOf(LF); lf !== -1 && lf < end; lf = bytes.indexOf(LF, at)) {
    sink.text(bytes, at, lf > at && bytes[lf - 1] === CR ? lf - 1 : lf)
    at = lf + 1
    if (at >= end) break
  }
  return at
}
