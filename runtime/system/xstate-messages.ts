/**
 * What an xstate actor does with its messages: it gets each with what belongs to it, and its actions speak, answer, ask and
 * set aside in its context (`xstate-actions.ts`).
 */
import type { AnyActorRef } from 'xstate'
import { Context } from '../context/context.ts'
import type { Deferred } from '../deferred/deferred.ts'
import { UsageError } from '../errors.ts'
import type { Envelope, EventObject } from '../mailbox/envelope.ts'
import type { Host } from './logic.ts'
import type { Ref, ReplyOf } from './ref.ts'

/** An event as an xstate machine of ours sees it: with its context, its sender, and a way to answer a question, once. */
export type Delivered<E extends EventObject> = E & {
  readonly ctx: Context
  readonly sender: Ref | undefined
  readonly reply: ((value: ReplyOf<E> | PromiseLike<ReplyOf<E>>) => void) | undefined
}

export abstract class XstateMessages {
  readonly host: Host
  readonly actor: AnyActorRef
  /** The machine that has invoked or spawned the actor; undefined for one that we have made. */
  abstract readonly above: XstateMessages | undefined
  /** What `askFor` has asked, and nobody has answered. */
  private questions: Set<Deferred<unknown>> | undefined = undefined
  /** The event that is being handled, as the actor has got it. */
  private delivered: Delivered<EventObject> | undefined = undefined
  private isSetAside = false

  constructor(host: Host, actor: AnyActorRef) {
    this.host = host
    this.actor = actor
  }

  /** Fails the actor for something that went wrong beside its transitions. */
  abstract fail(error: unknown): void

  receive(envelope: Envelope): void {
    const { event, handlingCtx: ctx, sender, reply } = envelope
    if (event.type.startsWith('xstate.')) {
      // xstate would take it for its own: to be stopped, say.
      this.host.unhandled(envelope)
      return
    }
    const answer = reply === undefined ? undefined : this.answerTo(envelope)
    const delivered = { ...event, ctx, sender: sender as Ref | undefined, reply: answer }
    this.delivered = delivered
    this.isSetAside = false
    this.actor.send(delivered)
    this.delivered = undefined
  }

  /** It is handling a message. */
  protected get isHandling(): boolean {
    return this.delivered !== undefined
  }

  private answerTo(envelope: Envelope): (value: unknown) => void {
    let isAnswered = false
    return (value) => {
      if (isAnswered) return
      isAnswered = true
      this.host.answer(envelope, value)
    }
  }

  /** The context of an event: its own, or that of the message over which it was raised or sent, or the actor's. */
  contextOf(event: EventObject): Context {
    const own = (event as Partial<Delivered<EventObject>>).ctx
    if (own instanceof Context) return own
    // A machine tells its children within its own step: then it is its message that they are told over.
    let instance: XstateMessages | undefined = this
    for (; instance !== undefined; instance = instance.above) {
      const { currentEnvelope } = instance.host
      if (currentEnvelope !== undefined) return currentEnvelope.ctx
    }
    return this.host.ownContext as unknown as Context
  }

  /** Answers the question that `event` is, or over which it was raised. */
  answer(event: EventObject, value: unknown): void {
    const given = event as Partial<Delivered<EventObject>>
    const { reply } = given.ctx instanceof Context ? given : (this.delivered ?? {})
    reply?.(value)
  }

  /** Hands over what becomes of `question`, unless the actor ends before that. */
  awaiting(
    question: Deferred<unknown>,
    answered: (value: unknown) => void,
    failed: (error: unknown) => void,
  ): void {
    this.questions ??= new Set()
    const { questions } = this
    questions.add(question)
    const settle = <T>(hand: (outcome: T) => void) => {
      return (outcome: T) => {
        if (questions !== this.questions) return
        questions.delete(question)
        hand(outcome)
      }
    }
    question.listen(settle(answered), settle(failed))
    // After that, so that a drain finds the outcome in the mailbox.
    this.host.workOn(question)
  }

  /**
   * @throws UsageError (`POSTPONE_WITHOUT_MESSAGE`) for an event that did not come through the mailbox.
   * @throws OverloadError (`STASH_FULL`)
   */
  setAside(event: EventObject): void {
    const envelope = this.host.currentEnvelope
    if (event !== this.delivered || envelope === undefined) {
      throw new UsageError(
        'POSTPONE_WITHOUT_MESSAGE',
        `${this.host.ref.path} can postpone what came through its mailbox, and "${event.type}" did not`,
      )
    }
    if (this.isSetAside) return
    this.isSetAside = true
    this.host.postpone(envelope)
  }

  release(): void {
    const { questions } = this
    this.questions = undefined
    for (const question of questions ?? []) question.cancel('who asked has ended')
  }
}
