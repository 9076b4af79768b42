/** Opens the ledger: the actor of its feed, and its database with the threads that ledger.ts runs on. */
import { type Context, type Ref, System } from 'greenroom'
import { type Database, openDatabase } from 'greenroom/actors'
import { postgres } from 'greenroom/postgres'
import { sqlite } from 'greenroom/sqlite'
import { Feed, type FeedMessage, feeding } from './feed.ts'

export interface Ledger {
  readonly database: Database<typeof import('./ledger.ts')>
  readonly feed: Ref<FeedMessage>
}

/** All that is committed in one turn, and a question of every viewer that the listener lets in. */
const FEED_CAPACITY = 32_768

/** A file of SQLite, which is made if it is not there; or a database on a PostgreSQL server. */
export type LedgerPlace = { readonly file: string } | { readonly url: string }

/** The feed is there first, and goes last: whatever is committed has somebody to be told to. */
export async function openLedger(ctx: Context<typeof System>, place: LedgerPlace): Promise<Ledger> {
  const driver = 'url' in place ? postgres(place) : sqlite(place)
  const feed = ctx.get(System).spawn(ctx, feeding, {
    name: 'feed',
    as: Feed,
    mailbox: { capacity: FEED_CAPACITY },
    restart: 'transient',
  })
  const database = await openDatabase<typeof import('./ledger.ts')>(ctx, {
    driver,
    module: new URL('./ledger.ts', import.meta.url),
    migrations: new URL('./migrations/', import.meta.url),
    name: 'ledger',
  })
  return { database, feed }
}

export type LedgerFigures = ReturnType<typeof ledgerFigures>

/** What goes on in it, for the page. */
export function ledgerFigures({ database }: Ledger) {
  const { grouped, rolledBack, groups, groupSize, queued, running } = database.statistics()
  // Whoever only reads commits too: what counts is what a COMMIT has written.
  const sinceOpened = { commits: grouped, rollbacks: rolledBack, groups }
  return { ...sinceOpened, sinceOpened, groupSize, pending: queued + running }
}
