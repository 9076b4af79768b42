/**
 * `greenroom outbox list|replay|discard`: looks after the outbox of a database from outside, also while a server has it open.
 *
 * Rules: it makes nothing, neither the file nor a table, and runs no migration. It deletes nothing but what it is told by its
 * id, or by `--all-dead`. It answers 0 where all was done, 1 where it was not, 2 where it was asked wrongly.
 */
import type { Context } from '../../../runtime/context/context.ts'
import { describe } from '../../../runtime/errors.ts'
import { type Command, CommandUsageError, readCommand, USAGE } from './command-line.ts'
import { discard, list, replay, type Selection } from './desk.ts'
import type { DirectDatabase } from './direct.ts'
import { tableOf } from './entry-table.ts'
import { openOutbox } from './open-outbox.ts'

export interface CommandIo {
  /** Takes what was asked for. */
  write(text: string): void
  /** Takes what went wrong. */
  writeError(text: string): void
}

export type ExitCode = 0 | 1 | 2

/** Of all that are dead so many are replayed, or discarded, in one transaction: a server that uses the database waits no longer. */
const CHANGE_MAX = 1_000

/** Characters of a payload, and of an error, that stand in the table. */
const SHOWN_MAX = 60

/** Messages that are read at once where all of each is shown. */
const PAGE = 100

/** Bytes of a message are bounded, so this is all of it. */
const WHOLE = 1_000_000_000

export async function runCommand(ctx: Context, args: readonly string[], io: CommandIo): Promise<ExitCode> {
  let command: Command
  try {
    command = readCommand(args)
  } catch (error) {
    if (!(error instanceof CommandUsageError)) throw error
    io.writeError(`${error.message}\n\n${USAGE}`)
    return 2
  }
  if (command.action === 'help') {
    io.write(USAGE)
    return 0
  }
  try {
    return await perform(ctx, command, io)
  } catch (error) {
    io.writeError(`greenroom outbox ${command.action}: ${describe(error)}\n`)
    return 1
  }
}

type Asked = Exclude<Command, { readonly action: 'help' }>

async function perform(ctx: Context, command: Asked, io: CommandIo): Promise<ExitCode> {
  const database = await openOutbox(ctx, command.database, command.action === 'list' ? 'read' : 'write')
  try {
    return command.action === 'list'
      ? await show(ctx, database, command, io)
      : await change(ctx, database, command, io)
  } finally {
    await database.close()
  }
}

async function show(
  ctx: Context,
  database: DirectDatabase,
  { isDead, destination, limit, isJson }: Extract<Asked, { readonly action: 'list' }>,
  io: CommandIo,
): Promise<ExitCode> {
  const nowMs = ctx.clock.wallMs()
  const named = destination === undefined ? {} : { destination }
  const request = { nowMs, isDead, ...named, payloadMax: isJson ? WHOLE : SHOWN_MAX }
  if (!isJson) {
    io.write(tableOf(await database.transact((tx) => list(tx, { ...request, limit })), nowMs, SHOWN_MAX))
    return 0
  }
  let afterId = 0
  for (let left = limit; left > 0; left -= PAGE) {
    const page = { ...request, afterId, limit: Math.min(left, PAGE) }
    const entries = await database.transact((tx) => list(tx, page))
    for (const entry of entries) io.write(`${JSON.stringify(entry)}\n`)
    afterId = entries.at(-1)?.id ?? Number.MAX_SAFE_INTEGER
    if (entries.length < page.limit) break
  }
  return 0
}

async function change(
  ctx: Context,
  database: DirectDatabase,
  { action, ids, destination }: Extract<Asked, { readonly action: 'replay' | 'discard' }>,
  io: CommandIo,
): Promise<ExitCode> {
  const apply = (selection: Selection): Promise<number> =>
    database.transact((tx) =>
      action === 'replay' ? replay(tx, selection, ctx.clock.wallMs()) : discard(tx, selection),
    )
  const done = action === 'replay' ? 'replayed' : 'discarded'
  if (ids === undefined) {
    const named = destination === undefined ? {} : { destination }
    let count = 0
    let last: number
    do {
      last = await apply({ ...named, limit: CHANGE_MAX })
      count += last
    } while (last === CHANGE_MAX)
    io.write(`${done} ${messages(count)}\n`)
    return 0
  }
  const count = await apply({ ids })
  io.write(`${done} ${messages(count)}\n`)
  if (count === ids.length) return 0
  const why = action === 'replay' ? 'not there, or being sent' : 'not there'
  io.writeError(`${messages(ids.length - count)} of ${ids.length}: ${why}\n`)
  return 1
}

function messages(count: number): string {
  return `${count} message${count === 1 ? '' : 's'}`
}
