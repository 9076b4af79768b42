/** The transactions of typed-bank-program.ts: TypeScript, on a thread of the package's JavaScript. */
import { transaction } from 'greenroom/sqlite'

export interface Payment {
  readonly amount: number
}

export const pay = transaction(function* (tx, { amount }: Payment) {
  yield* tx.run('create table if not exists account (balance integer)')
  yield* tx.run('insert into account values (?)', [amount])
  const { total } = yield* tx.one<{ total: number }>('select sum(balance) as total from account')
  return total
})
