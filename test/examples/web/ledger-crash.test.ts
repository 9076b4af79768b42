/**
 * Law: what was acknowledged is there, however the process ends, and no money comes or goes.
 *
 * The process is killed at moments of its load that nobody has chosen, and started again on the same file.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import Database from 'better-sqlite3'
import { codeOf } from 'greenroom'
import { ACCOUNTS, balances, type Load, post, putLoad, TOTAL } from './ledger-client.ts'
import { startWebProcess } from './web-process.ts'

function newFile(t: ExecutionContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-ledger-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'ledger.db')
}

/** Nobody has it open. */
function checkBooks(t: ExecutionContext, file: string, loads: readonly Load[]) {
  const database = new Database(file, { readonly: true })
  t.teardown(() => database.close())
  const expected = new Map(ACCOUNTS.map((id) => [id, 10_000]))
  type Row = { id: string; payer: string; payee: string; amount: number }
  const rows = database.prepare('select id, payer, payee, amount from transfer').all() as Row[]
  for (const { payer, payee, amount } of rows) {
    expected.set(payer, expected.get(payer)! - amount)
    expected.set(payee, expected.get(payee)! + amount)
  }
  const accounts = database.prepare('select id, balance from account').all() as {
    id: string
    balance: number
  }[]
  t.deepEqual(new Map(accounts.map(({ id, balance }) => [id, balance])), expected)
  t.is(
    accounts.reduce((sum, { balance }) => sum + balance, 0),
    TOTAL,
  )
  const books = new Map(rows.map(({ id, payer: from, payee: to, amount }) => [id, { id, from, to, amount }]))
  for (const { made } of loads)
    for (const [id, transfer] of made) if (books.get(id)?.amount !== transfer.amount) t.fail(`lost: ${id}`)
  return books.size
}

test.serial('killed under load, it has all that it has acknowledged when it is started again', async (t) => {
  t.timeout(300_000)
  const DATABASE_FILE = newFile(t)
  const loads: Load[] = []
  for (let life = 1; life <= 5; life++) {
    const web = await startWebProcess(t, { DATABASE_FILE })
    await balances(web.port) // Throws where the sum is another.
    for (const { made } of loads.slice(-1)) {
      // Whoever does not know whether his was made asks for it again.
      for (const transfer of [...made.values()].slice(-20)) t.is((await post(web.port, transfer)).status, 200)
    }
    const load = putLoad(web.port, {
      clients: 32,
      seed: life,
      onAnswer: (answers) => answers === 150 * life && web.child.kill('SIGKILL'),
    })
    loads.push(load)
    await load.ended
    t.is((await web.ended).signal, 'SIGKILL')
    t.is(load.failures.length, 32)
    t.true(load.others.every((status) => status === 409))
  }
  const stored = checkBooks(t, DATABASE_FILE, loads)
  const made = loads.reduce((sum, load) => sum + load.made.size, 0)
  // Of what each client had asked for last nobody was told.
  t.true(stored >= made && stored <= made + 5 * 32, `${made} were acknowledged, ${stored} are stored`)
})

test.serial('told to stop under load, it loses nothing that it has acknowledged', async (t) => {
  const DATABASE_FILE = newFile(t)
  const web = await startWebProcess(t, { DATABASE_FILE })
  const load = putLoad(web.port, {
    clients: 32,
    seed: 11,
    onAnswer: (answers) => answers === 500 && web.child.kill('SIGTERM'),
  })
  await load.ended
  const { code, signal, stderr } = await web.ended
  t.deepEqual([code, signal, stderr], [0, null, ''])
  t.true(load.others.every((status) => status === 409))
  for (const error of load.failures)
    t.true(['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(codeOf(error)), String(error))
  // All that it had taken it has answered: nothing is stored of which nobody was told.
  t.is(checkBooks(t, DATABASE_FILE, [load]), load.made.size)
})

test.serial('started again, it goes on where it was', async (t) => {
  const DATABASE_FILE = newFile(t)
  const wanted = { id: 'kept', from: 'a001', to: 'a002', amount: 42 }
  const first = await startWebProcess(t, { DATABASE_FILE })
  const made = await post(first.port, wanted)
  const before = await balances(first.port)
  first.child.kill('SIGTERM')
  await first.ended
  const second = await startWebProcess(t, { DATABASE_FILE })
  t.deepEqual(await balances(second.port), before)
  const again = await post(second.port, wanted)
  t.deepEqual([again.status, again.json], [200, made.json])
})
