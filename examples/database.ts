/** The one database of `npm start`: the ledger's books and what was said in the chat, in the same file or on the same server. */
import type { Context, System } from 'greenroom'
import { type Database, openDatabase } from 'greenroom/actors'
import { postgres } from 'greenroom/postgres'
import { sqlite } from 'greenroom/sqlite'

/** A file of SQLite, which is made if it is not there; or a database on a PostgreSQL server. */
export type DatabasePlace = { readonly file: string } | { readonly url: string }

/** @throws what is wrong with the place, or with the database there. */
export async function openExamplesDatabase(
  ctx: Context<typeof System>,
  place: DatabasePlace,
): Promise<Database<typeof import('./transactions.ts')>> {
  return openDatabase(ctx, {
    driver: 'url' in place ? postgres(place) : sqlite(place),
    module: new URL('./transactions.ts', import.meta.url),
    migrations: new URL('./migrations/', import.meta.url),
  })
}
