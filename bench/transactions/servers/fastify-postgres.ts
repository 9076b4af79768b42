/**
 * Fastify and `postgres`, with as many connections as greenroom has sessions: the statements of a transaction are sent together,
 * prepared, and a transaction that could not be serialised is done again at once.
 */
import connect from 'postgres'
import { serveFastify } from '../serve-fastify.ts'
import { InsufficientFundsError, type Receipt, SESSIONS, type Transfer } from '../work.ts'

const [, , url = ''] = process.argv
const ATTEMPTS_MAX = 100

const sql = connect(url, { max: SESSIONS, onnotice: () => {} })

async function attempt({ id, from, to, amount }: Transfer): Promise<Receipt> {
  const [debited, , , rows] = await sql.begin('isolation level serializable', (tx) => [
    tx`update accounts set balance = balance - ${amount} where id = ${from} and balance >= ${amount}`.then(
      ({ count }) => {
        if (count !== 1) throw new InsufficientFundsError(from)
        return count
      },
    ),
    tx`update accounts set balance = balance + ${amount} where id = ${to}`,
    tx`insert into transfers (id, from_account, to_account, amount) values (${id}, ${from}, ${to}, ${amount})`,
    tx<{ balance: number }[]>`select balance from accounts where id = ${from}`,
  ])
  void debited
  const [{ balance } = { balance: Number.NaN }] = rows as { balance: number }[]
  return { id, balance }
}

async function transfer(input: Transfer): Promise<Receipt> {
  for (let attempts = 1; ; attempts++) {
    try {
      return await attempt(input)
    } catch (error) {
      const { code } = error as { readonly code?: unknown }
      if (attempts === ATTEMPTS_MAX || (code !== '40001' && code !== '40P01')) throw error
    }
  }
}

await serveFastify(transfer, (error) => (error as { readonly code?: unknown }).code === '23505')
