/**
 * The actors at home that a thread knows of: they have crossed in contexts, or as senders. Says to them what the thread has
 * to say, and gives back what comes of it. Each is watched, and let go of when it has ended and the thread knows.
 *
 * A message from a thread is handled in the context that it came of, where that came from here: with all that stands in it,
 * and no more time than the thread has left.
 */
import type { Context } from '../context/context.ts'
import { fromWire, type WireContext } from '../context/wire.ts'
import type { Deferred } from '../deferred/deferred.ts'
import { OverloadError } from '../errors.ts'
import { Envelope } from '../mailbox/envelope.ts'
import { Cell } from '../system/cell.ts'
import type { AnyEvent, Down, EndReason, Ref } from '../system/ref.ts'
import { DELAY_MS_MAX } from '../time/limits.ts'
import { type FailureWire, fromErrorWire, toErrorWire } from './error-wire.ts'
import { notCloneableError } from './errors.ts'
import type { Batch } from './link.ts'
import type { Outbox } from './outbox.ts'
import {
  ASK,
  type CrossedRef,
  type EndWire,
  FORGET_REF,
  HOME_ASK,
  HOME_CANCEL,
  HOME_DEAD,
  HOME_DOWN,
  HOME_FAILURE,
  HOME_STOP,
  HOME_TAKEN,
  HOME_TELL,
  HOME_VALUE,
  TELL,
} from './wire.ts'

/** Refs that a thread may hold at once. One more cannot cross (`THREAD_REFS_FULL`). */
export const REFS_MAX = 10_000

export interface HomeDeskPlan {
  readonly outbox: Outbox
  /** The context that has crossed under a number; the near end's own for one that is not known. */
  readonly contextOf: (number: number) => Context
}

/** The thread decides how long it waits, and tells. */
const FOR_EVER = { timeoutMs: DELAY_MS_MAX, isReentrant: true }

interface Known {
  readonly ref: Ref<AnyEvent>
  readonly crossed: CrossedRef
  readonly watcher: Deferred<Down>
  /** How often it was named, since when the thread has not let go of it. */
  named: number
}

export class HomeDesk {
  private readonly plan: HomeDeskPlan
  /** Those that have not ended. */
  private readonly byRef = new Map<Ref, Known>()
  /** Also those of whose end the thread may not have heard: what it says to them still arrives. */
  private readonly byNumber = new Map<number, Known>()
  /** Those that have ended, named as before: one that the thread still holds stays the same ref there. */
  private readonly ended = new WeakMap<Ref, CrossedRef>()
  private readonly questions = new Map<number, Deferred<unknown>>()
  private lastNumber = 0

  constructor(plan: HomeDeskPlan) {
    this.plan = plan
  }

  /** The form in which `ref` crosses, named once more. @throws OverloadError (`THREAD_REFS_FULL`) */
  cross(ref: Ref): CrossedRef {
    const known = this.byRef.get(ref)
    if (known === undefined) return this.ended.get(ref) ?? this.introduce(ref as Ref<AnyEvent>)
    known.named += 1
    return known.crossed
  }

  private introduce(ref: Ref<AnyEvent>): CrossedRef {
    const watcher = ref.watch()
    if (watcher.isPending && this.byNumber.size >= REFS_MAX) {
      watcher.cancel()
      throw new OverloadError('THREAD_REFS_FULL', `a thread holds ${REFS_MAX} of ${REFS_MAX} refs already`)
    }
    this.lastNumber += 1
    const crossed: CrossedRef = [this.lastNumber, ref.path]
    if (watcher.isPending) {
      const known = { ref, crossed, watcher, named: 1 }
      this.byRef.set(ref, known)
      this.byNumber.set(this.lastNumber, known)
    }
    watcher.listen(
      ({ reason }) => this.down(ref, crossed, reason),
      () => {},
    )
    return this.ended.get(ref) ?? crossed
  }

  private down(ref: Ref<AnyEvent>, [number, path]: CrossedRef, reason: EndReason): void {
    const end = endWire(reason)
    this.ended.set(ref, [number, path, end])
    if (this.byRef.delete(ref)) this.plan.outbox.add(HOME_DOWN, number, end)
  }

