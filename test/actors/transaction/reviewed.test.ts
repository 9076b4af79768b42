/**
 * Law: as in faults.test.ts. Each of these was once broken, and found by reading: cancellation at the moment of COMMIT, bodies that
 * end their own transaction, what cannot cross, what is changed after it was given.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import test from 'ava'
import Sqlite from 'better-sqlite3'
import { openDatabase } from '../../../actors/transaction/open-database.ts'
import { sqlite } from '../../../actors/transaction/sqlite/sqlite.ts'
import { silentLog } from '../../../runtime/context/log.ts'
import { all } from '../../../runtime/deferred/combinators.ts'
import { codeOf } from '../../../runtime/errors.ts'
import { createSystem } from '../../../runtime/system/system.ts'
import { bankModule, codes, folder, freshSqlite, withBank } from './support.ts'

const fresh = freshSqlite()
const transferOf = (id: string, amount = 1) => ({ id, from: 1, to: 2, amount })

test.serial(
  'one that is cancelled after COMMIT, before it is told, tells that it is committed',
  async (t) => {
    await withBank(t, fresh, {}, async ({ system, bank, heard }) => {
      const { ctx } = system
      const first = bank.transact(ctx, 'transfer', transferOf('a'))
      const [request, cancel] = ctx.withCancel()
      const second = bank.transact(request, 'transfer', transferOf('b'))
      // Both are in one group: the second is decided when the first is told.
      first.listen(
        () => {
          second.cancel('too late')
          cancel('too late')
        },
        () => {},
      )
      await first
      t.is((await second.outcome).status, 'committed')
      t.deepEqual(
        heard.map(({ id }) => id),
        ['a', 'b'],
      )
      const failing = bank.transact(ctx, 'transfer', transferOf('c', 5_000))
      const good = bank.transact(ctx, 'transfer', transferOf('d'))
      await t.throwsAsync(async () => all([failing, good]))
      t.is((await good.outcome).status, 'committed')
      t.deepEqual((await bank.transact(ctx, 'books')).transfers, ['a', 'b', 'd'])
    })
  },
)

test.serial('an actor of a transaction that is stopped takes only that one along', async (t) => {
  await withBank(t, fresh, {}, async ({ system, bank }) => {
    const { ctx } = system
    const group = ['a', 'b', 'c'].map((id) => bank.transact(ctx, 'transfer', transferOf(id)))
    void group[1]?.ref?.stop('on purpose')
    const outcomes = await Promise.all(group.map(({ outcome }) => outcome))
    t.deepEqual(
      outcomes.map(({ status }) => status),
      ['committed', 'rolledBack', 'committed'],
    )
    t.deepEqual((await bank.transact(ctx, 'books')).transfers, ['a', 'c'])
  })
})

test.serial(
  'a database that is stopped says rolled back of all that is, and unknown of nothing',
  async (t) => {
    const file = join(folder(t), 'bank.db')
    const system = createSystem({ log: silentLog })
    const bank = await openDatabase<typeof import('./bank.ts')>(system.ctx, {
      driver: sqlite({ file }),
      module: bankModule,
    })
    await bank.transact(system.ctx, 'found', 10)
    const busy = [
      bank.transact(system.ctx, 'busy'),
      ...['a', 'b'].map((id) => bank.transact(system.ctx, 'transfer', transferOf(id))),
    ]
    while (busy[0]?.state === 'queued') await system.ctx.after(1)
    await bank.ref.stop('now')
    const outcomes = await Promise.all(busy.map(({ outcome }) => outcome))
    t.deepEqual(
      outcomes.map(({ status }) => status),
      ['rolledBack', 'rolledBack', 'rolledBack'],
    )
    const database = new Sqlite(file)
    t.deepEqual(database.prepare('select id from transfer').all(), [])
    database.close()
    await system.stop()
  },
)

test.serial('a body cannot end its transaction, nor change the connection', async (t) => {
  await withBank(t, fresh, {}, async ({ system, bank }) => {
    const { ctx } = system
    const bad = [
      'commit',
      ' /* now */ rollback',
      '-- really\nEND',
      'savepoint x',
      'release greenroom_transaction',
      'begin',
      'pragma query_only = 1',
      'pragma main.synchronous(off)',
      'pragma wal_checkpoint',
      "attach 'x.db' as x",
      'vacuum',
      'select * from pragma_optimize(1)',
    ]
    const group = bad.flatMap((sql, i) => [
      bank.transact(ctx, 'leaf', i),
      bank.transact(ctx, 'nonsense', sql),
    ])
    const expected = bad.flatMap((_, i) => [i, 'DATABASE_STATEMENT'])
    t.deepEqual(await codes(group), expected)
    t.is(await bank.transact(ctx, 'leaf', 99), 99)
  })
})

