/** Law: a transaction goes from state to state as its table says, and what is not in the table changes nothing. */
import test from 'ava'
import {
  isFinal,
  type TransactionEventType,
  type TransactionState,
  transactionStates,
} from '../../../actors/transaction/states.ts'

const types: readonly TransactionEventType[] = ['began', 'committed', 'rolledBack', 'inDoubt', 'again']

const table: readonly [TransactionState, ...(TransactionState | '-')[]][] = [
  //             began      committed    rolledBack    inDoubt    again
  ['queued', 'running', '-', 'rolledBack', '-', '-'],
  ['running', '-', 'committed', 'rolledBack', 'unknown', 'queued'],
  ['committed', '-', '-', '-', '-', '-'],
  ['rolledBack', '-', '-', '-', '-', '-'],
  ['unknown', '-', '-', '-', '-', '-'],
]

for (const [state, ...nexts] of table) {
  test(`${state}: every event`, (t) => {
    for (const [i, type] of types.entries())
      t.is(transactionStates[state][type] ?? '-', nexts[i] as string, type)
    t.is(
      isFinal(state),
      nexts.every((next) => next === '-'),
    )
  })
}
