/**
 * The fields that a response was given, as `name, value, name, value`: names in small letters, each once but for
 * `set-cookie`, every value as `Headers` would keep it and fit to be sent. They are a snapshot, as Fetch has it.
 */
import { isBlank, isFieldValue, isToken } from '../codec/grammar.ts'

export type Fields = readonly string[]

export const noFields: Fields = []

/** What Fetch gives a body of text that was given no type. */
export const textFields: Fields = ['content-type', 'text/plain;charset=UTF-8']

/** Fields beyond which a list is left to `Headers`: names are compared one by one. */
const FIELDS_MAX = 32

/**
 * Names that are tokens, and the same in small letters. A cache, not state. Programs use few names; beyond the bound they
 * are looked at each time.
 */
const knownNames = new Map<string, string>()
const KNOWN_NAMES_MAX = 512

/** @returns undefined for what only the platform can judge: what is odd, to be converted, or wrong. */
export function fieldsOf(init: unknown): Fields | undefined {
  if (init === undefined) return noFields
  if (typeof init !== 'object' || init === null) return undefined
  const prototype: unknown = Object.getPrototypeOf(init)
  if (prototype === Headers.prototype) return fromHeaders(init as Headers)
  if (prototype === Array.prototype) return fromPairs(init as readonly unknown[])
  if (prototype === Object.prototype || prototype === null) return fromRecord(init as Record<string, unknown>)
  return undefined
}

/** The same as `Headers`. */
export function headersOf(fields: Fields): Headers {
  const headers = new Headers()
  for (let i = 0; i < fields.length; i += 2) headers.append(fields[i]!, fields[i + 1]!)
  return headers
}

export function hasField(fields: Fields, name: string): boolean {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) return true
  return false
}

function fromHeaders(headers: Headers): Fields | undefined {
  const fields: string[] = []
  let isSendable = true
  headers.forEach((value, name) => {
    isSendable &&= isFieldValue(value)
    fields.push(name, value)
  })
  return isSendable ? fields : undefined
}

function fromPairs(pairs: readonly unknown[]): Fields | undefined {
  const fields: string[] = []
  for (const pair of pairs) {
    if (!Array.isArray(pair) || pair.length !== 2 || !add(fields, pair[0], pair[1])) return undefined
  }
  return fields
}

function fromRecord(record: Readonly<Record<string, unknown>>): Fields | undefined {
  const fields: string[] = []
  for (const name in record) {
    if (Object.hasOwn(record, name) && !add(fields, name, record[name])) return undefined
  }
  return Object.getOwnPropertySymbols(record).length === 0 ? fields : undefined
}

/** @returns false if the field needs a closer look. */
function add(fields: string[], name: unknown, value: unknown): boolean {
  if (typeof name !== 'string' || typeof value !== 'string') return false
  const small = knownNames.get(name) ?? learn(name)
  if (small === undefined || !isFieldValue(value)) return false
  if (isBlank(value.charCodeAt(0)) || isBlank(value.charCodeAt(value.length - 1))) return false
  if (small !== 'set-cookie' && hasField(fields, small)) return false
  return fields.push(small, value) <= 2 * FIELDS_MAX
}

function learn(name: string): string | undefined {
  if (!isToken(name)) return undefined
  const small = name.toLowerCase()
  if (knownNames.size < KNOWN_NAMES_MAX) knownNames.set(name, small)
  return small
}
