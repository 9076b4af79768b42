/**
 * Law: what a transaction publishes arrives if it commits, and only then; a receiver that notes what it has had heeds it once,
 * however often it comes. With real threads, on both databases.
 */
import test from 'ava'
import { createSystem, silentLog } from 'greenroom'
import type { Database } from '../../../../actors/transaction/interface.ts'
import { openDatabase } from '../../../../actors/transaction/open-database.ts'
import type { Destination } from '../../../../actors/transaction/outbox/destination.ts'
import { postgres } from '../../../../actors/transaction/postgres/options.ts'
import { postgresOrSkip } from '../postgres/server.ts'
import { codes, type Fresh, freshSqlite } from '../support.ts'

type Shop = typeof import('./shop.ts')

const freshPostgres: Fresh = async (t) => {
  const url = await postgresOrSkip(t)
  return url === undefined ? undefined : postgres({ url })
}

for (const [name, fresh] of [
  ['SQLite', freshSqlite()],
  ['PostgreSQL', freshPostgres],
] as const) {
  test(`${name}: messages of committed transactions are booked once, although each comes twice`, async (t) => {
    t.timeout(100_000)
    const driver = await fresh(t)
    if (driver === undefined) return
    const system = createSystem({ log: silentLog })
    const { ctx } = system
    let arrived = 0
    const bookings: Destination = {
      async deliver(own, { id, payload, attempt }) {
        const { order } = payload as { order: number }
        const isNew = await database.transact(own, 'book', { id, payload: { order } })
        t.is(isNew, attempt === 1)
        arrived += 1
        if (attempt === 1) throw new Error('its answer was lost')
      },
    }
    const database: Database<Shop> = await openDatabase<Shop>(ctx, {
      driver,
      module: new URL('./shop.ts', import.meta.url),
      destinations: { bookings },
      outbox: { retryMs: 1, retryMaxMs: 1 },
    })
    await database.transact(ctx, 'found')
    const ids = Array.from({ length: 100 }, (_, id) => id)
    const wanted = ids.map((id) => database.transact(ctx, 'order', { id, fails: id % 10 === 0 }))
    const answers = await codes(wanted)
    t.is(answers.filter((answer) => answer === undefined).length, 90)
    while (arrived < 180) await ctx.after(10)
    const booked = await database.transact(ctx, 'orders')
    t.is(booked.length, 90)
    t.true(booked.every((order) => order.booked === 1))
    await database.close()
    await system.stop()
    t.is(system.actors, 0)
  })
}
