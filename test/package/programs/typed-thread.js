/** A program in plain JavaScript whose thread runs TypeScript. */
import { createSystem, onThread, silentLog, threadModule } from 'greenroom'

const system = createSystem({ log: silentLog })
const module = threadModule(new URL('./plain.ts', import.meta.url))
const ref = system.spawn(system.ctx, onThread(module, 'plain'))
const answer = await ref
  .ask(system.ctx, { type: 'ping' })
  .catch(async () => (await ref.watch()).reason.error.message)
console.log(answer)
await system.stop()
