/** Fastify and better-sqlite3, as its documentation writes it: a transaction and a commit for each request, on the loop's thread. */
import { serveFastify } from '../serve-fastify.ts'
import { isTaken, openFile } from '../sqlite-file.ts'
import { InsufficientFundsError, type Receipt, statements, type Transfer } from '../work.ts'

const [, , file = ''] = process.argv
const database = openFile(file)
const debit = database.prepare(statements.debit)
const credit = database.prepare(statements.credit)
const note = database.prepare(statements.note)
const balanceOf = database.prepare<[number], { balance: number }>(statements.balance)

const transfer = database.transaction(({ id, from, to, amount }: Transfer): Receipt => {
  if (debit.run(amount, from, amount).changes !== 1) throw new InsufficientFundsError(from)
  credit.run(amount, to)
  note.run(id, from, to, amount)
  const { balance } = balanceOf.get(from) as { balance: number }
  return { id, balance }
}).immediate

await serveFastify(transfer, isTaken)
