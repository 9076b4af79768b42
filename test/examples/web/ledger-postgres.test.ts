/** Law: with DATABASE_URL the ledger stands on PostgreSQL, and promises the same. */
import { Agent } from 'node:http'
import test from 'ava'
import { postgresOrSkip } from '../../actors/transaction/postgres/server.ts'
import { askJson, balances, dice, type Load, post, putLoad, randomTransfer, watch } from './ledger-client.ts'
import { startWebProcess } from './web-process.ts'

test.serial('answers as on SQLite, and tells of the same', async (t) => {
  const DATABASE_URL = await postgresOrSkip(t)
  if (DATABASE_URL === undefined) return
  const { port } = await startWebProcess(t, { DATABASE_URL })
  const viewer = await watch(t, port)
  await viewer.until(1)
  const wanted = { id: 'once', from: 'a001', to: 'a002', amount: 250 }
  const first = await post(port, wanted)
  const second = await post(port, wanted)
  t.deepEqual([first.status, second.status], [201, 200])
  t.deepEqual(second.json, first.json)
  for (const [other, status, code] of [
    [{ amount: 1 }, 409, 'LEDGER_ID_TAKEN'],
    [{ id: 'dear', amount: 10_001 }, 409, 'LEDGER_OVERDRAFT'],
    [{ id: 'lost', to: 'nobody' }, 422, 'LEDGER_UNKNOWN_ACCOUNT'],
    [{ id: 'wrong', amount: 0 }, 400, 'REQUEST_INVALID'],
  ] as const) {
    const { status: answered, json } = await post(port, { ...wanted, ...other })
    t.deepEqual([answered, json.error.code], [status, code])
  }
  t.deepEqual((await askJson(port, '/transfers/once')).json, first.json)
  t.deepEqual((await askJson(port, '/accounts/a001')).json, { id: 'a001', balance: 9_750 })
  const last = await post(port, { ...wanted, id: 'last' })
  const seen = await viewer.until(3)
  t.deepEqual(
    seen.slice(1).map(({ data }) => data),
    [first.json, last.json],
  )
  t.deepEqual((await askJson(port, '/accounts/a001')).json, { id: 'a001', balance: 9_500 })
})

test.serial('under load, with every transfer asked for twice, each is made once', async (t) => {
  const DATABASE_URL = await postgresOrSkip(t)
  if (DATABASE_URL === undefined) return
  const { port } = await startWebProcess(t, { DATABASE_URL })
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  t.teardown(() => agent.destroy())
  const roll = dice(9)
  const expected = new Map(await balances(port))
  const wanted = Array.from({ length: 300 }, (_, i) => randomTransfer(roll, `twice-${i}`))
  const answers = await Promise.all(
    wanted.map(async (transfer) => {
      const both = [post(port, transfer, { agent }), post(port, transfer, { agent })]
      return (await Promise.all(both)).map(({ status }) => status).sort()
    }),
  )
  for (const [i, statuses] of answers.entries()) {
    t.deepEqual(statuses, [200, 201])
    const { from, to, amount } = wanted[i]!
    expected.set(from, expected.get(from)! - amount)
    expected.set(to, expected.get(to)! + amount)
  }
  t.deepEqual(await balances(port), expected)
})

test.serial('killed under load, it has all that it has acknowledged when it is started again', async (t) => {
  t.timeout(180_000)
  const DATABASE_URL = await postgresOrSkip(t)
  if (DATABASE_URL === undefined) return
  const loads: Load[] = []
  for (let life = 1; life <= 3; life++) {
    const web = await startWebProcess(t, { DATABASE_URL })
    await balances(web.port) // Throws where the sum is another.
    for (const transfer of loads.flatMap(({ made }) => [...made.values()]))
      t.is((await post(web.port, transfer)).status, 200)
    const load = putLoad(web.port, {
      clients: 16,
      seed: life,
      onAnswer: (answers) => answers === 100 && web.child.kill('SIGKILL'),
    })
    loads.push(load)
    await load.ended
    t.is((await web.ended).signal, 'SIGKILL')
  }
  t.true(loads.every(({ made }) => made.size > 0))
})
