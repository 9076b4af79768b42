/** Law: on every driver the books are right at every moment, and histories are serialisable. */
import test from 'ava'
import { postgres } from '../../../actors/transaction/postgres/index.ts'
import { keepsTheBooks } from './bank-laws.ts'
import { postgresOrSkip } from './postgres/server.ts'
import { type Fresh, freshSqlite } from './support.ts'

const freshPostgres: Fresh = async (t) => {
  const url = await postgresOrSkip(t)
  return url === undefined ? undefined : postgres({ url, sessions: 8 })
}

test.serial('sqlite', async (t) => {
  await keepsTheBooks(t, freshSqlite(), { runs: 40, hasExits: true, isStrict: true })
})

// PostgreSQL's serializable order may differ from real time, so what it promises is checked, and no more.
test.serial('postgres', async (t) => {
  await keepsTheBooks(t, freshPostgres, { runs: 25, hasExits: false, isStrict: false })
})
