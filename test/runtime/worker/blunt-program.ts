/**
 * A program whose thread says what should harm nobody's loop. Its argument names what; it writes what came of it, and
 * `the loop was ended` where home's loop was. A process of its own, since such a home cannot be relied on to stop.
 */
import {
  type AnyEvent,
  behaviour,
  codeOf,
  createSystem,
  type Log,
  onThread,
  type Ref,
  silentLog,
  threadModule,
} from 'greenroom'
import { Tenant } from './contexts.ts'
import { Home } from './envoy.ts'

const log: Log = {
  ...silentLog,
  info: (_, text) => {
    if (text === 'said') throw new Error('the disk is full')
  },
  error: (_, text) => {
    if (!text.startsWith('the loop was ended')) return
    console.log('the loop was ended')
    process.exit()
  },
}

const system = createSystem({ log, limits: { askTimeoutMs: 60_000 } })
const { ctx } = system

const said: Readonly<Record<string, () => Promise<unknown>>> = {
  /** Such a mailbox looks at an event's type. */
  'no event, to a mailbox that ranks': async () => {
    const host = behaviour({ initial: 'on', states: { on: { ping: () => 'pong' } } })
    const mailbox = { priorities: [['ping']] }
    const restart = { policy: 'permanent', intensity: 20 } as const
    const at = system.spawn(ctx, host, { name: 'host', mailbox, restart })
    const module = threadModule<typeof import('./envoy.ts')>(new URL('./envoy.ts', import.meta.url))
    const envoy = system.spawn(ctx.with(Home, at as Ref<AnyEvent>), onThread(module, 'envoy'))
    for (const event of [null, undefined, 'note', 5] as unknown as AnyEvent[]) {
      await envoy.ask(ctx, { type: 'send', event }).catch(codeOf)
      await envoy.ask(ctx, { type: 'ask', event }).catch(codeOf)
    }
    return at.ask(ctx, { type: 'ping' })
  },
  'a line over which the log throws': async () => {
    const module = threadModule<typeof import('./contexts.ts')>(new URL('./contexts.ts', import.meta.url))
    const own = ctx.with(Tenant, 'any')
    const seer = system.spawn(own, onThread(module, 'seer'))
    await seer.ask(own, { type: 'log', level: 'info' })
    await seer.ask(own, { type: 'picky' })
    return 'pong'
  },
  /** What comes of each, in its order: of a question its answer or code, of the rest that they are dead letters. */
  'messages whose type is no text': async () => {
    const module = threadModule<typeof import('./echo.ts')>(new URL('./echo.ts', import.meta.url))
    const ref = system.spawn(ctx, onThread(module, 'echo')) as Ref<AnyEvent>
    await ref.ask(ctx, { type: 'bytes' })
    const dead: string[] = []
    system.events.on('deadLetter', ({ reason }) => dead.push(reason))
    const trap = {
      get type(): string {
        throw new Error('a trap')
      },
    }
    const batch = [{ type: Symbol('x') }, { type: 'echo', value: 1 }, trap, { type: 'echo', value: 2 }]
    const asked = (batch as AnyEvent[]).map((event) => ref.ask(ctx, event).catch(codeOf))
    ref.send(ctx, { type: Symbol('x') } as never)
    ref.send(ctx, { type: 'note', value: 3 })
    ref.send(ctx, trap)
    const notes = ref.ask(ctx, { type: 'notes' })
    return [...(await Promise.all(asked)), ...((await notes) as unknown[]), ...dead].join(' ')
  },
}

const told: string[] = []
system.events.on('failed', ({ error }) => told.push(error instanceof Error ? error.message : String(error)))

console.log(await said[process.argv[2] ?? '']?.())
await system.stop({ graceMs: 0 })
console.log(told.length > 0 ? 'told' : 'not told')
