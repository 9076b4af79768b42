/**
 * Data that crosses threads. It is copied when it is given: what its giver does with it later changes nothing, and what cannot
 * cross is found while there is somebody to tell. One value that cannot be cloned would keep a whole group from crossing.
 */
import { misuse } from './errors.ts'

/** Deeper than this the structured clone does it, which also knows of circles. */
const DEPTH_MAX = 32

/** Stands for what is no plain data. */
const OTHER = Symbol('other')

/**
 * A copy, as a structured clone would be. Plain objects and arrays, which is nearly all, cost a tenth of one.
 *
 * @throws UsageError (`TRANSACTION_NOT_CLONEABLE`) saying what it was to be.
 */
export function copied(value: unknown, what: string): unknown {
  if (typeof value !== 'object' || value === null) {
    if (typeof value !== 'function' && typeof value !== 'symbol') return value
    throw notCloneable(what, `it is a ${typeof value}`)
  }
  try {
    const copy = plainCopy(value, 0)
    return copy === OTHER ? structuredClone(value) : copy
  } catch (cause) {
    throw notCloneable(what, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

/** @returns `OTHER` where anything in it is not plain. */
function plainCopy(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null) {
    return typeof value === 'function' || typeof value === 'symbol' ? OTHER : value
  }
  if (depth > DEPTH_MAX) return OTHER
  if (Array.isArray(value)) return arrayCopy(value, depth + 1)
  const prototype = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return OTHER
  const copy: Record<string, unknown> = {}
  for (const name of Object.keys(value)) {
    const one = plainCopy((value as Record<string, unknown>)[name], depth + 1)
    // Assigned, it would be the prototype.
    if (one === OTHER || name === '__proto__') return OTHER
    copy[name] = one
  }
  return copy
}

/** One with holes, or with names beside its indices, is not plain. */
function arrayCopy(values: readonly unknown[], depth: number): unknown {
  if (Object.keys(values).length !== values.length) return OTHER
  const copy: unknown[] = []
  for (let i = 0; i < values.length; i++) {
    const one = plainCopy(values[i], depth)
    if (one === OTHER) return OTHER
    copy.push(one)
  }
  return copy
}

function notCloneable(what: string, why: string, cause?: unknown): Error {
  return misuse('TRANSACTION_NOT_CLONEABLE', `${what} cannot cross to another thread: ${why}`, { cause })
}

/**
 * For those who share it: nobody can change what others see. What is frozen already is taken to be so all through; a
 * Date, a Map, a Set and bytes cannot be frozen: of these nobody may change the contents.
 */
export function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value))
    return value
  // First, so that what holds itself has an end.
  Object.freeze(value)
  for (const name of Object.keys(value)) frozen((value as Record<string, unknown>)[name])
  return value
}
