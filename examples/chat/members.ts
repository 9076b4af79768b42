/**
 * Who is in a room: connections, in the room's group, so that who is in is known also while the room's actor is not there.
 *
 * Rules: one nick stands for one member, the one who has it by the registry. Where another came in under it before, a page has
 * come back before its last connection was missed: nobody is told that somebody has come or gone.
 */
import type { Context, Ref, Registry, System } from 'greenroom'
import { broadcast, unicast } from 'greenroom/actors'
import type { ChatEvent } from './chat-event.ts'
import type { Member } from './member.ts'
import { nickOf, roomGroup } from './names.ts'
import type { Who } from './room-event.ts'

/** The most whose names are told. */
const NICKS_TOLD = 1_000

export class Members {
  private readonly room: string
  /** What is shown is shown, also where the room's actor fails before the turn is over. */
  private readonly lasting: Context<typeof System>
  private readonly registry: Registry
  /** Of the room's actor. */
  private readonly watch: (member: Ref) => void
  private readonly nicks = new Map<Member, string>()
  /** The same, by nick. */
  private readonly byNick = new Map<string, Member>()
  /** Of whose end it will be told, whether they stay or not: so nobody is watched twice. */
  private readonly watched = new Set<Member>()

  constructor(
    room: string,
    lasting: Context<typeof System>,
    registry: Registry,
    watch: (member: Ref) => void,
  ) {
    this.room = room
    this.lasting = lasting
    this.registry = registry
    this.watch = watch
  }

  get size(): number {
    return this.nicks.size
  }

  has(member: Member): boolean {
    return this.nicks.has(member)
  }

  /** Those who were in it before the room's actor began. */
  takeUp(): void {
    const group = roomGroup(this.room)
    for (const member of this.registry.members(group)) {
      const nick = nickOf(this.registry, member)
      if (nick === undefined) this.registry.leave(group, member)
      else this.add(member, nick)
    }
  }

  /** Shows somebody what he has missed, and takes him in: nothing comes between. */
  join(member: Member, missed: ChatEvent, last: number): 'joined' | 'full' | 'ended' {
    const { room } = this
    const group = roomGroup(room)
    const nick = nickOf(this.registry, member)
    if (nick === undefined) return 'ended'
    if (unicast(this.lasting, member, missed) !== 'accepted') return 'ended'
    const joined = this.registry.join(group, member)
    if (joined !== 'joined') return joined
    const before = this.byNick.get(keyOf(nick))
    if (before !== undefined) this.remove(before)
    this.add(member, nick)
    const event: ChatEvent = { type: 'joined', room, nick, last }
    if (before === undefined) this.show(event)
    else unicast(this.lasting, member, event)
    return 'joined'
  }

  /** He is told himself as well, and after that nothing more. @returns false where he was no member. */
  leave(member: Member): boolean {
    const { room } = this
    const nick = this.nicks.get(member)
    if (nick === undefined) return false
    this.show({ type: 'left', room, nick })
    this.remove(member)
    return true
  }

  /** His connection is no more. */
  gone(member: Member): void {
    this.watched.delete(member)
    this.leave(member)
  }

  rename(member: Member, was: string, nick: string): void {
    const { room } = this
    const before = this.nicks.get(member)
    if (before === undefined || before === nick) return
    this.byNick.delete(keyOf(before))
    this.set(member, nick)
    this.show({ type: 'named', room, was, nick })
  }

  who(): Who {
    return { nicks: [...this.nicks.values()].slice(0, NICKS_TOLD), count: this.nicks.size }
  }

  show(event: ChatEvent): void {
    broadcast(this.lasting, roomGroup(this.room), event)
  }

  private add(member: Member, nick: string): void {
    this.set(member, nick)
    if (this.watched.has(member)) return
    this.watched.add(member)
    this.watch(member)
  }

  private set(member: Member, nick: string): void {
    this.nicks.set(member, nick)
    this.byNick.set(keyOf(nick), member)
  }

  private remove(member: Member): void {
    const nick = this.nicks.get(member) ?? ''
    if (this.byNick.get(keyOf(nick)) === member) this.byNick.delete(keyOf(nick))
    this.nicks.delete(member)
    this.registry.leave(roomGroup(this.room), member)
  }
}

function keyOf(nick: string): string {
  return nick.toLowerCase()
}
