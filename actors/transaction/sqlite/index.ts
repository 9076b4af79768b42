/** `greenroom/sqlite`: transactions on SQLite. */
export * from '../index.ts'
export { sqlite } from './sqlite.ts'

// Types.

export type { SqliteConfig, SqliteLibrary } from './sqlite.ts'
