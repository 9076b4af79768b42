/**
 * What a thread says to actors at home, and what comes back: answers, and ends.
 *
 * Of the end of each actor that it knows of a thread is told, whether anybody there watches it or not: so home lets go of one
 * that has ended at once. When a ref that nobody holds is collected is V8's affair, and a calm thread may wait for it long.
 */
import type { Context } from '../context/context.ts'
import { toWire } from '../context/wire.ts'
import { Deferred } from '../deferred/deferred.ts'
import type { EventObject } from '../mailbox/envelope.ts'
import { timedOut } from '../system/ask.ts'
import type { Down, EndReason } from '../system/ref.ts'
import type { Clock, Timer } from '../time/clock.ts'
import { type FailureWire, fromErrorWire, toErrorWire } from './error-wire.ts'
import { nameOf, notCloneableError } from './errors.ts'
import { type Carrier, HomeRef } from './home-ref.ts'
import type { Batch } from './link.ts'
import type { Outbox } from './outbox.ts'
import {
  ALL_NAMINGS,
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
} from './wire.ts'

export interface HomewardPlan {
  readonly clock: Clock
  readonly outbox: Outbox
  readonly credits: number
  readonly askTimeoutMs: number
  /** The number that home knows a context of a message by; 0 for one that did not come from there. */
  readonly numberOf: (ctx: Context) => number
}

interface Pending {
  readonly ref: HomeRef
  readonly settle: ((value: unknown) => void) | undefined
  readonly fail: ((error: unknown) => void) | undefined
}

/** A ref that was named, and how often: so that home does not forget one that it has just named again. */
interface Named {
  readonly number: number
  seen: number
  /** Home holds it no longer. */
  isForgotten: boolean
}

export class Homeward implements Carrier {
  private readonly plan: HomewardPlan
  private readonly pending = new Map<number, Pending>()
  private readonly refs = new Map<number, { readonly ref: WeakRef<HomeRef>; readonly named: Named }>()
  private readonly collected: FinalizationRegistry<Named>
  /** Who waits for the ends of actors, in order of arrival. Here each ref is held that somebody watches. */
  private readonly watchers = new Map<HomeRef, Set<Deferred<Down>>>()
  private lastId = 0

  constructor(plan: HomewardPlan) {
    this.plan = plan
    this.collected = new FinalizationRegistry((named) => {
      if (this.refs.get(named.number)?.named === named) this.refs.delete(named.number)
      if (!named.isForgotten) plan.outbox.add(FORGET_REF, named.number, named.seen)
    })
  }

  get credits(): number {
    return this.plan.credits
  }

  get hasRoom(): boolean {
    return this.pending.size < this.plan.credits
  }

  /** The actor at home that was named, so many times. */
  refOf([number, path, end]: CrossedRef, times = 1): HomeRef {
    const known = this.refs.get(number)
    const ref = known?.ref.deref()
    if (known !== undefined && ref !== undefined) {
      known.named.seen += times
      return ref
    }
    const made = new HomeRef(this, number, path, end === undefined ? undefined : reasonOf(end))
    const named = { number, seen: times, isForgotten: end !== undefined }
    this.refs.set(number, { ref: new WeakRef(made), named })
    this.collected.register(made, named)
    return made
  }

  tell(ref: HomeRef, ctx: Context, event: EventObject): boolean {
    if (!this.hasRoom) return false
    this.say(HOME_TELL, ref, ctx, event, { ref, settle: undefined, fail: undefined })
    return true
  }

  ask(ref: HomeRef, ctx: Context, event: EventObject, timeoutMs = this.plan.askTimeoutMs): Deferred<unknown> {
    const { clock, outbox } = this.plan
    let timer: Timer | undefined
    const question = ctx.deferred<unknown>()
    const id = this.say(HOME_ASK, ref, ctx, event, {
      ref,
      settle: (value) => question.resolve(value),
      fail: (error) => question.reject(error),
    })
    const timeoutAtMs = clock.nowMs() + timeoutMs
    if (timeoutAtMs < ctx.deadlineMs) {
      timer = clock.schedule(timeoutAtMs, () => question.reject(timedOut(ref.path, timeoutMs)))
    }
    const unlisten = ctx.isBackground ? undefined : ctx.onCancel(() => question.reject(ctx.failure()))
    const over = (error: unknown): void => {
      timer?.cancel()
      unlisten?.()
      if (this.pending.has(id)) outbox.add(HOME_CANCEL, id, toErrorWire(error))
    }
    question.attend(() => over(undefined), over)
    return question
  }

  watch(ref: HomeRef): Deferred<Down> {
    const watchers = this.watchers.get(ref) ?? new Set()
    const watcher = new Deferred<Down>(() => {
      watchers.delete(watcher)
      if (watchers.size === 0) this.watchers.delete(ref)
    })
    this.watchers.set(ref, watchers.add(watcher))
    return watcher
  }

  stop(ref: HomeRef, reason: unknown): void {
    this.plan.outbox.add(HOME_STOP, ref.number, toErrorWire(reason))
  }

  /** Takes an item of a batch, if it is one for this. */
  take(batch: Batch, at: number): void {
    const id = batch[at + 1] as number
    if (batch[at] === HOME_DOWN) {
      this.ended(id, batch[at + 2] as EndWire)
      return
    }
    const pending = this.pending.get(id)
    if (pending === undefined) return
    this.pending.delete(id)
    switch (batch[at]) {
      case HOME_VALUE:
        pending.settle?.(batch[at + 2])
        break
      case HOME_FAILURE:
        pending.fail?.(fromErrorWire(batch[at + 2] as FailureWire))
        break
      case HOME_TAKEN:
        break
    }
  }

  /** What was to be said cannot be cloned. @returns whether it was for home. */
  refused(item: Batch, cause: unknown): boolean {
    const [kind, id] = item as [number, number]
    if (kind !== HOME_TELL && kind !== HOME_ASK) return false
    const pending = this.pending.get(id)
    this.pending.delete(id)
    const name = nameOf(item.at(-1))
    if (kind === HOME_TELL) this.plan.outbox.add(HOME_DEAD, ...item.slice(1, -1), name)
    pending?.fail?.(notCloneableError(`"${name}" to ${pending.ref.path}`, cause))
    return true
  }

  private ended(number: number, end: EndWire): void {
    // From here on nothing more is said to it.
    this.plan.outbox.add(FORGET_REF, number, ALL_NAMINGS)
    const known = this.refs.get(number)
    if (known === undefined) return
    known.named.isForgotten = true
    const ref = known.ref.deref()
    if (ref === undefined) return
    const reason = reasonOf(end)
    ref.end = reason
    const watchers = this.watchers.get(ref) ?? []
    this.watchers.delete(ref)
    for (const watcher of watchers) watcher.resolve({ type: 'down', ref, reason })
  }

  private say(kind: number, ref: HomeRef, ctx: Context, event: EventObject, pending: Pending): number {
    const id = this.number()
    this.plan.outbox.add(kind, id, ref.number, this.plan.numberOf(ctx), toWire(ctx), event)
    this.plan.outbox.handOver(event)
    this.pending.set(id, pending)
    return id
  }

  private number(): number {
    this.lastId = (this.lastId + 1) | 0
    return this.lastId
  }
}

function reasonOf([kind, result]: EndWire): EndReason {
  if (kind === 'done') return { kind, output: result }
  const error = fromErrorWire(result as FailureWire)
  return kind === 'stopped' ? { kind, reason: error } : { kind: 'failed', error, phase: 'running' }
}
