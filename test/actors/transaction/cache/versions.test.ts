/**
 * Laws of versions, state by event: when what was read may be used, and what each event makes of that. All laws hold wherever
 * counting has got to, also where the 32 bits of the epoch wrap.
 */
import test from 'ava'
import { type Stamp, VersionCells } from '../../../../actors/transaction/cache/version-cells.ts'
import { Versions } from '../../../../actors/transaction/cache/versions.ts'

/** Where counting begins: anywhere, and just before the next number begins a generation, is the first below zero, is zero again. */
const epochs = [0, 12_345, 2 ** 30 - 1, 2 ** 31 - 1, -(2 ** 31), -1]

function open(epoch: number, writers = 2) {
  const home = Versions.create({ epoch, writers, buckets: 64 })
  const writer = (number: number) => new Versions(home.memory, number)
  const a = home.bucketOf('a')
  const uses = (stamp: Stamp, bucket = a) => home.isCurrent(bucket, stamp)
  return { home, writer, a, uses }
}

function commit(writer: Versions, ...keys: string[]): void {
  writer.changing(keys).ended(true)
}

for (const epoch of epochs) {
  test(`what was read before a change may not be used after it, and what was read after it may (from ${epoch})`, (t) => {
    const { writer, uses, home } = open(epoch)
    for (let round = 0; round < 5; round++) {
      const before = home.now()
      const change = writer(0).changing(['a'])
      t.false(uses(before), 'COMMIT may have happened')
      t.false(uses(home.now()), 'nobody knows on which side of COMMIT this is')
      const during = home.now()
      change.ended(true)
      t.false(uses(before))
      t.false(uses(during))
      t.true(uses(home.now()))
    }
  })

  test(`a rollback changes nothing (from ${epoch})`, (t) => {
    const { writer, uses, home } = open(epoch)
    const before = home.now()
    const change = writer(0).changing(['a'])
    t.false(uses(before))
    change.ended(false)
    t.true(uses(before))
  })

  test(`of two commits of one key both must have ended (from ${epoch})`, (t) => {
    const { writer, uses, home } = open(epoch)
    const [first, second] = [writer(0).changing(['a']), writer(1).changing(['a'])]
    first.ended(true)
    t.false(uses(home.now()))
    second.ended(false)
    t.true(uses(home.now()))
  })

  test(`a reader uses only what is the same in its snapshot, whichever was first (from ${epoch})`, (t) => {
    const { writer, a, home } = open(epoch)
    const old = home.now()
    t.true(home.isReadBy(old, a, old))
    commit(writer(0), 'a')
    const young = home.now()
    t.true(home.isReadBy(young, a, young))
    t.false(home.isReadBy(old, a, young), 'it is of after the snapshot')
    t.false(home.isReadBy(young, a, old), 'it was changed before the snapshot')
    commit(writer(0), 'another key')
    t.true(home.isReadBy(home.now(), a, young), 'nothing has changed it in between')
  })
}

test('an invalidation from outside counts like a change', (t) => {
  const { uses, home } = open(0)
  const before = home.now()
  home.invalidate(['a'])
  t.false(uses(before))
  t.true(uses(home.now()))
})

test('after all is cleared nothing from before may be used, and no transaction from before uses what comes after', (t) => {
  const { uses, home, a } = open(0)
  const before = home.now()
  home.clear()
  t.false(uses(before))
  const after = home.now()
  t.true(uses(after))
  t.false(home.isReadBy(before, a, after))
})

test('a change of all keys takes all buckets', (t) => {
  const { writer, uses, home } = open(0)
  const before = home.now()
  const change = writer(0).changing(undefined)
  for (const key of ['a', 'b', 'c']) t.false(uses(home.now(), home.bucketOf(key)))
  change.ended(true)
  for (const key of ['a', 'b', 'c']) t.false(uses(before, home.bucketOf(key)))
  t.true(uses(home.now()))
})

test('a key that is named twice is pending once', (t) => {
  const { writer, uses, home } = open(0)
  writer(0).changing(['a', 'a']).ended(false)
  t.true(uses(home.now()))
})

