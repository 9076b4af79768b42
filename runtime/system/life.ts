/**
 * Birth, failure, restart and end of an actor.
 *
 *     running ─┬─▶ restarting ─▶ running
 *              └─▶ ending ─▶ ended
 *
 * Theory of operation. An actor that restarts or ends goes down: first its children, the youngest first, then what its
 * own instance holds. `takeDown` walks the tree for that, with a loop. An actor whose own code is on the stack (it
 * handles a message, is being made, or gives back) is not taken down under its feet: the walk leaves a request with it
 * and breaks off; when that code has returned, the actor goes down and the walk continues upwards from there. All that
 * a walk has to know stands in the actors, so that walks may be broken off, and begun within each other, anywhere.
 *
 * Rules: children end before their parent, the youngest first, whoever stops whom. Nothing that an instance throws gets
 * out. What was asked of an actor while its code ran comes right after; a stop goes before a restart. A start that
 * fails is tried again in a step of its own: no storm of restarts keeps the loop.
 */
import type { Context } from '../context/context.ts'
import type { FailurePhase, SystemEvents } from './events.ts'
import { Kin } from './kin.ts'
import type { Instance } from './logic.ts'
import type { ActorSettings } from './options.ts'
import type { EndReason, Ref } from './ref.ts'
import { Restarts, wantsRestart } from './restarts.ts'
import { Watchers } from './watchers.ts'

const RUNNING = 0
const RESTARTING = 1
const ENDING = 2
const ENDED = 3

interface Failure {
  readonly error: unknown
}

const PARENT_ENDED: EndReason = { kind: 'stopped', reason: 'its parent has ended' }

export abstract class Life<Self extends Life<Self>> extends Kin<Self> {
  protected readonly ctx: Context
  protected readonly settings: ActorSettings
  private readonly events: SystemEvents
  protected instance: Instance | undefined = undefined
  private phase = RUNNING
  /** Code of its instance is on the stack: it is being made, handles something, or gives back what it holds. */
  isStepping = false
  /** A restart came to nothing: the next step is to try again. */
  protected mustStart = false
  /** Why it is ending or has ended. */
  private cause: EndReason | undefined = undefined
  /** What is to come once its code has left the stack. */
  protected requested: EndReason | undefined = undefined
  /** Children that have left and whose end is just being told. This one does not end before they are done. */
  private departing = 0
  private restarts: Restarts | undefined = undefined
  private watchers: Watchers | undefined = undefined

  constructor(
    parent: Self | undefined,
    name: string | number,
    ctx: Context,
    settings: ActorSettings,
    events: SystemEvents,
  ) {
    super(parent, name)
    this.ctx = ctx
    this.settings = settings
    this.events = events
  }

  /** Makes an instance. What it throws counts as a failed start. */
  protected abstract make(): Instance
  /** It runs again: mail that has waited is to be handled. */
  protected abstract restarted(): void
  /** Asks for a step: to start again, to resume, or to see whether it is drained. */
  protected abstract stepLater(): void
  /** It takes no mail any more. */
  protected abstract closed(): void
  /** Its instance is gone, for a restart or for good: gives back what was kept for it. */
  protected abstract released(): void

  get isAlive(): boolean {
    return this.phase < ENDING
  }

  /** It has an instance, or is just getting one. */
  protected get isRunning(): boolean {
    return this.phase === RUNNING
  }

  private get isGoingDown(): boolean {
    return this.phase === RESTARTING || this.phase === ENDING
  }

  protected get hasEnded(): boolean {
    return this.phase === ENDED
  }

  /** Why it is no more, once it is. */
  protected get endReason(): EndReason | undefined {
    return this.phase === ENDED ? this.cause : undefined
  }

  protected get watchersMade(): Watchers {
    this.watchers ??= new Watchers()
    return this.watchers
  }

  /** Makes the first instance. A failure is reported and handled as any other; it is not thrown. */
  begin(): void {
    const { events } = this
    if (events.has('spawned')) events.emit('spawned', { ref: this.asRef() })
    // A listener may have stopped it.
    if (!this.isAlive) return
    this.started(this.start())
    this.takeDown()
  }

  /** Ends it, with all that is below: now, or as soon as its own code has returned. */
  end(reason: EndReason): void {
    if (this.goDown(reason)) this.takeDown()
  }

  /** Ends the children, the youngest first. */
  endChildren(reason: EndReason): void {
    let child = this.youngest
    while (child !== undefined) {
      child.end(reason)
      // One that could not end just now stays in the row.
      child = child.hasEnded ? this.youngest : child.nextElder
    }
  }

  /** What it, or somebody else, wants to become of it. */
  protected request(reason: EndReason): void {
    if (!this.isAlive) return
    if (!this.isStepping) this.conclude(reason)
    else if (this.requested === undefined || rank(reason) > rank(this.requested)) this.requested = reason
  }

