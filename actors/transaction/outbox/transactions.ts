/**
 * The outbox's own transactions, by the names under which the database registers them beside those of the application.
 *
 * Read committed: on PostgreSQL a claim skips what another has locked, and looks again at what another has just changed. Under
 * a stricter isolation it would fail instead, each time that two relays claim at once.
 */
import { query, type TransactionDefinition, transaction } from '../definition.ts'
import type { Steps } from '../step.ts'
import type { Tx } from '../thread/tx.ts'
import { discard, type ListRequest, list, replay, type Selection } from './desk.ts'
import type { ClaimAnswer, ClaimRequest, Entry, Settlement } from './message.ts'
import { claim, settle } from './store.ts'

const isolation = 'read committed'

export const CLAIM = 'greenroom.outbox.claim'
export const SETTLE = 'greenroom.outbox.settle'
export const LIST = 'greenroom.outbox.list'
export const REPLAY = 'greenroom.outbox.replay'
export const DISCARD = 'greenroom.outbox.discard'

export interface ReplayRequest {
  readonly selection: Selection
  /** Unix time in milliseconds. */
  readonly nowMs: number
}

/** All of them. */
export const outboxTransactions = {
  [CLAIM]: transaction<ClaimRequest, ClaimAnswer>(claim, { isolation }),
  [SETTLE]: transaction<Settlement, void>(settle, { isolation }),
  [LIST]: query<ListRequest, Entry[]>(list, { isolation }),
  [REPLAY]: transaction<ReplayRequest, number>(
    function* (tx: Tx, { selection, nowMs }): Steps<number> {
      return yield* replay(tx, selection, nowMs)
    },
    { isolation },
  ),
  [DISCARD]: transaction<Selection, number>(discard, { isolation }),
} satisfies Record<string, TransactionDefinition<never, unknown>>
