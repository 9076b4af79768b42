/**
 * What people do with an outbox: look at it, have what is dead delivered after all, or give it up.
 *
 * Nothing here undoes what a relay does at the same time: a message that is leased is left alone by `replay`, and one that is
 * discarded while it is being sent may still arrive.
 */
import type { Parameter, Steps } from '../step.ts'
import type { Tx } from '../thread/tx.ts'
import type { Entry, EntryState } from './message.ts'
import { statementsOf } from './statements.ts'

export interface ListRequest {
  /** Unix time in milliseconds. */
  readonly nowMs: number
  /** Those alone that are dead. Default: all. */
  readonly isDead?: boolean
  readonly destination?: string
  /** Those alone that come after this id. Default: all. */
  readonly afterId?: number
  /** Messages at most, the oldest first. */
  readonly limit: number
  /** Characters of each payload, from its beginning. */
  readonly payloadMax: number
}

/** Which messages: these, or those that are dead. */
export type Selection =
  | { readonly ids: readonly number[] }
  | { readonly ids?: undefined; readonly destination?: string /** At most. */; readonly limit: number }

/** The oldest first. */
export function* list(tx: Tx, request: ListRequest): Steps<Entry[]> {
  const { nowMs, isDead = false, destination, afterId = 0, limit, payloadMax } = request
  const conditions = ['id > ?']
  const parameters: Parameter[] = [payloadMax, afterId]
  if (isDead) conditions.push('dead_ms is not null')
  if (destination !== undefined) {
    conditions.push('destination = ?')
    parameters.push(destination)
  }
  const rows = yield* tx.all<EntryRow>(
    `select id, destination, substr(payload, 1, ?) as payload, traceparent, created_ms, due_ms, leased_until_ms,
      attempts, last_error, dead_ms
    from greenroom_outbox where ${conditions.join(' and ')} order by id limit ?`,
    [...parameters, limit],
  )
  return rows.map((row) => entryOf(row, nowMs))
}

/**
 * Has messages delivered as if they were new: at once, with all attempts before them. Those that are dead; and by their ids
 * also those that wait.
 *
 * @returns how many.
 */
export function* replay(tx: Tx, selection: Selection, nowMs: number): Steps<number> {
  const now = Math.floor(nowMs)
  const { where, parameters } = whereOf(tx, selection)
  const { changes } = yield* tx.run(
    `update greenroom_outbox set dead_ms = null, attempts = 0, leased_until_ms = 0, due_ms = ?
    where leased_until_ms <= ? and id in ${where}`,
    [now, now, ...parameters],
  )
  return changes
}

/** Deletes messages for good: those that are dead; by their ids any. @returns how many. */
export function* discard(tx: Tx, selection: Selection): Steps<number> {
  const { where, parameters } = whereOf(tx, selection)
  const { changes } = yield* tx.run(`delete from greenroom_outbox where id in ${where}`, parameters)
  return changes
}

function whereOf(
  tx: Tx,
  selection: Selection,
): { readonly where: string; readonly parameters: readonly Parameter[] } {
  if (selection.ids !== undefined) {
    return { where: statementsOf(tx.dialect).ids, parameters: [JSON.stringify(selection.ids)] }
  }
  const { destination, limit } = selection
  return destination === undefined
    ? {
        where: '(select id from greenroom_outbox where dead_ms is not null order by id limit ?)',
        parameters: [limit],
      }
    : {
        where:
          '(select id from greenroom_outbox where dead_ms is not null and destination = ? order by id limit ?)',
        parameters: [destination, limit],
      }
}

interface EntryRow {
  readonly id: unknown
  readonly destination: string
  readonly payload: string
  readonly traceparent: string | null
  readonly created_ms: unknown
  readonly due_ms: unknown
  readonly leased_until_ms: unknown
  readonly attempts: unknown
  readonly last_error: string | null
  readonly dead_ms: unknown
}

function entryOf(row: EntryRow, nowMs: number): Entry {
  const times = {
    dueMs: Number(row.due_ms),
    leasedUntilMs: Number(row.leased_until_ms),
    deadMs: row.dead_ms === null ? null : Number(row.dead_ms),
  }
  return {
    id: Number(row.id),
    state: stateOf(times, nowMs),
    destination: row.destination,
    payload: row.payload,
    traceparent: row.traceparent,
    createdMs: Number(row.created_ms),
    ...times,
    attempts: Number(row.attempts),
    lastError: row.last_error,
  }
}

function stateOf(
  { dueMs, leasedUntilMs, deadMs }: Pick<Entry, 'dueMs' | 'leasedUntilMs' | 'deadMs'>,
  nowMs: number,
): EntryState {
  if (deadMs !== null) return 'dead'
  if (leasedUntilMs > nowMs) return 'leased'
  return dueMs > nowMs ? 'waiting' : 'due'
}
