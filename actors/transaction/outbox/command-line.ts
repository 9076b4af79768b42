/** What is asked of the command, read from its arguments: pure, so that every mistake is a row of a table. */
import { parseArgs } from 'node:util'
import { describe, GreenroomError } from '../../../runtime/errors.ts'

export const USAGE = `usage:
  greenroom outbox list    --database <file or url> [--dead] [--destination <name>] [--limit <n>] [--json]
  greenroom outbox replay  --database <file or url> <id>...
  greenroom outbox replay  --database <file or url> --all-dead [--destination <name>]
  greenroom outbox discard --database <file or url> <id>...
  greenroom outbox discard --database <file or url> --all-dead [--destination <name>]

  list     shows messages that are not delivered, the oldest first: 50, or as many as --limit says, at most 10,000.
  replay   has messages delivered as if they were new: those that are dead, or wait for their next attempt.
  discard  deletes messages for good. One that is being sent may still arrive.

  <file or url> is a SQLite file, or postgres://user@host/database. A server may go on using it.
`

export type Command =
  | { readonly action: 'help' }
  | {
      readonly action: 'list'
      readonly database: string
      readonly isDead: boolean
      readonly destination: string | undefined
      readonly limit: number
      readonly isJson: boolean
    }
  | {
      readonly action: 'replay' | 'discard'
      readonly database: string
      /** Undefined: all that are dead. */
      readonly ids: readonly number[] | undefined
      readonly destination: string | undefined
    }

/** The arguments make no sense (`OUTBOX_USAGE`). */
export class CommandUsageError extends GreenroomError {
  constructor(message: string) {
    super('OUTBOX_USAGE', message)
  }
}

const LIMIT_DEFAULT = 50
const LIMIT_MAX = 10_000

/** Ids that one call may name. */
const IDS_MAX = 10_000

const OPTIONS = {
  database: { type: 'string' },
  dead: { type: 'boolean' },
  destination: { type: 'string' },
  limit: { type: 'string' },
  json: { type: 'boolean' },
  'all-dead': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const

type Values = ReturnType<typeof parse>['values']
type OptionName = keyof typeof OPTIONS

/** What each action understands beside `--database` and `--destination`. */
const UNDERSTOOD: Readonly<Record<string, readonly OptionName[]>> = {
  list: ['dead', 'limit', 'json'],
  replay: ['all-dead'],
  discard: ['all-dead'],
}

/** @throws CommandUsageError */
export function readCommand(args: readonly string[]): Command {
  const { values, positionals } = parse(args)
  const [family, action, ...rest] = positionals
  if (values.help === true || (family === undefined && Object.keys(values).length === 0))
    return { action: 'help' }
  if (family !== 'outbox')
    throw new CommandUsageError(`there is "greenroom outbox", and not "${family ?? ''}"`)
  if (action !== 'list' && action !== 'replay' && action !== 'discard') {
    throw new CommandUsageError(`greenroom outbox does list, replay and discard, and not "${action ?? ''}"`)
  }
  for (const name of Object.keys(values) as OptionName[]) {
    if (name === 'database' || name === 'destination' || UNDERSTOOD[action]?.includes(name)) continue
    throw new CommandUsageError(`greenroom outbox ${action} takes no --${name}`)
  }
  const { database, destination } = values
  if (database === undefined || database === '')
    throw new CommandUsageError('--database is needed: a file, or a url')
  return action === 'list'
    ? readList(database, destination, values, rest)
    : readChange(action, database, destination, values, rest)
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new CommandUsageError(describe(error))
  }
}

function readList(
  database: string,
  destination: string | undefined,
  { limit, dead = false, json = false }: Values,
  rest: readonly string[],
): Command {
  if (rest.length > 0) throw new CommandUsageError(`greenroom outbox list takes no ids, and not "${rest[0]}"`)
  return {
    action: 'list',
    database,
    destination,
    isDead: dead,
    isJson: json,
    limit: limit === undefined ? LIMIT_DEFAULT : whole('--limit', limit, LIMIT_MAX),
  }
}

function readChange(
  action: 'replay' | 'discard',
  database: string,
  destination: string | undefined,
  values: Values,
  rest: readonly string[],
): Command {
  const isAll = values['all-dead'] === true
  if (isAll && rest.length > 0) throw new CommandUsageError('either ids, or --all-dead, and not both')
  if (!isAll && rest.length === 0) {
    throw new CommandUsageError(`greenroom outbox ${action} takes ids of messages, or --all-dead`)
  }
  if (!isAll && destination !== undefined) {
    throw new CommandUsageError('--destination goes with --all-dead: an id is of one message anyway')
  }
  if (rest.length > IDS_MAX) throw new CommandUsageError(`${rest.length} ids; at most ${IDS_MAX} at once`)
  const ids = isAll ? undefined : [...new Set(rest.map((id) => whole('an id', id, Number.MAX_SAFE_INTEGER)))]
  return { action, database, destination, ids }
}

function whole(what: string, text: string, most: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (value >= 1 && value <= most) return value
  throw new CommandUsageError(`${what} is a whole number from 1 to ${most}, not "${text}"`)
}
