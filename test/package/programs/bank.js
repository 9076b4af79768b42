/** The transactions of bank-program.js and typed-bank-program.ts, in plain JavaScript. */
import { transaction } from 'greenroom/sqlite'

export const pay = transaction(function* (tx, amount) {
  yield* tx.run('create table if not exists account (balance integer)')
  yield* tx.run('insert into account values (?)', [amount])
  tx.publish('audit', { amount })
  const { total } = yield* tx.one('select sum(balance) as total from account')
  return total
})
