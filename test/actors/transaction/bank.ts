/** Transactions for tests, as a module that database threads import: a bank, and bodies that do what no body may. */
import { query, transaction } from '../../../actors/transaction/definition.ts'
import { UsageError } from '../../../runtime/errors.ts'

export interface Transfer {
  readonly id: string
  readonly from: number
  readonly to: number
  readonly amount: number
}

export class Overdraft extends UsageError {
  constructor(account: number) {
    super('OVERDRAFT', `account ${account} has not that much`)
  }
}

interface Account {
  readonly balance: number
}

/** Each of so many accounts begins with 1,000. */
export const found = transaction(function* (tx, accounts: number) {
  yield* tx.run('create table account (id integer primary key, balance bigint not null check (balance >= 0))')
  yield* tx.run(
    'create table transfer (id varchar(64) primary key, source integer, target integer, amount bigint)',
  )
  yield* tx.run(
    'create table leaf (id integer primary key, root integer references account (id) deferrable initially deferred)',
  )
  for (let id = 0; id < accounts; id++)
    yield* tx.run('insert into account (id, balance) values (?, 1000)', [id])
})

export const transfer = transaction(function* (tx, { id, from, to, amount }: Transfer) {
  const source = yield* tx.one<Account>('select balance from account where id = ?', [from])
  if (source.balance < amount) throw new Overdraft(from)
  yield* tx.run('update account set balance = balance - ? where id = ?', [amount, from])
  yield* tx.run('update account set balance = balance + ? where id = ?', [amount, to])
  yield* tx.run('insert into transfer (id, source, target, amount) values (?, ?, ?, ?)', [
    id,
    from,
    to,
    amount,
  ])
  tx.emit('ledger', { type: 'transferred', id, amount })
  return { id, left: source.balance - amount }
})

export const balance = query(function* (tx, id: number) {
  const account = yield* tx.first<Account>('select balance from account where id = ?', [id])
  return account?.balance
})

export const books = query(function* (tx) {
  const { total } = yield* tx.one<{ total: number | string }>('select sum(balance) as total from account')
  const transfers = yield* tx.all<{ id: string }>('select id from transfer order by id')
  return { total: Number(total), transfers: transfers.map(({ id }) => id) }
})

/** Gives as much as it is asked to, having written a row: for what goes wrong after a statement. */
export const spoil = transaction(function* (
  tx,
  how: 'emits' | 'result' | 'promise' | 'number' | 'foreign step' | 'hook',
) {
  yield* tx.run('update account set balance = balance + 1 where id = 0')
  tx.emit('ledger', { type: 'spoilt', how })
  if (how === 'emits') tx.emit('ledger', { type: 'function', value: () => {} } as never)
  if (how === 'promise') yield Promise.resolve(1) as never
  if (how === 'number') yield 42 as never
  if (how === 'foreign step') yield* (escaped as Handle).run('select 1')
  if (how === 'hook') {
    tx.beforeCommit(() => {
      throw new UsageError('VETO', 'no')
    })
  }
  return how === 'result' ? { value: () => {} } : how
})

type Handle = Parameters<Parameters<typeof transaction>[0]>[0]
let escaped: Handle | undefined

/** Keeps its handle for `useEscaped`. */
export const leave = transaction(function* (tx) {
  yield* tx.run('update account set balance = balance where id = 0')
  escaped = tx
})

export const useEscaped = transaction(function* (tx, method: 'run' | 'emit' | 'publish' | 'ctx') {
  yield* tx.run('update account set balance = balance where id = 0')
  const handle = escaped as Handle
  if (method === 'run') yield* handle.run('delete from account')
  if (method === 'emit') handle.emit('ledger', { type: 'late' })
  if (method === 'publish') handle.publish('ledger', 1)
  return handle.name
})

/** Goes on after a statement has failed, in a savepoint or not. */
export const swallow = transaction(function* (tx, { isSaved }: { readonly isSaved: boolean }) {
  yield* tx.run('update account set balance = balance + 1 where id = 0')
  const bad = function* () {
    tx.emit('ledger', { type: 'undone' })
    yield* tx.run('update account set balance = balance + 1 where id = 1')
    yield* tx.run('insert into account (id, balance) values (0, 1)')
  }
  try {
    if (isSaved) yield* tx.savepoint(bad)
    else yield* bad()
  } catch {
    // As a careless body would.
  }
  yield* tx.run('update account set balance = balance - 1 where id = 0')
  tx.emit('ledger', { type: 'kept' })
  return 'went on'
})

