/** Law: SQLite keeps what every driver keeps, with readers and without, by either library. */
import test from 'ava'
import { conformance } from './conformance.ts'
import { freshSqlite } from './support.ts'

conformance(test, 'sqlite', freshSqlite())
conformance(test, 'sqlite without readers', freshSqlite({ readers: 0 }))

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major > 22 || (major === 22 && minor >= 13))
  conformance(test, 'node:sqlite', freshSqlite({ library: 'node:sqlite' }))
