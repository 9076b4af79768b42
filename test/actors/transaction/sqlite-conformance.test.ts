/** Law: SQLite keeps what every driver keeps, with readers and without, by either library. */
import test from 'ava'
import { conformance } from './conformance.ts'
import { freshSqlite, hasNodeSqlite } from './support.ts'

conformance(test, 'sqlite', freshSqlite())
conformance(test, 'sqlite without readers', freshSqlite({ readers: 0 }))

if (hasNodeSqlite) conformance(test, 'node:sqlite', freshSqlite({ library: 'node:sqlite' }))
