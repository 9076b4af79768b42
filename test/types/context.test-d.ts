/** Law: the type of a context says what is inside; what is missing does not compile. Compiled by `npm run check`, never run. */
import type { Context } from '../../runtime/context/context.ts'
import { jsonCodec, key } from '../../runtime/context/key.ts'
import { fromWire, toWire } from '../../runtime/context/wire.ts'
import type { Deferred } from '../../runtime/deferred/deferred.ts'
import { holds, type Same } from './same.ts'

interface Store {
  find(id: string): object
}

const Database = key<Store>('database')
const Session = key<{ user: string }>('session')
const Port = key<number>('port')
const Tenant = key<string, 'tenant'>('tenant')
const Region = key<string, 'region'>('region')

declare const empty: Context
declare const store: Store
declare function needsDatabase(ctx: Context<typeof Database>): void
declare function needsBoth(ctx: Context<typeof Database | typeof Session>): void
declare function needsNothing(ctx: Context): void

const withDatabase = empty.with(Database, store)
const withBoth = withDatabase.with(Session, { user: 'ann' })

// What is held is found, with its type.
const found = withBoth.get(Database)
holds<Same<typeof found, Store>>()
const session = withBoth.get(Session)
holds<Same<typeof session, { user: string }>>()
// @ts-expect-error: nothing is held
empty.get(Database)
// @ts-expect-error: a database is held, no session
withDatabase.get(Session)

// `find` asks for what may be missing.
const maybe = empty.find(Port)
holds<Same<typeof maybe, number | undefined>>()

// Requirements: as many keys as are needed, or more.
needsNothing(empty)
needsNothing(withBoth)
needsDatabase(withDatabase)
needsDatabase(withBoth)
needsBoth(withBoth)
needsBoth(empty.with(Session, { user: 'ann' }).with(Database, store))
// @ts-expect-error: a key is missing
needsDatabase(empty)
// @ts-expect-error: one of two keys is missing
needsBoth(withDatabase)
// @ts-expect-error: another key is no replacement
needsDatabase(empty.with(Port, 8080))

// A behaviour that needs less goes where one that is given more is expected, and not the other way round.
export const lenient: (ctx: Context<typeof Database>) => void = needsNothing
// @ts-expect-error: it would be called without the session that it needs
export const strict: (ctx: Context<typeof Database>) => void = needsBoth

// Deriving keeps what is held.
needsBoth(withBoth.withTimeout(5))
needsBoth(withBoth.withDeadline(5))
needsBoth(withBoth.withTrace('00'))
needsBoth(withBoth.withCancel()[0])
needsBoth(withBoth.with(Port, 8080))
// @ts-expect-error: deriving adds nothing
needsBoth(withDatabase.withTimeout(5))

// A key takes its own type alone.
// @ts-expect-error: a port is a number
empty.with(Port, '8080')
// @ts-expect-error: that store finds nothing
empty.with(Database, {})

// Two keys of one type are told apart by their names, where these are part of their types.
declare function needsTenant(ctx: Context<typeof Tenant>): void
needsTenant(empty.with(Tenant, 'acme'))
// @ts-expect-error: a region is no tenant
needsTenant(empty.with(Region, 'eu'))

// A key is invariant: neither a wider nor a narrower type will do.
// @ts-expect-error: whoever reads expects a text
export const wider: typeof Tenant = key<string | number, 'tenant'>('tenant')
// @ts-expect-error: whoever writes may give any text
export const narrower: typeof Tenant = key<'acme', 'tenant'>('tenant')

// Deferreds of a context, and codecs.
const slept = empty.after(5)
holds<Same<typeof slept, Deferred<void>>>()
const bound = empty.bind(empty.deferred<number>())
holds<Same<typeof bound, Deferred<number>>>()
export const Portable = key<string>('portable', { codec: jsonCodec((value) => String(value)) })
// @ts-expect-error: the codec gives a number
export const Unfit = key<string>('unfit', { codec: jsonCodec((value) => Number(value)) })

// The wire gives no promise about keys: the base's are what is certain.
needsDatabase(fromWire(withDatabase, toWire(empty), [Tenant]))
// @ts-expect-error: the tenant may not have arrived
needsTenant(fromWire(withDatabase, toWire(empty), [Tenant]))
