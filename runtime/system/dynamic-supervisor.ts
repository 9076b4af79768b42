/**
 * A supervisor of children that come and go, all made from one logic: a connection each, a room each, a worker each.
 *
 *     const rooms = system.spawn(ctx, dynamicSupervisor({ logic: room, restart: 'transient', childrenMax: 500 }))
 *     const start = await rooms.ask(ctx, { type: 'startChild', name: 'lobby' })
 *     if (start.outcome === 'started') start.ref.send(ctx, { type: 'join', member })
 *
 * Each is restarted by itself (`one_for_one`). How many may live is bounded: one more is refused, not queued. As
 * `DynamicSupervisor` of Elixir, `simple_one_for_one` of OTP.
 */
import type { Context } from '../context/context.ts'
import type { AnyKey } from '../context/key.ts'
import type { EventObject } from '../mailbox/envelope.ts'
import type { ChildOptions } from './child-spec.ts'
import { Children, type ChildStart, type ChildStatus } from './children.ts'
import type { AnyLogic, EventOf, Host, InputOf, KeysOf, Logic, SomeLogic } from './logic.ts'
import { known, type Restart, type RestartPace, whole } from './options.ts'
import type { Ask, Ref } from './ref.ts'
import { Supervising } from './supervising.ts'

export interface DynamicSupervisorConfig<L extends SomeLogic>
  extends RestartPace,
    Omit<ChildOptions, 'as' | 'snapshot' | 'isSignificant'> {
  /** For people: shown by inspectors. Default `dynamic-supervisor`. */
  readonly name?: string
  /** What every child runs. */
  readonly logic: L
  /** Children that may live at a time. Default: the limit `childrenMax`, 10,000. */
  readonly childrenMax?: number
}

/** `input` must be given where the children's logic asks for one. */
type WithInput<I> = undefined extends I ? { readonly input?: I } : { readonly input: I }

export type StartChild<I> = WithInput<I> & {
  readonly type: 'startChild'
  /** Default: a number. */
  readonly name?: string
  /** What it is started for, and ends with. Default: the supervisor's own context. It must hold what the logic needs. */
  readonly ctx?: Context
}

/** What a dynamic supervisor can be told. All are questions. */
export type DynamicSupervisorEvent<E extends EventObject, I> =
  | Ask<StartChild<I>, ChildStart<Ref<E>>>
  /** Ends a child, within its `shutdownMs`. */
  | Ask<{ readonly type: 'stopChild'; readonly name: string }, 'stopped' | 'unknown'>
  /** Those that live, in the order of their start. */
  | Ask<{ readonly type: 'children' }, readonly ChildStatus<Ref<E>>[]>

const OPTIONS: readonly string[] = [
  'name',
  'logic',
  'childrenMax',
  'intensity',
  'periodMs',
  'backoff',
  'mailbox',
  'restart',
  'from',
  'shutdownMs',
]

/** Makes a dynamic supervisor's logic. @throws UsageError (`SPAWN_OPTION_INVALID`) for an option that is none, or out of bounds. */
export function dynamicSupervisor<L extends SomeLogic>(
  config: DynamicSupervisorConfig<L>,
): Logic<DynamicSupervisorEvent<EventOf<L>, InputOf<L>>, KeysOf<L>> {
  known('dynamicSupervisor.', config, OPTIONS)
  const { name = 'dynamic-supervisor', logic, childrenMax, intensity, periodMs, backoff, ...options } = config
  if (childrenMax !== undefined) whole('dynamicSupervisor.childrenMax', childrenMax, 1)
  const pace = Object.fromEntries(
    Object.entries({ intensity, periodMs, backoff }).filter(([, value]) => value !== undefined),
  ) as RestartPace
  return {
    name,
    needs: (logic as AnyLogic).needs ?? [],
    create: (host) => new DynamicSupervisorInstance(host, logic, options, pace, childrenMax),
  }
}

class DynamicSupervisorInstance extends Supervising<DynamicSupervisorEvent<EventObject, unknown>> {
  private readonly logic: object
  private readonly options: ChildOptions
  private readonly childrenMax: number
  protected override readonly children: Children

  constructor(
    host: Host,
    logic: object,
    options: ChildOptions,
    pace: RestartPace,
    childrenMax = host.limits.childrenMax,
  ) {
    super(host)
    this.logic = logic
    this.options = options
    this.childrenMax = childrenMax
    this.children = new Children(host, 'one_for_one', pace, () => {})
  }

  protected override answerTo(event: DynamicSupervisorEvent<EventObject, unknown>): unknown {
    switch (event.type) {
      case 'startChild':
        return this.started(event)
      case 'stopChild':
        return this.children.stop(event.name) ?? 'unknown'
      case 'children':
        return this.statuses()
      default:
        return undefined
    }
  }

  private started({ name, input, ctx }: StartChild<unknown>): ChildStart {
    const { childrenMax } = this
    if (this.children.count >= childrenMax) return { outcome: 'full', childrenMax }
    return this.children.start(
      name,
      this.logic,
      { ...this.options, input },
      ctx as Context<AnyKey> | undefined,
    )
  }

  private statuses(): readonly ChildStatus[] {
    const restart: Restart = this.options.restart ?? 'permanent'
    return this.children.names().map((name) => this.children.status(name, restart))
  }
}
