/**
 * A thread, as it is seen from itself: a system with one actor, that is sent what home says and sends back what came of it.
 *
 * Rules: of every message that was begun home is told once what became of it; what was not begun when the actor ended,
 * home still has. What a turn has to say leaves at its end; but where the turn
 * has lasted for `ANSWER_MS` already, an answer leaves at once: others wait behind a handler that takes long, and must
 * not be lost with it.
 */
import type { Context } from '../context/context.ts'
import { type AnyKey, key } from '../context/key.ts'
import { fromWire, type WireContext } from '../context/wire.ts'
import type { Deferred } from '../deferred/deferred.ts'
import { codeOf } from '../errors.ts'
import type { Envelope, EventObject } from '../mailbox/envelope.ts'
import type { DeadReason } from '../mailbox/refusal.ts'
import type { Cell } from '../system/cell.ts'
import { AskError } from '../system/errors.ts'
import type { AnyLogic } from '../system/logic.ts'
import type { EndReason, Ref } from '../system/ref.ts'
import type { ActorSystem } from '../system/system.ts'
import type { BegunNote } from './begun.ts'
import { type FailureWire, fromErrorWire, toErrorWire } from './error-wire.ts'
import { notCloneableError } from './errors.ts'
import { FarMessage, type FarMessages } from './far-message.ts'
import { Homeward } from './homeward.ts'
import { hosted, type Observer } from './hosted.ts'
import { Inbox } from './inbox.ts'
import type { Batch, Link } from './link.ts'
import { Numbered } from './numbered.ts'
import { Outbox } from './outbox.ts'
import {
  ASK,
  type Birth,
  CANCEL,
  CONTEXT,
  type CrossedRef,
  type CrossedRefs,
  DOWN,
  DRAIN,
  FAILURE,
  FORGET,
  SPAWN,
  STOP,
  TAKEN,
  TELL,
  VALUE,
} from './wire.ts'

/** Kind, first id, context's number, whether they may be cancelled, sender, count. */
type MessageHead = [number, number, number, boolean, CrossedRef | undefined, number]

/** Of a context that came from home: its number there. */
const Origin = key<number, 'origin'>('origin')

/** Milliseconds into a turn from which an answer leaves at once. */
const ANSWER_MS = 0.04

export interface FarEndPlan {
  readonly system: ActorSystem
  readonly link: Link
  /** What all on this thread stand on. */
  readonly ctx: Context<never>
  readonly logic: AnyLogic
  /** Keys under which messages bring values, or refs. */
  readonly keys: readonly AnyKey[]
  readonly begun: BegunNote
  readonly credits: number
}

export class FarEnd implements Observer, FarMessages {
  private readonly plan: FarEndPlan
  private readonly inbox: Inbox
  private readonly outbox: Outbox
  private readonly homeward: Homeward
  private readonly contexts = new Map<number, Context | Unreadable>()
  /** Messages of which home has not been told what became of them. */
  private readonly open: Numbered<FarMessage>
  /** Of messages that the actor has begun with and given back. */
  private back: number[] = []
  private actor: Cell | undefined = undefined
  /** Since when what is said waits, at the earliest. */
  private sinceMs = 0

  constructor(plan: FarEndPlan) {
    this.plan = plan
    this.open = new Numbered(plan.credits)
    const { link, system } = plan
    const { clock, log } = system.ctx
    this.inbox = new Inbox({
      poller: system.poller,
      begins: (batches) => {
        this.sinceMs = clock.nowMs()
        plan.begun.hear(batches)
      },
      take: (batch, at) => this.take(batch, at),
      failed: (error) =>
        log.error({ code: codeOf(error), error }, 'what came from home could not be taken in'),
    })
    this.outbox = new Outbox({
      link,
      onFirst: () => system.reactor.flushLater(this.outbox),
      onRefused: (item, error) => this.refused(item, error),
      failed: (error) =>
        log.error({ code: codeOf(error), error }, 'what could not be sent home could not be told either'),
    })
    this.homeward = new Homeward({
      clock: system.ctx.clock,
      outbox: this.outbox,
      credits: plan.credits,
      askTimeoutMs: system.limits.askTimeoutMs,
      numberOf: (ctx) => ctx.find(Origin) ?? 0,
    })
  }