test.serial(
  'a transaction that SQLite has ended within a savepoint is over, whatever the body goes on to do',
  async (t) => {
    await withBank(t, fresh, {}, async ({ system, bank }) => {
      const { ctx } = system
      const group = [
        bank.transact(ctx, 'leaf', 1),
        bank.transact(ctx, 'orRollback'),
        bank.transact(ctx, 'leaf', 2),
      ]
      t.deepEqual(await codes(group), [1, 'DATABASE_CONSTRAINT', 2])
      t.is(await bank.transact(ctx, 'balance', 0), 1_000)
      t.is(await bank.transact(ctx, 'balance', 3), 1_000)
    })
  },
)

test.serial('what no actor can be sent spoils its transaction, before it is committed', async (t) => {
  await withBank(t, fresh, {}, async ({ system, bank }) => {
    const bad = ['', 'null', 'nothing'] as const
    const group = bad.map((what) => bank.transact(system.ctx, 'emitBadly', what))
    t.deepEqual(
      await codes(group),
      bad.map(() => 'TRANSACTION_OPTION_INVALID'),
    )
    t.is(await bank.transact(system.ctx, 'balance', 0), 1_000)
  })
})

test.serial('what is given is copied when it is given, and what cannot be is refused there', async (t) => {
  await withBank(t, fresh, {}, async ({ system, bank, heard }) => {
    const { ctx } = system
    const input = transferOf('a')
    const first = bank.transact(ctx, 'transfer', input)
    input.id = 'b'
    const second = bank.transact(ctx, 'transfer', input)
    t.deepEqual([(await first).id, (await second).id], ['a', 'b'])
    await bank.transact(ctx, 'emitChanging')
    t.deepEqual(
      heard.slice(2).map(({ n }) => n),
      [1, 2, 3],
    )
    const bad = [
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('trap')
          },
        },
      ),
      Object.assign([1], { f() {} }),
      () => {},
      Symbol('x'),
    ]
    const refused = bad.map((one) => bank.transact(ctx, 'transfer', one as never))
    t.deepEqual(await codes([...refused, bank.transact(ctx, 'leaf', 1)]), [
      ...bad.map(() => 'TRANSACTION_NOT_CLONEABLE'),
      1,
    ])
    t.is(await bank.transact(ctx, 'giveProxy'), 3 as never)
  })
})

test.serial('promises in hooks and bodies harm nobody, and one before COMMIT is a veto', async (t) => {
  await withBank(t, fresh, {}, async ({ system, bank }) => {
    const { ctx } = system
    const failures: string[] = []
    system.events.on('listenerFailed', ({ error }) => failures.push(codeOf(error)))
    const hooks = {
      afterCommit: async () => Promise.reject(Object.assign(new Error('late'), { code: 'LATE' })),
    }
    const group = (['before', 'after', 'yield', 'body'] as const).map((where) =>
      bank.transact(ctx, 'promises', where, { hooks }),
    )
    t.deepEqual(await codes([...group, bank.transact(ctx, 'leaf', 1)]), [
      'TRANSACTION_FOREIGN_YIELD',
      'after',
      'TRANSACTION_FOREIGN_YIELD',
      'TRANSACTION_FOREIGN_YIELD',
      1,
    ])
    await ctx.after(5)
    t.deepEqual(failures, ['LATE'])
  })
})

