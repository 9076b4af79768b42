/** What a user writes in plain JavaScript: an actor on a thread, lost once and restarted, and a pool. */
import { codeOf, createSystem, onThread, silentLog, threadModule, threadPool } from 'greenroom'

const system = createSystem({ log: silentLog })
const module = threadModule(new URL('./adder.js', import.meta.url))
const adder = system.spawn(system.ctx, onThread(module, 'adder'), { restart: 'permanent', input: 40 })
const pool = system.spawn(system.ctx, threadPool(module, 'adder', { size: 2 }), { input: 0 })

const said = [await adder.ask(system.ctx, { type: 'add', n: 2 })]
said.push(await adder.ask(system.ctx, { type: 'exit' }).catch(codeOf))
said.push(await adder.ask(system.ctx, { type: 'add', n: 3 }))
said.push(await pool.ask(system.ctx, { type: 'isElsewhere' }))
console.log(`plain JavaScript: ${said.join(' ')}`)
await system.stop()
