/**
 * An actor as a table of handlers over named states.
 *
 * A handler gets the actor's scope, the event and the event's context. What it returns is the reply, where the event
 * was a question: a value, or a deferred or promise of one. An event for which the present state has no handler (nor a
 * `'*'`) is a dead letter. A handler that throws fails the actor; so does one whose promise fails, unless somebody
 * asked and is told instead. A handler that is `postpone`, or returns it, has its event set aside for another state.
 */

import type { Context } from '../context/context.ts'
import type { AnyKey } from '../context/key.ts'
import { UsageError } from '../errors.ts'
import type { Envelope, EventObject } from '../mailbox/envelope.ts'
import type { ActorScope, Host, Instance, Logic } from './logic.ts'
import { withNeeds } from './needs.ts'
import { POSTPONED, type Postponed } from './postpone.ts'
import type { AnyEvent, Ask } from './ref.ts'
import { Scope } from './scope.ts'

/** What a handler sees of its actor. Its members may be taken apart: `({ data, become }) => ...`. */
export interface BehaviourScope<D, K extends AnyKey = never> extends ActorScope<K> {
  /** The actor's own data: change it in place. */
  readonly data: D
  /** The name of the present state. */
  readonly state: string
  /** Enters another state, from the next event on. @throws UsageError (`STATE_UNKNOWN`) */
  readonly become: (state: string) => void
}

export type Handler<D, K extends AnyKey> = (
  scope: BehaviourScope<D, K>,
  // biome-ignore lint/suspicious/noExplicitAny: each handler says itself what its event looks like
  event: any,
  ctx: Context<K>,
) => unknown

export type States<D, K extends AnyKey> = Readonly<Record<string, Readonly<Record<string, Handler<D, K>>>>>

export interface BehaviourConfig<D, K extends AnyKey, I, S extends States<D, K>> {
  /** For people: shown by inspectors. Default `behaviour`. */
  readonly name?: string
  /** The keys that the handlers look up. They must be there to spawn it, and then are in every event's context. */
  readonly needs?: readonly K[]
  readonly initial: keyof S & string
  /** Makes the data of one actor, again at each restart. */
  readonly data?: (input: I, ctx: Context<K>) => D
  /** Called once an actor runs, before its first event. */
  readonly start?: (scope: BehaviourScope<D, K>, ctx: Context<K>) => void
  /** Called once at its end, whatever the reason: give back what is held. Not where `start` has thrown: that gives back itself. */
  readonly stop?: (scope: BehaviourScope<D, K>) => void
  readonly states: S
}

/** The events that a table of states understands, each with its reply. */
export type EventsOf<S> = {
  [State in keyof S]: { [Type in keyof S[State]]: EventOfHandler<Type, S[State][Type]> }[keyof S[State]]
}[keyof S]

// biome-ignore lint/suspicious/noExplicitAny: matches every handler
type EventOfHandler<Type, H> = H extends (scope: any, event: infer E, ...rest: any[]) => infer R
  ? Type extends '*'
    ? AnyEvent
    : Type extends string
      ? IsPostponed<R> extends true
        ? never
        : Ask<(unknown extends E ? unknown : E) & { readonly type: Type }, Awaited<Exclude<R, Postponed>>>
      : never
  : never

/** A handler that only ever postpones says nothing about its event. One that always throws returns `never`, as well. */
type IsPostponed<R> = [R] extends [never] ? false : [R] extends [Postponed] ? true : false

/** Makes a behaviour. @throws UsageError (`STATE_UNKNOWN`) where `initial` is none of the states. */
export function behaviour<
  const S extends States<D, K>,
  D = undefined,
  K extends AnyKey = never,
  I = undefined,
>(config: BehaviourConfig<D, K, I, S>): Logic<EventsOf<S> & EventObject, K, I> {
  const tables = new Map<string, Table<D, K>>()
  for (const [state, handlers] of Object.entries(config.states)) {
    tables.set(state, new Map(Object.entries(handlers).map(([type, handler]) => [type, new Row(handler)])))
  }
  const initial = tables.get(config.initial)
  if (initial === undefined) throw unknownState(config.initial, tables)
  const definition: Definition<D, K> = {
    tables,
    needs: config.needs ?? [],
    stop: config.stop,
  }
  return {
    name: config.name ?? 'behaviour',
    needs: definition.needs,
    create(host, ctx, input) {
      const data = config.data === undefined ? (undefined as D) : config.data(input, ctx)
      const instance = new BehaviourInstance(definition, host, data, config.initial, initial)
      config.start?.(instance, ctx)
      return instance
    },
  }
}

/** A handler in its table. */
class Row<D, K extends AnyKey> {
  readonly handler: Handler<D, K>
  /**
   * One that takes no context has nothing to ask in it, and is not made one for its answer. One that hides it, in a rest
   * parameter say, only loses sight of circles of questions that it closes after an `await`.
   */
  readonly takesContext: boolean

  constructor(handler: Handler<D, K>) {
    this.handler = handler
    this.takesContext = handler.length >= 3
  }
}

type Table<D, K extends AnyKey> = ReadonlyMap<string, Row<D, K>>

interface Definition<D, K extends AnyKey> {
  readonly tables: ReadonlyMap<string, Table<D, K>>
  readonly needs: readonly AnyKey[]
  readonly stop: ((scope: BehaviourScope<D, K>) => void) | undefined
}

class BehaviourInstance<D, K extends AnyKey> extends Scope<K> implements Instance, BehaviourScope<D, K> {
  private readonly definition: Definition<D, K>
  readonly data: D
  state: string
  private table: Table<D, K>

  constructor(definition: Definition<D, K>, host: Host, data: D, state: string, table: Table<D, K>) {
    super(host)
    this.definition = definition
    this.data = data
    this.state = state
    this.table = table
  }

  receive(envelope: Envelope): void {
    const { event } = envelope
    const row = this.table.get(event.type) ?? this.table.get('*')
    if (row === undefined) {
      this.host.unhandled(envelope)
      return
    }
    const { state } = this
    const { needs } = this.definition
    const own = row.takesContext ? envelope.handlingCtx : envelope.ctx
    const ctx = needs.length === 0 ? own : withNeeds(own, needs, this.host.ownContext)
    const result = row.handler(this, event, ctx as Context<K>)
    if (result === POSTPONED) this.host.postpone(envelope)
    else this.host.answer(envelope, result)
    if (this.state !== state) this.entered()
  }

  get isBusy(): boolean {
    return false
  }

  resume(): void {}

  get drains(): boolean {
    return this.table.has('drain')
  }

  release(): void {
    this.definition.stop?.(this)
  }

  get become(): (state: string) => void {
    return (state) => {
      const table = this.definition.tables.get(state)
      if (table === undefined) throw unknownState(state, this.definition.tables)
      const isNew = state !== this.state
      this.state = state
      this.table = table
      // Within a step the message that is being handled may still be set aside.
      if (isNew && !this.host.isStepping) this.entered()
    }
  }

  private entered(): void {
    if (this.host.postponed > 0) this.host.unstash()
  }

  get value(): unknown {
    return this.state
  }

  get context(): unknown {
    return this.data
  }
}

function unknownState(state: string, tables: ReadonlyMap<string, unknown>): UsageError {
  return new UsageError(
    'STATE_UNKNOWN',
    `no state is named "${state}"; there are ${[...tables.keys()].join(', ')}`,
  )
}
