/**
 * An xstate actor behind a mailbox of ours: one that we have made from a logic (`xstate-logic.ts`), or one that a machine
 * has invoked or spawned (`xstate-child.ts`).
 *
 * Theory of operation. xstate calls an actor's observers after each of its transitions, whatever has caused it, and
 * before its next event. So no child that a machine has invoked or spawned can come, fail or go between two looks, and
 * each is made a child of ours when it is first seen. From then on our tree sees to it that it ends: xstate stops a
 * machine's children when their state is left, and when the machine is stopped or done, but not when it fails.
 *
 * What this rests on: `subscribe`, `send` and `getSnapshot` of xstate's actors, and `children` in a machine's snapshot,
 * which is another object whenever a child has come or gone.
 *
 * Rule: an observer does not throw. xstate would throw that again, later and outside of everything.
 */
import type { AnyActorRef, AnyMachineSnapshot, Snapshot, StateValue } from 'xstate'
import { NameTakenError } from './errors.ts'
import type { Host, Instance } from './logic.ts'
import type { Ref } from './ref.ts'
import { XstateMessages } from './xstate-messages.ts'
import { Unheard } from './xstate-unheard.ts'

/** A snapshot as it is looked at: what machines add to it may be there. */
export type Seen = Snapshot<unknown> &
  Partial<Pick<AnyMachineSnapshot, 'value' | 'context'>> & {
    readonly children?: Readonly<Record<string, AnyActorRef | undefined>>
  }

/** Makes the instance of an actor that a machine has invoked or spawned. */
export type MakeChild = (host: Host, actor: AnyActorRef, above: XstateInstance) => XstateInstance

const DRAIN = { type: 'drain' } as const

/** The instances of xstate's actors. One that has ended is still found, for as long as anybody has the actor. */
const instances = new WeakMap<AnyActorRef, XstateInstance>()

/** Children that had ended when the snapshot was persisted from which their machine was restored: they do not run. */
const endedBefore = new WeakSet<AnyActorRef>()

export abstract class XstateInstance extends XstateMessages implements Instance {
  /** The machine that has invoked or spawned the actor; undefined for one that we have made. */
  override readonly above: XstateInstance | undefined
  /** The last snapshot in which it was active: the one before its failure, once it has failed. */
  lastActive: Seen | undefined = undefined
  /** Children of which the machine may not have heard yet that they have ended. */
  readonly unheard = new Unheard()
  protected readonly makeChild: MakeChild
  /** The children in the snapshot that was looked at last. */
  private children: Seen['children'] = undefined
  /** The cells of its children, by name. */
  private named: Map<string, Ref> | undefined = undefined
  /** A child waits for its name, which one that was stopped still has, since its own code is on the stack. */
  private hasLatecomer = false

  constructor(host: Host, actor: AnyActorRef, above: XstateInstance | undefined, makeChild: MakeChild) {
    super(host, actor)
    this.above = above
    this.makeChild = makeChild
    instances.set(actor, this)
  }

  /** The actor has failed with `error`. */
  protected abstract failed(error: unknown): void
  /** The actor has ended, and has not failed. */
  protected abstract completed(snapshot: Snapshot<unknown>): void

  /** Begins to look. Called once, when the whole of the instance is there. */
  protected observe(): void {
    this.actor.subscribe({
      next: (snapshot: Seen) => this.moved(snapshot),
      error: (error: unknown) => this.failed(error),
      complete: () => this.completed(this.actor.getSnapshot()),
    })
  }

  get isBusy(): boolean {
    return false
  }

  resume(): void {}

  /** Whether a transition of its present state names `drain`: one for every event is not meant to. */
  get drains(): boolean {
    const snapshot = this.actor.getSnapshot() as Partial<AnyMachineSnapshot>
    try {
      const taken = snapshot.machine?.getTransitionData(snapshot as AnyMachineSnapshot, DRAIN) ?? []
      return taken.some(({ eventType, target, actions }) => {
        return eventType === DRAIN.type && (target !== undefined || actions.length > 0)
      })
    } catch {
      // A guard that cannot decide without the whole of the event.
      return false
    }
  }

  get value(): unknown {
    const snapshot = this.actor.getSnapshot() as Seen
    return snapshot.value ?? snapshot.status
  }

  get context(): unknown {
    return (this.actor.getSnapshot() as Seen).context
  }

  // ── Looking ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** It is in the midst of a transition, over a message or to a snapshot that was not looked at yet. */
  get isMoving(): boolean {
    return this.isHandling || this.actor.getSnapshot() !== this.lastActive
  }

