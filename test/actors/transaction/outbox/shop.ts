/** Transactions for tests of the outbox, as a module that database threads import: orders are published, and booked once. */
import { query, transaction } from '../../../../actors/transaction/definition.ts'
import { once } from '../../../../actors/transaction/outbox/inbox.ts'

export const found = transaction(function* (tx) {
  yield* tx.run('create table orders (id integer primary key, booked integer not null default 0)')
})

/** Writes an order, and says so: to `bookings`. */
export const order = transaction(function* (tx, { id, fails = false }: { id: number; fails?: boolean }) {
  yield* tx.run('insert into orders (id) values (?)', [id])
  tx.publish('bookings', { order: id })
  if (fails) throw new RangeError('changed its mind')
})

/** Books an order, once for each message. */
export const book = transaction(function* (tx, message: { id: number; payload: { order: number } }) {
  const { isNew } = yield* once(tx, 'bookings', message.id, () =>
    tx.savepoint(function* () {
      yield* tx.run('update orders set booked = booked + 1 where id = ?', [message.payload.order])
    }),
  )
  return isNew
})

export const orders = query(function* (tx) {
  return yield* tx.all<{ id: number; booked: number }>('select id, booked from orders order by id')
})
