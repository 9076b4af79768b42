/**
 * The statements of the outbox in both dialects: this file alone knows how they differ.
 *
 * Rules: lists go in as one JSON parameter, so that a statement is the same text however long they are, and is prepared once.
 * On PostgreSQL a parameter that is JSON is text first: some clients would make JSON of it once more.
 */
import type { Dialect } from '../driver.ts'

export interface Statements {
  /** destination, payload, traceparent, created, due: of so many rows. */
  insert(rows: number): string
  /** The destinations with live messages. Parameters: now, most. Gives `name`, `first_due_ms`, `next_due_ms`. */
  readonly destinations: string
  /** Claims what is due. Parameters: lease's end, destination, now, now, most. Gives claimed rows. */
  readonly claim: string
  /** Keeps other relays from the order of one destination until the end of the transaction; where that needs saying. */
  readonly lockOrder: string | undefined
  /** The oldest of a destination. Parameters: destination, most. Gives `id`, `due_ms`, `leased_until_ms`, `is_settled`. */
  readonly oldest: string
  /** Claims some by their ids. Parameters: lease's end, ids. Gives claimed rows. */
  readonly claimIds: string
  /** Parameters: destination, now. Gives `until_ms`: when the first of those that are due will be free. */
  readonly leasedUntil: string
  /** Parameters: ids. */
  readonly acknowledge: string
  /** Parameters: failures, as `{ id, attempt, lease, due, error, dead }`. */
  readonly fail: string
  /** Parameters: leases, as `{ id, attempt, lease }`. */
  readonly release: string
  /** An SQL expression of the ids in one parameter, to stand after `in`. */
  readonly ids: string
}

const INSERT = 'insert into greenroom_outbox (destination, payload, traceparent, created_ms, due_ms) values '

function insert(rows: number): string {
  return INSERT + new Array<string>(rows).fill('(?, ?, ?, ?, ?)').join(', ')
}

// A loose index scan: from each destination to the next, so it costs what there are destinations, and not messages.
const destinations = `
with recursive names(name) as (
  select min(destination) from greenroom_outbox where dead_ms is null
  union all
  select (select min(destination) from greenroom_outbox where dead_ms is null and destination > names.name)
  from names where names.name is not null
)
select name,
  (select min(due_ms) from greenroom_outbox where dead_ms is null and destination = name) as first_due_ms,
  (select min(due_ms) from greenroom_outbox where dead_ms is null and destination = name and due_ms > ?) as next_due_ms
from names where name is not null limit ?`

const leasedUntil = `
select min(leased_until_ms) as until_ms from greenroom_outbox
where dead_ms is null and destination = ? and due_ms <= ?`

const CLAIMED = 'id, destination, payload, traceparent, created_ms, leased_until_ms, attempts'

const SQLITE_IDS = '(select value from json_each(?))'

const sqlite: Statements = {
  insert,
  destinations,
  claim: `
update greenroom_outbox set leased_until_ms = ?, attempts = attempts + 1
where id in (
  select id from greenroom_outbox
  where dead_ms is null and destination = ? and due_ms <= ? and leased_until_ms <= ?
  order by due_ms, id limit ?
)
returning ${CLAIMED}`,
  // There is one writer.
  lockOrder: undefined,
  oldest: `
select id, due_ms, leased_until_ms, 1 as is_settled from greenroom_outbox
where dead_ms is null and destination = ? order by id limit ?`,
  claimIds: `
update greenroom_outbox set leased_until_ms = ?, attempts = attempts + 1 where id in ${SQLITE_IDS}
returning ${CLAIMED}`,
  leasedUntil,
  acknowledge: `delete from greenroom_outbox where id in ${SQLITE_IDS}`,
  fail: `
update greenroom_outbox
set due_ms = coalesce(f.due, due_ms), leased_until_ms = 0, last_error = f.error, dead_ms = f.dead
from (
  select value ->> 'id' as id, value ->> 'attempt' as attempt, value ->> 'lease' as lease,
    value ->> 'due' as due, value ->> 'error' as error, value ->> 'dead' as dead
  from json_each(?)
) as f
where greenroom_outbox.id = f.id and attempts = f.attempt and leased_until_ms = f.lease and dead_ms is null`,
  release: `
update greenroom_outbox set leased_until_ms = 0, attempts = attempts - 1
from (
  select value ->> 'id' as id, value ->> 'attempt' as attempt, value ->> 'lease' as lease from json_each(?)
) as f
where greenroom_outbox.id = f.id and attempts = f.attempt and leased_until_ms = f.lease and dead_ms is null`,
  ids: SQLITE_IDS,
}

/**
 * Whether all transactions that began to write before a row's are over. Ids and commits have different orders: where order is
 * promised, a message is not looked at while one with an earlier id may still appear. A row whose number is beyond the
 * snapshot's end, and which is visible all the same, was brought here from another server: nobody has to wait for it.
 *
 * Destinations that promise no order are not held to it. A claim takes what is there and not what is "after the last one", so
 * it cannot miss what is committed late; and the oldest transaction of the whole server, of any of its databases, would hold
 * up everything.
 */
const SETTLED = `(
  xid < pg_snapshot_xmin(pg_current_snapshot()) or xid >= pg_snapshot_xmax(pg_current_snapshot())
)`

const POSTGRES_IDS = '(select value::bigint from json_array_elements_text((?::text)::json))'

const LEASES = 'json_to_recordset((?::text)::json) as f(id bigint, attempt integer, lease bigint'

// Several processes may claim at once: each skips what another is just claiming.
const postgres: Statements = {
  insert,
  destinations,
  claim: `
with due as materialized (
  select ?::bigint as lease, id as due_id from greenroom_outbox
  where dead_ms is null and destination = ? and due_ms <= ? and leased_until_ms <= ?
  order by due_ms, id limit ? for update skip locked
)
update greenroom_outbox set leased_until_ms = due.lease, attempts = attempts + 1 from due where id = due.due_id
returning ${CLAIMED}`,
  lockOrder: `select pg_advisory_xact_lock(hashtextextended('greenroom_outbox ' || ?, 0)) is null as locked`,
  oldest: `
select id, due_ms, leased_until_ms, case when ${SETTLED} then 1 else 0 end as is_settled from greenroom_outbox
where dead_ms is null and destination = ? order by id limit ?`,
  claimIds: `
update greenroom_outbox set leased_until_ms = ?, attempts = attempts + 1 where id in ${POSTGRES_IDS} and dead_ms is null
returning ${CLAIMED}`,
  leasedUntil,
  acknowledge: `delete from greenroom_outbox where id in ${POSTGRES_IDS}`,
  fail: `
update greenroom_outbox
set due_ms = coalesce(f.due, due_ms), leased_until_ms = 0, last_error = f.error, dead_ms = f.dead
from ${LEASES}, due bigint, error text, dead bigint)
where greenroom_outbox.id = f.id and attempts = f.attempt and leased_until_ms = f.lease and dead_ms is null`,
  release: `
update greenroom_outbox set leased_until_ms = 0, attempts = attempts - 1
from ${LEASES})
where greenroom_outbox.id = f.id and attempts = f.attempt and leased_until_ms = f.lease and dead_ms is null`,
  ids: POSTGRES_IDS,
}

export function statementsOf(dialect: Dialect): Statements {
  return dialect === 'sqlite' ? sqlite : postgres
}
