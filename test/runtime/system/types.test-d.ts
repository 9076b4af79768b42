/** Law: types say what an actor needs, understands and answers; what does not fit does not compile. Never run. */
import { createMachine, fromPromise, setup } from 'xstate'
import type { Context } from '../../../runtime/context/context.ts'
import { key } from '../../../runtime/context/key.ts'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { receiving } from '../../../runtime/system/receiving.ts'
import type { AnyEvent, Ask, Ref } from '../../../runtime/system/ref.ts'
import type { ActorSystem, System } from '../../../runtime/system/system.ts'
import type { Delivered } from '../../../runtime/system/xstate-messages.ts'
import { holds, type Same } from '../../types/same.ts'

const Tenant = key<string, 'tenant'>('tenant')
const Region = key<string, 'region'>('region')

declare const system: ActorSystem
declare const ctx: Context<typeof System>
const tenantCtx = ctx.with(Tenant, 'acme')

interface Join {
  readonly member: string
}

const room = behaviour({
  initial: 'open',
  data: () => ({ members: new Set<string>() }),
  states: {
    open: {
      join: ({ data }, { member }: Join) => data.members.add(member).size,
      who: async ({ data }) => [...data.members],
      close: ({ become }) => become('closed'),
    },
    closed: { why: () => 'late' as const },
  },
})

// Events, of every state.
const ref = system.spawn(ctx, room)
ref.send(ctx, { type: 'join', member: 'ann' })
ref.send(ctx, { type: 'why' })
// @ts-expect-error: nobody understands that
ref.send(ctx, { type: 'leave' })
// @ts-expect-error: a member is missing
ref.send(ctx, { type: 'join' })
// @ts-expect-error: a member is a text
ref.send(ctx, { type: 'join', member: 5 })
// @ts-expect-error: a context comes first
ref.send({ type: 'who' })

// Replies.
const joined = ref.ask(ctx, { type: 'join', member: 'ann' })
holds<Same<typeof joined, Deferred<number>>>()
const who = ref.ask(ctx, { type: 'who' })
holds<Same<typeof who, Deferred<string[]>>>()
const why = ref.ask(ctx, { type: 'why' })
holds<Same<typeof why, Deferred<'late'>>>()
// @ts-expect-error: the reply is a number
export const wrongReply: Deferred<string> = joined
// @ts-expect-error: nobody understands that
ref.ask(ctx, { type: 'leave' })

// A ref that understands more goes where one is expected that understands less, not the other way round.
export const joiner: Ref<Join & { type: 'join' }> = ref
// @ts-expect-error: a room does not understand "leave"
export const leaver: Ref<{ type: 'leave' }> = ref
export const anybody: Ref = ref

// Keys.
const tenantRoom = behaviour({
  needs: [Tenant],
  initial: 'open',
  states: { open: { who: (_, _event, own) => own.get(Tenant) } },
})
system.spawn(tenantCtx, tenantRoom)
system.spawn(tenantCtx.with(Region, 'eu'), tenantRoom)
// @ts-expect-error: no tenant there
system.spawn(ctx, tenantRoom)
// @ts-expect-error: a region is no tenant
system.spawn(ctx.with(Region, 'eu'), tenantRoom)
behaviour({
  needs: [Tenant],
  initial: 'open',
  // @ts-expect-error: it did not say that it needs a region
  states: { open: { where: (_, _event, own) => own.get(Region) } },
})
// What a handler adds to its context, its child may need.
behaviour({
  needs: [Tenant],
  initial: 'open',
  states: {
    open: {
      fine: ({ spawn }, _event, own) => spawn(own, tenantRoom),
      // @ts-expect-error: the system's context has no tenant
      wrong: ({ spawn }) => spawn(ctx, tenantRoom),
    },
  },
})

// Input.
const counter = behaviour({
  initial: 'on',
  data: (from: number) => ({ count: from }),
  states: { on: { add: ({ data }) => data.count++ } },
})
system.spawn(ctx, counter, { input: 5 })
// @ts-expect-error: the input is missing
system.spawn(ctx, counter)
// @ts-expect-error: the input is missing among the options
system.spawn(ctx, counter, { name: 'counter' })
// @ts-expect-error: the input is a number
system.spawn(ctx, counter, { input: 'five' })
// @ts-expect-error: no such option
system.spawn(ctx, room, { mailBox: { capacity: 5 } })

// The initial state is one of the states.
// @ts-expect-error: there is no state "shut"
behaviour({ initial: 'shut', states: { open: {} } })

// A catch-all understands anything, and the others keep their replies.
const catchAll = behaviour({
  initial: 'on',
  states: { on: { count: () => 5, '*': () => 'any' } },
})
const caught = system.spawn(ctx, catchAll)
caught.send(ctx, { type: 'whatever', with: 5 })
const count = caught.ask(ctx, { type: 'count' })
holds<Same<typeof count, Deferred<number>>>()
caught.ask(ctx, { type: 'whatever' })

// Generators.
type SessionEvent = Ask<{ type: 'say'; text: string }, number> | { type: 'leave' }
const session = receiving<SessionEvent, { name: string }>(function* ({ receive, wait, input }) {
  holds<Same<typeof input, { name: string }>>()
  const { event, reply } = yield* receive('say')
  holds<Same<typeof event.text, string>>()
  reply(event.text.length)
  reply(Promise.resolve(5))
  // @ts-expect-error: the reply is a number
  reply('five')
  const slept = yield* wait(Promise.resolve('text'))
  holds<Same<typeof slept, string>>()
  const any = yield* receive()
  holds<Same<typeof any.event.type, 'say' | 'leave'>>()
  // @ts-expect-error: no such event
  yield* receive('shout')
})
const spoken = system.spawn(ctx, session, { input: { name: 'ann' } })
const said = spoken.ask(ctx, { type: 'say', text: 'hello' })
holds<Same<typeof said, Deferred<number>>>()
// @ts-expect-error: the input is missing
system.spawn(ctx, session)
// @ts-expect-error: nobody understands that
spoken.send(ctx, { type: 'shout' })

// One that does not say what it understands takes anything.
const open = receiving(function* ({ receive }) {
  const { event } = yield* receive('login')
  holds<Same<typeof event, AnyEvent>>()
})
system.spawn(ctx, open).ask(ctx, { type: 'login', name: 'ann' })

// xstate's logics: events and input as they declare them.
system.spawn(ctx, createMachine({})).send(ctx, { type: 'go' })
const doubled = fromPromise(async ({ input }: { input: number }) => input * 2)
system.spawn(ctx, doubled, { input: 21 })
// @ts-expect-error: the input is missing
system.spawn(ctx, doubled)
type LightEvent = { readonly type: 'go'; readonly speed: number } | Ask<{ readonly type: 'look' }, string>
const light = setup({ types: { events: {} as Delivered<LightEvent> } }).createMachine({
  on: {
    go: { actions: ({ event }) => holds<Same<typeof event.ctx, Context>>() },
    look: { actions: ({ event }) => event.reply?.('red') },
  },
})
const lit = system.spawn(ctx, light)
lit.send(ctx, { type: 'go', speed: 5 })
const look = lit.ask(ctx, { type: 'look' })
holds<Same<typeof look, Deferred<string>>>()
// @ts-expect-error: the speed is missing
lit.send(ctx, { type: 'go' })
// @ts-expect-error: a light does not fly
lit.send(ctx, { type: 'fly' })