test.serial('a thread that could not open the file at first opens it when it can', async (t) => {
  const file = join(folder(t), 'bank.db')
  const config = { limits: { busyTimeoutMs: 50, waitMs: 20_000 } }
  await withBank(
    t,
    async () => sqlite({ file }),
    config,
    async ({ system, bank }) => {
      const other = new Sqlite(file)
      t.deepEqual(await codes([bank.transact(system.ctx, 'exit')]), ['TRANSACTION_THREAD_LOST'])
      other.exec('begin immediate')
      const waiting = bank.transact(system.ctx, 'leaf', 1)
      await system.ctx.after(700)
      other.exec('rollback')
      other.close()
      t.is(await waiting, 1)
    },
  )
})

test.serial(
  'options out of bounds are refused; what takes longer after its last statement is out of time',
  async (t) => {
    await withBank(t, fresh, {}, async ({ system, bank }) => {
      const { ctx } = system
      const bad = [Number.NaN, -5, 0].map((timeoutMs) => bank.transact(ctx, 'leaf', 1, { timeoutMs }))
      t.deepEqual(
        await codes(bad),
        bad.map(() => 'TRANSACTION_OPTION_INVALID'),
      )
      t.deepEqual(await codes([bank.transact(ctx, 'thinkAfterwards', 100, { timeoutMs: 30 })]), [
        'TRANSACTION_TIMEOUT',
      ])
      const misnamed = [
        bank.transact(ctx, 'leaf', 1, { timeout: 5 } as never),
        bank.transact(ctx, 'publishBadly', { delay: 5 }),
        bank.transact(ctx, 'publishBadly', { delayMs: -1 }),
      ]
      t.deepEqual(
        await codes(misnamed),
        misnamed.map(() => 'TRANSACTION_OPTION_INVALID'),
      )
      t.deepEqual(await codes([bank.transact(ctx, 'constructor' as never)]), ['TRANSACTION_UNKNOWN_NAME'])
      t.is(await bank.transact(ctx, 'balance', 0), 1_000)
    })
  },
)

test.serial('migrations: applied once, in order, and refused where they do not fit any more', async (t) => {
  const root = folder(t)
  const at = (name: string) => join(root, 'migrations', name)
  mkdirSync(join(root, 'migrations'))
  const migrations = pathToFileURL(join(root, 'migrations'))
  const open = async (given: URL | undefined) => {
    const system = createSystem({ log: silentLog })
    try {
      const driver = sqlite({ file: join(root, 'bank.db') })
      const bank = await openDatabase<typeof import('./bank.ts')>(system.ctx, {
        driver,
        module: bankModule,
        ...(given === undefined ? {} : { migrations: given }),
      })
      await bank.transact(system.ctx, 'nonsense', 'insert into one values (1)')
      return 'open'
    } catch (error) {
      return `${codeOf(error)} ${(error as Error).message}`
    } finally {
      await system.stop()
    }
  }
  writeFileSync(at('0001-one.sql'), 'create table one (id integer); insert into one values (0);')
  t.is(await open(migrations), 'open')
  t.is(await open(migrations), 'open')
  writeFileSync(at('0003-bad.sql'), 'create table three (id integer); insert into nowhere values (1);')
  t.regex(await open(migrations), /^DATABASE_MIGRATION migration 3 \(bad\) failed: .*nowhere/)
  writeFileSync(at('0003-bad.sql'), 'create table three (id integer);')
  t.is(await open(migrations), 'open')
  writeFileSync(at('0002-late.sql'), 'create table two (id integer);')
  t.regex(await open(migrations), /^DATABASE_MIGRATION migration 2 \(late\) comes too late: 3/)
  t.is(await open(undefined), 'open')
  writeFileSync(at('0001-one.sql'), 'create table one (id text);')
  t.regex(await open(migrations), /^DATABASE_MIGRATION migration 1 \(one\) was changed/)
  const database = new Sqlite(join(root, 'bank.db'))
  t.is(database.prepare('select count(*) as n from one').pluck().get(), 5)
  database.close()
})
