/**
 * The registry of a system: which actor has a name, and which actors are in a group.
 *
 * Rules: an actor is taken out at its end, exactly then. One that is ending keeps its names, as it keeps its place in
 * the tree: a name that is free means that whoever had it has given back all that it held. A restart is no end. An
 * actor is known by its ref, the object itself; one that is registered nowhere pays nothing.
 *
 * Theory of operation. Each actor that is registered has a presence: where it is, and one watch on it. The end of the
 * watch takes it out of all. Those who are told of the same end earlier, by an earlier watch or as `stopped` by the
 * event stream, must not find it either: so an actor that is found and not alive is asked whether it has ended.
 */
import type { Context } from '../context/context.ts'
import { Deferred } from '../deferred/deferred.ts'
import { OverloadError, UsageError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { EventObject } from '../mailbox/envelope.ts'
import type { Offer } from '../mailbox/refusal.ts'
import { AwaitedNames } from './awaited-names.ts'
import { NameTakenError } from './errors.ts'
import type { ActorGroup, ActorName } from './names.ts'
import { Presence } from './presence.ts'
import type { Ref } from './ref.ts'

/** How many names an error message shows of those that are known. */
const SHOWN_NAMES = 5

/** Of `runtime/limits.ts`; names that are taken and groups that have members count together. */
export type RegistryLimits = Pick<Limits, 'groupMembers' | 'registryNames'>

/**
 * - `taken`: another actor has the name, and has not ended.
 * - `full`: there are as many names and groups as there may be.
 * - `ended`: the actor has ended or is ending.
 */
export type Registered = 'registered' | 'taken' | 'full' | 'ended'

/**
 * - `full`: the group has as many members as it may have; or it has none, and there are as many names and groups as
 *   there may be.
 * - `ended`: the actor has ended or is ending.
 */
export type Joined = 'joined' | 'full' | 'ended'

/** How many members gave which answer. Their sum is the number of those to whom it was sent. */
export type Broadcast = Readonly<Record<Offer, number>>

export interface BroadcastOptions {
  /** A member that is left out. */
  readonly except?: Ref
  /** Who says it. */
  readonly sender?: Ref
}

/** What a registry holds, for those who look after a system. */
export interface RegistryStatistics {
  readonly names: number
  readonly groups: number
  /** Actors that have a name or are in a group; as many are watched. */
  readonly actors: number
  /** Those who wait for a name to be registered. */
  readonly waiting: number
}

export class Registry {
  private readonly limits: RegistryLimits
  /** Who has a name, by its text. */
  private readonly holders = new Map<string, Ref>()
  /** Members in order of joining, by the group's text. Invariant: no set is empty. */
  private readonly groups = new Map<string, Set<Ref>>()
  /** Invariant: exactly those who are in one of the two above, each with all that it is there. */
  private readonly presences = new Map<Ref, Presence>()
  private readonly awaited = new AwaitedNames()
  private changedGroups = 0

  constructor(limits: RegistryLimits) {
    this.limits = limits
  }

  /** Gives an actor a name, which it keeps until its end. Doing so again changes nothing, and is `registered` again. */
  register<E extends EventObject>(name: ActorName<E>, ref: Ref<NoInfer<E>>): Registered {
    const { text } = name
    const holder = this.find(name)
    if (!ref.isAlive) return 'ended'
    if (holder !== undefined) return holder === ref ? 'registered' : 'taken'
    if (this.isFull) return 'full'
    this.holders.set(text, ref)
    this.presenceOf(ref).addName(text)
    this.awaited.tell(text, ref)
    return 'registered'
  }

  /** @internal @throws NameTakenError, or OverloadError (`REGISTRY_FULL`), where a new actor could not have the name. */
  checkFree<E extends EventObject>(name: ActorName<E>): void {
    if (this.find(name) !== undefined) throw new NameTakenError(name.text)
    if (!this.isFull) return
    const { registryNames } = this.limits
    throw new OverloadError(
      'REGISTRY_FULL',
      `no room for the name "${name.text}": ${registryNames} of ${registryNames} names and groups are in use`,
    )
  }

  /** Takes the name from that actor. @returns false where the actor did not have it. */
  unregister<E extends EventObject>(name: ActorName<E>, ref: Ref): boolean {
    const { text } = name
    if (this.holders.get(text) !== ref) return false
    this.holders.delete(text)
    this.presences.get(ref)?.removeName(text)
    this.dropIfEmpty(ref)
    return true
  }

  /** Who has the name now. A lookup in one map. */
  find<E extends EventObject>(name: ActorName<E>): Ref<E> | undefined {
    const holder = this.holders.get(name.text)
    return holder === undefined || !this.isThere(holder) ? undefined : (holder as Ref<E>)
  }

  /** As `find`, where somebody must have it. @throws UsageError (`NAME_UNKNOWN`) naming some that are known. */
  get<E extends EventObject>(name: ActorName<E>): Ref<E> {
    const holder = this.find(name)
    if (holder !== undefined) return holder
    throw new UsageError('NAME_UNKNOWN', `no actor is registered as "${name.text}"; ${this.tellNames()}`)
  }

  /** Who has the name: at once, or as soon as an actor is registered under it. Ends with `ctx`. */
  whenRegistered<E extends EventObject>(ctx: Context, name: ActorName<E>): Deferred<Ref<E>> {
    const holder = this.find(name)
    if (holder !== undefined) return Deferred.of(holder)
    return ctx.bind(this.awaited.add(name.text) as Deferred<Ref<E>>)
  }

  /** Makes an actor a member of a group, which it stays until its end. One that joins again stays where it is. */
  join<E extends EventObject>(group: ActorGroup<E>, ref: Ref<NoInfer<E>>): Joined {
    const { text } = group
    if (!ref.isAlive) return 'ended'
    const members = this.groups.get(text)
    if (members?.has(ref)) return 'joined'
    if (members === undefined ? this.isFull : members.size >= this.limits.groupMembers) return 'full'
    if (members === undefined) this.groups.set(text, new Set([ref]))
    else members.add(ref)
    this.changedGroups += 1
    this.presenceOf(ref).addGroup(text)
    return 'joined'
  }

  /** Takes an actor out of a group. @returns false where it was no member. */
  leave<E extends EventObject>(group: ActorGroup<E>, ref: Ref): boolean {
    const { text } = group
    if (!this.removeMember(text, ref)) return false
    this.presences.get(ref)?.removeGroup(text)
    this.dropIfEmpty(ref)
    return true
  }

  /** Joins and leaves since the start. As long as it is the same, so are the members of every group, but for those that have ended. */
  get groupChanges(): number {
    return this.changedGroups
  }

  /** The members as they are now, in order of joining. */
  members<E extends EventObject>(group: ActorGroup<E>): readonly Ref<E>[] {
    const members: Ref<E>[] = []
    for (const member of this.groups.get(group.text) ?? []) {
      if (this.isThere(member)) members.push(member as Ref<E>)
    }
    return members
  }

  /**
   * Sends to each member in order of joining, in this call. It goes to those who are members as it begins, whoever
   * joins, leaves or ends because of it; one that has ended by its turn answers `closed`.
   */
  broadcast<E extends EventObject>(
    ctx: Context,
    group: ActorGroup<E>,
    event: NoInfer<E>,
    { except, sender }: BroadcastOptions = {},
  ): Broadcast {
    const answers = { accepted: 0, full: 0, closed: 0, expired: 0 }
    for (const member of this.members(group)) {
      if (member !== except) answers[member.send(ctx, event, sender)] += 1
    }
    return answers
  }

  /** The texts of an actor's names, in order of registration. */
  namesOf(ref: Ref): readonly string[] {
    return this.presenceIfThere(ref)?.names ?? []
  }

  /** The texts of the groups that an actor is in, in order of joining. */
  groupsOf(ref: Ref): readonly string[] {
    return this.presenceIfThere(ref)?.groups ?? []
  }

  statistics(): RegistryStatistics {
    const { holders, groups, presences, awaited } = this
    return { names: holders.size, groups: groups.size, actors: presences.size, waiting: awaited.size }
  }

  private get isFull(): boolean {
    return this.holders.size + this.groups.size >= this.limits.registryNames
  }

  /** Whether one that was found has not ended. One whose end is just being told of is taken out now. */
  private isThere(ref: Ref): boolean {
    if (ref.isAlive) return true
    const watch = ref.watch()
    if (watch.isPending) {
      watch.cancel()
      return true
    }
    this.remove(ref)
    return false
  }

  private presenceIfThere(ref: Ref): Presence | undefined {
    const presence = this.presences.get(ref)
    return presence === undefined || !this.isThere(ref) ? undefined : presence
  }

  /** Begins to watch an actor that was registered nowhere. */
  private presenceOf(ref: Ref): Presence {
    const known = this.presences.get(ref)
    if (known !== undefined) return known
    const presence = new Presence(ref.watch())
    this.presences.set(ref, presence)
    presence.watch.listen(
      () => this.remove(ref),
      // Called off: it is out already.
      () => {},
    )
    return presence
  }

  /** Ends the watch on an actor that is registered nowhere any more. */
  private dropIfEmpty(ref: Ref): void {
    const presence = this.presences.get(ref)
    if (!presence?.isEmpty) return
    this.presences.delete(ref)
    presence.watch.cancel()
  }

  /** Takes an actor that has ended out of everything. */
  private remove(ref: Ref): void {
    const presence = this.presences.get(ref)
    if (presence === undefined) return
    this.presences.delete(ref)
    for (const text of presence.names) this.holders.delete(text)
    for (const text of presence.groups) this.removeMember(text, ref)
  }

  /** @returns false where it was no member. */
  private removeMember(text: string, ref: Ref): boolean {
    const members = this.groups.get(text)
    if (!members?.delete(ref)) return false
    this.changedGroups += 1
    if (members.size === 0) this.groups.delete(text)
    return true
  }

  private tellNames(): string {
    const shown: string[] = []
    for (const text of this.holders.keys()) {
      if (shown.length === SHOWN_NAMES) break
      shown.push(`"${text}"`)
    }
    if (shown.length === 0) return 'no name is taken'
    const others = this.holders.size - shown.length
    return `taken are ${shown.join(', ')}${others === 0 ? '' : ` and ${others} more`}`
  }
}
