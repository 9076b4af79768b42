// greenroom's transactions: the same module on SQLite and on PostgreSQL. From the build, as the other side is.
import { createRequire } from 'node:module'
import { transaction } from '../../dist/actors/transaction/index.js'

const statements = createRequire(import.meta.url)('./statements.json')

/** None of the statements waits for another's answer. */
export const transfer = transaction(function* (tx, { id, from, to, amount }) {
  const [debited, , , source] = yield* tx.pipeline([
    tx.run(statements.debit, [amount, from, amount]),
    tx.run(statements.credit, [amount, to]),
    tx.run(statements.note, [id, from, to, amount]),
    tx.one(statements.balance, [from]),
  ])
  if (debited.changes !== 1) {
    throw Object.assign(new Error(`account ${from} has not enough`), { code: 'INSUFFICIENT_FUNDS' })
  }
  return { id, balance: source.balance }
})

/** Asks the database for nothing: what is left is what a transaction itself costs. */
export const nothing = transaction(function* () {})
