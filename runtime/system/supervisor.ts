/**
 * A supervisor: an actor that starts other actors in order, and keeps them as their specifications say.
 *
 *     const tree = supervisor({
 *       strategy: 'rest_for_one',
 *       intensity: 3,
 *       periodMs: 5_000,
 *       children: [child('store', store), child('cache', cache, { input: 1_000, shutdownMs: 500 })],
 *     })
 *     system.spawn(ctx, tree, { name: 'tree' })
 *
 * Children live in the supervisor's own context, under its path: `tree/store`. A restarted child keeps its ref and its
 * mail; a supervisor that is itself restarted makes its children anew. Whoever needs a child finds it by a name in the
 * registry (`as`), or asks for `children`.
 *
 * A child that fails over its first start ends those that were started before it, in reverse, and fails the supervisor's
 * own start with `ChildStartError`. `ref.stop()` on a child is an operator's decision, for every policy: the child ends and
 * stays in the list, to be started again by `restartChild`.
 */
import type { Context } from '../context/context.ts'
import type { AnyKey } from '../context/key.ts'
import { UsageError } from '../errors.ts'
import type { ChildSpec, NeedsOf } from './child-spec.ts'
import { Children, type ChildStart, type ChildStatus } from './children.ts'
import { NameTakenError } from './errors.ts'
import type { AnyLogic, Host, Logic } from './logic.ts'
import { known, oneOf, type RestartPace } from './options.ts'
import type { Overseen } from './overseer.ts'
import type { Ask, EndReason } from './ref.ts'
import { Supervising } from './supervising.ts'
import type { Strategy } from './supervision.ts'

/** Whether the supervisor ends when one, or the last, of its significant children has ended for good. */
export type AutoShutdown = 'never' | 'any_significant' | 'all_significant'

/** `S`: the specifications of its children, `I`: its input. */
export interface SupervisorConfig<S extends ChildSpec<AnyKey>, I> extends RestartPace {
  /** For people: shown by inspectors. Default `supervisor`. */
  readonly name?: string
  /** Default `one_for_one`. */
  readonly strategy?: Strategy
  /** Default `never`. */
  readonly autoShutdown?: AutoShutdown
  /** In the order of their start. A function is called at each start of the supervisor. */
  readonly children: readonly S[] | ((input: I, ctx: Context) => readonly S[])
}

/** What a supervisor can be told. All are questions. */
export type SupervisorEvent =
  /** Adds a child behind the others and starts it. It is not kept if it does not start. */
  | Ask<{ readonly type: 'startChild'; readonly child: ChildSpec<AnyKey> }, ChildStart>
  /** Ends a child, within its `shutdownMs`. It stays in the list, unless it is temporary. */
  | Ask<{ readonly type: 'stopChild'; readonly name: string }, 'stopped' | 'unknown'>
  /** Starts a child that has ended and is still in the list, in its old place. It has a new ref. */
  | Ask<{ readonly type: 'restartChild'; readonly name: string }, ChildStart>
  /** Takes a child that has ended off the list. */
  | Ask<{ readonly type: 'deleteChild'; readonly name: string }, 'deleted' | 'running' | 'unknown'>
  /** The list, in the order of starting. */
  | Ask<{ readonly type: 'children' }, readonly ChildStatus[]>

const STRATEGIES: readonly Strategy[] = ['one_for_one', 'one_for_all', 'rest_for_one']
const AUTO_SHUTDOWNS: readonly AutoShutdown[] = ['never', 'any_significant', 'all_significant']
const OPTIONS: readonly string[] = [
  'name',
  'strategy',
  'autoShutdown',
  'children',
  'intensity',
  'periodMs',
  'backoff',
]

/**
 * Makes a supervisor's logic.
 *
 * @throws UsageError (`SPAWN_OPTION_INVALID`) for an option that is none, or out of bounds; pace and children are looked
 *   at when it starts.
 */
export function supervisor<S extends ChildSpec<AnyKey>, I = undefined>(
  config: SupervisorConfig<S, I>,
): Logic<SupervisorEvent, NeedsOf<S>, I> {
  known('supervisor.', config, OPTIONS)
  const { children } = config
  const strategy = oneOf('supervisor.strategy', config.strategy ?? 'one_for_one', STRATEGIES)
  const autoShutdown = oneOf('supervisor.autoShutdown', config.autoShutdown ?? 'never', AUTO_SHUTDOWNS)
  const needs = new Set<AnyKey>()
  if (typeof children !== 'function') {
    for (const { logic } of children) for (const key of (logic as AnyLogic).needs ?? []) needs.add(key)
  }
  return {
    name: config.name ?? 'supervisor',
    needs: [...needs],
    create(host, ctx, input) {
      const instance = new SupervisorInstance(host, strategy, autoShutdown, config)
      instance.start(typeof children === 'function' ? children(input, ctx as unknown as Context) : children)
      return instance
    },
  }
}

