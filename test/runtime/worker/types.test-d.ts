/** Law: what is spawned on a thread has the types that its module gives it; what does not fit does not compile. Never run. */
import {
  type ActorSystem,
  type Context,
  child,
  type Deferred,
  onThread,
  type Ref,
  type System,
  type ThreadModule,
  threadModule,
  threadPool,
} from 'greenroom'
import { holds, type Same } from '../../types/same.ts'
import { Region, Store, Tenant } from './typed.ts'

type Typed = typeof import('./typed.ts')

declare const system: ActorSystem
declare const ctx: Context<typeof System>
const module = threadModule<Typed>(new URL('./typed.ts', import.meta.url))
holds<Same<typeof module, ThreadModule<Typed>>>()
const tenantCtx = ctx.with(Tenant, 'acme')

// Events and replies are those of the module's logic, for one thread and for several.
for (const logic of [onThread(module, 'room'), threadPool(module, 'room', { size: 2 })]) {
  const ref = system.spawn(ctx, logic)
  ref.send(ctx, { type: 'join', member: 'ann' })
  // @ts-expect-error: nobody understands that
  ref.send(ctx, { type: 'leave' })
  // @ts-expect-error: a member is a text
  ref.send(ctx, { type: 'join', member: 5 })
  const joined = ref.ask(ctx, { type: 'join', member: 'ann' })
  holds<Same<typeof joined, Deferred<number>>>()
  const who = ref.ask(ctx, { type: 'who' })
  holds<Same<typeof who, Deferred<string[]>>>()
}

// A ref to an actor on a thread goes where one at home does.
export const joiner: Ref<{ type: 'join'; member: string }> = system.spawn(ctx, onThread(module, 'room'))
// @ts-expect-error: a room does not understand "leave"
export const leaver: Ref<{ type: 'leave' }> = system.spawn(ctx, onThread(module, 'room'))

// Only logics are spawned, and only those that the module exports.
// @ts-expect-error: no such export
onThread(module, 'lobby')
// @ts-expect-error: a key is no logic
onThread(module, 'Tenant')
// @ts-expect-error: nor is a function
threadPool(module, 'threadContext')
// @ts-expect-error: a URL is no module
onThread(new URL('./typed.ts', import.meta.url), 'room')

// Options.
onThread(module, 'room', { credits: 5, resourceLimits: { maxOldGenerationSizeMb: 64 }, argv: ['--quiet'] })
// @ts-expect-error: no such option
onThread(module, 'room', { credit: 5 })
// @ts-expect-error: one thread has no size
onThread(module, 'room', { size: 5 })

// Input.
system.spawn(ctx, onThread(module, 'counter'), { input: 5 })
// @ts-expect-error: the input is missing
system.spawn(ctx, onThread(module, 'counter'))
// @ts-expect-error: the input is a number
system.spawn(ctx, threadPool(module, 'counter'), { input: 'five' })

// Keys: those that the thread does not bring itself.
const tenantRoom = onThread(module, 'tenantRoom')
system.spawn(tenantCtx, tenantRoom)
system.spawn(tenantCtx.with(Region, 'eu'), tenantRoom)
// @ts-expect-error: no tenant there
system.spawn(ctx, tenantRoom)
// @ts-expect-error: nor there
system.spawn(ctx.with(Store, { name: 'here' }), threadPool(module, 'tenantRoom'))
system.spawn(ctx, onThread(module, 'storeRoom'))

// Children of supervisors.
child('room', onThread(module, 'room'), { shutdownMs: 1_000 })
child('counter', onThread(module, 'counter'), { input: 5 })
// @ts-expect-error: the input is missing
child('counter', onThread(module, 'counter'))

// xstate's logics.
const doubled = system.spawn(ctx, onThread(module, 'doubled'), { input: 21 })
holds<Same<ReturnType<typeof doubled.watch>, ReturnType<Ref['watch']>>>()
// @ts-expect-error: the input is missing
system.spawn(ctx, onThread(module, 'doubled'))
const lit = system.spawn(ctx, onThread(module, 'light'))
const look = lit.ask(ctx, { type: 'look' })
holds<Same<typeof look, Deferred<string>>>()
// @ts-expect-error: a light does not fly
lit.send(ctx, { type: 'fly' })

// Generators.
const spoken = system.spawn(ctx, onThread(module, 'session'), { input: { name: 'ann' } })
const said = spoken.ask(ctx, { type: 'say', text: 'hello' })
holds<Same<typeof said, Deferred<number>>>()
