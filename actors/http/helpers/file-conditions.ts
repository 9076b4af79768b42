/**
 * What a request asks of a file before it is sent (RFC 9110 sections 13 and 14), as far as the library leaves it to us:
 * the conditions that want a strong validator, and ranges.
 *
 * A file's tag is made of its size and the instant of its last change. That is strong only once the file has been left
 * alone for a while, since two changes within one tick of the file system's clock look the same (section 8.8.2.2; so
 * does Apache). Until then a client may revalidate by it, but not put a file together from ranges.
 */
import type { Stats } from 'node:fs'
import type { HttpRequest } from '../request.ts'

const SETTLED_AFTER_MS = 1_000

/** The request's fields that the library reads. */
export type ConditionFields = Record<string, string>

const READ = ['if-none-match', 'if-modified-since', 'if-unmodified-since', 'range', 'cache-control'] as const

export function conditionFields({ headers, method }: HttpRequest): ConditionFields {
  const fields: ConditionFields = {}
  for (const name of READ) {
    const value = headers.get(name)
    if (value !== undefined) fields[name] = value
  }
  // A range is asked of GET alone (section 14.2), and If-Match is the better condition (section 13.1.4).
  if (method !== 'GET') delete fields.range
  if (headers.has('if-match')) delete fields['if-unmodified-since']
  return fields
}

/** Whether the file has been left alone for long enough that what is known of it tells its bytes. */
export function isSettled({ mtimeMs }: Stats, wallMs: number): boolean {
  return wallMs - mtimeMs >= SETTLED_AFTER_MS
}

/** The tag that the library gives a file, as a strong one. */
export function strongTag({ size, mtime }: Stats): string {
  return `"${size.toString(16)}-${mtime.getTime().toString(16)}"`
}

/** Whether If-Match allows the file to be sent (section 13.1.1): it compares strongly. */
export function isMatched({ headers }: HttpRequest, stat: Stats, wallMs: number): boolean {
  const ifMatch = headers.get('if-match')?.trim()
  if (ifMatch === undefined || ifMatch === '*') return true
  return isSettled(stat, wallMs) && ifMatch.split(',').some((tag) => tag.trim() === strongTag(stat))
}

/** Takes away a range that belongs to another state of the file, and puts right one that the library misreads. */
export function settleRange(
  { headers }: HttpRequest,
  stat: Stats,
  wallMs: number,
  fields: ConditionFields,
): void {
  const ifRange = headers.get('if-range')
  if (ifRange !== undefined) {
    // A date is compared for equality: an older file may have come into the place of a newer one (section 13.1.5).
    const isSame = ifRange === strongTag(stat) || ifRange === stat.mtime.toUTCString()
    if (!isSame || !isSettled(stat, wallMs)) delete fields.range
  }
  // The last bytes of a file that has fewer are all of it (section 14.1.2); the library finds no such range.
  const suffix = /^ *bytes= *-(\d+) *$/.exec(fields.range ?? '')?.[1]
  if (suffix !== undefined && Number(suffix) > stat.size) fields.range = 'bytes=0-'
}