test('what a lost writer has left behind is taken away, and not what others are about', (t) => {
  const { writer, uses, home } = open(0)
  const before = home.now()
  writer(0).changing(['a'])
  const other = writer(1).changing(['a'])
  home.recover(0)
  t.false(uses(home.now()), 'the other one is still at it')
  other.ended(false)
  t.false(uses(before), 'the lost one may have committed')
  t.true(uses(home.now()))
})

test('a writer that was given up too early counts nothing away that was never counted', (t) => {
  const { writer, uses, home } = open(0)
  const late = writer(0).changing(['a'])
  home.recover(0)
  const next = writer(0).changing(['a'])
  const before = home.now()
  late.ended(true)
  t.false(uses(home.now()), 'the next life is still at it')
  next.ended(false)
  t.false(uses(before), 'its change counts all the same')
  t.true(uses(home.now()))
})

test('while a commit is in doubt nothing is used, nor is what was read meanwhile ever', (t) => {
  const { uses, home } = open(0)
  const before = home.now()
  home.suspend()
  home.suspend()
  t.true(home.isSuspended)
  const during = home.now()
  t.false(uses(before))
  t.false(uses(during))
  home.resume()
  t.false(uses(home.now()), 'another one is still in doubt')
  home.resume()
  t.false(home.isSuspended)
  t.false(uses(before))
  t.false(uses(during))
  t.true(uses(home.now()))
})

test('what a transaction has read itself is of its own change once it is committed', (t) => {
  const { writer, uses, home, a } = open(0)
  const read = home.now()
  const change = writer(0).changing(['a'])
  change.ended(true)
  const stamp = change.stampOf(a, read)
  t.truthy(stamp)
  t.true(uses(stamp as Stamp))
  t.is(change.stampOf(home.bucketOf('b'), read), read, 'a bucket that it did not change')
  commit(writer(0), 'a')
  t.false(uses(stamp as Stamp))
})

test('what a transaction has read itself may not be used if others have changed it meanwhile', (t) => {
  const { writer, home, a } = open(0)
  const read = home.now()
  commit(writer(1), 'a')
  const change = writer(0).changing(['a'])
  change.ended(true)
  t.is(change.stampOf(a, read), undefined)
})

test('a new generation begins before epochs could be taken for others', (t) => {
  const { writer, uses, home } = open(2 ** 30 - 3)
  const before = home.now()
  for (let i = 0; i < 4; i++) {
    t.is(uses(before), i < 3)
    commit(writer(0), 'another key')
  }
  t.false(uses(before))
  t.true(uses(home.now()))
})

test('what is older than half of the circle is of another generation', (t) => {
  const { writer, uses, home } = open(0)
  const before = home.now()
  for (const epoch of [2 ** 30 - 1, 2 ** 31 - 1, -(2 ** 30) - 1]) {
    // As if so many changes had been made.
    new Int32Array(home.memory)[0] = epoch
    commit(writer(0), 'another key')
  }
  t.false(uses(before))
  t.true(uses(home.now()))
})

test('a change that took its number first and comes last is later all the same', (t) => {
  const cells = new VersionCells(VersionCells.allocate())
  const bucket = cells.bucketOf('a')
  const [first, second] = [cells.nextEpoch(), cells.nextEpoch()]
  t.is(cells.change(bucket, second), 0)
  t.is(cells.change(bucket, first), undefined, 'it knows that others came between')
  t.true(
    cells.version(bucket) > second,
    'or what the second has read before the first would be taken to be of after it',
  )
})

test('keys that differ spread over all buckets', (t) => {
  const versions = Versions.create({ buckets: 1_024 })
  const used = new Map<number, number>()
  for (let i = 0; i < 10_240; i++) {
    const bucket = versions.bucketOf(`account:${i}`)
    used.set(bucket, (used.get(bucket) ?? 0) + 1)
  }
  t.true(used.size > 1_000, `${used.size} of 1,024`)
  t.true(Math.max(...used.values()) < 40)
})
