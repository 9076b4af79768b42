/** Fastify, and better-sqlite3 on a thread that is sent a transfer and does the whole of it, with a commit for each. */
import { driverOnThread } from '../driver-on-thread.ts'
import { serveFastify } from '../serve-fastify.ts'
import { isTaken } from '../sqlite-file.ts'
import { InsufficientFundsError, type Transfer } from '../work.ts'

const [, , file = ''] = process.argv
const transferOnThread = driverOnThread(file)

async function transfer(input: Transfer) {
  try {
    return await transferOnThread(input)
  } catch (error) {
    throw (error as { readonly code?: unknown }).code === 'INSUFFICIENT_FUNDS'
      ? new InsufficientFundsError(input.from)
      : error
  }
}

await serveFastify(transfer, isTaken)
