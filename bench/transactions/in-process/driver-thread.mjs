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
  if (debit.run(amount, from, amount).changes !== 1) throw new Error(`account ${from} has not enough`)
  credit.run(amount, to)
  note.run(id, from, to, amount)
  return { id, balance: balanceOf.get(from).balance }
}).immediate

parentPort.on('message', (input) => parentPort.postMessage(transfer(input)))
