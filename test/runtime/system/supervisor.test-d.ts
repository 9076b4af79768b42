/** Law: a supervisor needs what its children need, a child's input is its logic's, and a started child has its type. Never run. */
import { setup } from 'xstate'
import type { Context } from '../../../runtime/context/context.ts'
import { key } from '../../../runtime/context/key.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { child } from '../../../runtime/system/child-spec.ts'
import { dynamicSupervisor } from '../../../runtime/system/dynamic-supervisor.ts'
import { actorName } from '../../../runtime/system/names.ts'
import { type Postponed, postpone } from '../../../runtime/system/postpone.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import { supervisor } from '../../../runtime/system/supervisor.ts'
import type { ActorSystem, System } from '../../../runtime/system/system.ts'
import { holds, type Same } from '../../types/same.ts'

const Tenant = key<string, 'tenant'>('tenant')
const Region = key<string, 'region'>('region')

declare const system: ActorSystem
declare const ctx: Context<typeof System>
const tenantCtx = ctx.with(Tenant, 'acme')
const bothCtx = tenantCtx.with(Region, 'eu')

interface Add {
  readonly n: number
}

const plain = behaviour({ initial: 'on', states: { on: { add: (_scope, { n }: Add) => n } } })
const tenanted = behaviour({ needs: [Tenant], initial: 'on', states: { on: {} } })
const regional = behaviour({ needs: [Region], initial: 'on', states: { on: {} } })
const sized = behaviour({
  initial: 'on',
  data: (size: number) => ({ size }),
  states: { on: { size: ({ data }) => data.size } },
})
const machine = setup({ types: { input: {} as { n: number }, events: {} as { type: 'go' } } }).createMachine(
  {},
)

// What the children need, the supervisor does.
const tree = supervisor({ children: [child('a', plain), child('b', tenanted), child('c', regional)] })
system.spawn(bothCtx, tree)
// @ts-expect-error: the region is missing
system.spawn(tenantCtx, tree)
system.spawn(ctx, supervisor({ children: [child('a', plain)] }))
system.spawn(ctx, supervisor({ children: [] }))

// A child's input is its logic's.
child('a', sized, { input: 5, shutdownMs: 0 })
// @ts-expect-error: it asks for an input
child('a', sized)
// @ts-expect-error: a size is a number
child('a', sized, { input: 'five' })
child('a', machine, { input: { n: 1 }, from: 'snapshot' })
// @ts-expect-error: it asks for an input
child('a', machine)
// @ts-expect-error: the supervisor counts restarts, not the child
child('a', plain, { restart: { policy: 'permanent', intensity: 5 } })

// A list that is made at each start.
const made = supervisor({
  children: (count: number) => Array.from({ length: count }, (_, n) => child(`${n}`, plain)),
})
system.spawn(ctx, made, { input: 3 })
// @ts-expect-error: it asks for an input
system.spawn(ctx, made)

// A dynamic supervisor's children are all of one type.
const pool = system.spawn(ctx, dynamicSupervisor({ logic: plain }))
const start = await pool.ask(ctx, { type: 'startChild' })
if (start.outcome === 'started') {
  start.ref.send(ctx, { type: 'add', n: 1 })
  // @ts-expect-error: nobody understands that
  start.ref.send(ctx, { type: 'subtract', n: 1 })
}
// @ts-expect-error: only one that has started has a ref
start.ref
const sizes = system.spawn(ctx, dynamicSupervisor({ logic: sized }))
sizes.ask(ctx, { type: 'startChild', input: 5 })
// @ts-expect-error: it asks for an input
sizes.ask(ctx, { type: 'startChild' })
const machines = system.spawn(ctx, dynamicSupervisor({ logic: machine }))
const machineStart = await machines.ask(ctx, { type: 'startChild', input: { n: 1 } })
if (machineStart.outcome === 'started') holds<Same<typeof machineStart.ref, Ref<{ type: 'go' }>>>()
// @ts-expect-error: the tenant is missing
system.spawn(ctx, dynamicSupervisor({ logic: tenanted }))

// A name that it is given is one that it can answer to.
const Adder = actorName<Add & { readonly type: 'add' }>('adder')
const Other = actorName<{ readonly type: 'other' }>('other')
system.spawn(ctx, plain, { as: Adder })
// @ts-expect-error: it understands something else
system.spawn(ctx, plain, { as: Other })
child('a', plain, { as: Adder })
// @ts-expect-error: it understands something else
child('a', plain, { as: Other })

// What is only postponed says nothing of its event; a handler that may postpone still has its reply.
const waiting = behaviour({
  initial: 'loading',
  states: {
    loading: { add: postpone, load: ({ become }) => become('ready') },
    ready: { add: (_scope, { n }: Add) => (n > 5 ? n : postpone()) },
  },
})
const added = system.spawn(ctx, waiting).ask(ctx, { type: 'add', n: 5 })
holds<Same<typeof added extends PromiseLike<infer R> ? R : never, number>>()
holds<Same<ReturnType<typeof postpone>, Postponed>>()
