/**
 * A visitor: what one peer is in the chat, and does there when it asks for it.
 *
 * Rules: one thing is done after the other, so what is said first is kept first. What cannot be done is thrown, as what the
 * peer is told. What others are to hear of him is said in a context that outlives him.
 */
import type { Context, Ref, System } from 'greenroom'
import { unicast } from 'greenroom/actors'
import type { RoomSize } from './chat-event.ts'
import type { Command } from './command.ts'
import { Directory } from './directory.ts'
import { enter, type Place, Rooms, roomOf, unavailable, type Waiting } from './entrance.ts'
import { ChatError } from './errors.ts'
import { failureOf, isInDoubt } from './failures.ts'
import { ID, isText, NICK, nickName, ROOM, roomGroup, TEXT_LENGTH_MAX } from './names.ts'
import type { RoomEvent } from './room-event.ts'

const ROOMS_MAX = 20
const ROOMS_TOLD = 100
const HISTORY_COUNT = 50

type Of<Type extends Command['type']> = Extract<Command, { type: Type }>

export class Visitor {
  private readonly place: Place
  private readonly watch: (ref: Ref) => void
  private readonly lasting: Context<typeof System>
  private nick: string | undefined = undefined
  private token = ''
  /** In the order of joining: what names no room is meant for the last. */
  private readonly rooms = new Map<string, Ref<RoomEvent>>()

  constructor(place: Place, watch: (ref: Ref) => void) {
    this.place = place
    this.watch = watch
    this.lasting = place.ctx.withoutCancel()
  }

  /** @throws what `failureOf` knows. */
  *does(command: Exclude<Command, Of<'help' | 'quit'>>): Waiting<void> {
    switch (command.type) {
      case 'nick':
        return yield* this.claim(command)
      case 'rooms':
        return yield* this.listRooms()
      case 'join':
        return yield* this.join(command)
      case 'leave':
        return yield* this.leave(command)
      case 'say':
        return yield* this.say(command)
      case 'tell':
        return this.tell(command)
      case 'who':
        return yield* this.who(command)
      case 'history':
        return yield* this.history(command)
    }
  }

  /** The actor of a room has ended, and this one may be in it: as a member he stays, and is shown what follows by the next. */
  *lost(ref: Ref): Waiting<void> {
    const { registry, peer } = this.place
    for (const [room, actor] of this.rooms) {
      if (actor !== ref) continue
      try {
        this.note(room, yield* roomOf(this.place, room))
      } catch (error) {
        this.rooms.delete(room)
        registry.leave(roomGroup(room), peer.ref)
        peer.send(failureOf(error))
        peer.send({ type: 'left', room, nick: this.nick ?? '' })
      }
    }
  }

  /** He says no more, though his connection may linger. */
  goes(): void {
    const { registry, peer } = this.place
    for (const ref of this.rooms.values()) ref.send(this.lasting, { type: 'leave', member: peer.ref })
    if (this.nick !== undefined)
      registry.find(Directory)?.send(this.lasting, { type: 'release', member: peer.ref })
  }

  private *claim({ nick, token }: Of<'nick'>): Waiting<void> {
    const { ctx, registry, peer, wait } = this.place
    if (!NICK.test(nick))
      throw new ChatError('NICK_INVALID', 'a nick is 1 to 24 letters, digits, and any of _ -')
    const directory = registry.find(Directory)
    if (directory === undefined) throw unavailable('the directory')
    const answer = yield* wait(directory.ask(ctx, { type: 'claim', member: peer.ref, nick, token }))
    if (answer.outcome === 'taken') throw new ChatError('NICK_TAKEN', `somebody else is called ${nick}`)
    if (answer.outcome === 'refused') throw unavailable('the directory')
    const was = this.nick
    this.nick = nick
    this.token = answer.token ?? this.token
    peer.send({ type: 'welcome', nick, token: this.token })
    if (was === undefined || was === nick) return
    peer.send({ type: 'named', was, nick })
    for (const ref of this.rooms.values())
      ref.send(this.lasting, { type: 'renamed', member: peer.ref, was, nick })
  }

  private *join({ room = '', after }: Of<'join'>): Waiting<void> {
    this.named()
    if (!ROOM.test(room))
      throw new ChatError('ROOM_INVALID', 'a room is called by 1 to 32 of a-z, 0-9, and any of _ -')
    const known = this.rooms.get(room)
    if (known === undefined && this.rooms.size >= ROOMS_MAX)
      throw new ChatError('ROOMS_LIMIT', `you are in ${ROOMS_MAX} rooms: leave one`)
    // To join again makes it the one that is meant.
    this.rooms.delete(room)
    if (known !== undefined) this.rooms.set(room, known)
    else this.note(room, yield* enter(this.place, room, after))
  }

