/**
 * What the actors of one system tell groups of peers in one turn, gathered: all that goes to the same members is joined once,
 * and each of them is given it in one piece when the steps of the turn are over. So a message to a thousand peers costs each of
 * them a write a turn, however many messages there were.
 *
 * Rules: every peer gets everything in the order in which it was said, whoever said it: what goes to other members, or to one peer
 * alone, is not gathered before what was said earlier has been given out. Who joins a group gets nothing that was said before.
 * Members with mailboxes are told at once: what else is sent to them does not overtake it either.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { Gatherer } from '../../runtime/loop/work.ts'
import type { ActorGroup } from '../../runtime/system/names.ts'
import type { Ref } from '../../runtime/system/ref.ts'
import type { ActorSystem } from '../../runtime/system/system.ts'
import type { PeerEvent } from './peer-event.ts'
import { Run, type Tap, type Told } from './run.ts'
import { Shared } from './shared.ts'

/** Of one system: made when somebody first speaks to a peer there, and forgotten with it. */
const fanOuts = new WeakMap<ActorSystem, FanOut>()

export function fanOutOf(system: ActorSystem): FanOut {
  let fanOut = fanOuts.get(system)
  if (fanOut === undefined) {
    fanOut = new FanOut(system)
    fanOuts.set(system, fanOut)
  }
  return fanOut
}

export class FanOut implements Gatherer {
  private readonly system: ActorSystem
  /** The outlets of connections, by their actors. */
  private readonly taps = new WeakMap<Ref, Tap>()
  /** What was said to the same members one directly after the other, and not given out. */
  private run: Run | undefined = undefined
  private isQueued = false

  constructor(system: ActorSystem) {
    this.system = system
  }

  /** What is said to a group of which `ref` is a member goes to `tap`, and not into its mailbox. */
  connect(ref: Ref, tap: Tap): void {
    this.taps.set(ref, tap)
  }

  /** @returns how many members it goes to. */
  tell<T>(ctx: Context, group: ActorGroup<PeerEvent<T>>, message: T, except: Ref | undefined): number {
    const run = this.runFor(ctx, group, except)
    const { taps, mailed } = run.audience
    const shared = new Shared(message)
    if (taps.length > 0) run.add(shared)
    if (run.isFull) this.giveOut()
    else this.queue()
    for (const member of mailed) (member as Ref<PeerEvent<T>>).send(ctx, { type: 'deliver', message: shared })
    return taps.length + mailed.length
  }

  /** Says it to one member, behind all that was said to groups. @returns undefined where that is no connection of this system. */
  tellOne(member: Ref, message: Shared<unknown>): Told | undefined {
    this.giveOut()
    return this.taps.get(member)?.tell(message)
  }

  /** Gives out all that was said so far: something is to be said to one peer behind it. */
  giveOut(): void {
    const { run } = this
    if (run === undefined) return
    this.run = undefined
    run.giveOut()
  }

  gather(): void {
    this.isQueued = false
    this.giveOut()
  }

  /** What was begun for the same members, or a new one, behind it. */
  private runFor<T>(ctx: Context, group: ActorGroup<PeerEvent<T>>, except: Ref | undefined): Run {
    const { registry } = this.system
    const { groupChanges } = registry
    if (this.run?.isFor(group.text, groupChanges, except)) return this.run
    this.giveOut()
    const taps: Tap[] = []
    const mailed: Ref[] = []
    for (const member of registry.members(group)) {
      if (member === except) continue
      const tap = this.taps.get(member)
      if (tap === undefined) mailed.push(member)
      else taps.push(tap)
    }
    this.run = new Run(ctx.log, { group: group.text, groupChanges, except, taps, mailed })
    return this.run
  }

  private queue(): void {
    if (this.isQueued) return
    this.isQueued = true
    this.system.reactor.gatherLater(this)
  }
}
