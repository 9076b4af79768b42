/**
 * One actor: what everybody may do to it (`Ref`), and what its instance may do through it (`Host`).
 *
 * A cell outlives the restarts of its actor: mailbox and ref stay, the instance is made anew (`life.ts`).
 *
 * Rules: what only some actors need (a context of their own, a face for xstate, debts) is made when first needed: an idle
 * actor has none of it.
 */
import type { Cancel, Context } from '../context/context.ts'
import type { AnyKey } from '../context/key.ts'
import { Deferred } from '../deferred/deferred.ts'
import { UsageError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { Envelope, type EventObject } from '../mailbox/envelope.ts'
import type { Mailbox } from '../mailbox/mailbox.ts'
import type { Offer, Refusal } from '../mailbox/refusal.ts'
import { type Asked, answererOf, askTimeout, circleOf, QuestionKeeper } from './ask.ts'
import { DeadlockError } from './errors.ts'
import { ActorEvent } from './events.ts'
import type { AnyLogic, Carried, Host, Instance } from './logic.ts'
import type { ActorSettings, RestartFrom, SpawnOptions } from './options.ts'
import type { AnyEvent, AskOptions, Down, EndReason, Ref } from './ref.ts'
import { Stepping, type SteppingSystem } from './stepping.ts'
import type { XstateParent } from './xstate-root.ts'

/** What a cell needs of the system around it. */
export interface CellSystem extends SteppingSystem {
  readonly isInspected: boolean
  readonly xstateRoot: XstateParent
  spawnUnder(parent: Cell, ctx: Context, logic: object, options?: SpawnOptions & { input?: unknown }): Ref
  adoptUnder(parent: Cell, name: string, logic: AnyLogic): Ref
}

/** What one cell is made from. */
export interface CellPlan {
  readonly logic: AnyLogic
  readonly settings: ActorSettings
  readonly ctx: Context
  readonly input: unknown
}

export class Cell extends Stepping<Cell> implements Ref<AnyEvent>, Host {
  declare protected readonly system: CellSystem
  private readonly logic: AnyLogic
  private readonly input: unknown
  private own: { readonly ctx: Context; readonly cancel: Cancel } | undefined = undefined
  private usualKeeperMade: QuestionKeeper | undefined = undefined
  carried: Carried | undefined = undefined

  constructor(system: CellSystem, parent: Cell | undefined, name: string | number, plan: CellPlan) {
    super(system, parent, name, plan.ctx, plan.settings)
    this.logic = plan.logic
    this.input = plan.input
  }

  // ── Ref: what everybody may do ─────────────────────────────────────────────────────────────────────────────────

  send(ctx: Context, event: EventObject, sender?: Ref): Offer {
    // What is only told is no part of the answer to a question.
    const own = ctx.question === undefined ? ctx : ctx.answering(undefined)
    const offer = this.mailbox.offer(new Envelope(event, own, sender, undefined))
    if (offer !== 'accepted') this.tellRefused(event, own, sender, offer)
    else if (!this.isQueued) this.mailed()
    return offer
  }

  ask(ctx: Context, event: EventObject, options?: AskOptions): Deferred<never> {
    const question = new Deferred<unknown>(undefined, ctx.failures)
    const { reactor, questions } = this.system
    if (options === undefined && reactor.current === undefined && ctx.question === undefined) {
      question.keeper = this.usualKeeper
    } else {
      const circle = this.keep(question, ctx, options)
      if (circle !== undefined) {
        question.reject(new DeadlockError(circle))
        return question as Deferred<never>
      }
    }
    const offer = this.mailbox.offer(new Envelope(event, ctx, options?.sender, question))
    this.hasNewQuestions = true
    if (offer !== 'accepted') this.tellRefused(event, ctx, options?.sender, offer)
    else if (this.isBusy) questions.note(question, ctx)
    else if (!this.isQueued) this.enqueue()
    return question as Deferred<never>
  }

  /** @internal A message that was made elsewhere. Whoever made it sees to it that a question in it settles. */
  deliver(envelope: Envelope): Offer {
    const offer = this.mailbox.offer(envelope)
    this.hasNewQuestions ||= envelope.reply !== undefined
    if (offer === 'accepted' && !this.isQueued) this.mailed()
    return offer
  }

  stop(reason?: unknown): Deferred<void> {
    this.requestEnd({ kind: 'stopped', reason })
    // Usually it has ended by now, and there is nothing to watch for.
    return this.hasEnded ? Deferred.of<void>(undefined) : this.watch().then(nothing)
  }

  watch(ctx?: Context): Deferred<Down> {
    const { endReason } = this
    if (endReason !== undefined) return Deferred.of<Down>({ type: 'down', ref: this, reason: endReason })
    const watcher = this.watchersMade.add()
    return ctx === undefined ? watcher : ctx.bind(watcher)
  }

  /** As its path: a ref may stand in data that is written down. */
  toJSON(): string {
    return this.path
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

  get mail(): Mailbox {
    return this.mailbox
  }

  get limits(): Limits {
    return this.system.limits
  }

  get restartFrom(): RestartFrom {
    return this.settings.restartFrom
  }

  get snapshot(): unknown {
    return this.settings.snapshot
  }

  spawnChild(ctx: Context, logic: object, options?: SpawnOptions & { input?: unknown }): Ref {
    this.checkRunning()
    return this.system.spawnUnder(this, ctx, logic, options)
  }

  adopt(name: string, logic: AnyLogic): Ref {
    this.checkRunning()
    return this.system.adoptUnder(this, name, logic)
  }

  watchFor(ref: Ref): void {
    ref.watch(this.ownContext).listen(
      (down) => this.sendControl(down),
      () => {},
    )
  }

  requestStop(reason: unknown): void {
    this.request({ kind: 'stopped', reason })
  }

  finish(output: unknown): void {
    this.request({ kind: 'done', output })
  }

  endAs(reason: EndReason): void {
    this.end(reason)
  }

  reportFailure(error: unknown): void {
    this.report(error, 'running', this.ctx)
  }

  unhandled(envelope: Envelope): void {
    this.undelivered(envelope, 'unhandled')
  }

  // ── xstate's view ──────────────────────────────────────────────────────────────────────────────────────────────

  protected override get xstateRoot(): XstateParent {
    return this.system.xstateRoot
  }

  override get logicName(): string {
    return this.logic.name
  }

  override receiveForeign(event: EventObject): void {
    this.send(this.ctx, event)
  }

  // ── Life: what becomes of it ───────────────────────────────────────────────────────────────────────────────────

  protected override make(): Instance {
    const { reactor, isInspected } = this.system
    const { logic, input } = this
    const outer = reactor.current
    reactor.current = this
    try {
      this.instance = logic.create(this, this.ctx as never, input)
    } finally {
      reactor.current = outer
    }
    if (isInspected) void this.actor
    return this.instance
  }

  protected override released(): void {
    const { own } = this
    this.own = undefined
    own?.cancel('its actor has ended')
    super.released()
  }

  protected override get isInParentsContext(): boolean {
    const own = this.parent?.own
    return own !== undefined && this.ctx.endsWith(own.ctx)
  }

  // ── What it does for others ────────────────────────────────────────────────────────────────────────────────────

  /** Mail has come to one that does not stand in the loop's queue. */
  private mailed(): void {
    if (this.isBusy) this.mailWaits()
    else this.enqueue()
  }

  /**
   * Sees to it that a question settles.
   *
   * @returns the circle of actors that would wait for each other, if it closes one: then it must not be asked.
   */
  private keep(
    question: Deferred<unknown>,
    ctx: Context,
    options: AskOptions | undefined,
  ): readonly string[] | undefined {
    const timeoutMs = askTimeout(options)
    const asker = this.askerIn(ctx, options?.sender)
    const over = ctx.question ?? (asker instanceof Cell ? asker.currentEnvelope?.reply : undefined)
    question.keeper = new QuestionKeeper(this, timeoutMs ?? this.system.limits.askTimeoutMs, asker, over)
    return options?.isReentrant === true ? undefined : circleOf(this, asker, over)
  }

  /** Who asks: the one whose code is on the stack, or who says so, or who is answering a question in that context. */
  private askerIn(ctx: Context, sender: Ref | undefined): Asked | undefined {
    const { current } = this.system.reactor
    if (current instanceof Cell) return current
    return sender instanceof Cell && sender !== this ? sender : answererOf(ctx.question)
  }

  /** One for all questions from outside that have no timeout of their own. */
  private get usualKeeper(): QuestionKeeper {
    this.usualKeeperMade ??= new QuestionKeeper(this, this.system.limits.askTimeoutMs)
    return this.usualKeeperMade
  }

  private checkRunning(): void {
    if (this.isRunning) return
    throw new UsageError('ACTOR_ENDED', `${this.path} is ending: nothing is spawned below it`)
  }

  private tellRefused(event: EventObject, ctx: Context, sender: Ref | undefined, reason: Refusal): void {
    const { events } = this.system
    if (events.has('refused')) {
      events.emit('refused', Object.assign(new ActorEvent(this, ctx), { event, sender, reason }))
    }
  }
}

function nothing(): void {}
