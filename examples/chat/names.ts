/**
 * What nicks, rooms, ids and texts may be, and where those who have them are found.
 *
 * Rules: what may be a nick or a room has nothing in it that means anything in a line, a name or a path. Who is called what
 * is the registry's to know: it is right as long as the connection lives, whoever else fails.
 */
import { type ActorGroup, type ActorName, actorGroup, actorName, type Registry } from 'greenroom'
import type { PeerEvent } from 'greenroom/actors'
import type { ChatEvent } from './chat-event.ts'
import type { Member } from './member.ts'
import type { RoomEvent } from './room-event.ts'

export const NICK = /^[A-Za-z0-9_-]{1,24}$/
export const ROOM = /^[a-z0-9_-]{1,32}$/
export const ID = /^[\w.:-]{1,64}$/
/** In units of UTF-16, as JavaScript counts. */
export const TEXT_LENGTH_MAX = 2_000

/** Control characters, and halves of characters, which no database keeps. What turns the direction of writing is let through. */
const UNFIT = /[\p{Cc}\p{Cs}]/u

export function isText(text: string): boolean {
  return text.length >= 1 && text.length <= TEXT_LENGTH_MAX && !UNFIT.test(text)
}

/** The actor of a room: what transactions emit to. */
export function roomName(room: string): ActorName<RoomEvent> {
  return actorName(`room:${room}`)
}

/** Who is in a room. It outlives the room's actor. */
export function roomGroup(room: string): ActorGroup<PeerEvent<ChatEvent>> {
  return actorGroup(`room:${room}`)
}

/** Who has a nick: "Ada" and "ada" are the same one. */
export function nickName(nick: string): ActorName<PeerEvent<ChatEvent>> {
  return actorName(`nick:${nick.toLowerCase()}`)
}

const SPELT = 'spelt:'

/** Under which a nick is kept as its owner writes it. */
export function spelling(nick: string): ActorName<PeerEvent<ChatEvent>> {
  return actorName(`${SPELT}${nick}`)
}

/** What somebody is called; undefined for who has no nick. */
export function nickOf(registry: Registry, member: Member): string | undefined {
  return registry
    .namesOf(member)
    .find((name) => name.startsWith(SPELT))
    ?.slice(SPELT.length)
}