/** A failure deep in savepoints, of which the outer one is kept. */
export const nested = transaction(function* (tx) {
  yield* tx.savepoint(function* () {
    yield* tx.run('update account set balance = 1 where id = 0')
    tx.emit('ledger', { type: 'outer' })
    try {
      yield* tx.savepoint(function* () {
        yield* tx.run('update account set balance = 2 where id = 0')
        tx.emit('ledger', { type: 'inner' })
        throw new UsageError('INNER', 'on purpose')
      })
    } catch {
      tx.emit('ledger', { type: 'caught' })
    }
  })
  return (yield* tx.one<Account>('select balance from account where id = 0')).balance
})

/** Breaks a constraint that is looked at when it is committed. */
export const orphan = transaction(function* (tx, id: number) {
  yield* tx.run('insert into leaf (id, root) values (?, 999999)', [id])
})

export const leaf = transaction(function* (tx, id: number) {
  yield* tx.run('insert into leaf (id, root) values (?, 0)', [id])
  return id
})

/** Statements without end. */
export const busy = transaction(function* (tx) {
  yield* tx.run('update account set balance = balance + 1 where id = 0')
  for (;;) yield* tx.one('select balance from account where id = 0')
})

/** A loop without end, and without a statement. */
export const stuck = transaction(function* (tx) {
  yield* tx.run('update account set balance = balance + 1 where id = 0')
  for (;;);
})

/** Does not let itself be stopped. */
export const stubborn = transaction(function* (tx) {
  for (;;) {
    try {
      yield* tx.run('update account set balance = balance + 1 where id = 0')
    } catch {
      // Whatever.
    }
  }
})

export const exit = transaction(function* (tx) {
  yield* tx.run('update account set balance = balance + 1 where id = 0')
  process.exit(3)
})

export const hooked = transaction(function* (tx, flags: Int32Array) {
  yield* tx.run('update account set balance = balance + 1 where id = 0')
  tx.beforeCommit(function* () {
    yield* tx.run('update account set balance = balance + 1 where id = 1')
    Atomics.add(flags, 0, 1)
  })
  tx.afterCommit(() => {
    throw new UsageError('AFTER_COMMIT', 'on purpose')
  })
  tx.afterCommit(() => void Atomics.add(flags, 1, 1))
  tx.afterRollback(() => void Atomics.add(flags, 2, 1))
  if (Atomics.load(flags, 3) === 1) throw new UsageError('ROLL_BACK', 'on purpose')
})

/** Waits until the flag is raised, with its thread. */
export const hold = transaction(function* (
  tx,
  { flags, index }: { readonly flags: Int32Array; readonly index: number },
) {
  yield* tx.run('update account set balance = balance where id = 0')
  Atomics.add(flags, index + 1, 1)
  Atomics.notify(flags, index + 1)
  Atomics.wait(flags, index, 0)
  return 'held'
})

export const writeInQuery = query(function* (tx) {
  yield* tx.run('update account set balance = balance + 1 where id = 0')
})

export const types = transaction(function* (tx, n: number) {
  const row = yield* tx.one<{ n: unknown; big: unknown; text: unknown; none: unknown }>(
    "select ? + 0 as n, 9007199254740993 as big, 'é\"?' as text, null as none",
    [n],
  )
  return row
})

export const many = query(function* (tx, rows: number) {
  const all = yield* tx.all<{ n: number }>(
    'with recursive c(n) as (select 1 union all select n + 1 from c where n < ?) select n from c',
    [rows],
  )
  return all.length
})

export const piped = transaction(function* (tx) {
  const [changes, row, rows] = yield* tx.pipeline([
    tx.run('update account set balance = balance + 1 where id = 0'),
    tx.one<Account>('select balance from account where id = 0'),
    tx.all<Account>('select balance from account where id < 3 order by id'),
  ])
  return [changes.changes, row.balance, rows.map(({ balance: b }) => b)]
})

export const traced = transaction(function* (tx) {
  yield* tx.run('update account set balance = balance where id = 0')
  return { traceId: tx.ctx.trace.traceId, remainingMs: tx.ctx.remainingMs, attempt: tx.attempt }
})

export const noRow = transaction(function* (tx, isCaught: boolean) {
  try {
    yield* tx.one('select balance from account where id = -1')
  } catch (error) {
    if (!isCaught) throw error
  }
  return 'no row'
})

export const nonsense = transaction(function* (tx, sql: string) {
  yield* tx.run(sql)
})

/** No generator. */
export const plain = transaction((() => 'plain') as never)

/** As a disk with room for so many pages more. */
export const limitPages = transaction(function* (tx, more: number) {
  const { page_count: pages } = yield* tx.one<{ page_count: number }>('pragma page_count')
  yield* tx.all(`pragma max_page_count = ${pages + more}`)
})

/** SQLite ends the whole transaction at once; what comes after that would be in none. */
export const orRollback = transaction(function* (tx) {
  yield* tx.run('update account set balance = balance + 1 where id = 0')
  try {
    yield* tx.savepoint(function* () {
      yield* tx.run('insert or rollback into account (id, balance) values (0, 1)')
    })
  } catch {
    // As a careless body would.
  }
  yield* tx.run('update account set balance = balance + 1 where id = 3')
})

