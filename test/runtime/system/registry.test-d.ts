/** Law: a name and a group know what may be sent there; an actor that does not understand that is not let in. Never run. */
import type { Context } from '../../../runtime/context/context.ts'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import type { EventOf } from '../../../runtime/system/logic.ts'
import { actorGroup, actorName } from '../../../runtime/system/names.ts'
import type { Ask, Ref } from '../../../runtime/system/ref.ts'
import type { Registry } from '../../../runtime/system/registry.ts'
import type { ActorSystem, System } from '../../../runtime/system/system.ts'
import { holds, type Same } from '../../types/same.ts'

declare const system: ActorSystem
declare const registry: Registry
declare const ctx: Context<typeof System>
declare const anybody: Ref

type LobbyEvent = { readonly type: 'join'; readonly member: string } | Ask<{ readonly type: 'who' }, string[]>
const Lobby = actorName<LobbyEvent>('lobby')
const Lobbies = actorGroup<LobbyEvent>('lobbies')
declare const lobby: Ref<LobbyEvent>
declare const joiner: Ref<{ readonly type: 'join'; readonly member: string }>
declare const more: Ref<LobbyEvent | { readonly type: 'close' }>
declare const stranger: Ref<{ readonly type: 'leave' }>

// What is found is what was named.
const found = registry.find(Lobby)
holds<Same<typeof found, Ref<LobbyEvent> | undefined>>()
const got = registry.get(Lobby)
holds<Same<typeof got, Ref<LobbyEvent>>>()
const come = registry.whenRegistered(ctx, Lobby)
holds<Same<typeof come, Deferred<Ref<LobbyEvent>>>>()
const members = registry.members(Lobbies)
holds<Same<typeof members, readonly Ref<LobbyEvent>[]>>()
const who = got.ask(ctx, { type: 'who' })
holds<Same<typeof who, Deferred<string[]>>>()
// @ts-expect-error: a lobby is not left
got.send(ctx, { type: 'leave' })

// Who understands all of it is let in, also who understands more.
registry.register(Lobby, lobby)
registry.register(Lobby, more)
registry.join(Lobbies, lobby)
registry.join(Lobbies, more)
// @ts-expect-error: it understands something else
registry.register(Lobby, stranger)
// @ts-expect-error: it does not know who is there
registry.register(Lobby, joiner)
// @ts-expect-error: what it understands is not known
registry.register(Lobby, anybody)
// @ts-expect-error: it understands something else
registry.join(Lobbies, stranger)
// @ts-expect-error: it does not know who is there
registry.join(Lobbies, joiner)
// @ts-expect-error: what it understands is not known
registry.join(Lobbies, anybody)

// A behaviour, as it is spawned.
const room = behaviour({
  initial: 'open',
  states: { open: { say: (_, { text }: { text: string }) => text.length } },
})
const Room = actorName<EventOf<typeof room>>('room')
registry.register(Room, system.spawn(ctx, room))
const length = registry.get(Room).ask(ctx, { type: 'say', text: 'hello' })
holds<Same<typeof length, Deferred<number>>>()

// Whoever it is may be taken out, and asked where it is.
registry.unregister(Lobby, anybody)
registry.leave(Lobbies, anybody)
registry.namesOf(anybody)
registry.groupsOf(anybody)

// A broadcast is something that all understand.
registry.broadcast(ctx, Lobbies, { type: 'join', member: 'ann' })
registry.broadcast(ctx, Lobbies, { type: 'who' }, { except: lobby, sender: anybody })
// @ts-expect-error: a member is missing
registry.broadcast(ctx, Lobbies, { type: 'join' })
// @ts-expect-error: nobody understands that
registry.broadcast(ctx, Lobbies, { type: 'leave' })
// @ts-expect-error: a context comes first
registry.broadcast(Lobbies, { type: 'who' })

// A name is no group, and neither stands in for one of other events.
// @ts-expect-error: a group
registry.find(Lobbies)
// @ts-expect-error: a name
registry.members(Lobby)
// @ts-expect-error: it would find one that does not understand "leave"
export const wider: typeof Lobby = actorName<LobbyEvent | { readonly type: 'leave' }>('lobby')
// @ts-expect-error: it would let in one that does not understand "who"
export const narrower: typeof Lobby = actorName<{ readonly type: 'join'; readonly member: string }>('lobby')
