/**
 * Values on their way to the server, and back.
 *
 * Rules: a parameter goes as text and without a type, so that the server takes it for what stands there in the statement: one
 * number fits an `int8`, a `numeric` and a `text`, and a statement is prepared once, whatever it is given. Where nothing tells
 * the type the server asks for a cast (`?::date`).
 *
 * | PostgreSQL                     | here                                                                      |
 * | ------------------------------ | ------------------------------------------------------------------------- |
 * | int2, int4, float4, float8     | number                                                                    |
 * | int8; numeric without a point  | number where it is safe, else bigint                                      |
 * | numeric with a point           | text: no digit is lost                                                    |
 * | bool                           | boolean                                                                   |
 * | bytea                          | Uint8Array, of memory of its own                                          |
 * | json, jsonb                    | what JSON.parse makes of it                                               |
 * | timestamptz, timestamp, date   | Date; without a zone it is UTC's. What no Date can hold (infinity) is text |
 * | everything else                | text                                                                      |
 */
import type postgres from 'postgres'
import { excerpt } from '../control-statements.ts'
import { DatabaseError } from '../errors.ts'
import type { Parameter } from '../step.ts'
import { PARAMETERS_MAX } from './limits.ts'
import type { Translated } from './placeholders.ts'

export type Encoded = string | null

/** @throws DatabaseError (`DATABASE_STATEMENT`) where they are too few, too many, or of a kind that no database knows. */
export function encodeParameters(statement: Translated, parameters: readonly Parameter[]): Encoded[] {
  const { text, parameters: wanted } = statement
  if (parameters.length !== wanted) {
    throw wrong(`it takes ${wanted} parameters, and ${parameters.length} were given`, text)
  }
  if (wanted > PARAMETERS_MAX)
    throw wrong(`it takes ${wanted} parameters; at most ${PARAMETERS_MAX} are possible`, text)
  return parameters.map((value, index) => encode(value, index, text))
}

/** What was read may be written again: a Date as well, which other databases do not have. */
function encode(value: unknown, index: number, text: string): Encoded {
  if (value === null) return null
  switch (typeof value) {
    case 'string':
      return value
    case 'number':
    case 'bigint':
    case 'boolean':
      return String(value)
    case 'object':
      if (value instanceof Uint8Array) return `\\x${hexOf(value)}`
      if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString()
  }
  throw wrong(`parameter ${index + 1} is ${nameOf(value)}, for which no database has a type`, text)
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}

function nameOf(value: unknown): string {
  if (value instanceof Date) return 'an invalid Date'
  return typeof value === 'object' ? `a ${value?.constructor?.name ?? 'bare object'}` : typeof value
}

function wrong(what: string, text: string): DatabaseError {
  return new DatabaseError('DATABASE_STATEMENT', `${what}: ${excerpt(text)}`)
}

// The numbers of PostgreSQL's types (pg_type.dat), which never change.
const BOOL = 16
const BYTEA = 17
const INT8 = 20
const INT2 = 21
const INT4 = 23
const TEXT = 25
const OID = 26
const JSON_TYPE = 114
const FLOAT4 = 700
const FLOAT8 = 701
const DATE = 1082
const TIMESTAMP = 1114
const TIMESTAMPTZ = 1184
const NUMERIC = 1700
const JSONB = 3802

/** How the client reads each type. What it is given to send is text already, which it must leave alone. */
export const types: Record<string, postgres.PostgresType> = {
  text: of([TEXT], (text) => text),
  number: of([INT2, INT4, OID, FLOAT4, FLOAT8], Number),
  integer: of([INT8, NUMERIC], readInteger),
  boolean: of([BOOL], (text) => text === 't'),
  bytes: of([BYTEA], (text) => new Uint8Array(Buffer.from(text.slice(2), 'hex'))),
  json: of([JSON_TYPE, JSONB], (text) => JSON.parse(text)),
  instant: of([DATE, TIMESTAMP, TIMESTAMPTZ], readInstant),
}

function of(from: number[], parse: (text: string) => unknown): postgres.PostgresType {
  return { to: from[0] as number, from, parse, serialize: (text) => text }
}

function readInteger(text: string): number | bigint | string {
  const value = Number(text)
  if (Number.isSafeInteger(value) && !text.includes('.')) return value
  return WHOLE.test(text) ? BigInt(text) : text
}

const WHOLE = /^-?\d+$/

/** JavaScript has its own idea of a text that is not quite ISO 8601: that 0001 is 2001, for one. So it is made one that is. */
function readInstant(text: string): Date | string {
  const parts = INSTANT.exec(text)
  if (parts === null) return text
  const [, year, day, time = '00:00:00', sign = '+', hours = '0', minutes = '0', seconds = '0'] = parts
  const offsetMs =
    (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * (sign === '-' ? -1_000 : 1_000)
  const fullYear = year?.length === 4 ? year : `+${year?.padStart(6, '0')}`
  const date = new Date(Date.parse(`${fullYear}-${day}T${time}Z`) - offsetMs)
  return Number.isNaN(date.getTime()) ? text : date
}

/** As `DateStyle` ISO has it; a zone had seconds in its offset before there were zones. */
const INSTANT =
  /^(\d{4,6})-(\d\d-\d\d)(?: (\d\d:\d\d:\d\d(?:\.\d+)?)(?:([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?)?)?$/
