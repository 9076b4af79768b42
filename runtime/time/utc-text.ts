/** An instant of the wall clock as text: a function of the number that a clock gave, which reads no clock itself. */

/** @param wallMs - Unix time in milliseconds. @returns `Sun, 06 Nov 1994 08:49:37 GMT`, as HTTP writes a date (RFC 9110 section 5.6.7). */
export function utcText(wallMs: number): string {
  return new Date(wallMs).toUTCString()
}

/** Unix time in milliseconds of a date as HTTP writes it; undefined where it is none. */
export function parseUtcText(text: string): number | undefined {
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}