  private moved(snapshot: Seen): void {
    const { lastActive } = this
    if (snapshot.status !== 'active') return
    this.lastActive = snapshot
    this.unheard.moved()
    if (snapshot.children !== this.children) {
      this.children = snapshot.children
      adoptBelow(this)
    }
    if (this.host.postponed > 0 && !isSameValue(lastActive?.value, snapshot.value)) this.host.unstash()
  }

  // ── What is below it ───────────────────────────────────────────────────────────────────────────────────────────

  /** Those of its machine's children that have no instance yet. */
  *strangers(): Generator<AnyActorRef> {
    for (const child of childrenOf(this.actor)) {
      if (!instances.has(child) && !endedBefore.has(child)) yield child
    }
  }

  /** Makes `child` a child of ours. @returns its instance, if it has got one. */
  adopt(child: AnyActorRef): XstateInstance | undefined {
    const name = child.id.replace(/[%/]/g, encodeURIComponent)
    let instance: XstateInstance | undefined
    let ref: Ref
    try {
      ref = this.host.adopt(name, {
        name: typeof child.src === 'string' ? child.src : ((child.src as { id?: string }).id ?? 'xstate'),
        needs: [],
        create: (host) => {
          instance = this.makeChild(host, child, this)
          return instance
        },
      }) as Ref
    } catch (error) {
      if (error instanceof NameTakenError) this.hasLatecomer = true
      // Else this actor is going down, and will end what is below its machine.
      return undefined
    }
    // Somebody who was told of its birth has ended it at once.
    if (instance === undefined) stopXstate(child)
    if (!ref.isAlive) return instance
    this.named ??= new Map()
    this.named.set(name, ref)
    ref.watch().listen(
      () => this.lost(name, ref),
      () => {},
    )
    return instance
  }

  private lost(name: string, ref: Ref): void {
    if (this.named?.get(name) === ref) this.named.delete(name)
    if (!this.hasLatecomer) return
    this.hasLatecomer = false
    adoptBelow(this)
  }
}

/** The instance of an actor of xstate's, which is adopted for that if it is below one of ours; undefined if it is not. */
export function instanceFor(actor: AnyActorRef): XstateInstance | undefined {
  const below: AnyActorRef[] = []
  let instance: XstateInstance | undefined
  for (let next: AnyActorRef | undefined = actor; next !== undefined; next = next._parent) {
    instance = instances.get(next)
    if (instance !== undefined) break
    below.push(next)
  }
  // One that cannot be adopted any more is about to end, with the nearest that was.
  for (let next = below.pop(); next !== undefined && instance !== undefined; next = below.pop()) {
    instance = instance.adopt(next) ?? instance
  }
  return instance
}

/** The instance that an actor has, if it has one. */
export function instanceOf(actor: AnyActorRef): XstateInstance | undefined {
  return instances.get(actor)
}

/** Adopts what is below a machine and is not adopted yet: its children, and theirs, which came with them. */
function adoptBelow(top: XstateInstance): void {
  const parents = [top]
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    for (const child of parent.strangers()) {
      const instance = parent.adopt(child)
      if (instance !== undefined) parents.push(instance)
    }
  }
}

/** Passes over what had ended below an actor when the snapshot was persisted from which that one is restored. */
export function passOverEnded(top: AnyActorRef): void {
  const parents = [top]
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    for (const child of childrenOf(parent)) {
      if ((child.getSnapshot() as Seen).status === 'active') parents.push(child)
      else endedBefore.add(child)
    }
  }
}

/** Ends what is below an actor and was not adopted: what was is ended as a child of ours. */
export function endStrangersBelow(top: AnyActorRef): void {
  const parents = [top]
  for (let parent = parents.pop(); parent !== undefined; parent = parents.pop()) {
    for (const child of childrenOf(parent)) {
      if (instances.has(child)) continue
      if (!stopXstate(child)) parents.push(child)
    }
  }
}

/**
 * Stops an actor that is not a root by the event that xstate itself puts into its mailbox for that: its logic cleans up,
 * and stops what is below. xstate lends the power to stop (`ActorScope.stopChild`) only to the logic of its parent,
 * which for a parent that is a machine is not ours.
 *
 * @returns whether there was anything to stop.
 */
export function stopXstate(actor: AnyActorRef): boolean {
  if ((actor.getSnapshot() as Seen).status !== 'active') return false
  actor.send({ type: 'xstate.stop' })
  return true
}

function childrenOf(actor: AnyActorRef): AnyActorRef[] {
  const { children } = actor.getSnapshot() as Seen
  // xstate leaves a hole where it did not find the logic of a child.
  return Object.values(children ?? {}).filter((child) => child !== undefined)
}

/** xstate makes the value of a nested state anew for every snapshot. */
function isSameValue(one: StateValue | undefined, other: StateValue | undefined): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other)
}