  /** A batch has come. */
  arrives(batch: Batch): void {
    this.inbox.arrives(batch)
  }

  private take(batch: Batch, at: number): void {
    const id = batch[at + 1] as number
    switch (batch[at]) {
      case ASK:
      case TELL:
        this.deliver(batch, at)
        break
      case CANCEL:
        this.open.get(id)?.cancel(fromErrorWire(batch[at + 2] as FailureWire))
        break
      case CONTEXT:
        this.contexts.set(id, this.read(id, batch[at + 2] as WireContext, batch[at + 3] as CrossedRefs))
        break
      case FORGET:
        this.contexts.delete(id)
        break
      case SPAWN:
        this.spawn(batch[at + 1] as unknown as Birth)
        break
      case DRAIN:
        this.actor?.drain()
        break
      case STOP:
        this.stop()
        break
      default:
        this.homeward.take(batch, at)
    }
  }

  // ── Messages ───────────────────────────────────────────────────────────────────────────────────────────────────

  /** A context that messages are sent in, or why it cannot be read: then those fail, and no others. */
  private read(id: number, wire: WireContext, refs: CrossedRefs | undefined): Context | Unreadable {
    try {
      return this.contextFrom(wire, refs).with(Origin, id)
    } catch (error) {
      return new Unreadable(error)
    }
  }

  /** A context of home's, on this side. */
  private contextFrom(wire: WireContext, refs: CrossedRefs | undefined): Context {
    const { keys, ctx } = this.plan
    let crossed = fromWire(ctx, wire, keys) as Context
    if (refs === undefined) return crossed
    for (const key of keys) {
      const ref = refs[key.name]
      if (ref !== undefined) crossed = crossed.with(key, this.homeward.refOf(ref)) as Context
    }
    return crossed
  }

  private deliver(batch: Batch, at: number): void {
    const { actor } = this
    const [kind, first, contextNumber, isCancellable, sender, count] = batch.slice(at, at + 6) as MessageHead
    // Named is named, also where nobody hears it.
    const from = sender === undefined ? undefined : this.homeward.refOf(sender, count)
    if (actor?.isAlive !== true) return
    const base = this.contexts.get(contextNumber) as Context | Unreadable
    if (base instanceof Unreadable) {
      for (let i = 0; i < count; i++) this.unread((first + i) | 0, kind === ASK, base)
      return
    }
    for (let i = 0; i < count; i++) {
      const [ctx, cancel] = isCancellable ? base.withCancel() : [base, undefined]
      const event = batch[at + 6 + i] as EventObject
      const message = new FarMessage((first + i) | 0, ctx, event, from, kind === ASK, cancel, this)
      this.open.add(message)
      actor.deliver(message)
    }
  }

  private unread(id: number, isQuestion: boolean, { why }: Unreadable): void {
    if (isQuestion) this.outbox.add(FAILURE, id, toErrorWire(why))
    else this.outbox.add(TAKEN, id, 'uncloneable')
  }

  begins(envelope: Envelope): boolean {
    return !(envelope instanceof FarMessage) || this.plan.begun.begin(envelope.id)
  }

  ends(envelope: Envelope): void {
    if (!(envelope instanceof FarMessage)) return
    this.plan.begun.end()
    // What was postponed is not done.
    if (envelope.reply === undefined && !this.actor?.isPutBack(envelope)) this.taken(envelope, undefined)
  }

  dead(message: FarMessage, reason: DeadReason): void {
    if (reason === 'closed') this.givenBack(message.id)
    else this.taken(message, reason)
  }

