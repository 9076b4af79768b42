/**
 * A system: one loop, one clock, one tree of actors, and the context that they all stand on.
 *
 * Several systems live in one process without knowing of each other: nothing is global, and what a system has is found
 * in its context.
 */
import { Context } from '../context/context.ts'
import { key } from '../context/key.ts'
import { createJsonLog, type Log } from '../context/log.ts'
import { createRandom, type Random } from '../context/random.ts'
import { Deferred } from '../deferred/deferred.ts'
import { CancelledError, codeOf, describe, UsageError } from '../errors.ts'
import { type Limits, resolveLimits } from '../limits.ts'
import { createNodePoller } from '../loop/node-poller.ts'
import type { Poller } from '../loop/poller.ts'
import { Reactor, type WrapTurns } from '../loop/reactor.ts'
import type { Turn } from '../loop/turn.ts'
import type { Clock, Timer } from '../time/clock.ts'
import { DELAY_MS_MAX } from '../time/limits.ts'
import { createClock } from '../time/node-clock.ts'
import { QuestionDesk } from './ask.ts'
import { behaviour } from './behaviour.ts'
import { Cell, type CellSystem } from './cell.ts'
import { SystemEvents } from './events.ts'
import type { AnyLogic, Spawn } from './logic.ts'
import { checkNeeds } from './needs.ts'
import {
  type ActorSettings,
  checkSnapshots,
  defaultSettings,
  resolveSettings,
  type SpawnOptions,
} from './options.ts'
import type { AnyEvent, Ref } from './ref.ts'
import { Registry } from './registry.ts'
import { type SnapshotOptions, type SystemSnapshot, snapshotOf } from './snapshot.ts'
import { UnobservedFailures } from './unobserved.ts'
import { fromXstate, isXstateLogic } from './xstate-logic.ts'
import { createXstateRoot, type Inspector, type XstateParent, type XstateRoot } from './xstate-root.ts'

export interface SystemOptions {
  /** The first part of every path. Default `greenroom`. */
  readonly name?: string
  /** Default: real time. `createManualClock()` of `greenroom/testing` for time that stands still. */
  readonly clock?: Clock
  /** Default: the operating system's. `createSeededRandom(seed)` for a repeatable one. */
  readonly random?: Random
  /** Default: warnings and errors as JSON lines on standard error. pino fits. */
  readonly log?: Log
  /** Default: Node's sockets. A memory network of `greenroom/testing` for none. */
  readonly poller?: Poller
  /** Bounds other than the defaults. */
  readonly limits?: Partial<Limits>
  /** Sees everything that happens, by xstate's inspection. More can be added later: `system.inspect`. */
  readonly inspect?: Inspector
  /**
   * Who turns the loop: `true` (default), the pump; a function, the pump through your own generator around the turns;
   * `false`, you, by `system.turns()`.
   */
  readonly run?: boolean | WrapTurns
}

export interface StopOptions {
  /** Milliseconds for work in flight. Default: the limit `graceMs`, 10,000. What lives after that is ended at once. */
  readonly graceMs?: number
}

/** The system that a piece of work belongs to: `ctx.get(System).spawn(...)`. */
export const System = key<ActorSystem, 'system'>('system')

/** Makes a system. It runs at once, unless `run` is false. */
export function createSystem(options: SystemOptions = {}): ActorSystem {
  return new ActorSystem(options)
}

export class ActorSystem implements AsyncDisposable {
  /** What everything stands on: spawn under it, and derive from it. */
  readonly ctx: Context<typeof System>
  /** Everything that happens: spawned, stopped, failed, restarted, deadLetter, refused, unobserved, listenerFailed. */
  readonly events = new SystemEvents((listener) => this.reactor.beside(listener))
  readonly reactor: Reactor
  readonly poller: Poller
  readonly limits: Limits
  /** Names and groups of this system's actors. */
  readonly registry: Registry
  private readonly clock: Clock
  private readonly ownsClock: boolean
  private readonly defaults: ActorSettings
  private readonly questions: QuestionDesk
  private readonly xstate: XstateRoot
  private readonly root: Cell
  /** The pump; undefined where the loop is turned by hand. */
  private running: Deferred<void> | undefined = undefined
  private lastId = 0
  private stopping: Deferred<void> | undefined = undefined
  private grace: Timer | undefined = undefined

