/**
 * The log that is found in a context. The shape is pino's, object first, so that a pino logger fits as it is.
 */
import { describe } from '../errors.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error']

/** A log that says nothing. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} }

export interface JsonLogOptions {
  /** Takes one line, without its line break. */
  readonly write: (line: string) => void
  /** Unix time in milliseconds, as `Clock.wallMs` gives it. */
  readonly wallMs: () => number
  /** The lowest level that is written. Default: `info`. */
  readonly level?: LogLevel | 'silent'
}

/**
 * A log of one JSON object a line: `{"level","time","msg",...fields}`, with the time in milliseconds of Unix time, as
 * pino writes it. Errors become `{ name, code, message, stack, cause }`.
 */
export function createJsonLog(options: JsonLogOptions): Log {
  const { level = 'info', write, wallMs } = options
  const lowest = level === 'silent' ? LEVELS.length : LEVELS.indexOf(level)
  const at = (name: LogLevel) =>
    LEVELS.indexOf(name) < lowest
      ? () => {}
      : (fields: object, message: string) => {
          write(line({ level: name, time: wallMs(), msg: message }, fields))
        }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}

interface Head {
  readonly level: LogLevel
  readonly time: number
  readonly msg: string
}

/** The head comes first, and is nobody else's to write. */
function line(head: Head, fields: object): string {
  try {
    return JSON.stringify({ ...head, ...fields, ...head }, plain)
  } catch (error) {
    // A cycle, a BigInt or a trap in the fields must not cost the message.
    return JSON.stringify({ ...head, msg: `${head.msg} (${describe(error)})` })
  }
}

function plain(_: string, value: unknown): unknown {
  return value instanceof Error ? plainError(value) : value
}

function plainError(error: Error): object {
  const { name, message, stack, cause } = error
  return { name, code: (error as { code?: unknown }).code, message, stack, cause }
}
