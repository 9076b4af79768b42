/** greenroom's transactions as they are published: from the build, as in built.ts. */
export const { openDatabase, sqlite } = (await import(
  new URL('../dist/actors/transaction/sqlite/index.js', import.meta.url).href
)) as typeof import('../actors/transaction/sqlite/index.ts')