  constructor(options: SystemOptions) {
    const { name = 'greenroom', run = true } = options
    this.ownsClock = options.clock === undefined
    this.clock = options.clock ?? createClock()
    this.limits = resolveLimits(options.limits)
    this.poller = options.poller ?? createNodePoller()
    this.registry = new Registry(this.limits)
    this.defaults = defaultSettings(this.limits)
    const { clock } = this
    const log =
      options.log ?? createJsonLog({ write: writeError, wallMs: () => clock.wallMs(), level: 'warn' })
    this.reactor = new Reactor({ poller: this.poller, clock, limits: this.limits })
    this.questions = new QuestionDesk(clock, () => this.reactor.flushLater(this.questions))
    const failures = new UnobservedFailures(this.poller, (error) => this.events.emit('unobserved', { error }))
    this.ctx = Context.create({ clock, random: options.random ?? createRandom(), log, failures }).with(
      System,
      this,
    )
    this.logTroubles(log)
    this.xstate = createXstateRoot({
      id: name,
      clock,
      log: (...args) => log.info({ args }, 'logged by a machine'),
      onInspectorError: (error) => this.events.emit('listenerFailed', { error, during: 'inspection' }),
    })
    if (options.inspect !== undefined) this.xstate.inspect(options.inspect)
    this.root = new Cell(this.asCellSystem(), undefined, name, {
      logic: behaviour({ name: 'root', initial: 'running', states: { running: {} } }) as AnyLogic,
      settings: this.defaults,
      ctx: this.ctx,
      input: undefined,
    })
    if (run !== false) {
      this.running = this.reactor.run(run === true ? undefined : run)
      this.running.listen(
        () => this.loopEnded(),
        (error) => {
          if (error instanceof CancelledError) return
          log.error({ code: codeOf(error), error }, 'the loop was ended by its wrapper')
          this.loopEnded()
        },
      )
    }
  }

  /** Brings an actor to life at the top of the tree. A behaviour, a receiving generator, or any xstate logic. */
  readonly spawn: Spawn = ((
    ctx: Context,
    logic: object,
    options?: SpawnOptions & { input?: unknown },
  ): Ref => {
    if (this.stopping !== undefined) {
      throw new UsageError(
        'SYSTEM_STOPPING',
        `${this.root.path} is stopping: nothing new is spawned at its top`,
      )
    }
    return this.spawnUnder(this.root, ctx, logic, options)
  }) as unknown as Spawn

  /** The turns, to be stepped by hand, where `run` is false. */
  turns(): Generator<Turn, void> {
    return this.reactor.turns()
  }

  /** Shows everything to one more observer of xstate's inspection. Costs nothing until the first. */
  inspect(inspector: Inspector): { unsubscribe(): void } {
    this.root.show()
    const present = Array.from(this.root.family(), (cell) => cell.actor).slice(1)
    return this.xstate.inspect(inspector, present)
  }

  /** Whether it still takes work. */
  get isStopping(): boolean {
    return this.stopping !== undefined
  }

  /** How many actors live. Costs a walk over the tree. */
  get actors(): number {
    let actors = -1
    for (const _actor of this.root.family()) actors += 1
    return actors
  }

  /**
   * The tree as it stands: each actor's path, state, mail and restarts, parents before their children. Nothing is kept
   * for it beforehand, and nothing of the actors is held by it.
   */
  snapshot(options?: SnapshotOptions): SystemSnapshot {
    return snapshotOf(this.root, this.clock.nowMs(), options)
  }

  /**
   * Drains and ends: the actors at the top, the youngest first, each finish what is in flight; then all that is left
   * ends, and the loop with it. Calling it again gives the same deferred, and may shorten the grace time.
   */
  stop(options: StopOptions = {}): Deferred<void> {
    const graceMs = options.graceMs ?? this.limits.graceMs
    if (!(graceMs >= 0 && graceMs <= DELAY_MS_MAX)) {
      throw new UsageError('GRACE_INVALID', `graceMs is from 0 to ${DELAY_MS_MAX} ms, not ${String(graceMs)}`)
    }
    if (this.stopping === undefined || options.graceMs !== undefined) this.giveGrace(graceMs)
    if (this.stopping === undefined) {
      const stopping = new Deferred<void>()
      this.stopping = stopping
      if (this.running?.isPending === false) this.loopEnded()
      this.drainNext(() => {
        this.grace?.cancel()
        this.end()
        stopping.resolve()
      })
    }
    return this.stopping
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
  }

