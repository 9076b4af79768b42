/**
 * What a session's transactions see of the cache and leave in it, case by case: by database, access and isolation. Whether that
 * is the truth is tested in interleaving.test.ts.
 */
import test from 'ava'
import { type CacheSession, SESSION_KEYS_MAX } from '../../../../actors/transaction/cache/session.ts'
import { ThreadCache } from '../../../../actors/transaction/cache/thread-cache.ts'
import { Versions } from '../../../../actors/transaction/cache/versions.ts'
import type { Access, Dialect, Isolation } from '../../../../actors/transaction/driver.ts'

function open() {
  const home = Versions.create({ writers: 2 })
  const cache = new ThreadCache(home.memory, 100)
  const session = (
    access: Access = 'write',
    dialect: Dialect = 'sqlite',
    isolation: Isolation = 'serializable',
  ) => {
    const opened = cache.session({ access, dialect, isolation })
    opened.transaction()
    return opened
  }
  const load = (from: CacheSession, key: string, value: unknown) => from.fill(from.lease(key), value)
  const commit = (one: CacheSession) => one.changing().ended(true)
  /** What a session that begins now finds. */
  const found = (key: string) => session().find(key)?.value
  return { home, cache, session, load, commit, found }
}

test('what a transaction has loaded is there for the next after COMMIT, frozen, and not before', (t) => {
  const { session, load, commit, found } = open()
  const first = session()
  const value = load(first, 'a', { rows: [1] })
  t.true(Object.isFrozen(value))
  t.true(Object.isFrozen((value as { rows: unknown }).rows))
  t.is(first.find('a')?.value, value, 'it finds it itself')
  t.is(found('a'), undefined)
  commit(first)
  t.is(found('a'), value)
})

test('of what is rolled back nothing is left', (t) => {
  const { session, load, found } = open()
  const first = session()
  load(first, 'a', 1)
  first.rollback()
  t.is(first.find('a'), undefined)
  first.changing().ended(false)
  t.is(found('a'), undefined)
})

test('what a transaction invalidates and loads again is there after COMMIT, though it has changed the key itself', (t) => {
  const { session, load, commit, found } = open()
  const before = session()
  load(before, 'a', 'old')
  commit(before)
  const writer = session()
  writer.invalidate('a')
  t.is(writer.find('a'), undefined)
  load(writer, 'a', 'new')
  t.is(writer.find('a')?.value, 'new')
  t.is(found('a'), 'old')
  commit(writer)
  t.is(found('a'), 'new')
})

test('what is invalidated and not loaded again is gone after COMMIT', (t) => {
  const { session, load, commit, found, cache } = open()
  const before = session()
  load(before, 'a', 'old')
  commit(before)
  const writer = session()
  writer.invalidate('a')
  commit(writer)
  t.is(found('a'), undefined)
  t.is(cache.statistics().entries, 0)
})

test('what is invalidated while it is loaded is not kept', (t) => {
  const { session, commit, found, cache } = open()
  const one = session()
  one.invalidate('a')
  const lease = one.lease('a')
  one.invalidate('a')
  t.is(one.fill(lease, 'seen before'), 'seen before')
  t.is(one.find('a'), undefined)
  commit(one)
  t.is(found('a'), undefined)
  t.is(cache.statistics().refusedFills, 1)
})

test('what was loaded across a rolled back savepoint is not kept', (t) => {
  const { session } = open()
  const one = session()
  const lease = one.lease('a')
  const mark = one.mark()
  one.invalidate('a')
  one.rollbackTo(mark)
  one.fill(lease, 'of within')
  t.is(one.find('a'), undefined)
})

test('a savepoint that is rolled back brings back what was known before it', (t) => {
  const { session, load, commit, found } = open()
  const one = session()
  load(one, 'a', 'before')
  const mark = one.mark()
  one.invalidate('a')
  load(one, 'a', 'within')
  load(one, 'b', 'within')
  one.rollbackTo(mark)
  t.is(one.find('a')?.value, 'before')
  t.is(one.find('b'), undefined)
  commit(one)
  t.is(found('a'), 'before')
})

