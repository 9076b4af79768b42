/**
 * Laws: a server that answers a transfer wrongly, or has other books than its answers, is found out before it has a figure; the
 * peers, as they are started for the benchmark, are right; no two rows have one name, and the README names every trial.
 */
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { ContenderError } from '../../bench/harness/process-contender.ts'
import { type Audit, type Books, sqliteBooks } from '../../bench/transactions/books.ts'
import { checkBooks, checkTransfers } from '../../bench/transactions/check.ts'
import type { TransferLoad } from '../../bench/transactions/load.ts'
import { OneByOne } from '../../bench/transactions/one-by-one.ts'
import { openFile } from '../../bench/transactions/sqlite-file.ts'
import { TransferServer } from '../../bench/transactions/transfer-server.ts'
import { driverThreadServer, sqliteServers, transactionsTrials } from '../../bench/transactions/trials.ts'
import { ACCOUNTS, BALANCE, type Receipt, type Transfer } from '../../bench/transactions/work.ts'
import { moduleOf } from '../../bench/transactions.ts'

// ── Trials ───────────────────────────────────────────────────────────────────────────────────────────────────────

test('no two rows have one name, and the headline comes first', (t) => {
  const rows = transactionsTrials.flatMap(({ figures, between }) =>
    figures.flatMap(({ what }) => between.map((who) => `${who} ${what}`)),
  )
  t.deepEqual([...new Set(rows)], rows)
  t.deepEqual(rows.slice(0, 2), ['greenroom transfers', 'Fastify + better-sqlite3 transfers'])
})

test('every trial is between contenders that there are, and the README names it', (t) => {
  const readme = readFileSync(new URL('../../bench/README.md', import.meta.url), 'utf8')
  for (const { name, between } of transactionsTrials) {
    for (const who of between) t.true(existsSync(moduleOf(who)), who)
    t.true(readme.includes(`\`${name}\``), name)
  }
})

// ── Answers ──────────────────────────────────────────────────────────────────────────────────────────────────────

interface Reply {
  readonly status: number
  readonly body: unknown
}

/** A bank in memory, which is right unless `spoil` changes its answers, or what it does. */
class Bank {
  readonly taken = new Set<string>()
  readonly balances = new Map<number, number>()

  balance(account: number): number {
    return this.balances.get(account) ?? BALANCE
  }

  move({ id, from, to, amount }: Transfer): Receipt {
    this.taken.add(id)
    this.balances.set(from, this.balance(from) - amount)
    this.balances.set(to, this.balance(to) + amount)
    return { id, balance: this.balance(from) }
  }

  answer(transfer: Transfer): Reply {
    if (this.taken.has(transfer.id)) return { status: 409, body: 'taken' }
    if (this.balance(transfer.from) < transfer.amount) return { status: 422, body: 'not enough' }
    return { status: 201, body: this.move(transfer) }
  }
}

