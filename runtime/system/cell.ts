/**
 * One actor: its mailbox, what everybody may do to it (`Ref`), and what its instance may do through it (`Host`).
 *
 * A cell outlives the restarts of its actor: mailbox and ref stay, the instance is made anew (`life.ts`).
 *
 * Rules: every question that was taken is settled by the end at the latest. What only some actors need (a context of
 * their own, a face for xstate, debts) is made when first needed: an idle actor has none of it.
 */
import type { Cancel, Context } from '../context/context.ts'
import type { AnyKey } from '../context/key.ts'
import { Deferred } from '../deferred/deferred.ts'
import { UsageError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { Reactor } from '../loop/reactor.ts'
import type { Steppable } from '../loop/work.ts'
import { Envelope, type EventObject } from '../mailbox/envelope.ts'
import { Mailbox, type UndeliveredSink } from '../mailbox/mailbox.ts'
import type { DeadReason, Offer, Refusal } from '../mailbox/refusal.ts'
import { type Asked, askTimeout, type QuestionDesk, QuestionKeeper } from './ask.ts'
import { ActorFailedError, AskError, refusalError } from './errors.ts'
import type { SystemEvents } from './events.ts'
import type { AnyLogic, Host, Instance } from './logic.ts'
import type { ActorSettings, SpawnOptions } from './options.ts'
import type { AnyEvent, AskOptions, Down, Ref } from './ref.ts'
import { Shown } from './shown.ts'
import { UnderWay } from './under-way.ts'
import type { XstateParent } from './xstate-root.ts'

/** What a cell needs of the system around it. */
export interface CellSystem {
  readonly reactor: Reactor
  readonly limits: Limits
  readonly events: SystemEvents
  readonly questions: QuestionDesk
  readonly isInspected: boolean
  readonly xstateRoot: XstateParent
  spawnUnder(parent: Cell, ctx: Context, logic: object, options?: SpawnOptions & { input?: unknown }): Ref
}

/** What one cell is made from. */
export interface CellPlan {
  readonly logic: AnyLogic
  readonly settings: ActorSettings
  readonly ctx: Context
  readonly input: unknown
}

export class Cell extends Shown<Cell> implements Ref<AnyEvent>, Host, Steppable, UndeliveredSink, Asked {
  private readonly system: CellSystem
  private readonly logic: AnyLogic
  private readonly input: unknown
  private readonly mailbox: Mailbox
  /** The envelope that is being handled. */
  private current: Envelope | undefined = undefined
  /** It stands in the loop's queue. */
  private isQueued = false
  private mustResume = false
  /** It is to end once nothing is in flight, after a restart too. */
  private isDraining = false
  /** Its present instance knows, and ends by its own decision. */
  private isDrainTold = false
  private own: { readonly ctx: Context; readonly cancel: Cancel } | undefined = undefined
  private underWay: UnderWay | undefined = undefined
  private usualKeeper: QuestionKeeper | undefined = undefined

  constructor(system: CellSystem, parent: Cell | undefined, name: string | number, plan: CellPlan) {
    const { settings } = plan
    super(parent, name, plan.ctx, settings, system.events)
    this.system = system
    this.logic = plan.logic
    this.input = plan.input
    this.mailbox = new Mailbox(settings.capacity, settings.overflow, this)
  }

  // ── Ref: what everybody may do ─────────────────────────────────────────────────────────────────────────────────

  send(ctx: Context, event: EventObject, sender?: Ref): Offer {
    const offer = this.mailbox.offer(new Envelope(event, ctx, sender, undefined))
    if (offer !== 'accepted') this.tellRefused(event, ctx, offer)
    else if (!this.isQueued && !this.isBusy) this.enqueue()
    return offer
  }

  ask(ctx: Context, event: EventObject, options?: AskOptions): Deferred<never> {
    const timeoutMs = askTimeout(options)
    const keeper = timeoutMs === undefined ? this.questionKeeper : new QuestionKeeper(this, timeoutMs)
    const question = new Deferred<unknown>(undefined, ctx.failures)
    question.keeper = keeper
    const envelope = new Envelope(event, ctx, options?.sender, question)
    const offer = this.mailbox.offer(envelope)
    if (offer !== 'accepted') this.tellRefused(event, ctx, offer)
    else if (!this.isRunning || this.isBusy) this.system.questions.note(question, ctx)
    else if (!this.isQueued) this.enqueue()
    return question as Deferred<never>
  }

  stop(reason?: unknown): Deferred<void> {
    this.requestStop(reason)
    // Usually it has ended by now, and there is nothing to watch for.
    return this.hasEnded ? Deferred.of<void>(undefined) : this.watch().then(nothing)
  }

  watch(ctx?: Context): Deferred<Down> {
    const { endReason } = this
    if (endReason !== undefined) return Deferred.of<Down>({ type: 'down', ref: this, reason: endReason })
    const watcher = this.watchersMade.add()
    return ctx === undefined ? watcher : ctx.bind(watcher)
  }

  // ── Host: what the instance may do ─────────────────────────────────────────────────────────────────────────────

  get ref(): Ref<AnyEvent> {
    return this
  }

  get ownContext(): Context<AnyKey> {
    if (this.own === undefined) {
      const [ctx, cancel] = this.ctx.withCancel()
      this.own = { ctx, cancel }
    }
    return this.own.ctx as unknown as Context<AnyKey>
  }

  get currentSender(): Ref | undefined {
    return this.current?.sender as Ref | undefined
  }

  get limits(): Limits {
    return this.system.limits
  }

  spawnChild(ctx: Context, logic: object, options?: SpawnOptions & { input?: unknown }): Ref {
    if (!this.isRunning) {
      throw new UsageError('ACTOR_ENDED', `${this.path} is ending: nothing is spawned below it`)
    }
    return this.system.spawnUnder(this, ctx, logic, options)
  }

  watchFor(ref: Ref): void {
    ref.watch(this.ownContext).listen(
      (down) => this.sendControl(down),
      () => {},
    )
  }

  /** Tells it something that overtakes its mail. */
  sendControl(event: EventObject): void {
    this.mailbox.offerControl(new Envelope(event, this.ctx, undefined, undefined))
    this.stepLater()
  }

  requestStop(reason: unknown): void {
    this.request({ kind: 'stopped', reason })
  }

  finish(output: unknown): void {
    this.request({ kind: 'done', output })
  }

  fail(error: unknown): void {
    if (!this.isRunning) return
    this.face?.fail(error)
    this.report(error, 'running', this.ctx)
    this.request({ kind: 'failed', error })
  }

  resumeLater(): void {
    this.mustResume = true
    this.stepLater()
  }

  unhandled(envelope: Envelope): void {
    this.undelivered(envelope, 'unhandled')
  }

  answer(envelope: Envelope, result: unknown): void {
    const { reply } = envelope
    if (!isThenable(result)) reply?.resolve(result)
    else if (reply === undefined) this.underWayMade.work(result, (error) => this.fail(error))
    else this.underWayMade.answer(reply, result)
  }

  // ── Mail ───────────────────────────────────────────────────────────────────────────────────────────────────────

  get hasMail(): boolean {
    return this.isQueued
  }

  step(budget: number): number {
    let handled = 0
    if (this.mustStart) {
      handled += 1
      this.startAgain()
    }
    if (this.mustResume && this.isRunning) {
      this.mustResume = false
      handled += 1
      this.perform(RESUME)
    }
    while (handled < budget && this.isRunning && !this.isBusy) {
      const envelope = this.mailbox.take()
      if (envelope === undefined) break
      handled += 1
      this.perform(envelope)
    }
    if (this.isDraining && !this.isDrainTold) this.endIfDrained()
    this.isQueued = this.isAlive && (this.mustStart || (this.isRunning && this.isReady))
    if (!this.isQueued && this.mailbox.size > 0) this.mailWaits()
    return handled
  }

  mailWaits(): void {
    const { questions } = this.system
    this.mailbox.showWaiting(({ reply, ctx }) => {
      if (reply !== undefined) questions.note(reply, ctx)
    })
  }

  undelivered(envelope: Envelope, reason: DeadReason): void {
    const { events } = this.system
    const { event, ctx, reply } = envelope
    if (reply !== undefined) reply.reject(refusalError(this.path, this.mailbox.capacity, reason))
    if (events.has('deadLetter')) {
      events.emit('deadLetter', { ref: this, event, ctx, sender: envelope.sender as Ref | undefined, reason })
    }
  }

  withdraw(question: Deferred<unknown>): void {
    this.mailbox.withdraw(question)
  }

  /** Asks it to finish what is in flight and then to end by itself. */
  drain(): void {
    this.isDraining = true
    this.isDrainTold = this.instance?.drains === true
    if (this.isDrainTold) this.sendControl(DRAIN)
    else this.stepLater()
  }

  // ── xstate's view ──────────────────────────────────────────────────────────────────────────────────────────────

  protected override get xstateRoot(): XstateParent {
    return this.system.xstateRoot
  }

  protected override get logicName(): string {
    return this.logic.name
  }

  override receiveCurrent(): void {
    if (this.current === RESUME) this.instance?.resume()
    else this.instance?.receive(this.current as Envelope)
  }

  override receiveForeign(event: EventObject): void {
    this.send(this.ctx, event)
  }

  // ── Life: what becomes of it ───────────────────────────────────────────────────────────────────────────────────

  protected override make(): Instance {
    const instance = this.logic.create(this, this.ctx as never, this.input)
    this.instance = instance
    if (this.system.isInspected) void this.actor
    return instance
  }

  protected override restarted(): void {
    if (!this.isRunning) return
    if (this.isDraining) this.drain()
    else if (this.isReady) this.stepLater()
  }

  protected override stepLater(): void {
    if (!this.isQueued && this.isAlive) this.enqueue()
  }

  protected override closed(): void {
    this.mailbox.close()
  }

  protected override released(): void {
    const { own, underWay } = this
    this.own = undefined
    this.underWay = undefined
    this.mustResume = false
    own?.cancel('its actor has ended')
    underWay?.end(new AskError('ASK_ACTOR_ENDED', this.path, `${this.path} ended before it answered`))
    this.unshow()
  }

  // ── One step ───────────────────────────────────────────────────────────────────────────────────────────────────

  private get isBusy(): boolean {
    return this.instance?.isBusy ?? false
  }

  /** There is something that it could do now. */
  private get isReady(): boolean {
    return this.mustResume || (this.mailbox.size > 0 && !this.isBusy)
  }

  private tellRefused(event: EventObject, ctx: Context, reason: Refusal): void {
    const { events } = this.system
    if (events.has('refused')) events.emit('refused', { ref: this, event, ctx, reason })
  }

  private enqueue(): void {
    this.isQueued = true
    this.system.reactor.schedule(this)
  }

  private perform(envelope: Envelope): void {
    this.current = envelope
    this.isStepping = true
    try {
      if (this.face === undefined) this.receiveCurrent()
      else this.face.send(envelope.event)
    } catch (error) {
      this.isStepping = false
      this.current = undefined
      envelope.reply?.reject(new ActorFailedError(this.path, error))
      this.failed(error, 'handling', envelope === RESUME ? this.ctx : envelope.ctx)
      return
    }
    this.isStepping = false
    this.current = undefined
    const { reply } = envelope
    if (reply?.isPending) {
      this.system.questions.note(reply, envelope.ctx)
      this.underWayMade.owe(reply)
    }
    if (this.requested !== undefined) this.concludeRequested()
  }

  private endIfDrained(): void {
    if (!this.isRunning || this.isReady || this.isBusy || this.underWay?.isNone === false) return
    if (this.instance?.drains === true) this.drain()
    else this.requestStop('drained')
  }

  /** One for all questions that have no timeout of their own. */
  private get questionKeeper(): QuestionKeeper {
    this.usualKeeper ??= new QuestionKeeper(this, this.system.limits.askTimeoutMs)
    return this.usualKeeper
  }

  private get underWayMade(): UnderWay {
    this.underWay ??= new UnderWay(() => {
      if (this.isDraining) this.stepLater()
    })
    return this.underWay
  }
}

const DRAIN: EventObject = { type: 'drain' }

/** Stands for "go on with what you waited for" in a step. */
const RESUME = new Envelope({ type: 'resume' }, undefined as unknown as Context, undefined, undefined)

function nothing(): void {}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    ((typeof value === 'object' && value !== null) || typeof value === 'function') &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}
