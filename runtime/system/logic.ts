/**
 * What an actor is made of, whichever of the three ways it was written in: a behaviour, a receiving generator, or any
 * xstate logic. A `Logic` is the recipe, shared by all actors made from it; an `Instance` is one run of it.
 */
import type { AnyActorLogic, EventFromLogic, InputFrom } from 'xstate'
import type { Context } from '../context/context.ts'
import type { AnyKey } from '../context/key.ts'
import type { Deferred } from '../deferred/deferred.ts'
import type { Limits } from '../limits.ts'
import type { Envelope, EventObject } from '../mailbox/envelope.ts'
import type { DeadReason } from '../mailbox/refusal.ts'
import type { RestartFrom, SpawnOptions } from './options.ts'
import type { Overseen, Overseer } from './overseer.ts'
import type { AnyEvent, EndReason, Ref } from './ref.ts'
import type { XstateParent } from './xstate-root.ts'

/** Brings an actor to life under a context that holds what its logic needs. Gives the ref at once. */
export interface Spawn {
  /** Any xstate logic. It gets each event with `ctx`, `sender` and `reply` added: see `Delivered`. */
  <L extends AnyActorLogic, N extends Undelivered<EventFromLogic<L>> = Undelivered<EventFromLogic<L>>>(
    ctx: Context,
    logic: L,
    ...options: OptionsFor<InputFrom<L>, N>
  ): Ref<Undelivered<EventFromLogic<L>>>
  /** A behaviour or a receiving generator. Last, since it is this one that the compiler's errors speak of. */
  <E extends EventObject, K extends AnyKey, I, N extends E = E>(
    ctx: Context<K>,
    logic: Logic<E, K, I>,
    ...options: OptionsFor<I, N>
  ): Ref<E>
}

/** An event as it is sent: without what delivery adds, where a machine's types name that. */
export type Undelivered<E extends EventObject> = E extends { readonly ctx: Context }
  ? Omit<E, 'ctx' | 'sender' | 'reply'> & { readonly type: E['type'] }
  : E

/** `input` must be given where the logic asks for one. `N`: what may be sent to the name that it is given. */
export type OptionsFor<I, N extends EventObject> = undefined extends I
  ? [options?: SpawnOptions<N> & { readonly input?: I }]
  : [options: SpawnOptions<N> & { readonly input: I }]

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
  /**
   * Left out, it is told by a `drain` event where it `drains`. Else it is told here, whatever it waits for, and again at the
   * end of each of its steps; it ends by itself with `Host.drained`.
   *
   * @param isRestart - mail that waits is for the next life, and does not come any more.
   */
  drain?(isRestart: boolean): void
  /**
   * The end, whatever the reason: give back what is held. What takes its time returns a deferred, and its actor's end, or
   * next life, waits for that: it must settle, and soon.
   */
  release(): Deferred<void> | undefined | void
  /**
   * It sees to its questions itself: that each settles, at its end at the latest, and that a drain waits for those under
   * way. Left out: its actor does.
   */
  readonly keepsQuestions?: boolean
  /** Of one that keeps its questions: messages under way. When there is none any more it calls `Host.workDone`. */
  readonly underWay?: number
  /** The context of what it goes on with in `resume`, for the report of a failure; undefined where that is nobody's. */
  readonly workingIn?: Context | undefined
  /** For xstate's observers: the state's name and the data. */
  readonly value: unknown
  readonly context: unknown
}

/** What an actor's instances hand on. */
export interface Carried {
  /** The actor ends between two lives, with no instance to give this back. As `Instance.release`. */
  close?(): Deferred<void> | undefined
}

/** What an instance may ask of its actor. */
export interface Host {
  /** Its name among its siblings. */
  readonly id: string
  readonly ref: Ref<AnyEvent>
  /** The actor's own context. */
  readonly ownContext: Context<AnyKey>
  /** The envelope that is being handled; undefined between messages, and while it starts, resumes or ends. */
  readonly currentEnvelope: Envelope | undefined
  /** Kept for the next instance, over a restart: a place for the logic's own use. */
  carried: Carried | undefined
  /** Where a restart begins: anew, or at the last snapshot. */
  readonly restartFrom: RestartFrom
  /** A persisted snapshot to begin the first instance from, if one was given. */
  readonly snapshot: unknown
  readonly limits: Limits
  /** Its mailbox, to look at. */
  readonly mail: { readonly size: number }
  readonly isStepping: boolean
  /** xstate's parent for an actor of its own: the nearest of our actors that xstate knows, else the root. */
  readonly xstateParent: XstateParent
  spawnChild(ctx: Context, logic: object, options?: SpawnOptions & { input?: unknown }): Ref
  /** Makes a child that runs `logic`: for actors that xstate has made itself. */
  adopt(name: string, logic: AnyLogic): Ref
  /** Its oldest child, as an overseer sees it. */
  readonly eldest: Overseen | undefined
  /** Decides from now on what becomes of this actor's children. */
  oversee(overseer: Overseer): void
  /** Tells this actor of another's end. */
  watchFor(ref: Ref): void
  /** Ends the actor once the current message is handled. */
  requestStop(reason: unknown): void
  /** Ends by itself, with an output, once the current message is handled. */
  finish(output: unknown): void
  /** Ends for `reason`, without a restart and without reporting a failure: somebody else has dealt with it. */
  endAs(reason: EndReason): void
  /** A failure outside of a step: of an async handler, or of an invoked promise. */
  fail(error: unknown): void
  /** Tells of a failure that harms nobody. */
  reportFailure(error: unknown): void
  /** Something has begun that a drain waits for. */
  workOn(work: PromiseLike<unknown>): void
  /** It has finished, as `Instance.drain` has asked it to. */
  drained(): void
  /** `Instance.underWay` has become 0: a drain may go on. */
  workDone(): void
  /** Asks for a step in which `resume` is called. */
  resumeLater(): void
  /** Nobody here understands it: a dead letter, and `ASK_UNHANDLED` for one who asks. */
  unhandled(envelope: Envelope): void
  /** Sets a message aside until `unstash`. @throws OverloadError (`STASH_FULL`) */
  postpone(envelope: Envelope): void
  /** How many are set aside. */
  readonly postponed: number
  /** Gives all that was set aside back to the front of the mailbox, the oldest first. */
  unstash(): void
  /** Gives back to the front of the mailbox what was taken and not handled; at the actor's end it is undelivered. */
  giveBack(envelopes: readonly Envelope[]): void
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

/** A behaviour, a receiving generator, or any xstate logic. */
export type SomeLogic = Logic<EventObject, never, never> | AnyActorLogic

/** What an actor of this logic understands: `const Room = actorName<EventOf<typeof room>>('room')`. */
export type EventOf<L> =
  L extends Logic<infer E, never, never>
    ? E
    : L extends AnyActorLogic
      ? Undelivered<EventFromLogic<L>>
      : never

/** The input that it takes. */
export type InputOf<L> =
  L extends Logic<infer _E, infer _K, infer I> ? I : L extends AnyActorLogic ? InputFrom<L> : never

/** The keys that must be in its context. */
export type KeysOf<L> = L extends Logic<infer _E, infer K, infer _I> ? K : never

// biome-ignore lint/suspicious/noExplicitAny: any recipe at all
export type AnyLogic = Logic<any, any, any>
