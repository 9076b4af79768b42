/**
 * What happens in a stage, told to whoever wants to watch, log or plot it: `stage.events.on('decided', ...)`.
 *
 * A listener that throws harms nobody: neither the stage nor the listeners after it. The system's event `listenerFailed`
 * tells of it.
 */
import { EventEmitter } from 'eventemitter3'
import type { Context } from '../../runtime/context/context.ts'
import type { EndReason, Ref } from '../../runtime/system/ref.ts'
import type { AdmissionDecision } from './controllers/admission-controller.ts'
import type { BatchDecision } from './controllers/batch-controller.ts'
import type { PoolDecision } from './controllers/pool-controller.ts'
import type { Refused } from './refused.ts'

/** What a controller has decided, and from which `decision.sample`: plain data, all of it. */
export type Decided =
  | { readonly controller: 'admission'; readonly decision: AdmissionDecision }
  | { readonly controller: 'batch'; readonly decision: BatchDecision }
  | { readonly controller: 'pool'; readonly decision: PoolDecision }

export interface JobsRefused {
  readonly refused: Refused
  /** Of whoever submitted. */
  readonly ctx: Context
  readonly class: string
  /** How many were submitted together. */
  readonly jobs: number
}

export interface JobSettled {
  readonly outcome: 'completed' | 'failed' | 'expired'
  readonly ctx: Context
  readonly class: string
  /** Milliseconds since it entered. */
  readonly elapsedMs: number
  /** What it failed with; undefined where it was completed, or somebody called it off. */
  readonly error: unknown
}

export interface MemberEvent {
  readonly ref: Ref
  /** Members that are left, or are there now. */
  readonly members: number
}

export interface MemberLost extends MemberEvent {
  readonly reason: EndReason
}

export interface StageEventMap {
  /** By a controller. */
  decided: [Decided]
  refused: [JobsRefused]
  settled: [JobSettled]
  memberStarted: [MemberEvent]
  /** It ended, and the stage had not asked for that. Jobs that it had not begun are in the queue again. */
  memberLost: [MemberLost]
  memberRetired: [MemberEvent]
  /** The stage takes no more jobs. */
  closed: []
}

type Name = keyof StageEventMap
type Listener<N extends Name> = (...args: StageEventMap[N]) => void

export class StageEvents extends EventEmitter<StageEventMap> {
  private readonly onFailure: (error: unknown, during: string) => void
  /** Each listener's guard, so that it can be taken off again. */
  private readonly guards = new Map<Name, WeakMap<object, (...args: never[]) => void>>()
  private readonly heard = new Set<Name>()

  /** @param onFailure - told what a listener has thrown. */
  constructor(onFailure: (error: unknown, during: string) => void) {
    super()
    this.onFailure = onFailure
  }

  /** Whether it is worth making the event's object. */
  has(name: Name): boolean {
    return this.heard.has(name)
  }

  override on<N extends Name>(name: N, listener: Listener<N>, context?: unknown): this {
    this.heard.add(name)
    return super.on(name, this.guarded(name, listener) as never, context)
  }

  override once<N extends Name>(name: N, listener: Listener<N>, context?: unknown): this {
    this.heard.add(name)
    return super.once(name, this.guarded(name, listener) as never, context)
  }

  override addListener<N extends Name>(name: N, listener: Listener<N>, context?: unknown): this {
    return this.on(name, listener, context)
  }

  override removeListener<N extends Name>(
    name: N,
    listener?: Listener<N>,
    context?: unknown,
    once?: boolean,
  ): this {
    const guard = listener === undefined ? undefined : (this.guards.get(name)?.get(listener) ?? listener)
    super.removeListener(name, guard as never, context, once)
    this.look()
    return this
  }

  override off<N extends Name>(name: N, listener?: Listener<N>, context?: unknown, once?: boolean): this {
    return this.removeListener(name, listener, context, once)
  }

  override removeAllListeners(name?: Name): this {
    super.removeAllListeners(name)
    this.look()
    return this
  }

  private look(): void {
    for (const name of this.heard) if (this.listenerCount(name) === 0) this.heard.delete(name)
  }

  private guarded<N extends Name>(name: N, listener: Listener<N>): (...args: never[]) => void {
    let ofName = this.guards.get(name)
    if (ofName === undefined) {
      ofName = new WeakMap()
      this.guards.set(name, ofName)
    }
    let guard = ofName.get(listener)
    if (guard === undefined) {
      const { onFailure } = this
      guard = function (this: unknown, ...args: never[]) {
        try {
          ;(listener as unknown as (...args: never[]) => void).apply(this, args)
        } catch (error) {
          onFailure(error, name)
        }
      }
      ofName.set(listener, guard)
    }
    return guard
  }
}