async function serve(
  t: ExecutionContext,
  answer: (bank: Bank, transfer: Transfer) => Reply,
  headers: Readonly<Record<string, string>> = {},
): Promise<number> {
  const bank = new Bank()
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (piece: Buffer) => {
      text += piece.toString()
    })
    request.on('end', () => {
      const { status, body } = answer(bank, JSON.parse(text) as Transfer)
      const json = JSON.stringify(body)
      response.writeHead(status, {
        'content-type': 'application/json',
        ...('transfer-encoding' in headers ? {} : { 'content-length': json.length }),
        ...headers,
      })
      response.end(json)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

test('a server that does what it is asked to passes', async (t) => {
  const port = await serve(t, (bank, transfer) => bank.answer(transfer))
  await t.notThrowsAsync(checkTransfers('it', port))
})

const wrongServers: readonly {
  readonly fault: string
  readonly answer: (bank: Bank, transfer: Transfer) => Reply
  readonly headers?: Readonly<Record<string, string>>
  readonly message: RegExp
}[] = [
  {
    fault: 'another status',
    answer: (bank, transfer) => ({ ...bank.answer(transfer), status: 200 }),
    message: /^it: answers wrongly: status 200 instead of 201/,
  },
  {
    fault: 'a receipt that was not read from the database',
    answer: (bank, transfer) => ({ ...bank.answer(transfer), body: { id: transfer.id, balance: BALANCE } }),
    message: /another receipt/,
  },
  {
    fault: 'an id that is used twice',
    answer: (bank, transfer) => ({ status: 201, body: bank.move(transfer) }),
    message: /status 201 instead of 409 to \{"id":"0000-1"/,
  },
  {
    fault: 'a transfer that is refused when half of it is done',
    answer(bank, transfer) {
      const reply = bank.answer(transfer)
      if (reply.status !== 201) bank.balances.set(transfer.to, bank.balance(transfer.to) + transfer.amount)
      return reply
    },
    message: /another receipt/,
  },
  {
    fault: 'no content-length',
    answer: (bank, transfer) => bank.answer(transfer),
    headers: { 'transfer-encoding': 'chunked' },
    message: /content-length undefined/,
  },
  {
    fault: 'a connection that is not kept',
    answer: (bank, transfer) => bank.answer(transfer),
    headers: { connection: 'close' },
    message: /the connection is not kept/,
  },
]

for (const { fault, answer, headers, message } of wrongServers) {
  test(`finds ${fault}`, async (t) => {
    const port = await serve(t, answer, headers)
    await t.throwsAsync(checkTransfers('it', port), { instanceOf: ContenderError, message })
  })
}

// ── Books ────────────────────────────────────────────────────────────────────────────────────────────────────────

const right: Audit = { transfers: 7, total: ACCOUNTS * BALANCE, wrong: 0 }

test('books are right that have what was answered, and what may have been done besides', (t) => {
  for (const transfers of [7, 8, 9]) {
    t.notThrows(() => checkBooks('it', { ...right, transfers }, { least: 7, most: 9 }))
  }
})

for (const { audit, message } of [
  {
    audit: { ...right, transfers: 6 },
    message: 'it: its books are wrong: 6 transfers, where 7 to 9 were answered',
  },
  { audit: { ...right, transfers: 10 }, message: /10 transfers, where 7 to 9 were answered/ },
  { audit: { ...right, total: right.total - 1 }, message: /in all accounts instead of/ },
  { audit: { ...right, wrong: 2 }, message: /2 accounts have not what their transfers make of them/ },
]) {
  test(`refuses books: ${JSON.stringify(audit)}`, (t) => {
    t.throws(() => checkBooks('it', audit, { least: 7, most: 9 }), { instanceOf: ContenderError, message })
  })
}

async function booksOf(t: ExecutionContext): Promise<Books> {
  const books = await sqliteBooks()
  t.teardown(() => books.end())
  return books
}

test('new books balance; a credit that is missing shows in them, and only thoroughly which account it is', async (t) => {
  const books = await booksOf(t)
  t.deepEqual(await books.audit(true), { transfers: 0, total: ACCOUNTS * BALANCE, wrong: 0 })
  const database = openFile(books.address)
  database.exec('update accounts set balance = balance - 5 where id = 1')
  database.exec("insert into transfers values ('a', 1, 2, 5)")
  t.deepEqual(await books.audit(true), { transfers: 1, total: ACCOUNTS * BALANCE - 5, wrong: 1 })
  t.is((await books.audit(false)).wrong, 0)
  database.exec('update accounts set balance = balance + 5 where id = 3')
  t.deepEqual(await books.audit(true), { transfers: 1, total: ACCOUNTS * BALANCE, wrong: 2 })
  database.close()
})

test('books are gone when they are ended', async (t) => {
  const books = await sqliteBooks()
  t.true(existsSync(books.address))
  await books.end()
  t.false(existsSync(books.address))
})

// ── Contenders ───────────────────────────────────────────────────────────────────────────────────────────────────

/** Says that it was answered so often, and has asked nothing. */
const boasting: TransferLoad = {
  name: 'boasting',
  leavesEarly: false,
  run: async () => ({ requests: 5, requestsPerSecond: 5, p50Ms: 1, p99Ms: 1, busy: 0 }),
}

// greenroom's server needs its build, and is checked at every start of the suite.
for (const who of [...sqliteServers.slice(1), driverThreadServer]) {
  test(`${who} is right, and found out when it has not written what was answered`, async (t) => {
    const books = await sqliteBooks()
    const server = await TransferServer.start(who, { module: moduleOf(who), load: boasting, books })
    t.teardown(() => server.end())
    const [headline] = transactionsTrials
    await t.throwsAsync(server.measure(headline as (typeof transactionsTrials)[number], 1), {
      instanceOf: ContenderError,
      message: /3 transfers, where 8 were answered/,
    })
  })
}

test('a contender that does not start leaves no books behind', async (t) => {
  const books = await sqliteBooks()
  const module = new URL('./no-such-server.ts', import.meta.url)
  await t.throwsAsync(TransferServer.start('it', { module, load: boasting, books }), {
    instanceOf: ContenderError,
  })
  t.false(existsSync(books.address))
})

test('one by one, a wrong receipt and a transfer that is not in the file end the run', async (t) => {
  const books = await booksOf(t)
  const wrong = new OneByOne(books.address, async ({ id }) => ({ id: `${id}!`, balance: 1 }))
  await t.throwsAsync(wrong.measure(0.001), { message: /wrong receipt/ })
  const idle = new OneByOne(books.address, async ({ id }) => ({ id, balance: 1 }))
  await t.throwsAsync(idle.measure(0.001), { message: /^0 transfers in the file, of \d+$/ })
})
