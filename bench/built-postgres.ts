/** greenroom's driver for PostgreSQL as it is published: from the build, as in built.ts. */
import type { DriverPlan } from '../actors/transaction/driver.ts'

/** All that the bench asks of it. */
interface PostgresModule {
  postgres(config: { readonly url: string }): DriverPlan
}

export const { postgres } = (await import(
  new URL('../dist/actors/transaction/postgres/index.js', import.meta.url).href
)) as PostgresModule
