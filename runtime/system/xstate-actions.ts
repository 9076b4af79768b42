/**
 * Actions for machines that keep the context: what a machine says while it handles a message, it says in the context of
 * that message, and as itself.
 *
 *     setup({
 *       actions: {
 *         greet: tell(({ event }) => event.member, { type: 'welcome' }),
 *         count: reply(({ context }) => context.members.size),
 *         load: askFor({ of: library, event: { type: 'find' }, onDone: 'found', onError: 'missing' }),
 *       },
 *     })
 *
 * The context is the one of the event, where it came through the mailbox (`event.ctx`); where it was raised, or sent by the
 * machine above, that of the message over which it was; else, after a delay, say, the actor's own. Nothing of that has to
 * stand in a machine's types.
 */
import type {
  AnyActorRef,
  Cast,
  InferEvent,
  MachineContext,
  NonReducibleUnknown,
  ParameterizedObject,
} from 'xstate'
import { OverloadError, UsageError } from '../errors.ts'
import type { EventObject } from '../mailbox/envelope.ts'
import type { Offer } from '../mailbox/refusal.ts'
import type { AnyEvent, Ref } from './ref.ts'
import { instanceFor, type XstateInstance } from './xstate-instance.ts'

type Params = ParameterizedObject['params'] | undefined

/** What xstate calls an action with: the machine's data, and the event. */
export interface MachineArgs<C extends MachineContext, X extends EventObject> {
  readonly context: C
  readonly event: X
  readonly self: AnyActorRef
  readonly system: AnyActorRef['system']
}

/** An action, as a function like those that you write yourself. Data, events and parameters are found by its place. */
export type MachineAction<C extends MachineContext, X extends EventObject, P extends Params> = (
  args: MachineArgs<C, X>,
  params: P,
) => void

/** A value, or how to find it when the action is taken. */
type Found<T, C extends MachineContext, X extends EventObject, P extends Params> =
  | T
  | ((args: MachineArgs<C, X>, params: P) => T)

/** What may be said to an actor. `InferEvent` keeps the compiler from taking the type of a found event for any text. */
type SaidTo<R> = InferEvent<Cast<R extends Ref<infer E> ? E : never, EventObject>>

/** Tells another actor, as the machine itself. What is refused is a dead letter there, as of any `send`. */
export function tell<
  C extends MachineContext = MachineContext,
  X extends EventObject = AnyEvent,
  P extends Params = Params,
  R extends Ref = Ref<AnyEvent>,
>(to: Found<R, C, X, P>, event: Found<SaidTo<R>, C, X, P>): MachineAction<C, X, P> {
  return (args, params) => {
    const instance = instanceOfAction(args, 'tell')
    const target = found(to, args, params) as Ref as Ref<AnyEvent>
    target.send(instance.contextOf(args.event), found(event, args, params), instance.host.ref)
  }
}

/**
 * Answers the question that is being handled, once; nothing, if it is none. A deferred or a promise answers with what it
 * will give.
 */
export function reply<
  C extends MachineContext = MachineContext,
  X extends EventObject = AnyEvent,
  P extends Params = Params,
>(value: Found<NonReducibleUnknown, C, X, P>): MachineAction<C, X, P> {
  return (args, params) => {
    instanceOfAction(args, 'reply').answer(args.event, found(value, args, params))
  }
}

export interface AskForOptions<
  C extends MachineContext = MachineContext,
  X extends EventObject = AnyEvent,
  P extends Params = Params,
  R extends Ref = Ref<AnyEvent>,
> {
  readonly of: Found<R, C, X, P>
  readonly event: Found<SaidTo<R>, C, X, P>
  /** The type of the event that brings the answer, as `output`. */
  readonly onDone: string
  /** The type of the event that brings a failure, as `error`. Default: a failure is the machine's own. */
  readonly onError?: string
  /** Milliseconds. Default: the system's `askTimeoutMs`. */
  readonly timeoutMs?: number
}

/**
 * Asks another actor, and sends what comes of it to the machine: `{ type: onDone, output }` or `{ type: onError, error }`,
 * through its mailbox, from the actor that was asked, and in the same context, or in the machine's own where that has
 * ended meanwhile. When the machine ends or is restarted, the question is cancelled. An outcome for which the mailbox has
 * no room fails the machine (`ASK_OUTCOME_REFUSED`): it would wait for it forever.
 */
export function askFor<
  C extends MachineContext = MachineContext,
  X extends EventObject = AnyEvent,
  P extends Params = Params,
  R extends Ref = Ref<AnyEvent>,
>(options: AskForOptions<C, X, P, R>): MachineAction<C, X, P> {
  const { onDone, onError, timeoutMs } = options
  return (args, params) => {
    const instance = instanceOfAction(args, 'askFor')
    const { host } = instance
    const of = found(options.of, args, params) as Ref as Ref<AnyEvent>
    const ctx = instance.contextOf(args.event)
    const tellSelf = (event: EventObject) => {
      const offer = host.ref.send(ctx.isCancelled ? host.ownContext : ctx, event, of as Ref)
      if (offer !== 'accepted' && offer !== 'closed') instance.fail(outcomeRefused(host.ref, event, offer))
    }
    const question = of.ask(ctx, found(options.event, args, params) as AnyEvent, {
      sender: host.ref,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    })
    instance.awaiting(
      question,
      (output) => tellSelf({ type: onDone, output } as EventObject),
      (error) => {
        if (onError === undefined) instance.fail(error)
        else tellSelf({ type: onError, error } as EventObject)
      },
    )
  }
}

/** Sets aside the message over which an action is taken; does nothing where `args` are not those of an action. */
export function postponeInMachine(args: unknown): void {
  if (isActionArgs(args)) instanceOfAction(args, 'postpone').setAside(args.event)
}

/** What xstate calls an action with; of what calls a behaviour's handlers nothing looks like that. */
function isActionArgs(args: unknown): args is { readonly self: AnyActorRef; readonly event: EventObject } {
  return (
    typeof args === 'object' &&
    args !== null &&
    'system' in args &&
    typeof (args as { self?: { sessionId?: unknown } }).self?.sessionId === 'string'
  )
}

function instanceOfAction(args: { readonly self: unknown }, action: string): XstateInstance {
  const instance = instanceFor(args.self as AnyActorRef)
  if (instance !== undefined) return instance
  throw new UsageError(
    'ACTION_WITHOUT_ACTOR',
    `${action} is an action of machines that are spawned here, not by xstate's createActor`,
  )
}

function found<T, A, P>(value: T | ((args: A, params: P) => T), args: A, params: P): T {
  return typeof value === 'function' ? (value as (args: A, params: P) => T)(args, params) : value
}

function outcomeRefused({ path }: Ref, { type }: EventObject, offer: Offer): OverloadError {
  return new OverloadError('ASK_OUTCOME_REFUSED', `${path} could not take its own "${type}": ${offer}`)
}
