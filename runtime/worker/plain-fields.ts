/** The fields of a line of log, as they cross to another thread: errors as errors, the rest as plain data or as text. */
import { describe } from '../errors.ts'
import { type FailureWire, fromErrorWire, toErrorWire } from './error-wire.ts'

/** Fields of one line that cross; the rest is left out. */
const FIELDS_MAX = 64

/** Name, value, name, value, ...; an error stands in a `FailureWire`. */
export type PlainFields = readonly (readonly [name: string, value: unknown, isError: boolean])[]

export function plainFields(fields: object): PlainFields {
  try {
    return Object.entries(fields)
      .slice(0, FIELDS_MAX)
      .map(([name, value]) => [name, ...plain(value)])
  } catch (trap) {
    return [['fields', describe(trap), false]]
  }
}

export function fromPlainFields(fields: PlainFields): Record<string, unknown> {
  return Object.fromEntries(
    fields.map(([name, value, isError]) => [name, isError ? fromErrorWire(value as FailureWire) : value]),
  )
}

function plain(value: unknown): [value: unknown, isError: boolean] {
  try {
    return value instanceof Error ? [toErrorWire(value), true] : [structuredClone(value), false]
  } catch {
    return [describe(value), false]
  }
}
