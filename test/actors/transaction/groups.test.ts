/**
 * Laws of SQLite's groups: one that fails fails alone, whether each has a savepoint or none has. Where it had written something
 * and none has one, the others are run again, and nothing of the first time is left: no row, no event, nothing cached.
 */
import test, { type ExecutionContext } from 'ava'
import { codes, freshSqlite, pair, type World, withBank } from './support.ts'

const fresh = freshSqlite()

/** Of `flags`: rolled back, committed. */
const ROLLED_BACK = 0
const COMMITTED = 1

/** A group of four, of which the third fails. */
async function groupOf(
  { system, bank }: World,
  first: number,
  fails: string,
): Promise<{ values: unknown[]; attempts: number[]; flags: Int32Array }> {
  const flags = pair()
  const group = [0, 1, 2, 3].map((n) =>
    bank.transact(
      system.ctx,
      'eachTime',
      n === 2 ? { id: first + n, flags, fails } : { id: first + n, flags },
    ),
  )
  const values = await codes(group)
  const outcomes = await Promise.all(group.map(({ outcome }) => outcome))
  return { values, attempts: outcomes.map(({ attempts }) => attempts), flags }
}

async function leaves(t: ExecutionContext, { system, bank }: World, ids: readonly number[]): Promise<void> {
  for (const id of ids) {
    // Whoever is there already cannot be inserted.
    t.deepEqual(await codes([bank.transact(system.ctx, 'leaf', id)]), ['DATABASE_CONSTRAINT'])
  }
}

test.serial('one fails after it wrote: the others are run again, and are committed once', async (t) => {
  await withBank(t, fresh, {}, async (world) => {
    const { system, bank, heard } = world
    const { values, attempts, flags } = await groupOf(world, 0, 'writing')
    // The fourth was not begun the first time.
    t.deepEqual(values, [2, 2, 'ON_PURPOSE', 1])
    t.deepEqual(attempts, [2, 2, 2, 1])
    t.deepEqual(heard, [
      { type: 'time', id: 0, attempt: 2 },
      { type: 'time', id: 1, attempt: 2 },
      { type: 'time', id: 3, attempt: 1 },
    ])
    t.is(flags[ROLLED_BACK], 2 + 2)
    t.is(flags[COMMITTED], 3)
    t.is(await bank.transact(system.ctx, 'leaf', 2), 2)
    await leaves(t, world, [0, 1, 3])
    t.deepEqual(await bank.transact(system.ctx, 'cachedTime', 1), { n: 2, attempt: 2 })
    t.is(await bank.transact(system.ctx, 'cachedTime', 2), undefined)
  })
})

test.serial(
  'one fails when it has only read: there is nothing to undo, and nobody is run again',
  async (t) => {
    await withBank(t, fresh, {}, async (world) => {
      const { values, attempts, flags } = await groupOf(world, 0, 'reading')
      t.deepEqual(values, [1, 1, 'ON_PURPOSE', 1])
      t.deepEqual(attempts, [1, 1, 1, 1])
      t.is(flags[ROLLED_BACK], 1)
      t.is(flags[COMMITTED], 3)
      await leaves(t, world, [0, 1, 3])
    })
  },
)

test.serial('where groups fail often each has a savepoint, and nobody is run again', async (t) => {
  await withBank(t, fresh, {}, async (world) => {
    const { heard } = world
    const runs: unknown[] = []
    for (let first = 0; first < 40; first += 4) {
      const { values, attempts } = await groupOf(world, first, 'writing')
      t.is(values[2], 'ON_PURPOSE')
      runs.push(attempts[0])
      await leaves(t, world, [first, first + 1, first + 3])
    }
    t.is(runs[0], 2)
    t.is(runs.at(-1), 1)
    t.deepEqual(runs, [...runs].sort().reverse(), 'once there are savepoints, there are')
    t.is(heard.length, 30)
  })
})

test.serial('one that has had its time is not given it again, and the others are committed', async (t) => {
  await withBank(t, fresh, {}, async (world) => {
    const { ctx } = world.system
    const flags = pair()
    const group = [
      world.bank.transact(ctx, 'eachTime', { id: 0, flags }),
      world.bank.transact(ctx, 'hog', { flags, writes: true }, { timeoutMs: 20 }),
      world.bank.transact(ctx, 'eachTime', { id: 1, flags }),
    ]
    t.deepEqual(await codes(group), [2, 'TRANSACTION_TIMEOUT', 1])
    t.is(flags[3], 1)
    t.is(flags[COMMITTED], 2)
    t.is(await world.bank.transact(ctx, 'balance', 0), 1_000)
    await leaves(t, world, [0, 1])
  })
})

