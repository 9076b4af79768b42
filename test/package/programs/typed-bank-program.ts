/** What a user writes in strict TypeScript: names, inputs and results come from the module's type. Run from source, and compiled. */
import { createSystem, silentLog } from 'greenroom'
import { Database, openDatabase, sqlite } from 'greenroom/sqlite'

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const system = createSystem({ log: silentLog })
const bank = await openDatabase<typeof import('./typed-bank.ts')>(system.ctx, {
  driver: sqlite({ file: ':memory:' }),
  module: new URL(`./typed-bank.${extension}`, import.meta.url),
})
const ctx = system.ctx.with(Database, bank)
const total: number = await bank.transact(ctx, 'pay', { amount: 42 })
console.log(
  `strict TypeScript: ${total} ${typeof (await ctx.get(Database).transact(ctx, 'pay', { amount: 1 }))}`,
)
await system.stop()

/** Never called: these lines must not compile. */
export function mistakes(): void {
  // @ts-expect-error no transaction of that name
  bank.transact(ctx, 'receive', { amount: 1 })
  // @ts-expect-error the input is missing
  bank.transact(ctx, 'pay')
  // @ts-expect-error an input of another type
  bank.transact(ctx, 'pay', { amount: 'much' })
}
