/**
 * The cache at home, under a manual clock: who is answered at once, who shares a reading, who waits for the next; that each may
 * leave alone; and that nobody is given what is older than what he could have seen.
 */
import test from 'ava'
import { type CachePlan, HomeCache } from '../../../../actors/transaction/cache/cache.ts'
import { Versions } from '../../../../actors/transaction/cache/versions.ts'
import type { Context } from '../../../../runtime/context/context.ts'
import { Deferred } from '../../../../runtime/deferred/deferred.ts'
import { World } from '../../../runtime/system/world.ts'

interface Asked {
  readonly ctx: Context
  readonly name: string
  readonly input: unknown
  readonly result: Deferred<unknown>
  wasCancelled: boolean
}

function open(options: Partial<CachePlan> = {}) {
  const world = new World()
  const ctx = world.ctx as unknown as Context
  const versions = Versions.create()
  const writer = new Versions(versions.memory, 0)
  /** Transactions that were asked for. */
  const asked: Asked[] = []
  const run = (of: Context, name: string, input: unknown) => {
    const one: Asked = {
      ctx: of,
      name,
      input,
      wasCancelled: false,
      result: new Deferred<unknown>(() => {
        one.wasCancelled = true
      }),
    }
    asked.push(one)
    return one.result
  }
  const cache = new HomeCache({ ctx, versions, run, entriesMax: 2, timeoutMs: 1_000, ...options })
  const read = (key: string, options?: { ttlMs?: number }, from = ctx) => {
    const result = cache.read(from, key, 'get', { key }, options)
    world.look(result)
    return result
  }
  const commit = (...keys: string[]) => writer.changing(keys).ended(true)
  /** The reading number `index` gives its value. */
  const give = (index: number, value: unknown) => (asked[index] as Asked).result.resolve(value)
  return { world, ctx, cache, writer, asked, read, commit, give }
}

test('a value that is there is answered at once, until somebody changes it', async (t) => {
  const { world, cache, read, commit, give, asked } = open()
  const first = read('a')
  t.true(first.isPending)
  t.is(asked[0]?.name, 'get')
  t.deepEqual(asked[0]?.input, { key: 'a' })
  const value = { rows: [1] }
  give(0, value)
  t.is(await world.result(first), value)
  t.true(Object.isFrozen(value.rows))

  const second = read('a')
  t.is(second.status, 'fulfilled')
  t.is(cache.peek('a')?.value, value)
  commit('a')
  t.is(cache.peek('a'), undefined)
  const third = read('a')
  t.true(third.isPending)
  give(1, 2)
  t.is(await world.result(third), 2)
  t.deepEqual(cache.statistics(), { entries: 1, hits: 1, misses: 2, refusedFills: 0, flights: 0 })
  await world.end(t)
})

test('many who ask for the same cost one reading', async (t) => {
  const { world, cache, read, give, asked } = open()
  const waiters = Array.from({ length: 10 }, () => read('a'))
  const other = read('b')
  t.is(asked.length, 2)
  t.is(cache.statistics().flights, 2)
  give(0, 1)
  give(1, 2)
  for (const waiter of waiters) t.is(await world.result(waiter), 1)
  t.is(await world.result(other), 2)
  await world.end(t)
})

test('a waiter leaves alone, and the reading is called off when the last has left', async (t) => {
  const { world, ctx, cache, read, give, asked } = open()
  const [own, cancel] = ctx.withCancel()
  const first = read('a', undefined, own)
  const second = read('a')
  const third = read('a')
  cancel('gone')
  third.cancel('gone too')
  t.is(first.status, 'rejected')
  t.true(second.isPending)
  t.false(asked[0]?.wasCancelled)
  second.cancel()
  t.true(asked[0]?.wasCancelled)
  t.is(cache.statistics().flights, 0)
  const fourth = read('a')
  t.is(asked.length, 2)
  give(1, 4)
  t.is(await world.result(fourth), 4)
  await world.end(t)
})

test('who asks after a change is not given what was read before it: he waits for the next reading, with all who do', async (t) => {
  const { world, cache, read, commit, give, asked } = open()
  const before = read('a')
  commit('a')
  const after = [read('a'), read('a')]
  t.is(asked.length, 1, 'one reading of a key at a time')
  give(0, 'old')
  t.is(await world.result(before), 'old', 'he asked before the change')
  t.is(asked.length, 2)
  t.is(cache.peek('a'), undefined, 'nobody else gets it')
  give(1, 'new')
  for (const one of after) t.is(await world.result(one), 'new')
  t.is(cache.peek('a')?.value, 'new')
  t.is(cache.statistics().refusedFills, 1)
  await world.end(t)
})

test('while a commit is under way all who ask share two readings at most', async (t) => {
  const { world, cache, writer, read, give, asked } = open()
  const change = writer.changing(['a'])
  const waiters = Array.from({ length: 10 }, () => read('a'))
  t.is(asked.length, 1)
  give(0, 'maybe old')
  await world.settle()
  t.is(asked.length, 2)
  change.ended(true)
  give(1, 'maybe old as well')
  const [first, ...others] = waiters
  t.is(await world.result(first as Deferred<unknown>), 'maybe old')
  for (const one of others) t.is(await world.result(one), 'maybe old as well')
  t.is(cache.peek('a'), undefined)
  await world.end(t)
})

