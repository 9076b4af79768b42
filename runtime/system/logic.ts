/**
 * What an actor is made of, whichever of the three ways it was written in: a behaviour, a receiving generator, or any
 * xstate logic. A `Logic` is the recipe, shared by all actors made from it; an `Instance` is one run of it.
 */
import type { AnyActorLogic, EventFromLogic, InputFrom } from 'xstate'
import type { Context } from '../context/context.ts'
import type { AnyKey } from '../context/key.ts'
import type { Envelope, EventObject } from '../mailbox/envelope.ts'
import type { DeadReason } from '../mailbox/refusal.ts'
import type { SpawnOptions } from './options.ts'
import type { AnyEvent, Ref } from './ref.ts'
import type { XstateParent } from './xstate-root.ts'

/** Brings an actor to life under a context that holds what its logic needs. Gives the ref at once. */
export interface Spawn {
  /** Any xstate logic. It gets each event with `ctx`, `sender` and `reply` added: see `Delivered`. */
  <L extends AnyActorLogic>(
    ctx: Context,
    logic: L,
    ...options: OptionsFor<InputFrom<L>>
  ): Ref<Undelivered<EventFromLogic<L>>>
  /** A behaviour or a receiving generator. Last, since it is this one that the compiler's errors speak of. */
  <E extends EventObject, K extends AnyKey, I>(
    ctx: Context<K>,
    logic: Logic<E, K, I>,
    ...options: OptionsFor<I>
  ): Ref<E>
}

/** An event as it is sent: without what delivery adds, where a machine's types name that. */
export type Undelivered<E extends EventObject> = E extends { readonly ctx: Context }
  ? Omit<E, 'ctx' | 'sender' | 'reply'> & { readonly type: E['type'] }
  : E

/** `input` must be given where the logic asks for one. */
export type OptionsFor<I> = undefined extends I
  ? [options?: SpawnOptions & { readonly input?: I }]
  : [options: SpawnOptions & { readonly input: I }]

/** What an instance sees of the actor around it. Its members may be taken apart: none of them needs its `this`. */
export interface ActorScope<K extends AnyKey = never> {
  readonly self: Ref<AnyEvent>
  /** The actor's own context, for work that no message asked for: the one it was spawned under, ended with the actor. */
  readonly ctx: Context<K>
  /** Who sent the message that is being handled, if it told. */
  readonly sender: Ref | undefined
  /** Spawns a child: it ends before this actor does, and this actor's restart ends it. */
  readonly spawn: Spawn
  /** Tells this actor of another's end: one `down` event, which overtakes ordinary mail. */
  readonly watch: (ref: Ref) => void
  /** Ends this actor once the current message is handled. */
  readonly stop: (reason?: unknown) => void
}

/** One run of a logic. Whatever it throws fails its actor. */
export interface Instance {
  /** Handles one message. */
  receive(envelope: Envelope): void
  /** It waits for something else than mail, and wants none now. */
  readonly isBusy: boolean
  /** Goes on with what it waited for; called in a step of its own, after `Host.resumeLater`. */
  resume(): void
  /** Whether it wants to be told to drain, in its present state. Else it is stopped once its mailbox is empty. */
  readonly drains: boolean
  /** The end, whatever the reason: give back what is held. */
  release(): void
  /** For xstate's observers: the state's name and the data. */
  readonly value: unknown
  readonly context: unknown
}

/** What an instance may ask of its actor. */
export interface Host {
  /** Its name among its siblings. */
  readonly id: string
  readonly ref: Ref<AnyEvent>
  /** The actor's own context. */
  readonly ownContext: Context<AnyKey>
  /** The message that is being handled. */
  readonly currentSender: Ref | undefined
  readonly limits: { readonly stashCapacity: number }
  readonly isStepping: boolean
  /** xstate's parent for an actor of its own: the nearest of our actors that xstate knows, else the root. */
  readonly xstateParent: XstateParent
  spawnChild(ctx: Context, logic: object, options?: SpawnOptions & { input?: unknown }): Ref
  /** Tells this actor of another's end. */
  watchFor(ref: Ref): void
  /** Ends the actor once the current message is handled. */
  requestStop(reason: unknown): void
  /** Ends by itself, with an output, once the current message is handled. */
  finish(output: unknown): void
  /** A failure outside of a step: of an async handler, or of an invoked promise. */
  fail(error: unknown): void
  /** Asks for a step in which `resume` is called. */
  resumeLater(): void
  /** Nobody here understands it: a dead letter, and `ASK_UNHANDLED` for one who asks. */
  unhandled(envelope: Envelope): void
  /** It was accepted, and will not be handled after all. */
  undelivered(envelope: Envelope, reason: DeadReason): void
  /** Settles a question with a value, or with what a deferred or promise will give; not later than the actor's end. */
  answer(envelope: Envelope, result: unknown): void
}

declare const eventType: unique symbol

/** A recipe for actors that understand `E`, need the keys `K` in their context, and take an input `I`. */
export interface Logic<out E extends EventObject, in K extends AnyKey = never, in I = undefined> {
  /** Only the compiler sees it. */
  readonly [eventType]?: E
  /** The keys that must be in the context: they are found in every message's context too. */
  readonly needs: readonly AnyKey[]
  create(host: Host, ctx: Context<K>, input: I): Instance
  /** What xstate's observers are shown as the source. */
  readonly name: string
}

// biome-ignore lint/suspicious/noExplicitAny: any recipe at all
export type AnyLogic = Logic<any, any, any>
