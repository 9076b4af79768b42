/**
 * What transactions do with the outbox: write into it, claim, and say what became of what was claimed.
 *
 * Rules: these are bodies, or parts of one, and use nothing but `tx`. Time is Unix time in milliseconds, and comes from outside.
 * A claim is a lease: it is committed before anything is sent, and a message whose lease has run out is anybody's again. So a
 * relay that is gone loses nothing; and one that is late must harm nobody, which the lease in each condition sees to.
 */

import type { Steps } from '../step.ts'
import type { Published } from '../thread/effects.ts'
import type { Tx } from '../thread/tx.ts'
import type { ClaimAnswer, Claimed, ClaimRequest, Failure, Lease, Settlement } from './message.ts'
import { type Statements, statementsOf } from './statements.ts'

/** Rows of the largest insert. What is left goes in smaller ones, of half the size each: so there are few texts to prepare. */
const INSERT_ROWS_MAX = 64

/** Destinations that have live messages, as far as a claim looks. */
const DESTINATIONS_MAX = 1_000

/** What is written of an error, in characters: it is for people. */
const ERROR_CHARACTERS_MAX = 1_000

/**
 * Writes what a transaction has published, in its own transaction and in its order.
 *
 * @param nowMs - Unix time in milliseconds.
 * @param traceparent - of the transaction, so that the delivery belongs to its trace.
 */
export function* insertPublished(
  tx: Tx,
  published: readonly Published[],
  nowMs: number,
  traceparent: string | undefined,
): Steps<void> {
  const { insert } = statementsOf(tx.dialect)
  const createdMs = Math.floor(nowMs)
  let rows = INSERT_ROWS_MAX
  for (let from = 0; from < published.length; from += rows) {
    while (rows > published.length - from) rows /= 2
    const parameters = published
      .slice(from, from + rows)
      .flatMap(({ destination, payload, delayMs }) => [
        destination,
        payload,
        traceparent ?? null,
        createdMs,
        createdMs + Math.ceil(delayMs),
      ])
    yield* tx.run(insert(rows), parameters)
  }
}

/** Takes messages that are due, for `leaseMs`. Those of one destination come in the order of their ids. */
export function* claim(tx: Tx, request: ClaimRequest): Steps<ClaimAnswer> {
  const nowMs = Math.floor(request.nowMs)
  const statements = statementsOf(tx.dialect)
  const known = yield* tx.all<DestinationRow>(statements.destinations, [nowMs, DESTINATIONS_MAX])
  const messages: Claimed[] = []
  const freeMs: number[] = known.flatMap(({ next_due_ms }) =>
    next_due_ms === null ? [] : [Number(next_due_ms)],
  )
  const more: string[] = []
  // Whose messages have waited longest is asked first, since there may not be room for all.
  const due = known.filter(({ first_due_ms }) => Number(first_due_ms) <= nowMs)
  due.sort((a, b) => Number(a.first_due_ms) - Number(b.first_due_ms))
  for (const { name } of due) {
    const room = roomOf(request, name)
    if (room <= 0) continue
    const wanted = Math.min(room, request.total - messages.length)
    if (wanted === 0) {
      more.push(name)
      continue
    }
    const { claimed, freeMs: laterMs } = request.strict.includes(name)
      ? yield* claimInOrder(tx, statements, name, wanted, nowMs, request.leaseMs)
      : yield* claimDue(tx, statements, name, wanted, nowMs, request.leaseMs)
    messages.push(...claimed)
    if (claimed.length === wanted) more.push(name)
    if (laterMs !== undefined) freeMs.push(Math.max(nowMs, laterMs))
  }
  const died = messages.filter(({ attempt }) => attempt > request.attemptsMax)
  if (died.length > 0) yield* fail(tx, died.map(neverHeardOf), nowMs)
  return {
    messages: died.length === 0 ? messages : messages.filter(({ attempt }) => attempt <= request.attemptsMax),
    more,
    nextDueMs: freeMs.length === 0 ? undefined : Math.min(...freeMs),
    died: died.map(({ id, attempt, leasedUntilMs }) => ({ id, attempt, leasedUntilMs })),
  }
}

/** These were delivered. One whose lease has run out meanwhile is gone all the same: whoever holds it now finds nothing. */
export function* acknowledge(tx: Tx, ids: readonly number[]): Steps<void> {
  if (ids.length > 0) yield* tx.run(statementsOf(tx.dialect).acknowledge, [JSON.stringify(ids)])
}

