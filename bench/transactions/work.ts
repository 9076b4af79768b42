/** The work of every contender in this suite: one transfer from an account to another, in four statements, durable. */
import { createRequire } from 'node:module'

/** What is posted. */
export interface Transfer {
  /** Made by the client: a transfer that is sent twice is done once. */
  readonly id: string
  readonly from: number
  readonly to: number
  readonly amount: number
}

/** What is answered, with status 201. */
export interface Receipt {
  readonly id: string
  /** Of the account that was debited, in the same transaction. */
  readonly balance: number
}

export const TRANSFERS_PATH = '/transfers'
/** Enough that two transfers seldom meet: on PostgreSQL the loser would be done again. Accounts are numbered from 1. */
export const ACCOUNTS = 10_000
/** Of each account at first: more than a run can spend. */
export const BALANCE = 1_000_000
export const AMOUNT_MAX = 100

/** The id is taken: nothing was done. */
export const STATUS_TAKEN = 409
/** The account has less than the amount: nothing was done. */
export const STATUS_INSUFFICIENT = 422

/** Kibibytes of pages that SQLite may keep in memory: greenroom's default, for all. */
export const CACHE_KB = 65_536
/** Connections to PostgreSQL, for all. */
export const SESSIONS = 10

export interface Statements {
  /** amount, from, amount: changes one row, or none where there is not enough. */
  readonly debit: string
  /** amount, to */
  readonly credit: string
  /** id, from, to, amount */
  readonly note: string
  /** from */
  readonly balance: string
}

/** For all: parameters stand as `?`, and PostgreSQL's peer writes them as its driver wants them. JSON, since threads read it too. */
export const statements = createRequire(import.meta.url)('./statements.json') as Statements

/** Thrown within the transaction, so that it is rolled back. */
export class InsufficientFundsError extends Error {
  readonly code = 'INSUFFICIENT_FUNDS'

  constructor(account: number) {
    super(`account ${account} has not enough`)
  }
}
