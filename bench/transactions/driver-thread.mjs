// better-sqlite3 on a thread, which is sent a transfer and does the whole of it. It answers in the order of the questions.
import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'

const { file, pragmas, statements } = workerData
const database = new Database(file)
for (const pragma of pragmas) database.pragma(pragma)
const debit = database.prepare(statements.debit)
const credit = database.prepare(statements.credit)
const note = database.prepare(statements.note)
const balanceOf = database.prepare(statements.balance)

const transfer = database.transaction(({ id, from, to, amount }) => {
  if (debit.run(amount, from, amount).changes !== 1) {
    throw Object.assign(new Error(`account ${from} has not enough`), { code: 'INSUFFICIENT_FUNDS' })
  }
  credit.run(amount, to)
  note.run(id, from, to, amount)
  return { id, balance: balanceOf.get(from).balance }
}).immediate

parentPort.on('message', (input) => {
  try {
    parentPort.postMessage(transfer(input))
  } catch ({ code, message }) {
    parentPort.postMessage({ code, message })
  }
})
