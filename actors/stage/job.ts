/** A job in a stage: from its submission until its deferred is settled, which happens once. */
import type { Context } from '../../runtime/context/context.ts'
import { Deferred, type Keeper } from '../../runtime/deferred/deferred.ts'
import { Linked, type LinkedList } from './linked-list.ts'

/** It is in the queue. */
export const WAITING = 0
/** It was handed over. */
export const RUNNING = 1
/** It has a result, which waits for those of earlier jobs. */
export const HELD = 2
/** It is settled; work on it may still be going on. */
export const SETTLED = 3

/** Its place in the queue. */
export class Place extends Linked {
  readonly job: Job
  /** In which it stands; undefined while it stands in none. */
  list: LinkedList<Place> | undefined = undefined

  constructor(job: Job) {
    super()
    this.job = job
  }
}

/** Who is told that a job's deferred was settled by somebody else: by being cancelled, mostly. */
export interface JobKeeper {
  abandoned(job: Job): void
}

/** What is being done for a job, and how it is called off. */
export interface Work {
  callOff(job: Job, error: unknown): void
}

/** Linked: those of a stage that are not settled, in the order of submission. */
export class Job extends Linked implements Keeper {
  readonly input: unknown
  readonly ctx: Context
  readonly deferred: Deferred<unknown>
  /** Index of its class. */
  readonly class: number
  readonly key: PropertyKey | undefined
  readonly number: number
  readonly enteredAtMs: number
  /** When it expires: by its context, or else by the stage's own timer. */
  readonly deadlineMs: number
  readonly hasOwnDeadline: boolean
  readonly place: Place = new Place(this)
  private readonly keeper: JobKeeper
  state = WAITING
  startedAtMs = 0
  /** While it is running. */
  work: Work | undefined = undefined
  /** What its handler works in, or the answer that is waited for: the work's own. */
  handle: unknown = undefined
  /** Given back by a member, before or after it was begun. */
  isReturned = false
  /** Times that it was done again. */
  reruns = 0
  /** Ends its listening to its context. */
  unlisten: (() => void) | undefined = undefined
  /** While it is held. */
  isValue = false
  result: unknown = undefined

  constructor(
    keeper: JobKeeper,
    ctx: Context,
    input: unknown,
    number: number,
    index: number,
    key: PropertyKey | undefined,
    enteredAtMs: number,
    timeoutMs: number,
  ) {
    super()
    const { deadlineMs } = ctx
    this.keeper = keeper
    this.ctx = ctx
    this.input = input
    this.number = number
    this.class = index
    this.key = key
    this.enteredAtMs = enteredAtMs
    this.hasOwnDeadline = deadlineMs !== Number.POSITIVE_INFINITY
    this.deadlineMs = this.hasOwnDeadline ? deadlineMs : enteredAtMs + timeoutMs
    this.deferred = new Deferred<unknown>(undefined, ctx.failures)
    this.deferred.keeper = this
  }

  /** `released` follows, and is all that matters. */
  cancelled(): void {}

  released(): void {
    if (this.state !== SETTLED) this.keeper.abandoned(this)
  }

  /** Nobody wants its result any more, as far as its context says. */
  isExpiredAt(nowMs: number): boolean {
    return this.hasOwnDeadline ? this.ctx.isCancelled : nowMs >= this.deadlineMs || this.ctx.isCancelled
  }
}
