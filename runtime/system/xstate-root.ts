/**
 * One xstate system for each of ours: the root actor under which all others stand, so that they share its inspection
 * and its clock, which is ours.
 *
 * What of the runtime knows xstate is in three files: this, `xstate-face.ts` (our actors, seen from xstate) and
 * `xstate-logic.ts` (xstate's logic, run as an actor of ours).
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

  /** Shows everything to `inspector`, whose exceptions are kept away from xstate: one would wedge the actor inspected. */
  inspect(inspector: Inspector): Subscription {
    const next = typeof inspector === 'function' ? inspector : inspector.next?.bind(inspector)
    this.inspectors += 1
    const subscription = this.parent.actor.system.inspect((event: InspectionEvent) => {
      try {
        next?.(event)
      } catch (error) {
        this.onInspectorError(error)
      }
    })
    return {
      unsubscribe: () => {
        this.inspectors -= 1
        subscription.unsubscribe()
      },
    }
  }

  stop(): void {
    ;(this.parent.actor as PlainActor).stop()
  }
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
