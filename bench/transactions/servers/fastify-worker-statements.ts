/**
 * Fastify, and better-sqlite3 on a thread behind a promise for each statement, as asynchronous drivers for SQLite have it.
 *
 * There is one connection, so a transaction has to keep others out between its statements: each waits for the one before.
 */
import { Worker } from 'node:worker_threads'
import { serveFastify } from '../serve-fastify.ts'
import { isTaken, pragmas } from '../sqlite-file.ts'
import { InsufficientFundsError, type Receipt, statements, type Transfer } from '../work.ts'

interface Answer {
  readonly id: number
  readonly value?: unknown
  readonly error?: { readonly code: string; readonly message: string }
}

const [, , file = ''] = process.argv
const worker = new Worker(new URL('../statements-thread.mjs', import.meta.url), {
  workerData: { file, pragmas },
})
const waiting = new Map<number, (answer: Answer) => void>()
let ids = 0

worker.on('message', (answer: Answer) => {
  const { id } = answer
  waiting.get(id)?.(answer)
  waiting.delete(id)
})

function ask<T>(sql: string, ...parameters: readonly unknown[]): Promise<T> {
  const id = ++ids
  return new Promise((resolve, reject) => {
    waiting.set(id, ({ value, error }) => {
      if (error === undefined) resolve(value as T)
      else reject(Object.assign(new Error(error.message), { code: error.code }))
    })
    worker.postMessage({ id, sql, parameters })
  })
}

/** Settles when whoever came before is done; never fails. */
let before: Promise<unknown> = Promise.resolve()

function alone<T>(work: () => Promise<T>): Promise<T> {
  const mine = before.then(work)
  before = mine.catch(() => {})
  return mine
}

async function transfer({ id, from, to, amount }: Transfer): Promise<Receipt> {
  await ask('begin immediate')
  try {
    if ((await ask(statements.debit, amount, from, amount)) !== 1) throw new InsufficientFundsError(from)
    await ask(statements.credit, amount, to)
    await ask(statements.note, id, from, to, amount)
    const { balance } = await ask<{ balance: number }>(statements.balance, from)
    await ask('commit')
    return { id, balance }
  } catch (error) {
    await ask('rollback')
    throw error
  }
}

await serveFastify((input) => alone(() => transfer(input)), isTaken)
