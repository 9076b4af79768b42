/**
 * Our own actors, seen from xstate: a real `Actor` whose logic hands every event to the instance, and whose snapshot
 * tells the instance's state.
 *
 * It is made when the system is inspected, or when somebody reads `ref.actor`, not before: making one costs ten times
 * what all the rest of a spawn does (docs/decisions/0002). Once made, every message goes through it.
 */
import { createActor, type EventObject, type Snapshot } from 'xstate'
import { type PlainActor, type PlainLogic, type PlainScope, STOPPED, XstateParent } from './xstate-root.ts'

/** A face's snapshot: xstate's three fields, the name of the state, and the data. */
export interface FaceSnapshot {
  readonly status: 'active' | 'done' | 'error' | 'stopped'
  readonly output: undefined
  readonly error: undefined
  readonly value: unknown
  readonly context: unknown
}

/** What stands behind a face. */
export interface FaceTarget {
  /** Handles the envelope that is being delivered; called by xstate, in the transition for its event. */
  receiveCurrent(): void
  /** An event that another xstate actor sent to the face directly. */
  receiveForeign(event: EventObject): void
  readonly value: unknown
  readonly context: unknown
}

/** One of our actors, as xstate sees it. */
export class CellFace {
  readonly actor: PlainActor
  readonly asParent: XstateParent
  private readonly parent: XstateParent
  private failure: { readonly error: unknown } | undefined = undefined

  constructor(target: FaceTarget, id: string, parent: XstateParent, src: string) {
    this.parent = parent
    let scope: PlainScope | undefined
    const snapshot = (): FaceSnapshot => ({
      status: 'active',
      output: undefined,
      error: undefined,
      value: target.value,
      context: target.context,
    })
    let isDelivering = false
    let thrown: { readonly error: unknown } | undefined
    const logic: PlainLogic = {
      transition: (last, event) => {
        if (!isDelivering) {
          if (event.type === 'xstate.stop') return { ...last, ...STOPPED }
          if (this.failure !== undefined) throw this.failure.error
          if (!event.type.startsWith('xstate.')) target.receiveForeign(event)
          return last
        }
        isDelivering = false
        try {
          target.receiveCurrent()
        } catch (error) {
          thrown = this.failure = { error }
          throw error
        }
        return snapshot() as Snapshot<unknown>
      },
      getInitialSnapshot: (own) => {
        scope = own
        return snapshot() as Snapshot<unknown>
      },
      getPersistedSnapshot: (last) => last,
    }
    this.send = (event) => {
      // xstate takes such an event for its own: to be stopped, say.
      if (event.type.startsWith('xstate.')) return target.receiveCurrent()
      isDelivering = true
      this.actor.send(event)
      if (thrown !== undefined) throw thrown.error
    }
    this.actor = createActor(logic, { id, parent: parent.actor, src } as object) as PlainActor
    this.asParent = new XstateParent(this.actor, scope as unknown as PlainScope)
    this.actor.start()
  }

  /** Delivers the current envelope's event. @throws what the instance throws. */
  readonly send: (event: EventObject) => void

  /** The actor failed beside its messages: xstate is to see that too. */
  fail(error: unknown): void {
    if (this.failure !== undefined) return
    this.failure = { error }
    this.actor.send({ type: 'failed' })
  }

  stop(): void {
    this.parent.stopChild(this.actor)
  }
}
