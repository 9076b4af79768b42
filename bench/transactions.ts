/**
 * How many durable transactions a second does a server do, one for each request?
 *
 * A request is `POST /transfers`: JSON in, four statements in one transaction, on the disk, and a receipt out with status 201.
 *
 * - `transfers`: over 128 connections, each of which waits for its answer. The headline.
 * - `1c`, `8c`, `64c`, `512c`: the same over so many.
 * - `postgres`: the same over 128 on PostgreSQL, SERIALIZABLE, with ten sessions; its rows say `skipped` where there is none.
 * - `alone`: without HTTP, one after another.
 * - `actor`: what a transaction that asks the database for nothing costs the main thread, 128 at a time.
 *
 * Contenders on SQLite: greenroom; `Fastify + better-sqlite3`, which commits for each request on its only thread;
 * `Fastify + promises`, which has the same library on a thread, and a promise for each statement; `Fastify + driver thread`, which
 * sends the whole transaction to such a thread, in `transfers` and `1c`. All have the write-ahead log,
 * synchronous=FULL, the same cache, and statements that are prepared once.
 *
 * Nobody is pinned to a core: greenroom and two of the peers have a thread for the database beside that for requests.
 */
import { ContenderError, nodeCommand, ProcessContender } from './harness/process-contender.ts'
import type { Contender, Log, Suite } from './harness/suite.ts'
import { type Books, postgresBooks, sqliteBooks, whyNoPostgres } from './transactions/books.ts'
import { plot } from './transactions/drawing.ts'
import { openTransferLoad, type TransferLoad } from './transactions/load.ts'
import { TransferServer } from './transactions/transfer-server.ts'
import {
  driverThreadServer,
  inProcess,
  postgresServers,
  sqliteServers,
  type TransactionsTrial,
  transactionsTrials,
} from './transactions/trials.ts'

type TransactionsContender = Contender<TransactionsTrial>

/** The first halves of the rows' names, and what is started for each. */
const modules: ReadonlyMap<string, string> = new Map([
  [sqliteServers[0], 'servers/greenroom.ts'],
  [sqliteServers[1], 'servers/fastify-better-sqlite3.ts'],
  [sqliteServers[2], 'servers/fastify-worker-statements.ts'],
  [driverThreadServer, 'servers/fastify-driver-thread.ts'],
  [postgresServers[0], 'servers/greenroom-postgres.ts'],
  [postgresServers[1], 'servers/fastify-postgres.ts'],
  [inProcess[0], 'in-process/greenroom.ts'],
  [inProcess[1], 'in-process/driver-on-thread.ts'],
])

export const transactionsSuite: Suite<TransactionsTrial> = {
  name: 'transactions',
  trials: transactionsTrials,
  rounds: 5,
  secondsDefault: 10,
  plot: { file: new URL('../docs/transactions.svg', import.meta.url), draw: plot },
  async open(log, trials) {
    const wanted = [...new Set(trials.flatMap(({ between }) => between))]
    const load = openTransferLoad()
    log(`load by ${load.name}`)
    const withoutPostgres = wanted.some(isOnPostgres) ? await whyNoPostgres() : undefined
    const contenders: TransactionsContender[] = []
    try {
      for (const who of wanted) {
        if (withoutPostgres !== undefined && isOnPostgres(who))
          contenders.push(skipped(who, withoutPostgres, log))
        else contenders.push(await start(who, load))
      }
    } catch (error) {
      await Promise.all(contenders.map((contender) => contender.end()))
      throw error
    }
    return contenders
  },
}

async function start(who: string, load: TransferLoad): Promise<TransactionsContender> {
  const module = moduleOf(who)
  const books = await (isOnPostgres(who) ? postgresBooks() : sqliteBooks())
  return isIn(inProcess, who)
    ? onItsOwn(who, module, books)
    : TransferServer.start(who, { module, load, books })
}

export function moduleOf(who: string): URL {
  return new URL(`./transactions/${modules.get(who)}`, import.meta.url)
}

function onItsOwn(who: string, module: URL, books: Books): TransactionsContender {
  const inner = new ProcessContender(who, nodeCommand(module, { args: [books.address] }))
  return {
    who,
    measure: (trial, seconds) => inner.measure(trial, seconds),
    async end() {
      await inner.end()
      await books.end()
    },
  }
}

function skipped(who: string, why: string, log: Log): TransactionsContender {
  log(`${who} is skipped: ${why}`)
  return {
    who,
    skipped: why,
    measure: () => Promise.reject(new ContenderError(`${who}: ${why}`)),
    end: () => Promise.resolve(),
  }
}

const isOnPostgres = (who: string): boolean => isIn(postgresServers, who)
const isIn = (names: readonly string[], who: string): boolean => names.includes(who)