  /** Its code has returned: what was requested meanwhile comes now. */
  protected concludeRequested(): void {
    const { requested } = this
    this.requested = undefined
    if (requested !== undefined) this.conclude(requested)
  }

  /** Its instance threw. */
  protected failed(error: unknown, during: FailurePhase, ctx: Context): void {
    this.report(error, during, ctx)
    this.conclude({ kind: 'failed', error })
  }

  protected report(error: unknown, phase: FailurePhase, ctx: Context): void {
    const { events } = this
    if (events.has('failed')) events.emit('failed', { ref: this.asRef(), error, phase, ctx })
  }

  /** Tries the start again that failed. */
  protected startAgain(): void {
    this.mustStart = false
    this.takeDown()
  }

  /** Restarts it, or ends it where its policy or its intensity say so. */
  private conclude(reason: EndReason): void {
    this.decide(reason)
    this.takeDown()
  }

  private decide(reason: EndReason): void {
    const { requested } = this
    this.requested = undefined
    if (requested?.kind === 'stopped' || !wantsRestart(this.settings, reason)) {
      this.goDown(reason)
    } else if (this.phase === RUNNING) {
      this.restarts ??= new Restarts(this.settings)
      const refused = this.restarts.refuse(this.ctx.clock.nowMs(), () => this.path, reason)
      if (refused === undefined) this.phase = RESTARTING
      else this.goDown(refused)
    }
  }

  /** Marks it as ending. @returns false where that is not to be done here: it is under way, or comes later. */
  private goDown(reason: EndReason): boolean {
    if (this.phase >= ENDING) return false
    if (this.isStepping) {
      this.requested = reason
      return false
    }
    this.phase = ENDING
    this.mustStart = false
    this.cause = reason
    this.closed()
    return true
  }

  /** Takes down what is to go down, from here on: below, then this, then above. See the theory of operation. */
  private takeDown(): void {
    let life: Life<Self> | undefined = this
    while (life?.isGoingDown) {
      const child: Self | undefined = life.youngest
      if (child !== undefined) {
        if (!child.goDown(PARENT_ENDED)) return
        life = child
      } else {
        if (life.isStepping || life.mustStart || life.departing > 0) return
        life.childless()
        if (!life.isGoingDown) life = life.parent
      }
    }
  }

  /** All below is gone: now what it holds itself, and the next start or the end. */
  private childless(): void {
    this.release()
    // What it held may have had a word in it.
    if (this.phase === RESTARTING && this.requested?.kind === 'stopped') this.decide(this.requested)
    if (this.phase === RESTARTING) this.restart()
    else if (this.phase === ENDING) this.depart()
  }

  private restart(): void {
    const { events, restarts } = this
    this.phase = RUNNING
    this.requested = undefined
    const failure = this.start()
    if (failure === undefined) {
      if (events.has('restarted')) {
        events.emit('restarted', { ref: this.asRef(), restarts: restarts?.total ?? 0 })
      }
      this.restarted()
    }
    this.started(failure)
    this.mustStart = this.phase === RESTARTING
    if (this.mustStart) this.stepLater()
  }

  private depart(): void {
    const { parent, events, watchers } = this
    const reason = this.cause as EndReason
    this.phase = ENDED
    this.watchers = undefined
    this.leave()
    if (parent !== undefined) parent.departing += 1
    // The root is nobody's actor: it was not spawned, and its end is the system's.
    if (parent !== undefined && events.has('stopped')) events.emit('stopped', { ref: this.asRef(), reason })
    watchers?.tell({ type: 'down', ref: this.asRef(), reason })
    if (parent !== undefined) parent.departing -= 1
  }

  /** Makes an instance. @returns what that threw. */
  private start(): Failure | undefined {
    let failure: Failure | undefined
    this.isStepping = true
    try {
      this.instance = this.make()
    } catch (error) {
      failure = { error }
    }
    this.isStepping = false
    return failure
  }

  /** Decides what is to come where the start failed, or asked for an end. */
  private started(failure: Failure | undefined): void {
    if (failure !== undefined) {
      this.report(failure.error, 'starting', this.ctx)
      this.decide({ kind: 'failed', error: failure.error })
    } else if (this.requested !== undefined) {
      this.decide(this.requested)
    }
  }

  private release(): void {
    const { instance } = this
    this.instance = undefined
    this.isStepping = true
    try {
      instance?.release()
    } catch (error) {
      this.report(error, 'stopping', this.ctx)
    }
    this.isStepping = false
    this.released()
  }

  private asRef(): Ref {
    return this as unknown as Ref
  }
}

/** A stop is stronger than a failure, which may mean a restart; a failure is stronger than having finished. */
function rank({ kind }: EndReason): number {
  return kind === 'stopped' ? 2 : kind === 'failed' ? 1 : 0
}
