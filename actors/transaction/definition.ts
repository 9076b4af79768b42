/** A transaction as a module defines it: a generator, and how it is to be run. */
import type { Isolation } from './driver.ts'
import { misuse } from './errors.ts'
import type { Step } from './step.ts'
import type { Tx } from './thread/tx.ts'

/**
 * The body of a transaction. It yields what it wants of the database (`yield* tx.one(...)`), may be run several times, and has
 * no other effect than through `tx`. What it returns is the result; what it throws rolls it back.
 */
export type TransactionBody<I, R> = (tx: Tx, input: I) => Generator<Step, R, unknown>

export interface TransactionOptions {
  /** It changes nothing: it runs on a reader, beside the writer. One that tries to fails with `DATABASE_READ_ONLY`. Default false. */
  readonly readOnly?: boolean
  /** Default `serializable`. SQLite gives that always. */
  readonly isolation?: Isolation
}

export interface TransactionDefinition<I = never, R = unknown> extends Required<TransactionOptions> {
  readonly [DEFINED]: true
  readonly body: TransactionBody<I, R>
}

const DEFINED = Symbol.for('greenroom.transaction')

/**
 * Defines a transaction, to be exported by the module that `openDatabase` is given:
 *
 *     export const transfer = transaction(function* (tx, { from, to, amount }: Transfer) {
 *       yield* tx.run('update account set balance = balance - ? where id = ?', [amount, from])
 *       yield* tx.run('update account set balance = balance + ? where id = ?', [amount, to])
 *       tx.emit('ledger', { type: 'transferred', from, to, amount })
 *     })
 *
 * @throws UsageError (`TRANSACTION_BODY_INVALID`, `TRANSACTION_OPTION_INVALID`)
 */
export function transaction<I = undefined, R = void>(
  body: TransactionBody<I, R>,
  options: TransactionOptions = {},
): TransactionDefinition<I, R> {
  if (typeof body !== 'function') {
    throw misuse('TRANSACTION_BODY_INVALID', `transaction takes a generator function, not ${String(body)}`)
  }
  const { readOnly = false, isolation = 'serializable', ...rest } = options
  const [unknown] = Object.keys(rest)
  if (unknown !== undefined) {
    throw misuse(
      'TRANSACTION_OPTION_INVALID',
      `no option of a transaction is named "${unknown}"; there are readOnly, isolation`,
    )
  }
  if (!ISOLATIONS.includes(isolation)) {
    throw misuse(
      'TRANSACTION_OPTION_INVALID',
      `isolation is ${ISOLATIONS.join(', ')}, not ${String(isolation)}`,
    )
  }
  return { [DEFINED]: true, body, readOnly: readOnly === true, isolation }
}

const ISOLATIONS: readonly Isolation[] = ['serializable', 'repeatable read', 'read committed']

/** A transaction that changes nothing: `transaction(body, { readOnly: true })`. */
export function query<I = undefined, R = void>(
  body: TransactionBody<I, R>,
  options: Omit<TransactionOptions, 'readOnly'> = {},
): TransactionDefinition<I, R> {
  return transaction(body, { ...options, readOnly: true })
}

export function isDefinition(value: unknown): value is TransactionDefinition<unknown, unknown> {
  return typeof value === 'object' && value !== null && DEFINED in value
}

/** Names of the transactions that a module exports. */
export type TransactionName<M> = {
  [Name in keyof M & string]: M[Name] extends TransactionDefinition<never, unknown> ? Name : never
}[keyof M & string]

export type InputOf<M, Name extends keyof M> =
  M[Name] extends TransactionDefinition<infer I, unknown> ? I : never
export type ResultOf<M, Name extends keyof M> =
  M[Name] extends TransactionDefinition<never, infer R> ? R : never