  private taken(message: FarMessage, reason: DeadReason | undefined): void {
    if (!this.open.delete(message.id)) return
    this.outbox.add(TAKEN, message.id, reason)
    this.sendSoon()
  }

  answered(message: FarMessage, isFulfilled: boolean, result: unknown): void {
    const failure = isFulfilled ? undefined : ownFailure(result, this.actor)
    if (failure?.refusal === 'closed') this.givenBack(message.id)
    if (!this.open.delete(message.id)) return
    if (isFulfilled) this.outbox.addValue(message.id, result)
    // At home it becomes what it is here: a dead letter, and a failure of the question.
    else if (failure?.code === 'ASK_UNHANDLED') this.outbox.add(TAKEN, message.id, 'unhandled')
    else this.outbox.add(FAILURE, message.id, toErrorWire(result))
    this.sendSoon()
  }

  /** The actor ended before it handled that: home has it still. */
  private givenBack(id: number): void {
    if (this.open.delete(id) && this.plan.begun.wasBegun(id)) this.back.push(id)
  }

  withdraw(question: Deferred<unknown>): void {
    this.actor?.withdraw(question)
  }

  /** Sends now what waits, where this turn has taken long already. */
  private sendSoon(): void {
    const nowMs = this.plan.system.ctx.clock.nowMs()
    if (nowMs - this.sinceMs < ANSWER_MS) return
    this.sinceMs = nowMs
    this.outbox.send()
  }

  /** A reply that cannot be cloned fails its question. */
  private refused(item: Batch, cause: unknown): void {
    if (this.homeward.refused(item, cause)) return
    const [kind, id] = item
    const path = this.actor?.path ?? ''
    if (kind === VALUE) {
      this.outbox.add(
        FAILURE,
        id as number,
        toErrorWire(notCloneableError(`a reply of ${path}`, cause, 'REPLY_NOT_CLONEABLE')),
      )
    } else if (kind === DOWN) {
      this.outbox.add(
        DOWN,
        'failed',
        item[2],
        toErrorWire(notCloneableError(`the output of ${path}`, cause, 'REPLY_NOT_CLONEABLE')),
      )
    }
  }

  // ── The actor ──────────────────────────────────────────────────────────────────────────────────────────────────

  private spawn({ id, input, context, refs }: Birth): void {
    const { system, logic, credits } = this.plan
    try {
      const base = this.contextFrom(context, refs)
      const options = { name: id, mailbox: { capacity: credits }, input: input as never }
      const actor = system.spawn(base, hosted(logic, this), options) as Ref as Cell
      this.actor = actor
      actor.watch().listen(
        ({ reason }) => this.down(reason),
        () => {},
      )
    } catch (error) {
      this.down({ kind: 'failed', error, phase: 'starting' })
    }
  }

  private down(reason: EndReason): void {
    const { outbox, back } = this
    this.back = []
    if (reason.kind === 'done') {
      outbox.add(DOWN, reason.kind, back, reason.output)
      outbox.handOver(reason.output)
    } else {
      outbox.add(
        DOWN,
        reason.kind,
        back,
        toErrorWire(reason.kind === 'failed' ? reason.error : reason.reason),
      )
    }
  }

  /** The actor gives back what it holds, and then this thread ends by itself. */
  private stop(): void {
    const { system, link } = this.plan
    this.actor?.stop('its thread is stopped')
    system.stop({ graceMs: 0 }).listen(
      () => {
        this.outbox.flush()
        link.close()
      },
      () => {},
    )
  }
}

/** Stands for a context of which a value does not decode. */
class Unreadable {
  readonly why: unknown

  constructor(why: unknown) {
    this.why = why
  }
}

/** A failure that is of the actor's own making: not of another that it has asked in turn. */
function ownFailure(error: unknown, actor: Cell | undefined): AskError | undefined {
  return error instanceof AskError && error.path === actor?.path ? error : undefined
}
