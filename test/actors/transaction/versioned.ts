/** A bank whose accounts have versions, so that its histories can be checked: see history.ts. */
import { query, transaction } from '../../../actors/transaction/definition.ts'
import { UsageError } from '../../../runtime/errors.ts'
import type { Access } from './history.ts'

interface Account {
  readonly id: number
  readonly balance: number
  readonly version: number
}

export interface Accesses {
  readonly reads: readonly Access[]
  readonly writes: readonly Access[]
  readonly total?: number
}

export const found = transaction(function* (tx, accounts: number) {
  yield* tx.run(
    'create table account (id integer primary key, balance integer not null, version integer not null)',
  )
  for (let id = 0; id < accounts; id++)
    yield* tx.run('insert into account (id, balance, version) values (?, 100, 0)', [id])
})

export interface Transfer {
  readonly from: number
  readonly to: number
  readonly amount: number
  /** Where it goes wrong: before the second update, or at the end; in a savepoint that it goes on after; or with its thread. */
  readonly fault: 'none' | 'half' | 'end' | 'savepoint' | 'exit'
}

export const transfer = transaction(function* (tx, { from, to, amount, fault }: Transfer) {
  const read = (id: number) => tx.one<Account>('select id, balance, version from account where id = ?', [id])
  const change = ({ id, version }: Account, by: number) =>
    tx.run('update account set balance = balance + ?, version = ? where id = ?', [by, version + 1, id])
  const source = yield* read(from)
  const target = yield* read(to)
  if (source.balance < amount) throw new UsageError('OVERDRAFT', 'not that much')
  if (fault === 'savepoint') {
    try {
      yield* tx.savepoint(function* () {
        yield* change(source, -amount)
        throw new UsageError('FAULT', 'on purpose')
      })
    } catch {
      // The transfer is made all the same.
    }
  }
  yield* change(source, -amount)
  if (fault === 'half') throw new UsageError('FAULT', 'on purpose')
  if (fault === 'exit') process.exit(1)
  yield* change(target, amount)
  if (fault === 'end') throw new UsageError('FAULT', 'on purpose')
  const accesses = (by: number) =>
    [source, target].map(({ id, version }) => ({ account: id, version: version + by }))
  return { reads: accesses(0), writes: accesses(1) } satisfies Accesses
})

export const readAll = query(function* (tx) {
  const accounts = yield* tx.all<Account>('select id, balance, version from account')
  const total = accounts.reduce((sum, { balance }) => sum + balance, 0)
  return { reads: accounts.map(({ id, version }) => ({ account: id, version })), writes: [], total }
})
