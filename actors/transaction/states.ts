/**
 * The life of a transaction, as data.
 *
 *     queued ──▶ running ──▶ committed | rolledBack | unknown
 *        ◀──────────┘ again: it could not be serialised, or others of its group were at fault
 *
 * Rules: everything that affects the state stands in this table. What is not in it changes nothing.
 */
import type { Report } from './report.ts'

export type TransactionState = 'queued' | 'running' | 'committed' | 'rolledBack' | 'unknown'

export type TransactionEventType =
  /** It was handed to a thread. */
  | 'began'
  /** COMMIT has succeeded. */
  | 'committed'
  /** It is rolled back, or never began. */
  | 'rolledBack'
  /** Nobody knows whether it is committed. */
  | 'inDoubt'
  /** It is rolled back, and waits to be done again. */
  | 'again'

/** What a transaction's actor is told. */
export interface TransactionEvent {
  readonly type: TransactionEventType
  /** With its end. */
  readonly report?: Report
}

export const transactionStates: Readonly<
  Record<TransactionState, Readonly<Partial<Record<TransactionEventType, TransactionState>>>>
> = {
  queued: { began: 'running', rolledBack: 'rolledBack' },
  running: { committed: 'committed', rolledBack: 'rolledBack', inDoubt: 'unknown', again: 'queued' },
  committed: {},
  rolledBack: {},
  unknown: {},
}

/** Nothing happens in it any more. */
export function isFinal(state: TransactionState): boolean {
  return state !== 'queued' && state !== 'running'
}
