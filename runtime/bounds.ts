/** Limits as a table of bounds, and how such a table is resolved: one message for whatever is wrong, everywhere. */
import { UsageError } from './errors.ts'

/** For each limit: default, least and greatest value, all whole numbers. */
export type Bounds<L> = { readonly [Name in keyof L]: readonly [byDefault: number, min: number, max: number] }

/** The greatest delay that a timer takes, hence the bound of every limit in milliseconds. */
export const MS_MAX = 2 ** 31 - 1

/** The bound of limits in bytes that have no other. */
export const BYTES_MAX = Number.MAX_SAFE_INTEGER

/**
 * The defaults of a table with `overrides` in their place.
 *
 * @param what - names the kind in messages: `line limit`.
 * @throws UsageError with `code`, naming the limit, what it may be and what it was; with `unknownCode`, by default the same, where
 *   there is no such limit.
 */
export function resolveBounds<L>(
  what: string,
  code: string,
  bounds: Bounds<L>,
  overrides: Partial<L> = {},
  unknownCode = code,
): L {
  const limits: Record<string, number> = {}
  for (const name of Object.keys(bounds)) limits[name] = bounds[name as keyof L][0]
  for (const [name, value] of Object.entries(overrides)) {
    if (!Object.hasOwn(limits, name)) {
      throw new UsageError(
        unknownCode,
        `no ${what} is named "${name}"; there are ${Object.keys(limits).join(', ')}`,
      )
    }
    if (value === undefined) continue
    const [, min, max] = bounds[name as keyof L]
    if (!Number.isInteger(value) || (value as number) < min || (value as number) > max) {
      throw new UsageError(
        code,
        `${what} ${name} must be a whole number from ${min} to ${max}, not ${String(value)}`,
      )
    }
    limits[name] = value as number
  }
  return limits as L
}