class SupervisorInstance extends Supervising<SupervisorEvent> {
  private readonly autoShutdown: AutoShutdown
  protected override readonly children: Children
  /** In the order of their start. */
  private readonly specs = new Map<string, ChildSpec<AnyKey>>()
  /** The names of those significant children that live. */
  private readonly significant = new Set<string>()

  constructor(host: Host, strategy: Strategy, autoShutdown: AutoShutdown, pace: RestartPace) {
    super(host)
    this.autoShutdown = autoShutdown
    this.children = new Children(host, strategy, pace, (name, actor, reason) =>
      this.ended(name, actor, reason),
    )
  }

  /** @throws ChildStartError over the first child that does not start. */
  start(specs: readonly ChildSpec<AnyKey>[]): void {
    if (!Array.isArray(specs)) {
      throw new UsageError('SPAWN_OPTION_INVALID', 'supervisor.children must be a list of child(name, logic)')
    }
    for (const spec of specs) {
      if (this.specs.has(spec?.name)) {
        throw new UsageError(
          'CHILD_NAME_TAKEN',
          `two children of ${this.host.ref.path} are named "${spec.name}"`,
        )
      }
      const start = this.startChild(spec)
      if (start.outcome === 'taken') throw new NameTakenError(spec.options.as?.text ?? spec.name)
      if (start.outcome === 'failed') throw start.error
    }
  }

  protected override answerTo(event: SupervisorEvent): unknown {
    switch (event.type) {
      case 'startChild':
        return this.added(event.child)
      case 'stopChild':
        return this.children.stop(event.name) ?? 'unknown'
      case 'restartChild':
        return this.startedAgain(event.name)
      case 'deleteChild':
        return this.deleted(event.name)
      case 'children':
        return this.statuses()
      default:
        return undefined
    }
  }

  private startChild(spec: ChildSpec<AnyKey>): ChildStart {
    const error = this.wrongWith(spec)
    if (error !== undefined) return { outcome: 'failed', error }
    const { name, logic, options } = spec
    const isKnown = this.specs.has(name)
    this.specs.set(name, spec)
    const start = this.children.start(name, logic, options)
    if (start.outcome !== 'started' && !isKnown) this.specs.delete(name)
    if (options.isSignificant === true && this.children.refOf(name) !== undefined) this.significant.add(name)
    return start
  }

  private added(spec: ChildSpec<AnyKey>): ChildStart {
    return this.specs.has(spec?.name) ? { outcome: 'taken' } : this.startChild(spec)
  }

  private startedAgain(name: string): ChildStart {
    const spec = this.specs.get(name)
    if (spec === undefined) return { outcome: 'unknown' }
    if (this.children.refOf(name) !== undefined) return { outcome: 'taken' }
    const start = this.startChild(spec)
    // What comes after it may stand on it: it has its old place.
    const names = [...this.specs.keys()]
    this.children.place(name, names.slice(names.indexOf(name) + 1))
    return start
  }

  private wrongWith(spec: ChildSpec<AnyKey>): UsageError | undefined {
    if (typeof spec?.name !== 'string' || typeof (spec.options ?? undefined) !== 'object') {
      return new UsageError(
        'CHILD_SPEC_INVALID',
        `a child of ${this.host.ref.path} is specified by child(name, logic)`,
      )
    }
    const { isSignificant, restart = 'permanent' } = spec.options
    if (isSignificant !== true || (restart !== 'permanent' && this.autoShutdown !== 'never')) return undefined
    return new UsageError(
      'SPAWN_OPTION_INVALID',
      `child "${spec.name}" cannot be significant: ${
        restart === 'permanent' ? 'it is permanent' : 'the autoShutdown of its supervisor is never'
      }`,
    )
  }

  private deleted(name: string): 'deleted' | 'running' | 'unknown' {
    if (this.children.refOf(name) !== undefined) return 'running'
    return this.specs.delete(name) ? 'deleted' : 'unknown'
  }

  private statuses(): readonly ChildStatus[] {
    return [...this.specs].map(([name, { options }]) =>
      this.children.status(name, options.restart ?? 'permanent'),
    )
  }

  private ended(name: string, { settings, hasRun }: Overseen, { kind }: EndReason): void {
    const isSignificant = this.significant.delete(name)
    if (settings.policy === 'temporary') this.specs.delete(name)
    if (!isSignificant || kind === 'stopped' || !hasRun || this.autoShutdown === 'never') return
    if (this.significant.size === 0 || this.autoShutdown === 'any_significant')
      this.host.finish(`"${name}" has ended`)
  }
}
