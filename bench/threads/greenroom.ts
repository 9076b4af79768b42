/** greenroom: an actor on a thread, with the defaults of both; `ask`, awaited. */
import type { Ask, Logic } from '../../runtime/index.ts'
import { createSystem, onThread, threadModule } from '../built.ts'
import { type Add, answerRoundTrips } from './round-trips.ts'

/** Of greenroom-thread.mjs. */
interface AdderModule {
  readonly adder: Logic<Ask<Add, number>>
}

const module = threadModule<AdderModule>(new URL('./greenroom-thread.mjs', import.meta.url))
const system = createSystem()
const adder = system.spawn(system.ctx, onThread(module, 'adder'), { name: 'adder' })

await answerRoundTrips(({ type, n }) => adder.ask(system.ctx, { type, n }))
await system.stop()
