/**
 * How an actor stands just now: the stage of its life, why, how often it was restarted, and who waits for its end. What
 * moves it from one stage to the next is in `life.ts`.
 */
import type { Context } from '../context/context.ts'
import type { Random } from '../context/random.ts'
import type { Clock, Timer } from '../time/clock.ts'
import { ActorEvent, type SystemEvents } from './events.ts'
import { Kin } from './kin.ts'
import type { ActorSettings } from './options.ts'
import { type Overseer, ownOverseer } from './overseer.ts'
import type { EndReason, FailurePhase, Ref } from './ref.ts'
import { Restarts } from './restarts.ts'
import { Watchers } from './watchers.ts'

export const RUNNING = 0
export const RESTARTING = 1
export const DOWN = 2
export const ENDING = 3
export const ENDED = 4

/**
 * The stages: it has an instance, or is just getting one; it goes down for a restart; it is down, with nothing below it,
 * and waits to be started; it goes down for good; it is no more.
 */
export type Phase = 'running' | 'restarting' | 'down' | 'ending' | 'ended'
const PHASES: readonly Phase[] = ['running', 'restarting', 'down', 'ending', 'ended']

type Told = 'spawned' | 'stopped' | 'failed' | 'restarted'

export abstract class Standing<Self extends Standing<Self>> extends Kin<Self> {
  protected readonly ctx: Context
  readonly settings: ActorSettings
  protected readonly events: SystemEvents
  protected stage = RUNNING
  /** Why it is restarting, ending or has ended; or why it is to finish. */
  protected cause: EndReason | undefined = undefined
  private record: Restarts | undefined = undefined
  /** Of the end of its time to finish while it runs, of its start while it is down. */
  private timer: Timer | undefined = undefined
  protected watchers: Watchers | undefined = undefined
  protected childrensOverseer: Overseer | undefined = undefined

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

  get isAlive(): boolean {
    return this.stage < ENDING
  }

  get phase(): Phase {
    return PHASES[this.stage] as Phase
  }

  protected get isRunning(): boolean {
    return this.stage === RUNNING
  }

  get isDown(): boolean {
    return this.stage === DOWN
  }

  protected get isGoingDown(): boolean {
    return this.stage === RESTARTING || this.stage === ENDING
  }

  protected get hasEnded(): boolean {
    return this.stage === ENDED
  }

  /** Why it is no more, once it is. */
  protected get endReason(): EndReason | undefined {
    return this.stage === ENDED ? this.cause : undefined
  }

  /** Why it is ending, or has ended. */
  get endingFor(): EndReason | undefined {
    return this.isAlive ? undefined : this.cause
  }

  protected get watchersMade(): Watchers {
    this.watchers ??= new Watchers()
    return this.watchers
  }

  get restarts(): Restarts {
    this.record ??= new Restarts(this.settings)
    return this.record
  }

  /** Starts after the first. */
  get restartsTotal(): number {
    return this.record?.total ?? 0
  }

  get clock(): Clock {
    return this.ctx.clock
  }

  get random(): Random {
    return this.ctx.random
  }

  /** Decides from now on, until its instance is gone, what becomes of its children. */
  oversee(overseer: Overseer): void {
    this.childrensOverseer = overseer
  }

  protected get overseer(): Overseer {
    return this.parent?.childrensOverseer ?? ownOverseer
  }

  /** Whether anybody listens: looked at before what is told is put together. */
  protected isHeard(name: Told): boolean {
    return this.events.has(name)
  }

  protected tell(name: Told, details: object, ctx: Context = this.ctx): void {
    this.events.emit(name, Object.assign(new ActorEvent(this.asRef, ctx), details) as never)
  }

  protected report(error: unknown, phase: FailurePhase, ctx: Context): void {
    if (!this.isHeard('failed')) return
    const reason: EndReason = { kind: 'failed', error, phase }
    this.tell('failed', { error, phase, reason }, ctx)
  }

  protected after(ms: number, action: () => void): void {
    this.timer = this.clock.schedule(this.clock.nowMs() + ms, () => {
      this.timer = undefined
      action()
    })
  }

  protected forgetTimer(): void {
    this.timer?.cancel()
    this.timer = undefined
  }

  protected get asRef(): Ref {
    return this as unknown as Ref
  }
}
