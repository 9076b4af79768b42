/**
 * Law: with threads, and a database, caches keep what they promise: nobody is given less than what he could have been told before he
 * asked, no update is lost, and what is taken from a cache fits what is read beside it.
 */
import test from 'ava'
import { openDatabase } from '../../../../actors/transaction/open-database.ts'
import { silentLog } from '../../../../runtime/context/log.ts'
import { createSystem } from '../../../../runtime/system/system.ts'
import { freshSqlite } from '../support.ts'

const PAIRS = 3
const CLIENTS = 12
const ROUNDS = 150

for (const readers of [0, 2]) {
  test(`caches follow a database with ${readers} readers`, async (t) => {
    t.timeout(60_000)
    const driver = await freshSqlite({ readers })(t)
    if (driver === undefined) return
    const system = createSystem({ log: silentLog })
    const { ctx } = system
    try {
      const module = new URL('./counters.ts', import.meta.url)
      const database = await openDatabase<typeof import('./counters.ts')>(ctx, { driver, module })
      await database.transact(ctx, 'create', PAIRS)
      /** What each pair was told to be. */
      const told = new Array(PAIRS).fill(0)
      const bumps = new Array(PAIRS).fill(0)
      const client = async (number: number) => {
        for (let round = 0; round < ROUNDS; round++) {
          const pair = (number + round) % PAIRS
          const before = told[pair]
          if ((number + round) % 4 === 0) {
            const fails = round % 3 === 0
            const bumped = database.transact(ctx, 'bump', { pair, fails })
            if (fails) {
              await t.throwsAsync(Promise.resolve(bumped), { message: 'meant' })
            } else {
              const after = await bumped
              bumps[pair] += 1
              told[pair] = Math.max(told[pair], after)
            }
          } else if (round % 2 === 0) {
            const { cached, direct } = await database.transact(ctx, 'both', pair)
            if (cached !== direct || cached < before) t.fail(`${cached} and ${direct} after ${before}`)
          } else {
            const value = await database.cache.read(ctx, `counter:${2 * pair}`, 'single', 2 * pair)
            if (value < before) t.fail(`${value} after ${before}`)
          }
        }
      }
      await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)))
      t.deepEqual(told, bumps, 'no update was lost')
      const { hits, flights } = database.cache.statistics()
      t.true(hits > 0)
      t.is(flights, 0)
    } finally {
      await system.stop()
    }
  })
}

test('a cache reads by nothing that may change something', async (t) => {
  const driver = await freshSqlite()(t)
  if (driver === undefined) return
  const system = createSystem({ log: silentLog })
  const { ctx } = system
  try {
    const module = new URL('./counters.ts', import.meta.url)
    const database = await openDatabase<typeof import('./counters.ts')>(ctx, { driver, module })
    const reading = database.cache.read(ctx, 'a', 'create', 1)
    await t.throwsAsync(Promise.resolve(reading), { code: 'TRANSACTION_OPTION_INVALID' })
  } finally {
    await system.stop()
  }
})
