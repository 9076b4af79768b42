/** The faces of a stage: what its users give, and what they get. `openStage` is in `stage.ts`. */
import type { Context } from '../../runtime/context/context.ts'
import type { Deferred } from '../../runtime/deferred/deferred.ts'
import type { EventObject } from '../../runtime/mailbox/envelope.ts'
import type { Spawn } from '../../runtime/system/logic.ts'
import type { Drain, Ref } from '../../runtime/system/ref.ts'
import type { BatchHandler } from './batched.ts'
import type { AdmissionOptions, ClassOptions } from './controllers/admission-options.ts'
import type { BatchOptions } from './controllers/batch-options.ts'
import type { StageEvents } from './events.ts'
import type { StageLimits } from './limits.ts'
import type { Outcome } from './outcome.ts'
import type { Pool } from './pool.ts'
import type { Refused } from './refused.ts'

/**
 * Who does the jobs: a function, on the main thread; `batched(...)`, one that takes several at once; or `pool(...)`, actors
 * here or on threads. What it throws, or its promise rejects with, fails the job.
 *
 * `ctx` is the job's own: its deadline, cancellation and trace are those of the submission, and it ends when nobody waits
 * for the job any more.
 */
export type StageHandler<J, R> =
  | ((job: J, ctx: Context) => R | PromiseLike<R>)
  | BatchHandler<J, R>
  | Pool<J, R>

/**
 * In which order jobs are done and answered.
 *
 * - `none`: each as soon as it can be. The more important class is taken first, in it the oldest.
 * - `fifo`: begun in the order of submission, whatever their class, and answered in it: a result, or a failure, is held
 *   back until all earlier jobs are settled. One that expires waits for nobody.
 * - a function: jobs of the same key are done one after another, in the order of submission; those of other keys overtake.
 *   What it throws, `submit` throws.
 */
export type StageOrder<J> = 'none' | 'fifo' | ((job: J) => PropertyKey)

export interface StageConfig<J, R> {
  /** Of its actor, and in events and errors. Default `stage`; the actor then has a number for a name. No slash. */
  readonly name?: string
  readonly handler: StageHandler<J, R>
  /** Default `none`. */
  readonly order?: StageOrder<J>
  /** From the most important to the least, at most 8; each with its own target. Default: one class, `default`. */
  readonly classes?: Readonly<Record<string, ClassOptions>>
  /** What admission goes by, its `targetMs` (default 1,000) above all. `false`: it refuses nobody, but for a full queue. */
  readonly admission?: AdmissionOptions | false
  /**
   * How many jobs are handed over at once. Default: the controller's own defaults where the handler, or the pool, takes
   * batches; else `false`. Where a pool takes single jobs it decides how many are given to a member ahead.
   */
  readonly batch?: BatchOptions | false
  readonly limits?: Partial<StageLimits>
  /**
   * Times that a job is done again which had been begun by a member that was lost. Only for work that may be done twice.
   * Default 0: it fails with what became of the member. A job that had not been begun always goes back into the queue.
   */
  readonly rerun?: number
  /** Where its actor stands in the tree. Default: at the top of the system. */
  readonly spawn?: Spawn
}

export interface SubmitOptions<R = never, E extends EventObject = EventObject> {
  /** Default: the first of the config's classes, the most important one. */
  readonly class?: string
  /**
   * Has the outcome sent as an ordinary message, in the job's context, once it is there. The deferred settles as well. A
   * refusal is answered at once, and not sent. A context that has ended delivers nothing any more: then the message is a
   * dead letter.
   */
  readonly reply?: Reply<R, E>
}

export interface Reply<R, E extends EventObject> {
  readonly to: Ref<E>
  /** Makes the message. What it throws is told as `listenerFailed` by the system's events. */
  readonly event: (outcome: Outcome<R>) => E
}

/** What its actor understands. `drain`: as `close`. */
export type StageEvent = Drain

/** A slot in a stage's queue, held for a job that is yet to come. */
export interface Reservation<J, R> {
  /** Whether it is still held. */
  readonly isHeld: boolean
  /**
   * Gives the job for it. The job's context is the reservation's.
   *
   * @returns a deferred of the result; it has failed with `STAGE_RESERVATION_OVER` where the slot is no longer held.
   * @throws UsageError (`STAGE_RESERVATION_USED`) the second time, and after `abort`.
   */
  commit(job: J): Deferred<R>
  /** Gives the slot back. Idempotent; nothing happens after `commit`. */
  abort(): void
}

export interface StageStatistics {
  /** Jobs that wait. */
  readonly queued: number
  /** Jobs that were handed over and are not settled. */
  readonly running: number
  /** Slots that are held by reservations. */
  readonly reserved: number
  /** Members of the pool: ready, or starting. 0 without a pool. */
  readonly members: number
  /** Those that take jobs: their thread has started. */
  readonly membersReady: number
  /** Of the first class, as admission last judged it: the 90th percentile of milliseconds from entry to end. */
  readonly p90Ms: number | undefined
  /** Of the first class; undefined without admission. */
  readonly targetMs: number | undefined
  /** Jobs a second that admission lets in, over all classes; Infinity where it limits no rate. */
  readonly admittedPerSecond: number
  /** Jobs handed over at once, at most. */
  readonly batchSize: number
  // Counters since the start: submitted = completed + failed + refused + expired + queued + running.
  readonly submitted: number
  readonly completed: number
  /** Jobs whose handler failed, or that were lost with a member or the stage. */
  readonly failed: number
  readonly refused: number
  /** Jobs whose context ended, or whose deferred was cancelled, before they had a result. */
  readonly expired: number
}

/** A stage that is open, or was. */
export interface Stage<J, R> extends AsyncDisposable {
  readonly name: string
  /**
   * Gives a job in. Never waits and never throws for load.
   *
   * @param ctx - the job's context: its end takes the job back, or calls off the work on it.
   * @returns a deferred of the result, whose cancellation does the same; or a refusal at once.
   * @throws UsageError (`STAGE_OPTION_INVALID`) for a class that the stage does not have.
   */
  submit<const E extends EventObject>(
    ctx: Context,
    job: J,
    options?: SubmitOptions<R, E>,
  ): Deferred<R> | Refused
  /** Gives several jobs in, all of them or none. */
  submitMany<const E extends EventObject>(
    ctx: Context,
    jobs: readonly J[],
    options?: SubmitOptions<R, E>,
  ): readonly Deferred<R>[] | Refused
  /** As `submit`, but a refusal is the deferred's failure: `StageRefusedError` (`STAGE_REFUSED`). */
  run<const E extends EventObject>(ctx: Context, job: J, options?: SubmitOptions<R, E>): Deferred<R>
  /** Holds a slot in the queue until commit, abort, the context's end, the stage's, or limit `reservationMs`. */
  reserve<const E extends EventObject>(
    ctx: Context,
    options?: SubmitOptions<R, E>,
  ): Reservation<J, R> | Refused
  /** Its actor: watch it, stop it, see it in snapshots. */
  readonly ref: Ref<StageEvent>
  readonly events: StageEvents
  statistics(): StageStatistics
  /** Takes no more jobs (`closed`), finishes what was taken, then ends. Fulfilled when its actor has ended. */
  close(): Deferred<void>
}
