/**
 * Law: a server that crashes, is stopped, or has no connection left costs time and nothing else: what was acknowledged is there,
 * what is rolled back is not, and of the rest each says that nobody knows.
 */
import test from 'ava'
import { postgres } from '../../../../actors/transaction/postgres/index.ts'
import { codeOf } from '../../../../runtime/errors.ts'
import { codes, withBank } from '../support.ts'
import { privateServerOrSkip } from './server.ts'

/** Ten at a time, until the work is over. */
async function transfers(
  bank: Parameters<Parameters<typeof withBank>[3]>[0]['bank'],
  ctx: Parameters<typeof bank.transact>[0],
  isOver: () => boolean,
): Promise<Map<string, string>> {
  const fates = new Map<string, string>()
  let number = 0
  const worker = async () => {
    while (!isOver()) {
      number += 1
      const id = `t${number}`
      const transfer = { id, from: number % 10, to: (number + 3) % 10, amount: 1 }
      const outcome = await bank.transact(ctx, 'transfer', transfer).outcome
      fates.set(
        id,
        outcome.status === 'committed' ? 'committed' : `${outcome.status} ${codeOf(outcome.error)}`,
      )
    }
  }
  await Promise.all(Array.from({ length: 10 }, worker))
  return fates
}

for (const mode of ['immediate', 'fast'] as const) {
  test.serial(`a server that is stopped (${mode}) and started under load`, async (t) => {
    const server = await privateServerOrSkip(t)
    if (server === undefined) return
    const fresh = async () => postgres({ url: server.url, sessions: 5 })
    await withBank(
      t,
      fresh,
      { limits: { waitMs: 60_000, attemptsMax: 1_000 } },
      async ({ system, bank, heard }) => {
        const { ctx } = system
        let isOver = false
        const working = transfers(bank, ctx, () => isOver)
        for (let outage = 0; outage < 2; outage++) {
          await ctx.after(300)
          server.stop(mode)
          await ctx.after(300)
          server.start()
        }
        await ctx.after(500)
        isOver = true
        const fates = await working
        const { total, transfers: there } = await bank.transact(ctx, 'books')
        t.is(total, 10_000)
        const known = new Set(there)
        const kinds = new Set(fates.values())
        for (const [id, fate] of fates) {
          if (fate === 'committed') t.true(known.has(id), `${id} was acknowledged`)
          else if (fate.startsWith('rolledBack')) t.false(known.has(id), `${id}: ${fate}`)
        }
        t.deepEqual(
          [...kinds].filter((one) => !['committed', 'unknown DATABASE_COMMIT_IN_DOUBT'].includes(one)),
          [],
          'whoever waits long enough is served',
        )
        const told = heard.filter(({ type }) => type === 'transferred').map(({ id }) => id)
        t.deepEqual(
          [...told].sort(),
          [...fates]
            .filter(([, fate]) => fate === 'committed')
            .map(([id]) => id)
            .sort(),
        )
        t.true(told.length > 20, `${told.length}`)
      },
    )
  })
}

test.serial(
  'a server that is down when a transaction is asked for, for longer than it may wait',
  async (t) => {
    const server = await privateServerOrSkip(t)
    if (server === undefined) return
    const fresh = async () => postgres({ url: server.url, sessions: 2 })
    await withBank(t, fresh, { limits: { waitMs: 300 } }, async ({ system, bank }) => {
      server.stop('fast')
      t.deepEqual(await codes([bank.transact(system.ctx, 'leaf', 1)]), ['TRANSACTION_EXPIRED'])
      server.start()
      t.is(await bank.transact(system.ctx, 'leaf', 1), 1)
    })
  },
)

test.serial('more sessions than the server has connections: each waits for one', async (t) => {
  const server = await privateServerOrSkip(t, ['max_connections = 6', 'superuser_reserved_connections = 3'])
  if (server === undefined) return
  const fresh = async () => postgres({ url: server.url, sessions: 12 })
  await withBank(t, fresh, { limits: { waitMs: 60_000 } }, async ({ system, bank }) => {
    const all = Array.from({ length: 60 }, (_, id) => bank.transact(system.ctx, 'leaf', id))
    t.deepEqual(
      await codes(all),
      Array.from({ length: 60 }, (_, id) => id),
    )
  })
})