export const emitBadly = transaction(function* (tx, what: '' | 'null' | 'nothing') {
  yield* tx.run('update account set balance = balance + 1 where id = 0')
  if (what === '') tx.emit('', { type: 'x' })
  if (what === 'null') tx.emit('ledger', null as never)
  if (what === 'nothing') tx.emit(undefined as never, { type: 'x' })
})

export const emitChanging = transaction(function* (tx) {
  yield* tx.run('update account set balance = balance where id = 0')
  const event = { type: 'counted', n: 0 }
  for (let n = 1; n <= 3; n++) {
    event.n = n
    tx.emit('ledger', event)
  }
  event.n = 99
})

export const giveProxy = transaction(function* (tx) {
  yield* tx.run('update account set balance = balance where id = 0')
  return new Proxy({ three: 3 }, {}).three
})

export const promises = transaction(function* (tx, where: 'before' | 'after' | 'yield' | 'body') {
  yield* tx.run('update account set balance = balance where id = 0')
  const rejected = () => Promise.reject(new UsageError('LOST', 'nobody waits for it'))
  if (where === 'before') tx.beforeCommit(rejected)
  if (where === 'after') tx.afterCommit(rejected)
  if (where === 'yield') yield rejected() as never
  if (where === 'body') yield (async () => rejected())() as never
  return where
})

export const publishBadly = transaction(function* (tx, options: object) {
  yield* tx.run('update account set balance = balance + 1 where id = 0')
  tx.publish('audit', 1, options)
})

/** So many milliseconds of the processor, when all statements are done. */
export const thinkAfterwards = transaction(function* (tx, ms: number) {
  yield* tx.run('update account set balance = balance + 1 where id = 0')
  const endMs = tx.ctx.clock.nowMs() + ms
  while (tx.ctx.clock.nowMs() < endMs);
})

/** Tells which time it is that it is run: in its result, an event, a row and a cache. */
export const eachTime = transaction(function* (
  tx,
  { id, flags, fails }: { readonly id: number; readonly flags: Int32Array; readonly fails?: string },
) {
  const fail = () => {
    throw new UsageError('ON_PURPOSE', `after ${fails}`)
  }
  tx.afterRollback(() => void Atomics.add(flags, 0, 1))
  tx.afterCommit(() => void Atomics.add(flags, 1, 1))
  yield* tx.one('select balance from account where id = 0')
  if (fails === 'reading') fail()
  yield* tx.run('insert into leaf (id, root) values (?, 0)', [id])
  yield* tx.cached(`time:${id}`, function* () {
    const { n } = yield* tx.one<{ n: number }>('select count(*) as n from leaf')
    return { n, attempt: tx.attempt }
  })
  tx.emit('ledger', { type: 'time', id, attempt: tx.attempt })
  if (fails === 'writing' || (fails === 'once' && tx.attempt === 1)) fail()
  return tx.attempt
})

/** What the writer's cache holds of it; undefined for nothing. */
export const cachedTime = transaction(function* (tx, id: number) {
  yield* tx.run('update account set balance = balance where id = 0')
  return yield* tx.cached<unknown>(`time:${id}`, function* () {})
})

export const bound = transaction(function* (tx, parameters: readonly unknown[]) {
  const kept = yield* tx.savepoint(function* () {
    return yield* tx.run('update account set balance = balance + ? where id = ?', parameters as never)
  })
  return kept.changes
})

/** Goes on until it is stopped, and counts how often it was begun. */
export const hog = transaction(function* (
  tx,
  { flags, writes }: { readonly flags: Int32Array; readonly writes: boolean },
) {
  Atomics.add(flags, 3, 1)
  if (writes) yield* tx.run('update account set balance = balance + 1 where id = 0')
  for (;;) yield* tx.one('select balance from account where id = 0')
})

/** Takes its input apart. */
export const drain = transaction(function* (tx, ids: number[]) {
  let inserted = 0
  for (let id = ids.pop(); id !== undefined; id = ids.pop()) {
    yield* tx.run('insert into leaf (id, root) values (?, 0)', [id])
    inserted += 1
  }
  return inserted
})

export const unlessThere = transaction(function* (tx, id: number) {
  if ((yield* tx.first('select id from leaf where id = ?', [id])) !== undefined) {
    // As if it had run out of time.
    throw new UsageError('TRANSACTION_TIMEOUT', `leaf ${id} is there already`)
  }
  yield* tx.run('insert into leaf (id, root) values (?, 0)', [id])
  return 'inserted'
})

export const trap = transaction(function* (tx) {
  yield* tx.one('select balance from account where id = 0')
  const deny = () => {
    throw new Error('do not look')
  }
  throw new Proxy({}, { get: deny, getPrototypeOf: deny, has: deny })
})