test('where all who wait for the next reading leave it is not begun', async (t) => {
  const { world, cache, read, commit, give, asked } = open()
  const before = read('a')
  commit('a')
  read('a').cancel()
  give(0, 1)
  t.is(await world.result(before), 1)
  await world.settle()
  t.is(asked.length, 1)
  t.is(cache.statistics().flights, 0)
  await world.end(t)
})

test('where all who wait for the reading under way leave, the next begins at once', async (t) => {
  const { world, read, commit, give, asked } = open()
  const before = read('a')
  commit('a')
  const after = read('a')
  before.cancel()
  t.true(asked[0]?.wasCancelled)
  t.is(asked.length, 2)
  give(1, 2)
  t.is(await world.result(after), 2)
  await world.end(t)
})

test('failures are told to all who wait, and not kept', async (t) => {
  const { world, read, give, asked } = open()
  const waiters = [read('a'), read('a')]
  asked[0]?.result.reject(new RangeError('no'))
  for (const one of waiters) await t.throwsAsync(world.result(one), { instanceOf: RangeError })
  const next = read('a')
  give(1, 1)
  t.is(await world.result(next), 1)
  await world.end(t)
})

test('a transaction that cannot even be asked for fails those who wait', async (t) => {
  const { world, cache, read } = open({
    run: () => {
      throw new RangeError('no')
    },
  })
  await t.throwsAsync(world.result(read('a')), { instanceOf: RangeError })
  t.is(cache.statistics().flights, 0)
  await world.end(t)
})

test('a reading outlives the context of whoever asked first, and has a deadline of its own', async (t) => {
  const { world, ctx, read, asked } = open()
  const first = read('a', undefined, ctx.withTimeout(10))
  const second = read('a')
  await world.advance(10)
  t.is(first.status, 'rejected')
  t.true(second.isPending)
  t.is(asked[0]?.ctx.remainingMs, 990)
  t.is(asked[0]?.ctx.trace.traceId, ctx.trace.traceId)
  await world.advance(990)
  await t.throwsAsync(world.result(second), { code: 'DEADLINE_EXCEEDED' })
  t.true(asked[0]?.wasCancelled)
  await world.end(t)
})

test('nothing is read for a context that has ended', async (t) => {
  const { world, ctx, read, asked } = open()
  const [ended, cancel] = ctx.withCancel()
  cancel()
  await t.throwsAsync(world.result(read('a', undefined, ended)), { code: 'CANCELLED' })
  t.is(asked.length, 0)
  await world.end(t)
})

test('what is older than ttlMs is read again, counted from the beginning of its reading', async (t) => {
  const { world, read, give, asked } = open()
  const first = read('a')
  await world.advance(40)
  give(0, 1)
  await world.result(first)
  await world.advance(60)
  t.is(read('a').status, 'fulfilled', 'for those who do not say')
  t.is(read('a', { ttlMs: 100 }).status, 'fulfilled')
  t.is(read('a', { ttlMs: 1_000 }).status, 'fulfilled')
  const young = read('a', { ttlMs: 99 })
  t.true(young.isPending)
  t.is(read('a').status, 'fulfilled')
  give(1, 2)
  t.is(await world.result(young), 2)
  t.is(asked.length, 2)
  t.throws(() => read('a', { ttlMs: -1 }), { code: 'TRANSACTION_OPTION_INVALID' })
  t.throws(() => read('a', { ttlMs: Number.NaN }), { code: 'TRANSACTION_OPTION_INVALID' })
  await world.end(t)
})

test('a reading that was begun too long ago is not joined', async (t) => {
  const { world, read, give, asked } = open()
  const first = read('a')
  await world.advance(50)
  const patient = read('a', { ttlMs: 50 })
  const young = read('a', { ttlMs: 49 })
  give(0, 1)
  t.is(await world.result(first), 1)
  t.is(await world.result(patient), 1)
  t.is(asked.length, 2)
  give(1, 2)
  t.is(await world.result(young), 2)
  await world.end(t)
})

test('more may not wait than waitersMax', async (t) => {
  const { world, read, give } = open({ waitersMax: 2 })
  const waiters = [read('a'), read('b')]
  await t.throwsAsync(world.result(read('a')), {
    code: 'TRANSACTION_QUEUE_FULL',
    message: '2 of 2 wait for what the cache does not hold: "a" is refused',
  })
  waiters[0]?.cancel()
  const third = read('b')
  give(1, 1)
  t.is(await world.result(third), 1)
  t.is(read('b').status, 'fulfilled')
  await world.end(t)
})

test('an invalidation and a clearing hold for threads as well', async (t) => {
  const { world, cache, read, give, writer } = open()
  const seen = () => writer.isCurrent(writer.bucketOf('a'), stamp)
  let stamp = writer.now()
  const first = read('a')
  give(0, 1)
  await world.result(first)
  cache.invalidate('a')
  t.is(cache.peek('a'), undefined)
  t.false(seen())
  stamp = writer.now()
  const second = read('a')
  give(1, 2)
  await world.result(second)
  cache.clear()
  t.is(cache.peek('a'), undefined)
  t.false(seen())
  t.is(cache.statistics().entries, 0)
  await world.end(t)
})

test('the entries that were used least recently make room', async (t) => {
  const { world, cache, read, give } = open()
  for (const [i, key] of ['a', 'b', 'c'].entries()) {
    const one = read(key)
    give(i, key)
    await world.result(one)
    read('a')
  }
  t.deepEqual(
    ['a', 'b', 'c'].map((key) => cache.peek(key)?.value),
    ['a', undefined, 'c'],
  )
  await world.end(t)
})
