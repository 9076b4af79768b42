/** Bounds of conversations in lines, with units, defaults, and what happens at each. */
import { type Bounds, MS_MAX, resolveBounds } from '../../runtime/bounds.ts'

export interface LineLimits {
  /** Bytes of one line of the peer's, without its end; a longer one ends the conversation. Default 8 KiB. */
  readonly lineBytesMax: number
  /** Milliseconds without a line of the peer's; then the conversation ends. Default 10 minutes. */
  readonly idleTimeoutMs: number
}

const bounds: Bounds<LineLimits> = {
  lineBytesMax: [8 * 1024, 1, 16 * 1024 * 1024],
  idleTimeoutMs: [600_000, 1, MS_MAX],
}

/** @throws UsageError (`LINE_LIMIT_INVALID`) naming the limit, what it may be and what it was. */
export function createLineLimits(overrides?: Partial<LineLimits>): LineLimits {
  return resolveBounds('line limit', 'LINE_LIMIT_INVALID', bounds, overrides)
}

export const defaultLineLimits: LineLimits = createLineLimits()