/** These were not: each waits until it is due again, or is dead. Nothing happens to one that was claimed again since. */
export function* fail(tx: Tx, failures: readonly Failure[], nowMs: number): Steps<void> {
  if (failures.length === 0) return
  const rows = failures.map(({ id, attempt, leasedUntilMs, error, dueMs }) => ({
    id,
    attempt,
    lease: leasedUntilMs,
    error: textOf(error),
    due: dueMs === undefined ? null : Math.ceil(dueMs),
    dead: dueMs === undefined ? Math.floor(nowMs) : null,
  }))
  yield* tx.run(statementsOf(tx.dialect).fail, [JSON.stringify(rows)])
}

/** These were not even tried, and are anybody's at once. */
export function* release(tx: Tx, leases: readonly Lease[]): Steps<void> {
  if (leases.length === 0) return
  const rows = leases.map(({ id, attempt, leasedUntilMs }) => ({ id, attempt, lease: leasedUntilMs }))
  yield* tx.run(statementsOf(tx.dialect).release, [JSON.stringify(rows)])
}

/** All that a relay has to say at once. */
export function* settle(tx: Tx, { acknowledged, failed, released, nowMs }: Settlement): Steps<void> {
  yield* acknowledge(tx, acknowledged)
  yield* fail(tx, failed, nowMs)
  yield* release(tx, released)
}

interface DestinationRow {
  readonly name: string
  readonly first_due_ms: unknown
  readonly next_due_ms: unknown
}

/** Numbers may come as texts or bigints: that is the driver's affair, and none of ours is beyond 2^53. */
interface ClaimedRow {
  readonly id: unknown
  readonly destination: string
  readonly payload: string
  readonly traceparent: string | null
  readonly created_ms: unknown
  readonly leased_until_ms: unknown
  readonly attempts: unknown
}

interface OldestRow {
  readonly id: unknown
  readonly due_ms: unknown
  readonly leased_until_ms: unknown
  readonly is_settled: unknown
}

function roomOf({ room, rooms }: ClaimRequest, destination: string): number {
  return Object.hasOwn(rooms, destination) ? (rooms[destination] as number) : room
}

/** What was claimed of one destination; where that is nothing, when there may be something, in Unix time. */
interface Share {
  readonly claimed: readonly Claimed[]
  readonly freeMs: number | undefined
}

function* claimDue(
  tx: Tx,
  { claim, leasedUntil }: Statements,
  destination: string,
  wanted: number,
  nowMs: number,
  leaseMs: number,
): Steps<Share> {
  const rows = yield* tx.all<ClaimedRow>(claim, [nowMs + leaseMs, destination, nowMs, nowMs, wanted])
  if (rows.length > 0) return { claimed: inOrder(rows), freeMs: undefined }
  const free = yield* tx.first<{ until_ms: unknown }>(leasedUntil, [destination, nowMs])
  return {
    claimed: [],
    freeMs: free === undefined || free.until_ms === null ? undefined : Number(free.until_ms),
  }
}

/** The oldest ones, up to the first that has to wait: none of those behind it may be sent before it. */
function* claimInOrder(
  tx: Tx,
  { lockOrder, oldest, claimIds }: Statements,
  destination: string,
  wanted: number,
  nowMs: number,
  leaseMs: number,
): Steps<Share> {
  // What another relay claims just now must be seen as leased, and not passed over.
  if (lockOrder !== undefined) yield* tx.first(lockOrder, [destination])
  const rows = yield* tx.all<OldestRow>(oldest, [destination, wanted])
  const ids: number[] = []
  for (const row of rows) {
    const freeMs = Math.max(Number(row.due_ms), Number(row.leased_until_ms))
    if (freeMs <= nowMs && Number(row.is_settled) === 1) ids.push(Number(row.id))
    else if (ids.length === 0) return { claimed: [], freeMs }
    else break
  }
  if (ids.length === 0) return { claimed: [], freeMs: undefined }
  const claimed = yield* tx.all<ClaimedRow>(claimIds, [nowMs + leaseMs, JSON.stringify(ids)])
  return { claimed: inOrder(claimed), freeMs: undefined }
}

/** What `returning` gives has no order. */
function inOrder(rows: readonly ClaimedRow[]): Claimed[] {
  return rows
    .map((row) => ({
      id: Number(row.id),
      attempt: Number(row.attempts),
      leasedUntilMs: Number(row.leased_until_ms),
      destination: row.destination,
      payload: row.payload,
      traceparent: row.traceparent,
      createdMs: Number(row.created_ms),
    }))
    .sort((a, b) => a.id - b.id)
}

/** What every database takes as text: no null, and no half of a character. */
function textOf(error: string): string {
  return Buffer.from(error.replaceAll('\0', '').slice(0, ERROR_CHARACTERS_MAX)).toString()
}

function neverHeardOf({ id, attempt, leasedUntilMs }: Claimed): Failure {
  return {
    id,
    attempt,
    leasedUntilMs,
    error: `claimed ${attempt - 1} times, and the last time nobody said what became of it: the process may have ended over it`,
    dueMs: undefined,
  }
}