test.serial('a failure may be gone the second time: then it is committed as the others are', async (t) => {
  await withBank(t, fresh, {}, async (world) => {
    const { ctx } = world.system
    const flags = pair()
    const group = [
      world.bank.transact(ctx, 'eachTime', { id: 0, flags }),
      world.bank.transact(ctx, 'eachTime', { id: 1, flags, fails: 'once' }),
    ]
    t.deepEqual(await codes(group), [2, 2])
    t.deepEqual(await Promise.all(group.map(({ outcome }) => outcome.then(({ status }) => status))), [
      'committed',
      'committed',
    ])
    await leaves(t, world, [0, 1])
  })
})

test.serial(
  'a body that changes its input has the one that was given each time that it is run',
  async (t) => {
    await withBank(t, fresh, {}, async (world) => {
      const { ctx } = world.system
      const flags = pair()
      const ids = [10, 11, 12]
      const group = [
        world.bank.transact(ctx, 'drain', ids),
        world.bank.transact(ctx, 'eachTime', { id: 0, flags, fails: 'writing' }),
      ]
      t.deepEqual(await codes(group), [3, 'ON_PURPOSE'])
      await leaves(t, world, ids)
    })
  },
)

test.serial('two runs are not taken for one that does not stop', async (t) => {
  await withBank(t, fresh, { limits: { timeoutMs: 400, stuckMs: 100 } }, async (world) => {
    const { ctx } = world.system
    const group = [
      world.bank.transact(ctx, 'thinkAfterwards', 300),
      world.bank.transact(ctx, 'eachTime', { id: 0, flags: pair(), fails: 'writing' }),
    ]
    t.deepEqual(await codes(group), [undefined, 'ON_PURPOSE'])
    t.is(await world.bank.transact(ctx, 'balance', 0), 1_001)
  })
})

test.serial(
  'it was run: it does not expire because it has to be done again, and nobody gets the error of another',
  async (t) => {
    await withBank(t, fresh, { limits: { waitMs: 200 } }, async (world) => {
      const { ctx } = world.system
      const group = [
        world.bank.transact(ctx, 'thinkAfterwards', 300),
        world.bank.transact(ctx, 'eachTime', { id: 0, flags: pair(), fails: 'writing' }),
        world.bank.transact(ctx, 'leaf', 1),
      ]
      t.deepEqual(await codes(group), [undefined, 'ON_PURPOSE', 1])
    })
  },
)

test.serial(
  'of several that have had their time none is given it again, whoever spoils the group',
  async (t) => {
    await withBank(t, fresh, {}, async (world) => {
      const { ctx } = world.system
      const flags = pair()
      const group = [
        world.bank.transact(ctx, 'hog', { flags, writes: false }, { timeoutMs: 20 }),
        world.bank.transact(ctx, 'hog', { flags, writes: false }, { timeoutMs: 20 }),
        world.bank.transact(ctx, 'eachTime', { id: 0, flags, fails: 'writing' }),
        world.bank.transact(ctx, 'orphan', 7),
        world.bank.transact(ctx, 'leaf', 1),
      ]
      t.deepEqual(await codes(group), [
        'TRANSACTION_TIMEOUT',
        'TRANSACTION_TIMEOUT',
        'ON_PURPOSE',
        'DATABASE_CONSTRAINT',
        1,
      ])
      t.is(flags[3], 2)
    })
  },
)

test.serial(
  'who failed for what another had written is asked again if that is not committed after all',
  async (t) => {
    await withBank(t, fresh, {}, async (world) => {
      const { ctx } = world.system
      // The first breaks a constraint at COMMIT; the second has seen its row.
      const group = [
        world.bank.transact(ctx, 'orphan', 7),
        world.bank.transact(ctx, 'unlessThere', 7),
        world.bank.transact(ctx, 'leaf', 1),
      ]
      t.deepEqual(await codes(group), ['DATABASE_CONSTRAINT', 'inserted', 1])
      await leaves(t, world, [7, 1])
    })
  },
)

test.serial('what throws when it is looked at fails alone', async (t) => {
  await withBank(t, fresh, {}, async (world) => {
    const { ctx } = world.system
    const group = [
      world.bank.transact(ctx, 'leaf', 1),
      world.bank.transact(ctx, 'trap'),
      world.bank.transact(ctx, 'leaf', 2),
    ]
    const outcomes = await Promise.all(group.map(({ outcome }) => outcome.then(({ status }) => status)))
    t.deepEqual(outcomes, ['committed', 'rolledBack', 'committed'])
    await codes(group)
  })
})
