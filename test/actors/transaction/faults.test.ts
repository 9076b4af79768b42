/**
 * Law: whatever a body, a thread or a file does, each transaction has a true outcome, its rows agree with it, and the database
 * serves the next one.
 *
 * Real threads and real files: tests wait for events, and for a bound only where the bound is what is tested.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import Sqlite from 'better-sqlite3'
import { openDatabase } from '../../../actors/transaction/open-database.ts'
import { sqlite } from '../../../actors/transaction/sqlite/sqlite.ts'
import { silentLog } from '../../../runtime/context/log.ts'
import { codeOf, OverloadError } from '../../../runtime/errors.ts'
import { createSystem } from '../../../runtime/system/system.ts'
import { bankModule, codes, folder, freshSqlite, pair, raise, raised, withBank } from './support.ts'

const fresh = freshSqlite()
const quick = { limits: { timeoutMs: 300, stuckMs: 100 } }

test.serial('one that waits is taken out of the queue when it is cancelled, and never runs', async (t) => {
  await withBank(t, fresh, {}, async ({ system, bank, heard }) => {
    const { ctx } = system
    const flags = pair()
    const holding = bank.transact(ctx, 'hold', { flags, index: 0 })
    await raised(flags, 1)
    // The thread has one group and is sent one more: the third waits at home.
    const ahead = bank.transact(ctx, 'leaf', 1)
    await ctx.after(0)
    const waiting = bank.transact(ctx, 'transfer', { id: 'a', from: 1, to: 2, amount: 1 })
    const [request, cancel] = ctx.withCancel()
    const left = bank.transact(request, 'transfer', { id: 'b', from: 1, to: 2, amount: 1 })
    t.true(waiting.cancel('changed my mind'))
    cancel('the client left')
    t.deepEqual(await codes([waiting, left]), ['CANCELLED', 'CANCELLED'])
    t.is(waiting.state, 'rolledBack')
    t.like(await waiting.outcome, { status: 'rolledBack', attempts: 0 })
    raise(flags, 0)
    t.deepEqual(await codes([holding, ahead]), ['held', 1])
    t.deepEqual((await bank.transact(ctx, 'books')).transfers, [])
    t.deepEqual(heard, [])
  })
})

test.serial('one that runs is interrupted, and tells its true outcome: not committed', async (t) => {
  await withBank(t, fresh, {}, async ({ system, bank }) => {
    const { ctx } = system
    const busy = bank.transact(ctx, 'busy')
    const stopped = new Promise((resolve) =>
      busy.finally(() => resolve(bank.statistics())).then(null, () => {}),
    )
    while (busy.state === 'queued') await ctx.after(1)
    t.true(busy.cancel('enough'))
    t.is(busy.status, 'pending')
    t.is((await busy.outcome).status, 'rolledBack')
    t.deepEqual(await codes([busy]), ['CANCELLED'])
    t.like(await stopped, { rolledBack: 1, running: 0 })
    t.is(await bank.transact(ctx, 'balance', 0), 1_000)
  })
})

test.serial('one that has crossed and not begun does not begin when it is cancelled', async (t) => {
  await withBank(t, fresh, {}, async ({ system, bank, heard }) => {
    const { ctx } = system
    const flags = pair()
    const holding = bank.transact(ctx, 'hold', { flags, index: 0 })
    await raised(flags, 1)
    const transfer = bank.transact(ctx, 'transfer', { id: 'a', from: 1, to: 2, amount: 1 })
    await ctx.after(0)
    t.is(transfer.state, 'running')
    transfer.cancel('changed my mind')
    raise(flags, 0)
    t.is(await holding, 'held')
    const { status } = await transfer.outcome
    t.is(status, 'rolledBack')
    t.deepEqual((await bank.transact(ctx, 'books')).transfers, [])
    t.deepEqual(heard, [])
  })
})

test.serial('one that takes too long is stopped between two statements', async (t) => {
  await withBank(t, fresh, quick, async ({ system, bank }) => {
    const { ctx } = system
    const [busy, leaf] = [bank.transact(ctx, 'busy'), bank.transact(ctx, 'leaf', 1)]
    t.deepEqual(await codes([busy, leaf]), ['TRANSACTION_TIMEOUT', 1])
    t.is(await bank.transact(ctx, 'balance', 0), 1_000)
  })
})

test.serial('a request whose time is over takes its transaction along', async (t) => {
  await withBank(t, fresh, {}, async ({ system, bank }) => {
    const busy = bank.transact(system.ctx.withTimeout(50), 'busy')
    const error = await t.throwsAsync(async () => busy)
    t.true(['DEADLINE_EXCEEDED', 'TRANSACTION_TIMEOUT'].includes(codeOf(error)), codeOf(error))
    t.is(await bank.transact(system.ctx, 'balance', 0), 1_000)
  })
})

for (const name of ['stuck', 'stubborn'] as const) {
  test.serial(
    `a body that is ${name} is ended, and those that wait with it are done by the next thread`,
    async (t) => {
      await withBank(t, fresh, quick, async ({ system, bank }) => {
        const { ctx } = system
        const all = [bank.transact(ctx, 'leaf', 1), bank.transact(ctx, name), bank.transact(ctx, 'leaf', 2)]
        t.deepEqual(await codes(all), [1, 'TRANSACTION_TIMEOUT', 2])
        t.is(await bank.transact(ctx, 'balance', 0), 1_000)
        t.is(await bank.transact(ctx, 'leaf', 3), 3)
      })
    },
  )
}

test.serial('a thread that is lost in the middle costs the one that ran, and nobody else', async (t) => {
  await withBank(t, fresh, {}, async ({ system, bank }) => {
    const { ctx } = system
    const all = [bank.transact(ctx, 'leaf', 1), bank.transact(ctx, 'exit'), bank.transact(ctx, 'leaf', 2)]
    t.deepEqual(await codes(all), [1, 'TRANSACTION_THREAD_LOST', 2])
    t.is(await bank.transact(ctx, 'balance', 0), 1_000)
  })
})

test.serial('a full queue refuses at the door, and says when to come again', async (t) => {
  await withBank(t, fresh, { limits: { queueCapacity: 2, groupMax: 1 } }, async ({ system, bank }) => {
    const { ctx } = system
    const flags = pair()
    const holding = bank.transact(ctx, 'hold', { flags, index: 0 })
    await raised(flags, 1)
    const all = [bank.transact(ctx, 'leaf', 1)]
    await ctx.after(0)
    all.push(bank.transact(ctx, 'leaf', 2), bank.transact(ctx, 'leaf', 3))
    const refused = bank.transact(ctx, 'leaf', 4)
    const error = await t.throwsAsync(async () => refused)
    t.is(codeOf(error), 'TRANSACTION_QUEUE_FULL')
    t.true(error instanceof OverloadError && 'retryAfterMs' in error && Number(error.retryAfterMs) >= 0)
    t.is(refused.ref, undefined)
    raise(flags, 0)
    t.deepEqual(await codes([holding, ...all]), ['held', 1, 2, 3])
    t.like(bank.statistics(), { refused: 1, queued: 0, running: 0 })
  })
})

test.serial('one that waits too long is told so, and does not run', async (t) => {
  await withBank(t, fresh, { limits: { waitMs: 100, groupMax: 1 } }, async ({ system, bank }) => {
    const { ctx } = system
    const flags = pair()
    const holding = bank.transact(ctx, 'hold', { flags, index: 0 })
    await raised(flags, 1)
    const ahead = bank.transact(ctx, 'leaf', 1)
    await ctx.after(0)
    t.deepEqual(await codes([bank.transact(ctx, 'leaf', 2)]), ['TRANSACTION_EXPIRED'])
    raise(flags, 0)
    t.deepEqual(await codes([holding, ahead, bank.transact(ctx, 'leaf', 2)]), ['held', 1, 2])
  })
})

test.serial(
  'a disk that is full fails those for whom there is no room, and the database serves on',
  async (t) => {
    await withBank(t, fresh, {}, async ({ system, bank }) => {
      const { ctx } = system
      await bank.transact(ctx, 'nonsense', 'create table ballast (bytes blob)')
      await bank.transact(ctx, 'limitPages', 40)
      const all = [
        bank.transact(ctx, 'leaf', 1),
        bank.transact(ctx, 'nonsense', 'insert into ballast values (zeroblob(1000000))'),
        bank.transact(ctx, 'leaf', 2),
      ]
      t.deepEqual(await codes(all), [1, 'DATABASE_FULL', 2])
      t.is((await bank.transact(ctx, 'books')).total, 10_000)
    })
  },
)

test.serial('a file that another process holds locked is waited for, and then told of', async (t) => {
  const file = join(folder(t), 'bank.db')
  await withBank(
    t,
    async () => sqlite({ file }),
    { limits: { busyTimeoutMs: 200 } },
    async ({ system, bank }) => {
      const { ctx } = system
      const other = new Sqlite(file)
      other.exec('begin immediate')
      t.deepEqual(await codes([bank.transact(ctx, 'leaf', 1)]), ['DATABASE_BUSY'])
      t.is((await bank.transact(ctx, 'books')).total, 10_000)
      const patient = bank.transact(ctx, 'leaf', 2)
      other.exec('rollback')
      other.close()
      t.is(await patient, 2)
    },
  )
})

test.serial('a file that is no database, or cannot be opened, is told of when it is opened', async (t) => {
  const garbage = join(folder(t), 'garbage.db')
  writeFileSync(garbage, 'not a database at all, and long enough to look like one'.repeat(100))
  const nowhere = join(folder(t), 'no', 'such', 'folder', 'bank.db')
  const system = createSystem({ log: silentLog })
  const open = (file: string) => openDatabase(system.ctx, { driver: sqlite({ file }), module: bankModule })
  t.deepEqual(await codes([open(garbage)]), ['DATABASE_CORRUPT'])
  t.deepEqual(await codes([open(nowhere)]), ['DATABASE_CANNOT_OPEN'])
  await system.stop()
  t.is(system.actors, 0)
})

test.serial('a database that is closed finishes what it has, and takes no more', async (t) => {
  await withBank(t, fresh, {}, async ({ system, bank }) => {
    const { ctx } = system
    const all = [bank.transact(ctx, 'leaf', 1), bank.transact(ctx, 'leaf', 2)]
    const closed = bank.close()
    t.deepEqual(await codes(all), [1, 2])
    await closed
    t.deepEqual(await codes([bank.transact(ctx, 'leaf', 3)]), ['TRANSACTION_CLOSED'])
    t.is(bank.ref.isAlive, false)
  })
})

test.serial(
  'a system that stops lets transactions end; what was acknowledged is there when it is opened again',
  async (t) => {
    const file = join(folder(t), 'bank.db')
    const driver = sqlite({ file })
    const system = createSystem({ log: silentLog })
    const bank = await openDatabase<typeof import('./bank.ts')>(system.ctx, { driver, module: bankModule })
    await bank.transact(system.ctx, 'found', 10)
    const all = Array.from({ length: 500 }, (_, i) =>
      bank.transact(system.ctx, 'transfer', { id: `${i}`, from: i % 10, to: (i + 1) % 10, amount: 1 }),
    )
    const ended = codes(all)
    await system.stop()
    const acknowledged = (await ended).filter((one) => typeof one === 'object') as { id: string }[]
    t.is(acknowledged.length, 500)
    const again = createSystem({ log: silentLog })
    const reopened = await openDatabase<typeof import('./bank.ts')>(again.ctx, { driver, module: bankModule })
    const { total, transfers } = await reopened.transact(again.ctx, 'books')
    t.is(total, 10_000)
    t.is(transfers.length, 500)
    await again.stop()
  },
)
