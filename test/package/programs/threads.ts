/** What a user writes in strict TypeScript: a typed ref to an actor on a thread. Run from source, and compiled. */
import { createSystem, type Deferred, onThread, silentLog, ThreadLostError, threadModule } from 'greenroom'
import { Tenant } from './typed-adder.ts'

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
const module = threadModule<typeof import('./typed-adder.ts')>(
  new URL(`./typed-adder.${extension}`, import.meta.url),
)

const system = createSystem({ log: silentLog })
const ctx = system.ctx.with(Tenant, 'acme')
const adder = system.spawn(ctx, onThread(module, 'adder'), { restart: 'permanent', input: 40 })

const sum: Deferred<number> = adder.ask(ctx, { type: 'add', n: 2 })
const said: unknown[] = [await sum, await adder.ask(ctx, { type: 'whose' })]
try {
  await adder.ask(ctx, { type: 'exit' })
} catch (error) {
  said.push(error instanceof ThreadLostError && error.hasBegun)
}
said.push(await adder.ask(ctx, { type: 'add', n: 3 }))
console.log(`strict TypeScript: ${said.join(' ')}`)
await system.stop()

/** Never called: these lines must not compile. */
export function mistakes(): void {
  // @ts-expect-error no logic of that name
  onThread(module, 'subtracter')
  // @ts-expect-error a key is no logic
  onThread(module, 'Tenant')
  // @ts-expect-error the tenant is missing
  system.spawn(system.ctx, onThread(module, 'adder'), { input: 40 })
  // @ts-expect-error the input is missing
  system.spawn(ctx, onThread(module, 'adder'))
  // @ts-expect-error an event that the actor does not know
  adder.send(ctx, { type: 'subtract' })
}
