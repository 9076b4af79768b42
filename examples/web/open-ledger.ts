/** The ledger: its database, with the threads that ledger.ts runs on, and the actor of its feed. */
import { type Context, type Ref, System } from 'greenroom'
import type { Database } from 'greenroom/actors'
import { Feed, type FeedMessage, feeding } from './feed.ts'

export interface Ledger {
  readonly database: Database<typeof import('./ledger.ts')>
  readonly feed: Ref<FeedMessage>
}

/** All that is committed in one turn, and a question of every viewer that the listener lets in. */
const FEED_CAPACITY = 32_768

/** The actor that the ledger's transactions emit to. It is there before the database, and goes after it: whatever is committed has somebody to be told to. */
export function openFeed(ctx: Context<typeof System>): Ref<FeedMessage> {
  return ctx.get(System).spawn(ctx, feeding, {
    name: 'feed',
    as: Feed,
    mailbox: { capacity: FEED_CAPACITY },
    restart: 'transient',
  })
}

export type LedgerFigures = ReturnType<typeof ledgerFigures>

/** What goes on in it, for the page. */
export function ledgerFigures({ database }: Ledger) {
  const { grouped, rolledBack, groups, groupSize, queued, running } = database.statistics()
  // Whoever only reads commits too: what counts is what a COMMIT has written.
  const sinceOpened = { commits: grouped, rollbacks: rolledBack, groups }
  return { ...sinceOpened, sinceOpened, groupSize, pending: queued + running }
}
