/** What a relay needs of a database, and the same made from one. */
import type { Context } from '../../../runtime/context/context.ts'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import type { ClaimAnswer, ClaimRequest, Settlement } from './message.ts'
import { CLAIM, SETTLE } from './transactions.ts'

/** Each call is a transaction of its own, and settles when that is committed, or fails. Both may fail: they are made again. */
export interface OutboxStore {
  claim(ctx: Context, request: ClaimRequest): PromiseLike<ClaimAnswer>
  settle(ctx: Context, settlement: Settlement): PromiseLike<unknown>
}

/** A store in the database whose transactions `transact` runs. It must know those of `outboxTransactions`. */
export function outboxStore(
  transact: (ctx: Context, name: string, input: unknown) => Deferred<unknown>,
): OutboxStore {
  return {
    claim: (ctx, request) => transact(ctx, CLAIM, request) as Deferred<ClaimAnswer>,
    settle: (ctx, settlement) => transact(ctx, SETTLE, settlement),
  }
}
