/**
 * One xstate system for each of ours: the root actor under which all others stand, so that they share its inspection
 * and its clock, which is ours.
 *
 * What of the runtime knows xstate is in the files named so: this one, `xstate-face.ts` (our actors, seen from xstate),
 * `xstate-logic.ts` with `xstate-instance.ts`, `-messages.ts`, `-child.ts`, `-snapshot.ts` and `-unheard.ts` (xstate's logic, run as actors
 * of ours), and `xstate-actions.ts` (what a machine's actions may do here).
 */
import {
  type Actor,
  type ActorLogic,
  type ActorScope,
  type AnyActorRef,
  createActor,
  type EventObject,
  type InspectionEvent,
  type Observer,
  type Snapshot,
  type Subscription,
} from 'xstate'
import { Context } from '../context/context.ts'
import type { Clock, Timer } from '../time/clock.ts'

export type Inspector = Observer<InspectionEvent> | ((event: InspectionEvent) => void)

/** Logic as plain as xstate has it: what our own actors run on there. */
export type PlainLogic = ActorLogic<Snapshot<unknown>, EventObject>
export type PlainActor = Actor<PlainLogic>
export type PlainScope = ActorScope<Snapshot<unknown>, EventObject>

/** What is changed in the snapshot of an actor that xstate has stopped. */
export const STOPPED = { status: 'stopped', output: undefined, error: undefined } as const

/** The parent that an xstate actor needs, with the power to stop its children that xstate gives to scopes alone. */
export class XstateParent {
  readonly actor: AnyActorRef
  private readonly scope: PlainScope

  constructor(actor: AnyActorRef, scope: PlainScope) {
    this.actor = actor
    this.scope = scope
  }

  stopChild(child: AnyActorRef): void {
    this.scope.stopChild(child)
  }
}

export interface XstateRootOptions {
  readonly id: string
  readonly clock: Clock
  readonly log: (...args: unknown[]) => void
  readonly onInspectorError: (error: unknown) => void
}

/** Makes the root actor of a system and starts it. */
export function createXstateRoot(options: XstateRootOptions): XstateRoot {
  return new XstateRoot(options)
}

export class XstateRoot {
  readonly parent: XstateParent
  private readonly onInspectorError: (error: unknown) => void
  private inspectors = 0

  constructor({ id, clock, log, onInspectorError }: XstateRootOptions) {
    this.onInspectorError = onInspectorError
    let scope: PlainScope | undefined
    const logic: PlainLogic = {
      transition: (snapshot, { type }) => (type === 'xstate.stop' ? { ...snapshot, ...STOPPED } : snapshot),
      getInitialSnapshot: (own) => {
        scope = own
        return ACTIVE
      },
      getPersistedSnapshot: (snapshot) => snapshot,
    }
    const actor = createActor(logic, { id, clock: xstateClock(clock), logger: log })
    this.parent = new XstateParent(actor, scope as unknown as PlainScope)
    actor.start()
  }

  get isInspected(): boolean {
    return this.inspectors > 0
  }

  /**
   * Shows everything to `inspector`. Its exceptions are kept away from xstate, where one would wedge the actor inspected.
   * The first is reported; it is called for what follows all the same, since what it cannot bear may be one event.
   *
   * @param present - actors that are there already, parents before their children: it is told of them as of new ones.
   */
  inspect(inspector: Inspector, present: Iterable<AnyActorRef> = []): Subscription {
    const next = typeof inspector === 'function' ? inspector : inspector.next?.bind(inspector)
    let hasThrown = false
    let isSubscribed = true
    this.inspectors += 1
    const guarded = (event: InspectionEvent) => {
      try {
        next?.(shown(event))
      } catch (error) {
        if (!hasThrown) this.onInspectorError(error)
        hasThrown = true
      }
    }
    const root = this.parent.actor
    for (const actorRef of [root, ...present]) {
      guarded({ type: '@xstate.actor', actorRef, rootId: root.sessionId })
    }
    const subscription = root.system.inspect(guarded)
    return {
      unsubscribe: () => {
        if (!isSubscribed) return
        isSubscribed = false
        this.inspectors -= 1
        subscription.unsubscribe()
      },
    }
  }

  stop(): void {
    ;(this.parent.actor as PlainActor).stop()
  }
}

/**
 * An event as inspectors see it: what delivery has added is there to be read, but is not enumerated. Who writes events
 * down, as the adapters of `@statelyai/inspect` do, would write down all that hangs on a context and a ref.
 */
function shown(inspection: InspectionEvent): InspectionEvent {
  if (!('event' in inspection)) return inspection
  const { ctx, sender, reply, ...event } = inspection.event as Record<string, unknown>
  if (!(ctx instanceof Context)) return inspection
  Object.defineProperties(event, { ctx: { value: ctx }, sender: { value: sender }, reply: { value: reply } })
  return { ...inspection, event } as unknown as InspectionEvent
}

const ACTIVE: Snapshot<unknown> = { status: 'active', output: undefined, error: undefined }

/** xstate's delays on our clock. Its ids are opaque to it: our timers serve as they are. */
function xstateClock(clock: Clock): {
  setTimeout(fn: () => void, ms: number): Timer
  clearTimeout(id: unknown): void
} {
  return {
    setTimeout: (fn, ms) => clock.schedule(clock.nowMs() + ms, fn),
    clearTimeout: (timer) => (timer as Timer | undefined)?.cancel(),
  }
}
