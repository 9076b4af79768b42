/**
 * What holds on every driver: the same module, the same outcomes, the same errors. One suite, called for each.
 *
 * Law: all of a transaction, or nothing; and nobody hears of nothing.
 */
import type { TestFn } from 'ava'
import { codeOf } from '../../../runtime/errors.ts'
import { codes, type Fresh, pair, withBank } from './support.ts'

export function conformance(test: TestFn, name: string, fresh: Fresh): void {
  test.serial(`${name}: commits with its result, its outcome and what it emitted`, async (t) => {
    await withBank(t, fresh, {}, async ({ system, bank, heard }) => {
      const { ctx } = system
      const transfer = bank.transact(ctx, 'transfer', { id: 'a', from: 1, to: 2, amount: 10 })
      t.is(transfer.state, 'queued')
      t.deepEqual(await transfer, { id: 'a', left: 990 })
      t.is(transfer.state, 'committed')
      t.like(await transfer.outcome, { status: 'committed', attempts: 1, hookFailures: [] })
      t.deepEqual(heard, [{ type: 'transferred', id: 'a', amount: 10 }])
      t.is(await bank.transact(ctx, 'balance', 2), 1_010)
      t.is(await bank.transact(ctx, 'balance', 77), undefined)
      t.deepEqual(await bank.transact(ctx, 'books'), { total: 10_000, transfers: ['a'] })
    })
  })

  test.serial(`${name}: what a body throws rolls it back, and is what it fails with`, async (t) => {
    await withBank(t, fresh, {}, async ({ system, bank, heard }) => {
      const { ctx } = system
      const transfer = bank.transact(ctx, 'transfer', { id: 'a', from: 1, to: 2, amount: 1_001 })
      const error = await t.throwsAsync(async () => transfer)
      t.is(codeOf(error), 'OVERDRAFT')
      t.is(error?.message, 'account 1 has not that much')
      t.is(transfer.state, 'rolledBack')
      t.like(await transfer.outcome, { status: 'rolledBack', attempts: 1 })
      t.deepEqual(heard, [])
    })
  })

  test.serial(
    `${name}: whatever spoils a transaction, no row of it is there and nobody hears of it`,
    async (t) => {
      await withBank(t, fresh, {}, async ({ system, bank, heard }) => {
        const { ctx } = system
        await bank.transact(ctx, 'leave')
        const spoilt = (['emits', 'result', 'promise', 'number', 'foreign step', 'hook'] as const).map(
          (how) => bank.transact(ctx, 'spoil', how),
        )
        t.deepEqual(await codes(spoilt), [
          'TRANSACTION_NOT_CLONEABLE',
          'TRANSACTION_NOT_CLONEABLE',
          'TRANSACTION_FOREIGN_YIELD',
          'TRANSACTION_FOREIGN_YIELD',
          'TRANSACTION_OVER',
          'VETO',
        ])
        t.deepEqual(heard, [])
        t.is(await bank.transact(ctx, 'balance', 0), 1_000)
        t.is((await bank.transact(ctx, 'transfer', { id: 'b', from: 1, to: 2, amount: 1 })).id, 'b')
      })
    },
  )

  test.serial(`${name}: a handle that is used after the end throws, whatever is asked of it`, async (t) => {
    await withBank(t, fresh, {}, async ({ system, bank }) => {
      const { ctx } = system
      await bank.transact(ctx, 'leave')
      const late = (['run', 'emit', 'publish'] as const).map((method) =>
        bank.transact(ctx, 'useEscaped', method),
      )
      t.deepEqual(await codes(late), ['TRANSACTION_OVER', 'TRANSACTION_OVER', 'TRANSACTION_OVER'])
      t.is(await bank.transact(ctx, 'useEscaped', 'ctx'), 'leave')
      t.is((await bank.transact(ctx, 'books')).total, 10_000)
    })
  })

  test.serial(`${name}: a statement that fails spoils its transaction, but within a savepoint`, async (t) => {
    await withBank(t, fresh, {}, async ({ system, bank, heard }) => {
      const { ctx } = system
      t.deepEqual(await codes([bank.transact(ctx, 'swallow', { isSaved: false })]), ['DATABASE_CONSTRAINT'])
      t.deepEqual(heard, [])
      t.is(await bank.transact(ctx, 'swallow', { isSaved: true }), 'went on')
      t.deepEqual(heard, [{ type: 'kept' }])
      t.is(await bank.transact(ctx, 'balance', 1), 1_000)
    })
  })

  test.serial(
    `${name}: a savepoint that is rolled back takes its rows and its outputs along, and no others`,
    async (t) => {
      await withBank(t, fresh, {}, async ({ system, bank, heard }) => {
        t.is(await bank.transact(system.ctx, 'nested'), 1)
        t.deepEqual(heard, [{ type: 'outer' }, { type: 'caught' }])
      })
    },
  )

  test.serial(
    `${name}: of those that wait together a bad one fails alone, when it is run and when it is committed`,
    async (t) => {
      await withBank(t, fresh, {}, async ({ system, bank }) => {
        const { ctx } = system
        const all = [
          bank.transact(ctx, 'leaf', 1),
          bank.transact(ctx, 'transfer', { id: 'x', from: 1, to: 2, amount: 5_000 }),
          bank.transact(ctx, 'leaf', 2),
          bank.transact(ctx, 'orphan', 3),
          bank.transact(ctx, 'leaf', 4),
          bank.transact(ctx, 'leaf', 2),
        ]
        const [one, overdraft, two, orphan, four, twoAgain] = await codes(all)
        t.deepEqual([one, overdraft, orphan, four], [1, 'OVERDRAFT', 'DATABASE_CONSTRAINT', 4])
        // Which of the two comes first nobody promises where they run at once.
        t.deepEqual([two, twoAgain].sort(), [2, 'DATABASE_CONSTRAINT'])
      })
    },
  )

  test.serial(`${name}: hooks run as the outcome says, all of them, and change nothing of it`, async (t) => {
    await withBank(t, fresh, {}, async ({ system, bank }) => {
      const { ctx } = system
      const failures: string[] = []
      system.events.on('listenerFailed', ({ error }) => failures.push(codeOf(error)))
      const flags = pair()
      const told: unknown[] = []
      const hooks = {
        afterCommit: (value: unknown) => {
          told.push(['committed', value])
          throw new Error('on purpose')
        },
        afterRollback: (error: unknown) => told.push(['rolledBack', codeOf(error)]),
      }
      const committed = bank.transact(ctx, 'hooked', flags, { hooks })
      const outcome = await committed.outcome
      t.is(outcome.status, 'committed')
      t.deepEqual(outcome.hookFailures.map(codeOf), ['AFTER_COMMIT', 'UNKNOWN'])
      t.deepEqual([...flags], [1, 1, 0, 0])
      t.is(await bank.transact(ctx, 'balance', 1), 1_001)
      Atomics.store(flags, 3, 1)
      t.deepEqual(await codes([bank.transact(ctx, 'hooked', flags, { hooks })]), ['ROLL_BACK'])
      t.deepEqual([...flags], [1, 1, 1, 1])
      t.deepEqual(told, [
        ['committed', undefined],
        ['rolledBack', 'ROLL_BACK'],
      ])
      t.deepEqual(failures, ['AFTER_COMMIT', 'UNKNOWN'])
    })
  })

  test.serial(`${name}: a transaction that only reads cannot write`, async (t) => {
    await withBank(t, fresh, {}, async ({ system, bank }) => {
      t.deepEqual(await codes([bank.transact(system.ctx, 'writeInQuery')]), ['DATABASE_READ_ONLY'])
      t.is((await bank.transact(system.ctx, 'books')).total, 10_000)
    })
  })

  test.serial(`${name}: values come back as they are, and what is no safe integer as a bigint`, async (t) => {
    await withBank(t, fresh, {}, async ({ system, bank }) => {
      const row = await bank.transact(system.ctx, 'types', 41)
      t.is(Number(row.n), 41)
      t.is(row.big, 9_007_199_254_740_993n)
      t.is(row.text, 'é"?')
      t.is(row.none, null)
    })
  })

  test.serial(`${name}: rows are bounded, and no row is an answer like any`, async (t) => {
    await withBank(t, fresh, { limits: { rowsMax: 100 } }, async ({ system, bank }) => {
      const { ctx } = system
      t.is(await bank.transact(ctx, 'many', 100), 100)
      t.deepEqual(await codes([bank.transact(ctx, 'many', 101)]), ['DATABASE_ROWS_LIMIT'])
      t.deepEqual(await codes([bank.transact(ctx, 'noRow', false)]), ['DATABASE_NO_ROW'])
      t.is(await bank.transact(ctx, 'noRow', true), 'no row')
    })
  })

  test.serial(`${name}: a pipeline gives all answers, in order`, async (t) => {
    await withBank(t, fresh, {}, async ({ system, bank }) => {
      t.deepEqual(await bank.transact(system.ctx, 'piped'), [1, 1_001, [1_001, 1_000, 1_000]])
    })
  })

  test.serial(`${name}: misuse is told by code, and costs nobody else anything`, async (t) => {
    await withBank(t, fresh, {}, async ({ system, bank }) => {
      const { ctx } = system
      const bad = [
        bank.transact(ctx, 'nobody' as never),
        bank.transact(ctx, 'plain'),
        bank.transact(ctx, 'transfer', { id: () => {} } as never),
        bank.transact(ctx, 'nonsense', 'no such statement'),
        bank.transact(ctx, 'nonsense', 'update nowhere set a = 1'),
        bank.transact(ctx, 'transfer', { id: undefined, from: 1, to: 2, amount: 1 } as never),
      ]
      t.deepEqual(await codes([...bad, bank.transact(ctx, 'leaf', 1)]), [
        'TRANSACTION_UNKNOWN_NAME',
        'TRANSACTION_BODY_INVALID',
        'TRANSACTION_NOT_CLONEABLE',
        'DATABASE_STATEMENT',
        'DATABASE_STATEMENT',
        'DATABASE_STATEMENT',
        1,
      ])
    })
  })

  test.serial(`${name}: its request's trace and deadline go along`, async (t) => {
    await withBank(t, fresh, {}, async ({ system, bank }) => {
      const ctx = system.ctx.withTrace().withTimeout(3_000)
      const { traceId, remainingMs, attempt } = await bank.transact(ctx, 'traced')
      t.is(traceId, ctx.trace.traceId)
      t.true(remainingMs > 0 && remainingMs <= 3_000, `${remainingMs}`)
      t.is(attempt, 1)
    })
  })
}
