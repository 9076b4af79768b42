/**
 * What an actor does with its mail: the steps that the loop gives it, the answers that it owes, and finishing.
 *
 * Rules: every question that was taken is settled by the end at the latest. An actor that is to finish handles its mail,
 * answers what it owes and waits for what it has begun; before a restart its mail waits for the next life instead.
 */
import type { Context } from '../context/context.ts'
import type { Deferred } from '../deferred/deferred.ts'
import { isThenable } from '../deferred/thenable.ts'
import { CancelledError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { Reactor } from '../loop/reactor.ts'
import type { Steppable } from '../loop/work.ts'
import { Envelope, type EventObject } from '../mailbox/envelope.ts'
import { Mailbox, type UndeliveredSink } from '../mailbox/mailbox.ts'
import type { DeadReason } from '../mailbox/refusal.ts'
import { Aside } from './aside.ts'
import type { Asked, QuestionDesk } from './ask.ts'
import { ActorFailedError, refusalError, unanswered } from './errors.ts'
import { ActorEvent, type SystemEvents } from './events.ts'
import type { ActorSettings } from './options.ts'
import type { Ref } from './ref.ts'
import { Shown } from './shown.ts'
import { UnderWay } from './under-way.ts'

/** What an actor's steps need of the system around it. */
export interface SteppingSystem {
  readonly reactor: Reactor
  readonly limits: Limits
  readonly events: SystemEvents
  readonly questions: QuestionDesk
}

/** For what it is finishing. */
const NOT = 0
const TO_RESTART = 1
const TO_END = 2

export abstract class Stepping<Self extends Stepping<Self>>
  extends Shown<Self>
  implements Steppable, UndeliveredSink, Asked
{
  protected readonly system: SteppingSystem
  protected readonly mailbox: Mailbox
  /** The envelope that is being handled. */
  protected current: Envelope | undefined = undefined
  /** It stands in the loop's queue. */
  protected isQueued = false
  private mustResume = false
  /** Somebody will look at its mail at the end of the turn. */
  private isNoted = false
  /** Questions have come since its mail was looked at, and may be waiting in it. */
  protected hasNewQuestions = false
  private finishing = NOT
  /** Its present instance knows that it is to finish, and ends by its own decision. */
  private isDrainTold = false
  private underWay: UnderWay | undefined = undefined
  private aside: Aside | undefined = undefined

  constructor(
    system: SteppingSystem,
    parent: Self | undefined,
    name: string | number,
    ctx: Context,
    settings: ActorSettings,
  ) {
    super(parent, name, ctx, settings, system.events)
    this.system = system
    this.mailbox = new Mailbox(settings.capacity, settings.overflow, this, settings.priorities)
  }

  // ── Steps ──────────────────────────────────────────────────────────────────────────────────────────────────────

  get hasMail(): boolean {
    return this.isQueued
  }

  step(budget: number): number {
    let handled = this.mustStart || this.mustResume ? this.wake() : 0
    while (handled < budget && this.takesMail) {
      const envelope = this.mailbox.take()
      if (envelope === undefined) {
        if (!this.isRunning || this.mustResume || this.finishing !== NOT) break
        // The usual end of a step: nothing is left to do.
        this.isQueued = false
        return handled
      }
      handled += 1
      this.perform(envelope)
    }
    this.stepped()
    return handled
  }

  /** The end of a step: does it want another? */
  private stepped(): void {
    if (this.finishing !== NOT && !this.isDrainTold) this.finishOn()
    const isWaiting = this.mailbox.size > 0
    this.isQueued = this.isRunning
      ? this.mustResume || (isWaiting && this.takesMail)
      : this.isAlive && this.mustStart
    if (isWaiting && !this.isQueued) this.mailWaits()
  }

  /** Starts, or goes on with what it waited for. @returns how many of these it did. */
  private wake(): number {
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
    return handled
  }

  resumeLater(): void {
    this.mustResume = true
    this.stepLater()
  }

  protected override stepLater(): void {
    if (!this.isQueued && this.isAlive) this.enqueue()
  }

  protected enqueue(): void {
    this.isQueued = true
    this.system.reactor.schedule(this)
  }

  /** It has no instance, or one that waits for something else than mail. */
  protected get isBusy(): boolean {
    const { instance } = this
    return instance === undefined || instance.isBusy
  }

  private get takesMail(): boolean {
    // One that ends by its own decision may need its mail for that.
    return this.isRunning && !this.isBusy && (this.finishing !== TO_RESTART || this.isDrainTold)
  }

  /** There is mail that it could take now. */
  private get isReady(): boolean {
    return this.mailbox.size > 0 && this.takesMail
  }

  /** Hot: what is rare is in methods of its own, so that this one is small enough to be inlined. */
  private perform(envelope: Envelope): void {
    this.current = envelope
    this.isStepping = true
    try {
      if (this.face === undefined) this.receiveCurrent()
      else this.face.send(envelope.event)
    } catch (error) {
      this.broken(envelope, error)
      return
    }
    this.isStepping = false
    const { reply } = envelope
    if (reply?.isPending) this.asked(envelope, reply)
    this.current = undefined
    if (this.requested !== undefined) this.concludeRequested()
  }

  private broken(envelope: Envelope, error: unknown): void {
    this.isStepping = false
    this.current = undefined
    this.system.reactor.beside(() => envelope.reply?.reject(new ActorFailedError(this.path, error)))
    const ctx = envelope === RESUME ? (this.instance?.workingIn ?? this.ctx) : envelope.ctx
    this.failed(error, 'handling', ctx)
  }

  /** A question that was handled and not answered is owed; not one that was given back meanwhile and will come again. */
  private asked(envelope: Envelope, reply: Deferred<unknown>): void {
    if (this.current !== envelope || this.instance?.keepsQuestions === true) return
    this.system.questions.note(reply, envelope.ctx)
    this.underWayMade.owe(reply)
  }

  override receiveCurrent(): void {
    if (this.current === RESUME) this.instance?.resume()
    else this.instance?.receive(this.current as Envelope)
  }

  get currentEnvelope(): Envelope | undefined {
    return this.current === RESUME ? undefined : this.current
  }

  // ── Mail ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Mail outlasts this turn: at its end somebody is to look at it. */
  mailWaits(): void {
    if (this.isNoted) return
    this.isNoted = true
    this.system.questions.noteMail(this)
  }

  showMail(nowMs: number): void {
    const { questions } = this.system
    const note = ({ reply, ctx }: Envelope): void => {
      if (reply !== undefined) questions.note(reply, ctx)
    }
    // A flood of what is only told is not looked through.
    this.mailbox.showWaiting(nowMs, this.hasNewQuestions ? note : undefined)
    this.isNoted = false
    this.hasNewQuestions = false
  }

  undelivered(envelope: Envelope, reason: DeadReason): void {
    const { events } = this
    const { event, ctx, reply } = envelope
    envelope.undelivered(reason)
    if (reply?.isPending) {
      this.system.reactor.beside(() => reply.reject(refusalError(this.path, this.mailbox.capacity, reason)))
    }
    if (events.has('deadLetter')) {
      const sender = envelope.sender as Ref | undefined
      events.emit('deadLetter', Object.assign(new ActorEvent(this.asRef, ctx), { event, sender, reason }))
    }
  }

  withdraw(question: Deferred<unknown>): void {
    this.mailbox.withdraw(question)
    // It may have been the last that it waited for.
    if (this.finishing !== NOT) this.stepLater()
  }

  /** It tells this actor something that overtakes its mail. */
  sendControl(event: EventObject): void {
    this.mailbox.offerControl(new Envelope(event, this.ctx, undefined, undefined))
    this.stepLater()
  }

  postpone(envelope: Envelope): void {
    this.aside ??= new Aside()
    this.aside.add(envelope, this.system.limits.stashCapacity, (postponed) => this.isGone(postponed))
  }

  get postponed(): number {
    return this.aside?.size ?? 0
  }

  /** @internal Called within its handler: that does not count, it will come again. */
  isPutBack(envelope: Envelope): boolean {
    return this.current !== envelope || this.aside?.newest === envelope
  }

  unstash(): void {
    const back = this.aside?.takeAll() ?? []
    if (back.length > 0) this.giveBack(back)
  }

  giveBack(envelopes: readonly Envelope[]): void {
    for (const envelope of envelopes) {
      const { reply, ctx } = envelope
      if (reply !== undefined) {
        this.underWay?.disown(reply)
        this.system.questions.note(reply, ctx)
      }
      if (envelope === this.current) this.current = undefined
    }
    this.mailbox.giveBack(envelopes)
    if (this.isReady) this.stepLater()
  }

  private isGone(envelope: Envelope): boolean {
    if (!envelope.isExpired) return false
    this.undelivered(envelope, 'expired')
    return true
  }

  answer({ reply, ctx }: Envelope, result: unknown): void {
    if (!isThenable(result)) this.settle(reply, result)
    else if (reply !== undefined) this.underWayMade.answer(reply, result)
    else this.work(ctx, result)
  }

  /** Who listens to an answer is not this actor, though it does so on its stack. As `reactor.beside`, without a closure. */
  private settle(reply: Deferred<unknown> | undefined, result: unknown): void {
    if (reply === undefined) return
    const { reactor } = this.system
    const { current } = reactor
    reactor.current = undefined
    reply.resolve(result)
    reactor.current = current
  }

  private work(ctx: Context, source: PromiseLike<unknown>): void {
    this.underWayMade.work(source, (error, isOver) => {
      if (isOver) this.tooLate(error)
      else this.fail(error, ctx)
    })
  }

  fail(error: unknown, ctx: Context = this.ctx): void {
    if (!this.isRunning) return
    this.face?.fail(error)
    this.report(error, 'running', ctx)
    this.request({ kind: 'failed', error, phase: 'running' })
  }

  workOn(work: PromiseLike<unknown>): void {
    this.underWayMade.work(work, () => {})
  }

  /** What an earlier life has left behind has failed: that is told, and harms nobody. Being called off is no failure. */
  private tooLate(error: unknown): void {
    if (!(error instanceof CancelledError)) this.events.emit('unobserved', { error })
  }

  // ── Finishing ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Asks it to finish what is in flight and then to end by itself. */
  drain(): void {
    if (this.isRunning) this.finishUp(false)
    else this.requestEnd({ kind: 'stopped', reason: 'drained' })
  }

  protected override finishUp(isRestart: boolean): void {
    const wasTold = this.isDrainTold
    this.isDrainTold = wasTold || this.instance?.drains === true
    this.finishing = isRestart ? TO_RESTART : TO_END
    if (!this.isDrainTold) this.stepLater()
    else if (!wasTold) this.sendControl(DRAIN)
  }

  protected override get isIdle(): boolean {
    return (
      !this.isStepping &&
      !this.mustResume &&
      this.mailbox.size === 0 &&
      !this.isBusy &&
      this.isWorkless &&
      this.instance?.drains !== true &&
      this.instance?.drain === undefined
    )
  }

  private finishOn(): void {
    const { instance } = this
    if (instance?.drain !== undefined) instance.drain(this.finishing === TO_RESTART)
    else this.endIfDrained()
  }

  private endIfDrained(): void {
    if (!this.isRunning || this.mustResume || this.isReady || this.isBusy || !this.isWorkless) return
    // It may have come to a state in which it decides itself.
    if (this.instance?.drains === true) this.finishUp(this.finishing === TO_RESTART)
    else this.drained()
  }

  /** Nothing that a drain waits for is under way. */
  private get isWorkless(): boolean {
    return this.underWay?.isNone !== false && (this.instance?.underWay ?? 0) === 0
  }

  workDone(): void {
    if (this.finishing !== NOT) this.stepLater()
  }

  private get underWayMade(): UnderWay {
    this.underWay ??= new UnderWay(() => this.workDone())
    return this.underWay
  }

  // ── Life ───────────────────────────────────────────────────────────────────────────────────────────────────────

  protected override running(): void {
    if (this.finishing !== NOT) this.finishUp(false)
    else if (this.isReady) this.stepLater()
  }

  protected override closed(): void {
    this.mailbox.close()
  }

  protected override released(): void {
    this.unstash()
    const { underWay } = this
    this.underWay = undefined
    this.mustResume = false
    if (this.finishing === TO_RESTART) this.finishing = NOT
    // A call to drain, and the ends of those that it watched, were for this life.
    this.mailbox.dropControl()
    this.isDrainTold = false
    this.system.reactor.beside(() => underWay?.end(unanswered(this.path, this.cause)))
    this.unshow()
  }
}

const DRAIN: EventObject = { type: 'drain' }

/** Stands for "go on with what you waited for" in a step. */
const RESUME = new Envelope({ type: 'resume' }, undefined as unknown as Context, undefined, undefined)
