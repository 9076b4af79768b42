/**
 * The transactions of the ledger: they run on the database threads (see open-ledger.ts), the same on SQLite and on PostgreSQL.
 *
 * Rules: what is paid is received, in one transaction. No balance is read before it is changed: the statement that takes the
 * money finds out whether it is there.
 */
import { PeerError } from 'greenroom'
import { query, type Steps, type Tx, transaction } from 'greenroom/actors'
import { Feed } from './feed.ts'
import type { Transfer } from './transfer.ts'

export interface Account {
  readonly id: string
  readonly balance: number
}

export interface Receipt {
  readonly transfer: Transfer
  /** False where it had been made before. */
  readonly isNew: boolean
}

export type LedgerErrorCode =
  /** The account that pays holds less. */
  | 'LEDGER_OVERDRAFT'
  /** One of the two accounts is not there. */
  | 'LEDGER_UNKNOWN_ACCOUNT'
  /** Another transfer has this id. */
  | 'LEDGER_ID_TAKEN'

/** Why a transfer is not made. Nothing has happened. */
export class LedgerError extends PeerError {
  declare readonly code: LedgerErrorCode

  constructor(code: LedgerErrorCode, message: string) {
    super(code, message)
  }
}

const RECORD =
  'insert into transfer (id, payer, payee, amount, at_ms) values (?, ?, ?, ?, ?) on conflict (id) do nothing'
const PAY = 'update account set balance = balance - ? where id = ? and balance >= ?'
const RECEIVE = 'update account set balance = balance + ? where id = ?'
const TRANSFER =
  'select id, payer as "from", payee as "to", amount, at_ms as "atMs" from transfer where id = ?'
const ACCOUNT = 'select id, balance from account where id = ?'

/** Makes a transfer, once: asked for again, it gives the first one's receipt. */
export const transfer = transaction(function* (tx, wanted: Transfer) {
  const { id, from, to, amount, atMs } = wanted
  const recorded = yield* tx.run(RECORD, [id, from, to, amount, atMs])
  if (recorded.changes === 0) return yield* before(tx, wanted)
  const pay = tx.run(PAY, [amount, from, amount])
  const receive = tx.run(RECEIVE, [amount, to])
  // Always in the order of the ids: two transfers between the same accounts never wait for each other in a circle.
  const [first, second] = yield* tx.pipeline(from < to ? [pay, receive] : [receive, pay])
  if (first.changes + second.changes < 2) throw yield* refusal(tx, wanted)
  tx.invalidate(keyOf(from), keyOf(to))
  tx.emit(Feed, { type: 'transferred', transfer: wanted })
  return { transfer: wanted, isNew: true } satisfies Receipt
})

function* before(tx: Tx, { id, from, to, amount }: Transfer): Steps<Receipt> {
  const made = yield* tx.one<Transfer>(TRANSFER, [id])
  if (made.from === from && made.to === to && made.amount === amount) return { transfer: made, isNew: false }
  throw new LedgerError('LEDGER_ID_TAKEN', `transfer "${id}" was made before, with other content`)
}

function* refusal(tx: Tx, { from, to, amount }: Transfer): Steps<LedgerError> {
  for (const id of [from, to]) {
    if ((yield* tx.first(ACCOUNT, [id])) === undefined)
      return new LedgerError('LEDGER_UNKNOWN_ACCOUNT', `there is no account "${id}"`)
  }
  return new LedgerError('LEDGER_OVERDRAFT', `account "${from}" holds less than ${amount}`)
}

export const transferById = query(function* (tx, id: string) {
  return yield* tx.first<Transfer>(TRANSFER, [id])
})

/** All balances of one moment. */
export const accounts = query(function* (tx) {
  return yield* tx.all<Account>('select id, balance from account order by id')
})

export const account = query(function* (tx, id: string) {
  return yield* tx.first<Account>(ACCOUNT, [id])
})

/** Under which the cache holds an account. */
export function keyOf(account: string): string {
  return `account:${account}`
}
