/** The transactions of the process that is killed: JavaScript, and of the build, so that it starts fast. */
const { query, transaction } = await import(process.env.GREENROOM_BUILD)

export const ACCOUNTS = 50

export const found = transaction(function* (tx) {
  yield* tx.run('create table if not exists account (id integer primary key, balance integer not null)')
  yield* tx.run('create table if not exists transfer (id text primary key) without rowid')
  for (let id = 0; id < ACCOUNTS; id++) {
    yield* tx.run('insert into account (id, balance) values (?, 1000) on conflict do nothing', [id])
  }
})

/** Publishes what it does first of all: what is rolled back must take that along. */
export const transfer = transaction(function* (tx, { id, from, to, amount, isBad }) {
  tx.publish('audit', { id })
  tx.emit('ledger', { type: 'transferred', id })
  yield* tx.run('insert into transfer (id) values (?)', [id])
  yield* tx.run('update account set balance = balance - ? where id = ?', [amount, from])
  yield* tx.run('update account set balance = balance + ? where id = ?', [amount, to])
  tx.invalidate(`account:${from}`, `account:${to}`)
  if (isBad) throw Object.assign(new Error('on purpose'), { code: 'BAD' })
  return id
})

export const total = query(function* (tx) {
  const { total } = yield* tx.one('select sum(balance) as total from account')
  return total
})