  private *leave({ room: wanted }: Of<'leave'>): Waiting<void> {
    const { ctx, registry, peer, wait } = this.place
    const [room, ref] = this.within(wanted)
    this.rooms.delete(room)
    let isTold = false
    try {
      isTold = yield* wait(ref.ask(ctx, { type: 'leave', member: peer.ref }))
    } catch (error) {
      peer.send(failureOf(error))
      registry.leave(roomGroup(room), peer.ref)
      ref.send(this.lasting, { type: 'leave', member: peer.ref })
    }
    if (!isTold) peer.send({ type: 'left', room, nick: this.named() })
  }

  private *say({ room: wanted, text, id = this.drawId() }: Of<'say'>): Waiting<void> {
    const { ctx, store, peer, wait } = this.place
    const nick = this.named()
    const [room, ref] = this.within(wanted)
    checkText(text)
    if (!ID.test(id))
      throw new ChatError('ID_INVALID', 'an id is 1 to 64 letters, digits, and any of _ . : -')
    try {
      const receipt = yield* wait(store.say(ctx, { room, id, nick, text, atMs: ctx.clock.wallMs() }))
      if (!receipt.isNew) peer.send({ type: 'said', isRepeat: true, ...receipt.message })
    } catch (error) {
      // Nobody has told the room, and it may be there.
      if (isInDoubt(error)) ref.send(this.lasting, { type: 'check' })
      throw error
    }
  }

  private tell({ to, text }: Of<'tell'>): void {
    const { ctx, registry, peer } = this.place
    const from = this.named()
    const other = NICK.test(to) ? registry.find(nickName(to)) : undefined
    if (other === undefined) throw new ChatError('NICK_UNKNOWN', 'nobody is called so')
    checkText(text)
    const event = { type: 'told', from, to, text, atMs: ctx.clock.wallMs() } as const
    if (unicast(this.lasting, other, event) !== 'accepted') throw unavailable(to)
    if (other !== peer.ref) peer.send(event)
  }

  private *who({ room: wanted }: Of<'who'>): Waiting<void> {
    const { ctx, peer, wait } = this.place
    const [room, ref] = this.within(wanted)
    peer.send({ type: 'members', room, ...(yield* wait(ref.ask(ctx, { type: 'who' }))) })
  }

  private *history({ room: wanted, before, count = HISTORY_COUNT }: Of<'history'>): Waiting<void> {
    const { ctx, store, peer, wait } = this.place
    const [room] = this.within(wanted)
    const messages = yield* wait(
      before === undefined
        ? store.recent(ctx, { room, count })
        : store.before(ctx, { room, seq: before, count }),
    )
    const isAll = messages.length < count || messages[0]?.seq === 1
    peer.send({ type: 'history', room, messages, isAll })
  }

  private *listRooms(): Waiting<void> {
    const { ctx, registry, peer, wait } = this.place
    const rooms = registry.find(Rooms)
    if (rooms === undefined) throw unavailable('the list of rooms')
    const children = yield* wait(rooms.ask(ctx, { type: 'children' }))
    const sizes = children.map(({ name: room }): RoomSize => {
      return { room, members: registry.members(roomGroup(room)).length }
    })
    const full = sizes.filter(({ members }) => members > 0).sort((a, b) => b.members - a.members)
    peer.send({ type: 'rooms', rooms: full.slice(0, ROOMS_TOLD) })
  }

  private note(room: string, ref: Ref<RoomEvent>): void {
    this.rooms.set(room, ref)
    this.watch(ref)
  }

  /** @throws ChatError (`NICK_NEEDED`) */
  private named(): string {
    if (this.nick === undefined) throw new ChatError('NICK_NEEDED', 'take a nick first')
    return this.nick
  }

  /** @throws ChatError (`ROOM_NEEDED`, `NOT_IN_ROOM`) */
  private within(wanted: string | undefined): [room: string, actor: Ref<RoomEvent>] {
    this.named()
    const room = wanted ?? [...this.rooms.keys()].at(-1)
    if (room === undefined) throw new ChatError('ROOM_NEEDED', 'join a room first')
    const ref = this.rooms.get(room)
    if (ref === undefined) throw new ChatError('NOT_IN_ROOM', 'you are not in that room')
    return [room, ref]
  }

  /** 64 bits: nobody meets one of his own again. */
  private drawId(): string {
    const { random } = this.place.ctx
    return [random.nextUint32(), random.nextUint32()].map((word) => word.toString(36)).join('.')
  }
}

function checkText(text: string): void {
  if (isText(text)) return
  const what = `a text is 1 to ${TEXT_LENGTH_MAX} characters, and no control characters`
  throw new ChatError('TEXT_INVALID', what)
}
