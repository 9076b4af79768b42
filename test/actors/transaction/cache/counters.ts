/** Transactions for tests of caches, as a module that database threads import: counters, which come in pairs that are always equal. */
import { query, transaction } from '../../../../actors/transaction/definition.ts'
import type { Steps } from '../../../../actors/transaction/step.ts'
import type { Tx } from '../../../../actors/transaction/thread/tx.ts'

interface Counter {
  readonly value: number
}

export const create = transaction(function* (tx, pairs: number) {
  yield* tx.run('create table counter (id integer primary key, value integer not null)')
  for (let id = 0; id < 2 * pairs; id++) yield* tx.run('insert into counter values (?, 0)', [id])
})

/** @returns what both of the pair are afterwards. */
export const bump = transaction(function* (tx, { pair, fails }: { pair: number; fails: boolean }) {
  // From the cache, on purpose: a value that is too old would lose an update.
  const before = yield* cachedValue(tx, 2 * pair)
  for (const id of [2 * pair, 2 * pair + 1]) {
    yield* tx.run('update counter set value = ? where id = ?', [before + 1, id])
    tx.invalidate(`counter:${id}`)
  }
  const after = yield* cachedValue(tx, 2 * pair + 1)
  if (after !== before + 1) throw new Error(`it reads ${after}, having written ${before + 1}`)
  if (fails) throw new Error('meant')
  return after
})

/** One of the pair from the cache, the other from the database, in either order. */
export const both = query(function* (tx, pair: number) {
  const cached = yield* cachedValue(tx, 2 * pair)
  const direct = yield* value(tx, 2 * pair + 1)
  return { cached, direct }
})

export const single = query(function* (tx, id: number) {
  return yield* value(tx, id)
})

function* value(tx: Tx, id: number): Steps<number> {
  return (yield* tx.one<Counter>('select value from counter where id = ?', [id])).value
}

function* cachedValue(tx: Tx, id: number): Steps<number> {
  return yield* tx.cached(`counter:${id}`, () => value(tx, id))
}
