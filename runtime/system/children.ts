/** The living children of a supervisor, by name: started, stopped and looked at, under its supervision. */
import { Context } from '../context/context.ts'
import type { Deferred } from '../deferred/deferred.ts'
import { UsageError } from '../errors.ts'
import type { ChildOptions } from './child-spec.ts'
import { ChildStartError, NameTakenError } from './errors.ts'
import type { Host } from './logic.ts'
import { known, type Restart, type RestartPace, resolvePace, type SpawnOptions } from './options.ts'
import type { Overseen } from './overseer.ts'
import type { AnyEvent, EndReason, Ref } from './ref.ts'
import type { RestartBounds } from './restarts.ts'
import type { Phase } from './standing.ts'
import { type Strategy, Supervision } from './supervision.ts'

/** What has come of a start. All but the first are refusals: nothing was started, and nothing is kept. */
export type ChildStart<R = Ref<AnyEvent>> =
  | { readonly outcome: 'started'; readonly ref: R }
  /** As many children live as may. */
  | { readonly outcome: 'full'; readonly childrenMax: number }
  /** A child of that name lives, or its name in the registry is taken. */
  | { readonly outcome: 'taken' }
  /** No child of that name is in the list. */
  | { readonly outcome: 'unknown' }
  /** It failed over its first start (`ChildStartError`), its context is over, or its specification cannot be. */
  | { readonly outcome: 'failed'; readonly error: unknown }

export interface ChildStatus<R = Ref<AnyEvent>> {
  readonly name: string
  /** Undefined when it has ended. */
  readonly ref: R | undefined
  readonly phase: Phase
  readonly restart: Restart
  /** Starts after the first. */
  readonly restarts: number
}

const CHILD_OPTIONS: readonly string[] = [
  'as',
  'mailbox',
  'restart',
  'from',
  'shutdownMs',
  'snapshot',
  'isSignificant',
  'input',
]

/** A child, as far as it is looked at. */
interface Child extends Overseen, Ref<AnyEvent> {
  readonly phase: Phase
  readonly endingFor: EndReason | undefined
  readonly restartsTotal: number
  placeBefore(sibling: Child): void
}

export class Children {
  private readonly host: Host
  private readonly bounds: RestartBounds
  private readonly pace: RestartPace
  private readonly supervision: Supervision
  private readonly living = new Map<string, Child>()

  /**
   * @param onEnded - told of each child that is no more.
   * @throws UsageError (`SPAWN_OPTION_INVALID`) for a pace that cannot be.
   */
  constructor(
    host: Host,
    strategy: Strategy,
    pace: RestartPace,
    onEnded: (name: string, actor: Overseen, reason: EndReason) => void,
  ) {
    const { restartIntensity, restartPeriodMs } = host.limits
    this.host = host
    this.bounds = resolvePace('supervisor.', pace, {
      intensity: restartIntensity,
      periodMs: restartPeriodMs,
      backoff: undefined,
    })
    this.pace = pace.backoff === undefined ? {} : { backoff: pace.backoff }
    this.supervision = new Supervision(host, strategy, this.bounds, (actor, reason) => {
      this.living.delete(actor.id)
      onEnded(actor.id, actor, reason)
    })
    host.oversee(this.supervision)
  }

  get count(): number {
    return this.living.size
  }

  /** Moves one, in the order in which they end and are restarted, before the first of `names` that lives. */
  place(name: string, names: readonly string[]): void {
    const child = this.living.get(name)
    const next = names.map((other) => this.living.get(other)).find((other) => other !== undefined)
    if (child !== undefined && next !== undefined) child.placeBefore(next)
  }

  /** Starts one behind the others, for `ctx`. Never throws: what is wrong is in the outcome. */
  start(
    name: string | undefined,
    logic: object,
    options: ChildOptions & { readonly input?: unknown },
    ctx = this.host.ownContext,
  ): ChildStart {
    const { host } = this
    if (!(ctx instanceof Context)) {
      return { outcome: 'failed', error: new UsageError('SPAWN_CONTEXT', 'a child is started for a context') }
    }
    if (ctx.isCancelled) return { outcome: 'failed', error: ctx.failure() }
    try {
      known('child.', options, CHILD_OPTIONS)
      const child = host.spawnChild(ctx, logic, this.spawnOptions(name, options)) as unknown as Child
      const { endingFor } = child
      if (endingFor === undefined) this.living.set(child.id, child)
      else if (endingFor.kind === 'failed' && endingFor.phase === 'starting') {
        return { outcome: 'failed', error: new ChildStartError(child.path, endingFor.error) }
      }
      return { outcome: 'started', ref: child }
    } catch (error) {
      return error instanceof NameTakenError ? { outcome: 'taken' } : { outcome: 'failed', error }
    }
  }

  /** Ends one within its `shutdownMs`. @returns a deferred of its end; undefined where none of that name lives. */
  stop(name: string): Deferred<'stopped'> | undefined {
    const child = this.living.get(name)
    if (child === undefined) return undefined
    const down = child.watch()
    child.stopToEnd({ kind: 'stopped', reason: 'its supervisor was told to stop it' })
    return down.then(() => 'stopped')
  }

  refOf(name: string): Ref<AnyEvent> | undefined {
    return this.living.get(name)
  }

  status(name: string, restart: Restart): ChildStatus {
    const child = this.living.get(name)
    return {
      name,
      ref: child,
      phase: child?.phase ?? 'ended',
      restart,
      restarts: child?.restartsTotal ?? 0,
    }
  }

  /** The names of the living, in the order of their start. */
  names(): readonly string[] {
    return [...this.living.keys()]
  }

  resume(): void {
    this.supervision.resume()
  }

  release(): void {
    this.supervision.release()
  }

  private spawnOptions(
    name: string | undefined,
    {
      restart = 'permanent',
      from = 'start',
      isSignificant: _,
      ...options
    }: ChildOptions & { input?: unknown },
  ): SpawnOptions {
    return {
      shutdownMs: this.host.limits.shutdownMs,
      ...options,
      ...(name === undefined ? {} : { name }),
      restart: { policy: restart, from, ...this.pace },
    }
  }
}
