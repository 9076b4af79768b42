/** Law: what no column can hold is refused by its place, whichever library binds it; a plain object stands for no named parameters. */
import test from 'ava'
import { codes, freshSqlite, hasNodeSqlite, withBank } from '../support.ts'

for (const library of ['better-sqlite3', 'node:sqlite'] as const) {
  if (library === 'node:sqlite' && !hasNodeSqlite) continue
  test.serial(`${library}: parameters that no column can hold are named, and bind nothing`, async (t) => {
    await withBank(t, freshSqlite({ library }), {}, async ({ system, bank }) => {
      const { ctx } = system
      const bad: readonly (readonly [unknown[], string])[] = [
        [[{ a: 1 }, 0], 'parameter 1 is an object'],
        [[1, new Date(0)], 'parameter 2 is an object'],
        [[1, [0]], 'parameter 2 is an object'],
        [[1, undefined], 'parameter 2 is undefined'],
      ]
      for (const [parameters, message] of bad) {
        const error = await t.throwsAsync(async () => await bank.transact(ctx, 'bound', parameters))
        t.is((error as { code?: unknown }).code, 'DATABASE_STATEMENT')
        t.true(error.message.includes(message), error.message)
      }
      // node:sqlite takes what is missing for null, and says of no statement how many it has.
      const wrongCounts = library === 'better-sqlite3' ? [[1], [1, 0, 0]] : [[1, 0, 0]]
      for (const parameters of wrongCounts) {
        t.deepEqual(await codes([bank.transact(ctx, 'bound', parameters)]), ['DATABASE_STATEMENT'])
      }
      t.is(await bank.transact(ctx, 'balance', 0), 1_000)
      t.is(await bank.transact(ctx, 'bound', [true, 0]), 1)
      t.is(await bank.transact(ctx, 'bound', [2n, 0]), 1)
      t.is(await bank.transact(ctx, 'balance', 0), 1_003)
    })
  })
}
