/** What a database thread imports to open PostgreSQL: `module` of the plan. */
import type { OpenDriver } from '../driver.ts'
import { clientMaker, loadPackage } from './client.ts'
import { SESSIONS_DEFAULT } from './limits.ts'
import type { PostgresOptions } from './options.ts'
import { PostgresDriver } from './pool.ts'

/**
 * Opens no connection: the first transaction does. So a thread that is replaced while the server is down is there when it is up
 * again, and until then each transaction says for itself that it is not (`DATABASE_UNAVAILABLE`, `DATABASE_CANNOT_OPEN`).
 *
 * @throws DatabaseError (`DATABASE_CANNOT_OPEN`) where the package `postgres` is not installed.
 */
export const openDriver: OpenDriver = async (options, settings, ctx) => {
  const own = options as PostgresOptions
  const client = await loadPackage()
  return new PostgresDriver(
    ctx.clock,
    settings,
    clientMaker(client, own, settings),
    own.sessions ?? SESSIONS_DEFAULT,
  )
}
