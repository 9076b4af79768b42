/** Law: PostgreSQL keeps what every driver keeps. */
import test from 'ava'
import { postgres } from '../../../../actors/transaction/postgres/options.ts'
import { conformance } from '../conformance.ts'
import { postgresOrSkip } from './server.ts'

conformance(test, 'postgres', async (t) => {
  const url = await postgresOrSkip(t)
  return url === undefined ? undefined : postgres({ url })
})