  /** Sees to it that nothing lives longer than this. The shortest time that was given counts. */
  private giveGrace(graceMs: number): void {
    const atMs = this.clock.nowMs() + graceMs
    if (this.root.isAlive && (this.grace === undefined || atMs < this.grace.atMs)) {
      this.grace?.cancel()
      this.grace = this.clock.schedule(atMs, () => this.root.killChildren(OUT_OF_TIME))
    }
  }

  /** One after another, so that what was started later, and may need the earlier, finishes first. */
  private drainNext(done: () => void): void {
    for (let { youngest } = this.root; youngest !== undefined; { youngest } = this.root) {
      youngest.drain()
      // One that had nothing to finish is gone already.
      if (this.root.youngest !== youngest) continue
      youngest.watch().listen(
        () => this.drainNext(done),
        () => {},
      )
      return
    }
    done()
  }

  /** A wrapper that ends the loop cannot keep the system from its own end. */
  private loopEnded(): void {
    if (this.stopping?.isPending) this.running = this.reactor.run()
  }

  private end(): void {
    this.root.kill({ kind: 'stopped', reason: 'the system has stopped' })
    this.xstate.stop()
    this.running?.cancel('the system has stopped')
    if (!this.ownsClock) return
    // Whoever still waits in the system's own context is told, since no timer of it will ever ring.
    this.ctx.end('the system has stopped')
    this.clock.close()
  }

  private spawnUnder(
    parent: Cell,
    ctx: Context,
    logic: object,
    options?: SpawnOptions & { input?: unknown },
  ): Ref {
    const recipe: AnyLogic = isXstateLogic(logic) ? fromXstate(logic) : (logic as AnyLogic)
    if (typeof recipe?.create !== 'function') {
      throw new UsageError(
        'SPAWN_LOGIC',
        'spawn takes a behaviour, a receiving generator, or an xstate logic',
      )
    }
    if (!(ctx instanceof Context))
      throw new UsageError('SPAWN_CONTEXT', 'spawn takes a context, and then a logic')
    if (recipe.needs.length > 0) checkNeeds(ctx, recipe.needs)
    const settings = options === undefined ? this.defaults : resolveSettings(options, this.defaults)
    if (!isXstateLogic(logic)) checkSnapshots(settings)
    const name = options?.as
    if (name !== undefined) this.registry.checkFree(name)
    const cell = new Cell(this.asCellSystem(), parent, options?.name ?? this.drawName(parent), {
      logic: recipe,
      settings,
      // What lives on is no part of the answer to a question.
      ctx: ctx.question === undefined ? ctx : ctx.answering(undefined),
      input: options?.input,
    })
    const ref = cell as unknown as Ref<AnyEvent>
    if (name !== undefined) this.registry.register(name, ref)
    cell.begin()
    return ref as unknown as Ref
  }

  private drawName(parent: Cell): number {
    do this.lastId += 1
    while (parent.hasNamed(`${this.lastId}`))
    return this.lastId
  }

  /** @internal A child of which somebody else decides when it begins and how it ends. */
  adoptUnder(parent: Cell, name: string, logic: AnyLogic): Ref {
    const plan = {
      logic,
      settings: this.defaults,
      ctx: parent.ownContext as unknown as Context,
      input: undefined,
    }
    const cell = new Cell(this.asCellSystem(), parent, name, plan)
    cell.begin()
    return cell as unknown as Ref
  }

  private asCellSystem(): CellSystem {
    return this as unknown as CellSystem
  }

  /** @internal */
  get isInspected(): boolean {
    return this.xstate.isInspected
  }

  /** @internal */
  get xstateRoot(): XstateParent {
    return this.xstate.parent
  }

  private logTroubles(log: Log): void {
    this.events.on('failed', ({ path, error, phase, trace }) => {
      log.error({ actor: path, phase, code: codeOf(error), trace, error }, `actor failed: ${describe(error)}`)
    })
    this.events.on('unobserved', ({ error }) => {
      log.error({ code: codeOf(error), error }, `a deferred failed unobserved: ${describe(error)}`)
    })
    this.events.on('listenerFailed', ({ error, during }) => {
      log.error({ during, code: codeOf(error), error }, `a listener failed: ${describe(error)}`)
    })
  }
}

const OUT_OF_TIME = { kind: 'stopped', reason: 'the grace time is over' } as const

function writeError(line: string): void {
  // biome-ignore lint/suspicious/noConsole: the one line that leaves by itself, and only where no log was given
  console.error(line)
}
