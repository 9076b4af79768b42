/** The store that stands on a database: see messages.ts for what runs there. */
import type { Database } from 'greenroom/actors'
import type { Store } from './store.ts'

export function databaseStore(database: Database<typeof import('./messages.ts')>): Store {
  return {
    say: (ctx, message) => database.transact(ctx, 'say', message),
    recent: (ctx, of) => database.transact(ctx, 'recent', of),
    after: (ctx, place) => database.transact(ctx, 'after', place),
    before: (ctx, place) => database.transact(ctx, 'before', place),
  }
}