test('transactions that commit together see what those before them have done, and one that fails takes its own part along', (t) => {
  const { session, load, commit, found } = open()
  const group = session()
  load(group, 'a', 1)
  const second = group.transaction()
  t.is(second.find('a')?.value, 1)
  second.invalidate('a')
  second.rollback()
  const third = group.transaction()
  t.is(third.find('a')?.value, 1)
  third.invalidate('a')
  const fourth = group.transaction()
  t.is(fourth.find('a'), undefined)
  commit(group)
  t.is(found('a'), undefined)
})

test('what was loaded before another writer has changed it is refused', (t) => {
  const { home, session, load, commit, found, cache } = open()
  const one = session()
  load(one, 'a', 'old')
  new Versions(home.memory, 1).changing(['a']).ended(true)
  commit(one)
  t.is(found('a'), undefined)
  t.is(cache.statistics().refusedFills, 1)
})

/** What a session may use of the cache: before and after its snapshot is taken. */
const views = [
  ['sqlite', 'write', 'serializable', 'at once'],
  ['sqlite', 'read', 'serializable', 'with a snapshot'],
  ['postgres', 'write', 'serializable', 'never'],
  ['postgres', 'read', 'serializable', 'with a snapshot'],
  ['postgres', 'write', 'repeatable read', 'with a snapshot'],
  ['postgres', 'read', 'repeatable read', 'with a snapshot'],
  ['postgres', 'write', 'read committed', 'at once'],
  ['postgres', 'read', 'read committed', 'at once'],
] as const

for (const [dialect, access, isolation, when] of views) {
  test(`what others have loaded is used ${when}: ${dialect}, ${access}, ${isolation}`, (t) => {
    const { session, load, commit } = open()
    const filler = session()
    load(filler, 'a', 1)
    commit(filler)
    const one = session(access, dialect, isolation)
    t.is(one.needsSnapshot('a'), when === 'with a snapshot')
    t.false(one.needsSnapshot('b'), 'there is nothing to use')
    t.is(one.find('a') !== undefined, when === 'at once')
    one.snapshotTaken()
    t.false(one.needsSnapshot('a'))
    t.is(one.find('a') !== undefined, when !== 'never')
  })
}

test('at read committed what others change meanwhile is not found any more, and what is loaded after it is', (t) => {
  const { home, session, load } = open()
  const one = session('write', 'postgres', 'read committed')
  load(one, 'a', 1)
  t.is(one.find('a')?.value, 1)
  new Versions(home.memory, 1).changing(['a']).ended(true)
  t.is(one.find('a'), undefined)
  load(one, 'a', 2)
  t.is(one.find('a')?.value, 2)
})

test('while a server may still commit nobody uses what that would change', (t) => {
  const { home, session, load, commit, found } = open()
  for (const key of ['a', 'b']) {
    const filler = session()
    load(filler, key, 1)
    commit(filler)
  }
  const one = session('write', 'postgres', 'read committed')
  one.invalidate('a')
  one.changing().ended(undefined)
  t.false(home.isCurrent(home.bucketOf('a'), home.now()))
  t.is(found('a'), undefined)
  t.is(found('b'), 1)
  one.decided()
  t.true(home.isCurrent(home.bucketOf('a'), home.now()))
  t.is(found('a'), undefined)
})

test('SQLite commits nothing any more once it has given up: what was in doubt counts as changed', (t) => {
  const { home, session } = open()
  const before = home.now()
  const one = session()
  one.invalidate('a')
  one.changing().ended(undefined)
  t.false(home.isCurrent(home.bucketOf('a'), before))
  t.true(home.isCurrent(home.bucketOf('a'), home.now()))
})

test('a transaction that only reads may say that somebody else has changed something', (t) => {
  const { home, session, commit } = open()
  const before = home.now()
  const one = session('read')
  one.invalidate('a')
  commit(one)
  t.false(home.isCurrent(home.bucketOf('a'), before))
})

test('a session that invalidates more keys than it remembers invalidates all, and keeps nothing', (t) => {
  const { home, session, load, commit, found } = open()
  const filler = session()
  load(filler, 'a', 1)
  commit(filler)
  const one = session()
  for (let i = 0; i <= SESSION_KEYS_MAX; i++) one.invalidate(`key ${i}`)
  t.is(one.find('a'), undefined)
  load(one, 'b', 1)
  t.is(one.find('b'), undefined)
  const before = home.now()
  commit(one)
  t.is(found('a'), undefined)
  t.false(home.isCurrent(home.bucketOf('any other'), before))
})
