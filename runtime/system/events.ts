/**
 * What happens in a system, told to whoever wants to watch, log or count it: `system.events.on('failed', ...)`.
 * Nothing in the runtime logs by itself but the default listener that `createSystem` installs for failures.
 *
 * A listener that throws harms nobody: neither the actor that the event is about nor the listeners after it.
 */
import { EventEmitter } from 'eventemitter3'
import type { Context } from '../context/context.ts'
import type { EventObject } from '../mailbox/envelope.ts'
import type { DeadReason, Refusal } from '../mailbox/refusal.ts'
import type { EndReason, FailurePhase, Ref } from './ref.ts'

/** What all events about an actor have. `path` and `trace` are looked up when they are read. */
export class ActorEvent {
  readonly ref: Ref
  /** Of the message, where it is about one; else what the actor was spawned under. */
  readonly ctx: Context

  constructor(ref: Ref, ctx: Context) {
    this.ref = ref
    this.ctx = ctx
  }

  get path(): string {
    return this.ref.path
  }

  /** The trace that the context belongs to, as 32 hexadecimal digits. */
  get trace(): string {
    return this.ctx.trace.traceId
  }
}

export interface DeadLetter extends ActorEvent {
  readonly event: EventObject
  readonly sender: Ref | undefined
  readonly reason: DeadReason
}

export interface Refused extends ActorEvent {
  readonly event: EventObject
  readonly sender: Ref | undefined
  readonly reason: Refusal
}

export interface Stopped extends ActorEvent {
  readonly reason: EndReason
}

export interface Failed extends ActorEvent {
  readonly reason: EndReason
  readonly error: unknown
  readonly phase: FailurePhase
}

export interface Restarted extends ActorEvent {
  /** Why it went down: its own end, or what became of a sibling. */
  readonly reason: EndReason
  /** Starts after the first. */
  readonly restarts: number
}

export interface SystemEventMap {
  spawned: [ActorEvent]
  /** An actor is no more, for whichever reason. */
  stopped: [Stopped]
  /** An actor's code threw. Whether it is started again, `restarted` or `stopped` will tell. */
  failed: [Failed]
  restarted: [Restarted]
  deadLetter: [DeadLetter]
  /** A send that was answered with a refusal. It is a dead letter too. */
  refused: [Refused]
  /** A deferred of this system failed, and nobody looked. */
  unobserved: [{ readonly error: unknown }]
  /** A listener, of these events or of xstate's inspection, threw. Never told of its own failures. */
  listenerFailed: [{ readonly error: unknown; readonly during: string }]
}

type Listener<Name extends keyof SystemEventMap> = (...args: SystemEventMap[Name]) => void

export class SystemEvents extends EventEmitter<SystemEventMap> {
  /** @internal Runs a listener as what it is: somebody beside the actor on whose stack it is told. */
  readonly beside: (listener: () => void) => void

  /** @param beside - calls what it is given. */
  constructor(beside: (listener: () => void) => void = (listener) => listener()) {
    super()
    this.beside = beside
  }

  /** Each listener's guard, so that it can be taken off again. */
  private readonly guards = new Map<keyof SystemEventMap, WeakMap<object, (...args: never[]) => void>>()

  /** Who is heard: asked for each actor that is spawned, so a field and not a look into the emitter's table. */
  private readonly heard: Record<keyof SystemEventMap, boolean> = {
    spawned: false,
    stopped: false,
    failed: false,
    restarted: false,
    deadLetter: false,
    refused: false,
    unobserved: false,
    listenerFailed: false,
  }

  /** Whether it is worth making the event's object. */
  has(name: keyof SystemEventMap): boolean {
    return this.heard[name]
  }

  override on<Name extends keyof SystemEventMap>(
    name: Name,
    listener: Listener<Name>,
    context?: unknown,
  ): this {
    this.heard[name] = true
    return super.on(name, this.guarded(name, listener) as never, context)
  }

  override once<Name extends keyof SystemEventMap>(
    name: Name,
    listener: Listener<Name>,
    context?: unknown,
  ): this {
    this.heard[name] = true
    return super.once(name, this.guarded(name, listener) as never, context)
  }

  override addListener<Name extends keyof SystemEventMap>(
    name: Name,
    listener: Listener<Name>,
    context?: unknown,
  ): this {
    return this.on(name, listener, context)
  }

  override removeListener<Name extends keyof SystemEventMap>(
    name: Name,
    listener?: Listener<Name>,
    context?: unknown,
    once?: boolean,
  ): this {
    const guard = listener === undefined ? undefined : (this.guards.get(name)?.get(listener) ?? listener)
    super.removeListener(name, guard as never, context, once)
    this.heard[name] = this.listenerCount(name) > 0
    return this
  }

  override off<Name extends keyof SystemEventMap>(
    name: Name,
    listener?: Listener<Name>,
    context?: unknown,
    once?: boolean,
  ): this {
    return this.removeListener(name, listener, context, once)
  }

  override removeAllListeners(name?: keyof SystemEventMap): this {
    super.removeAllListeners(name)
    for (const other of Object.keys(this.heard) as (keyof SystemEventMap)[]) {
      this.heard[other] = this.listenerCount(other) > 0
    }
    return this
  }

  private guarded<Name extends keyof SystemEventMap>(
    name: Name,
    listener: Listener<Name>,
  ): (...args: never[]) => void {
    let ofName = this.guards.get(name)
    if (ofName === undefined) {
      ofName = new WeakMap()
      this.guards.set(name, ofName)
    }
    let guard = ofName.get(listener)
    if (guard === undefined) {
      const events = this
      guard = function (this: unknown, ...args: never[]) {
        try {
          events.beside(() => (listener as unknown as (...args: never[]) => void).apply(this, args))
        } catch (error) {
          if (name !== 'listenerFailed') events.emit('listenerFailed', { error, during: name })
        }
      }
      ofName.set(listener, guard)
    }
    return guard
  }
}
