/** `greenroom/postgres`: transactions on PostgreSQL. */
export * from '../index.ts'
export { postgres } from './options.ts'

// Types.

export type { PostgresOptions } from './options.ts'