  /** Takes an item of a batch, if it is one for this. */
  take(batch: Batch, at: number): void {
    const first = batch[at + 1] as number
    switch (batch[at]) {
      case HOME_TELL:
        this.plan.outbox.add(HOME_TAKEN, first)
        this.refOf(batch, at)?.send(this.contextOf(batch, at), batch[at + 5] as AnyEvent)
        break
      case HOME_DEAD:
        this.dead(this.refOf(batch, at), this.contextOf(batch, at), batch[at + 5] as string)
        break
      case HOME_ASK:
        try {
          this.ask(first, this.refOf(batch, at), this.contextOf(batch, at), batch[at + 5] as AnyEvent)
        } catch (error) {
          // A mailbox may not take what is no event.
          this.plan.outbox.add(HOME_FAILURE, first, toErrorWire(error))
        }
        break
      case HOME_CANCEL:
        this.questions.get(first)?.cancel(fromErrorWire(batch[at + 2] as FailureWire))
        break
      case HOME_STOP:
        void this.byNumber.get(first)?.ref.stop(fromErrorWire(batch[at + 2] as FailureWire))
        break
      case FORGET_REF:
        this.forget(first, batch[at + 2] as number)
        break
    }
  }

  /** A reply that cannot be cloned fails its question. In a message that cannot, the sender was not named after all. */
  refused(item: Batch, cause: unknown): void {
    const [kind, id] = item
    const sender = kind === ASK || kind === TELL ? (item[4] as CrossedRef | undefined) : undefined
    if (sender !== undefined) this.forget(sender[0], 1)
    if (kind === HOME_VALUE)
      this.plan.outbox.add(
        HOME_FAILURE,
        id,
        toErrorWire(notCloneableError('a reply to a thread', cause, 'REPLY_NOT_CLONEABLE')),
      )
  }

  /** The thread is no more: nobody waits for what it has asked. */
  end(): void {
    for (const question of [...this.questions.values()]) question.cancel('its thread has ended')
    this.questions.clear()
    for (const { watcher } of this.byNumber.values()) watcher.cancel('its thread has ended')
    this.byRef.clear()
    this.byNumber.clear()
  }

  private ask(id: number, ref: Ref<AnyEvent> | undefined, ctx: Context, event: AnyEvent): void {
    const { outbox } = this.plan
    if (ref === undefined) return
    const question = ref.ask(ctx, event, FOR_EVER)
    this.questions.set(id, question)
    question.listen(
      (value) => {
        if (!this.questions.delete(id)) return
        outbox.add(HOME_VALUE, id, value)
        outbox.handOver(value)
      },
      (error) => {
        if (this.questions.delete(id)) outbox.add(HOME_FAILURE, id, toErrorWire(error))
      },
    )
  }

  /** A message of that type could not leave the thread. */
  private dead(ref: Ref<AnyEvent> | undefined, ctx: Context, type: string): void {
    if (ref instanceof Cell) ref.undelivered(new Envelope({ type }, ctx, undefined, undefined), 'uncloneable')
  }

  private forget(number: number, seen: number): void {
    const known = this.byNumber.get(number)
    if (known === undefined) return
    known.named -= seen
    // It was named again since: the thread counts from there, and will say so once more.
    if (known.named > 0) return
    this.byNumber.delete(number)
    this.byRef.delete(known.ref)
    known.watcher.cancel()
  }

  private refOf(batch: Batch, at: number): Ref<AnyEvent> | undefined {
    return this.byNumber.get(batch[at + 2] as number)?.ref
  }

  private contextOf(batch: Batch, at: number): Context {
    return fromWire(this.plan.contextOf(batch[at + 3] as number), batch[at + 4] as WireContext, []) as Context
  }
}

function endWire(reason: EndReason): EndWire {
  const { kind } = reason
  if (kind === 'done') return [kind, plain(reason.output)]
  return [kind, toErrorWire(kind === 'failed' ? reason.error : reason.reason)]
}

/** An actor's output, which the thread is told where it can be. */
function plain(output: unknown): unknown {
  try {
    return structuredClone(output)
  } catch {
    return undefined
  }
}
