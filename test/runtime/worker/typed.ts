/** A module for threads, for its types. */

import { type Ask, behaviour, type Context, type Delivered, jsonCodec, key, receiving } from 'greenroom'
import { fromPromise, setup } from 'xstate'

export const Tenant = key<string, 'tenant'>('tenant', { codec: jsonCodec(String) })
export const Region = key<string, 'region'>('region', { codec: jsonCodec(String) })
/** Opened on the thread. */
export const Store = key<{ readonly name: string }, 'store'>('store')

export const threadContext = async (ctx: Context) => ctx.with(Store, { name: 'of the thread' })

export const room = behaviour({
  initial: 'open',
  data: () => ({ members: new Set<string>() }),
  states: {
    open: {
      join: ({ data }, { member }: { member: string }) => data.members.add(member).size,
      who: async ({ data }) => [...data.members],
    },
  },
})

export const counter = behaviour({
  initial: 'on',
  data: (from: number) => ({ count: from }),
  states: { on: { add: ({ data }) => data.count++ } },
})

export const tenantRoom = behaviour({
  needs: [Tenant, Store],
  initial: 'open',
  states: { open: { who: (_, _event, own) => `${own.get(Tenant)} ${own.get(Store).name}` } },
})

export const storeRoom = behaviour({
  needs: [Store],
  initial: 'open',
  states: { open: { which: (_, _event, own) => own.get(Store).name } },
})

export const doubled = fromPromise(async ({ input }: { input: number }) => input * 2)

type LightEvent = { readonly type: 'go'; readonly speed: number } | Ask<{ readonly type: 'look' }, string>
export const light = setup({ types: { events: {} as Delivered<LightEvent> } }).createMachine({
  on: { look: { actions: ({ event }) => event.reply?.('red') } },
})

type SessionEvent = Ask<{ type: 'say'; text: string }, number> | { type: 'leave' }
export const session = receiving<SessionEvent, { name: string }>(function* ({ receive }) {
  const { event, reply } = yield* receive('say')
  reply(event.text.length)
})
