/** What a thread says to actors at home, and what comes back: questions, messages, and ends that are watched. */
import type { Context } from '../context/context.ts'
import { toWire } from '../context/wire.ts'
import { Deferred } from '../deferred/deferred.ts'
import type { EventObject } from '../mailbox/envelope.ts'
import { timedOut } from '../system/ask.ts'
import type { Down, EndReason } from '../system/ref.ts'
import type { Clock, Timer } from '../time/clock.ts'
import { type FailureWire, fromErrorWire, toErrorWire } from './error-wire.ts'
import { notCloneableError } from './errors.ts'
import { type Carrier, HomeRef } from './home-ref.ts'
import type { Batch } from './link.ts'
import type { Outbox } from './outbox.ts'
import {
  type CrossedRef,
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
  HOME_WATCH,
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
}

export class Homeward implements Carrier {
  private readonly plan: HomewardPlan
  private readonly pending = new Map<number, Pending>()
  private readonly refs = new Map<number, { readonly ref: WeakRef<HomeRef>; readonly named: Named }>()
  private readonly collected: FinalizationRegistry<Named>
  private lastId = 0
  /** Ends that are watched: they are pending as well, for as long as it takes, and take no room from messages. */
  private watched = 0

  constructor(plan: HomewardPlan) {
    this.plan = plan
    this.collected = new FinalizationRegistry((named) => {
      if (this.refs.get(named.number)?.named === named) this.refs.delete(named.number)
      plan.outbox.add(FORGET_REF, named.number, named.seen)
    })
  }

  get credits(): number {
    return this.plan.credits
  }

  get hasRoom(): boolean {
    return this.pending.size - this.watched < this.plan.credits
  }

  /** The actor at home that was named, so many times. */
  refOf([number, path]: CrossedRef, times = 1): HomeRef {
    const known = this.refs.get(number)
    const ref = known?.ref.deref()
    if (known !== undefined && ref !== undefined) {
      known.named.seen += times
      return ref
    }
    const made = new HomeRef(this, number, path)
    const named = { number, seen: times }
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
    const down = new Deferred<Down>()
    const id = this.number()
    this.watched += 1
    this.pending.set(id, {
      ref,
      settle: (reason) => down.resolve({ type: 'down', ref, reason: reason as EndReason }),
      fail: undefined,
    })
    this.plan.outbox.add(HOME_WATCH, id, ref.number)
    return down
  }

  stop(ref: HomeRef, reason: unknown): void {
    this.plan.outbox.add(HOME_STOP, ref.number, toErrorWire(reason))
  }

  /** Takes an item of a batch, if it is one for this. */
  take(batch: Batch, at: number): void {
    const id = batch[at + 1] as number
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
      case HOME_DOWN:
        this.watched -= 1
        pending.settle?.(reasonOf(batch[at + 2] as string, batch[at + 3]))
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
    const { type } = item.at(-1) as EventObject
    if (kind === HOME_TELL) this.plan.outbox.add(HOME_DEAD, ...item.slice(1, -1), type)
    pending?.fail?.(notCloneableError(`"${type}" to ${pending.ref.path}`, cause))
    return true
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

function reasonOf(kind: string, result: unknown): EndReason {
  if (kind === 'done') return { kind, output: result }
  const error = fromErrorWire(result as FailureWire)
  return kind === 'stopped' ? { kind, reason: error } : { kind: 'failed', error, phase: 'running' }
}
