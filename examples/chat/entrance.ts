/**
 * The way into a room: finds its actor, or has it made, and joins.
 *
 * Rules: whatever ends or fails between two steps, it is tried again, a few times. Who joins is in, with all that was said
 * since his place and nothing twice; or he is told that he is not, and then he is not.
 */

import type { Context, Registry } from 'greenroom'
import {
  actorName,
  codeOf,
  type DynamicSupervisorEvent,
  OverloadError,
  type Ref,
  type Resumption,
  type System,
  type Wait,
} from 'greenroom'
import type { Peer } from 'greenroom/actors'
import type { ChatEvent } from './chat-event.ts'
import { ChatError } from './errors.ts'
import { isOfActors } from './failures.ts'
import { roomName } from './names.ts'
import type { JoinAnswer, RoomEvent } from './room-event.ts'
import type { Store } from './store.ts'

/** A part of a session, which may wait. */
export type Waiting<T> = Generator<Wait, T, Resumption>

/** What a session has of the world. */
export interface Place {
  readonly ctx: Context<typeof System>
  readonly registry: Registry
  readonly store: Store
  readonly peer: Peer<ChatEvent>
  readonly wait: <T>(source: T | PromiseLike<T>) => Waiting<T>
}

export const Rooms = actorName<DynamicSupervisorEvent<RoomEvent, { readonly name: string }>>('chat.rooms')

/** How often it is tried, and how long after the last time. */
const ATTEMPTS = 10
const AGAIN_MS = 100
/** Longer than a database takes to say that it cannot. */
const JOIN_TIMEOUT_MS = 20_000
/** How far back one can catch up: beyond that he begins anew. */
const PAGE = 100
const PAGES_MAX = 10

/** Nobody is there who could do it. */
export function unavailable(what: string): OverloadError {
  return new OverloadError('CHAT_UNAVAILABLE', `${what} cannot be reached just now: try again in a while`)
}

/** @throws ChatError (`ROOMS_FULL`), OverloadError (`CHAT_UNAVAILABLE`) */
export function* roomOf(place: Place, room: string): Waiting<Ref<RoomEvent>> {
  const { ctx, registry, wait } = place
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const ref = registry.find(roomName(room))
    if (ref?.isAlive) return ref
    const made = yield* startRoom(place, room)
    if (made !== undefined) return made
    yield* wait(ctx.after(AGAIN_MS))
  }
  throw unavailable(`room ${room}`)
}

/** @returns undefined where it may be tried again: the last one of that name is just ending, or who makes them is away. */
function* startRoom({ ctx, registry, wait }: Place, room: string): Waiting<Ref<RoomEvent> | undefined> {
  const rooms = registry.find(Rooms)
  if (rooms === undefined) return undefined
  try {
    const start = yield* wait(rooms.ask(ctx, { type: 'startChild', name: room, input: { name: room } }))
    if (start.outcome === 'started') return start.ref
    if (start.outcome === 'full')
      throw new ChatError('ROOMS_FULL', `there are ${start.childrenMax} rooms, and no more may be`)
    return undefined
  } catch (error) {
    if (!isOfActors(error)) throw error
    return undefined
  }
}

/** @param after - what he has seen of it; without it he is new. @throws why he is not in. */
export function* enter(place: Place, room: string, after: number | undefined): Waiting<Ref<RoomEvent>> {
  const { ctx, peer, wait } = place
  let seen = after
  let pages = 0
  for (let attempt = 1; attempt <= ATTEMPTS; ) {
    const ref = yield* roomOf(place, room)
    const join = { type: 'join', member: peer.ref, ...(seen !== undefined && { after: seen }) } as const
    let answer: JoinAnswer
    try {
      answer = yield* wait(ref.ask(ctx, join, { timeoutMs: JOIN_TIMEOUT_MS }))
    } catch (error) {
      // It may have come to it all the same: nobody is to be in who believes that he is not.
      ref.send(ctx, { type: 'leave', member: peer.ref })
      if (!isOfActors(error) || codeOf(error) === 'ASK_TIMEOUT') throw error
      attempt += 1
      yield* wait(ctx.after(AGAIN_MS))
      continue
    }
    if (answer.outcome === 'joined') return ref
    if (answer.outcome === 'unavailable') throw answer.error
    if (answer.outcome === 'ended') throw unavailable(`room ${room}`)
    if (answer.outcome !== 'behind') throw new ChatError('ROOM_FULL', `${room} has no room for more`)
    pages += 1
    if (pages > PAGES_MAX)
      throw new ChatError(
        'PLACE_TOO_OLD',
        'too much was said since: join without a place, and read its history',
      )
    seen = yield* showMore(place, room, seen ?? 0)
  }
  throw unavailable(`room ${room}`)
}

/** @returns the place after it. */
function* showMore({ ctx, store, peer, wait }: Place, room: string, seq: number): Waiting<number> {
  const messages = yield* wait(store.after(ctx, { room, seq, count: PAGE }))
  peer.send({ type: 'history', room, messages, isAll: messages[0]?.seq === 1 })
  return messages.at(-1)?.seq ?? seq
}
