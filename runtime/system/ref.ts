/**
 * How actors are addressed, and what may be said to them.
 *
 * A `Ref` is typed by the events that its actor understands. An event that asks for something carries the type of its
 * reply: `Ask<{ type: 'who' }, string[]>`; a behaviour's are found by its handlers' return types.
 */
import type { AnyActorRef } from 'xstate'
import type { Context } from '../context/context.ts'
import type { Deferred } from '../deferred/deferred.ts'
import type { EventObject } from '../mailbox/envelope.ts'
import type { Offer } from '../mailbox/refusal.ts'

declare const replyType: unique symbol

/** An event whose answer is an `R`. Only the compiler sees it. */
export type Ask<E extends EventObject, R> = E & { readonly [replyType]?: R }

/** What an event is answered with; `unknown` where its type does not say. */
export type ReplyOf<E> = E extends { readonly [replyType]?: infer R } ? R : unknown

/** Any event at all: what an actor can be told whose type is not known. */
// biome-ignore lint/suspicious/noExplicitAny: an event's fields are its own affair
export type AnyEvent = { readonly type: string; readonly [field: string]: any }

export type EventOfType<E extends EventObject, Type extends string> = E extends { readonly type: Type }
  ? E
  : never

/** Those events of which the types do not say what they are called: `AnyEvent`, say. */
export type OpenEvent<E extends EventObject> = E extends EventObject
  ? string extends E['type']
    ? E
    : never
  : never

export interface AskOptions {
  /** Milliseconds to wait, from 0 to 2^31-1, if the context has no earlier deadline. Default: the system's `askTimeoutMs`. */
  readonly timeoutMs?: number
  /** Who asks. */
  readonly sender?: Ref
  /**
   * Ask although the actor waits, in this same chain, for an answer of its own: it will take the question all the same,
   * as behaviours and machines do. Default false: then such a question fails at once with `DeadlockError`.
   */
  readonly isReentrant?: boolean
}

/** The address of an actor, valid over its restarts and after its end. */
export interface Ref<in E extends EventObject = never> {
  /** Where it stands in the tree: `greenroom/lobby/room-3`. */
  readonly path: string
  /** Whether it still takes messages. */
  readonly isAlive: boolean
  /** The actor as xstate sees it: `subscribe`, `getSnapshot`, `on`. Made when first read. */
  readonly actor: AnyActorRef
  /** Says something. Never waits and never throws for load: the answer tells whether it was accepted. */
  send(ctx: Context, event: E, sender?: Ref): Offer
  /**
   * Asks. The deferred always settles: with the reply, or failing with `AskError` (`ASK_REFUSED`, `ASK_TIMEOUT`,
   * `ASK_ACTOR_ENDED`, `ASK_UNHANDLED`), with what the actor failed with, or with the context's cancellation.
   * Cancelling it withdraws a question that still waits, and calls off the work on one that does not, unless others
   * wait for that work. A failure at which nobody looks is reported, as of any deferred.
   */
  ask<Type extends E['type']>(
    ctx: Context,
    event: EventOfType<E, Type> & { readonly type: Type },
    options?: AskOptions,
  ): Deferred<ReplyOf<EventOfType<E, Type>>>
  ask(ctx: Context, event: OpenEvent<E>, options?: AskOptions): Deferred<unknown>
  /** Ends the actor and its children, the youngest first. What waits in its mailbox becomes dead letters. */
  stop(reason?: unknown): Deferred<void>
  /** Exactly one `Down`, when the actor ends or at once if it has ended. Ends with `ctx`, if one is given. */
  watch(ctx?: Context): Deferred<Down>
}

/** Why an actor is no more. */
export type EndReason =
  /** It finished by itself; `output` is what its generator returned or its machine put out. */
  | { readonly kind: 'done'; readonly output: unknown }
  /** It was stopped, by its supervisor, by itself, or by whoever held its ref. */
  | { readonly kind: 'stopped'; readonly reason: unknown }
  /** It failed, and was not restarted. With the phase `starting` it never ran, or not again. */
  | { readonly kind: 'failed'; readonly error: unknown; readonly phase: FailurePhase }

/** When an actor failed: while it was made, over a message, beside its messages, or while it was stopped. */
export type FailurePhase = 'starting' | 'handling' | 'running' | 'stopping'

/** An actor's end, as its watchers are told. */
export interface Down {
  readonly type: 'down'
  readonly ref: Ref
  readonly reason: EndReason
}

/** Sent to every actor at the top when the system stops: finish what is in flight, then end. */
export interface Drain {
  readonly type: 'drain'
}
