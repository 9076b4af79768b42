/**
 * How many transactions go to a thread together: the batch controller's word on what is most, and below it what keeps both sides
 * at work. While the thread runs one half of those that are there, home answers the other half.
 *
 * Rules: nobody waits for company while a thread has nothing to do. A group goes ahead of the thread, behind one that is under
 * way, only if it is worth a COMMIT of its own. None is split of which COMMIT would be most of the work.
 */
import { type BatchState, batchStep, initialBatch } from '../stage/controllers/batch-controller.ts'
import { type ResolvedBatchOptions, resolveBatchOptions } from '../stage/controllers/batch-options.ts'

/** Where a group begins. */
const INITIAL = 64
/** Milliseconds that one may take on the average, beside COMMIT: that of a slow disk is no reason to make it smaller. */
const BATCH_MS_MAX = 100
/** A COMMIT is worth it for transactions that take a third of its time together; and for so many in any case. */
const COMMIT_SHARE = 3
const WORTH_MIN = 8
/** Of how many were there at once lately, what is left of it at the next look. */
const FADING = 0.97
const SMOOTHING = 1 / 8

export interface Settled {
  readonly nowMs: number
  /** How many could have been in it: what `next` said. */
  readonly size: number
  readonly jobs: number
  /** Milliseconds that the thread was occupied with it, and of these with COMMIT. */
  readonly elapsedMs: number
  readonly commitMs: number
}

export class GroupSize {
  private readonly options: ResolvedBatchOptions
  private state: BatchState
  /** At most. */
  now: number
  /** Milliseconds that a group takes, smoothed. */
  averageMs = 1
  private commitMs = 0
  private eachMs = 0
  /** Transactions that are there at once, lately. */
  private crowd = 0

  constructor(most: number) {
    this.options = resolveBatchOptions({
      batchMax: most,
      initial: Math.min(INITIAL, most),
      batchMsMax: BATCH_MS_MAX,
    })
    this.state = initialBatch(this.options)
    this.now = this.state.batchSize
  }

  /**
   * @param waiting - transactions, beside those that are under way.
   * @param places - for groups, on all threads.
   * @param isAhead - the thread has one already.
   * @returns how many may go now; 0: they wait until a thread is done.
   */
  next(waiting: number, underWay: number, places: number, isAhead: boolean): number {
    if (this.options.batchMax === 1) return 1
    this.crowd = Math.max(waiting + underWay, this.crowd * FADING)
    const share = Math.ceil(this.crowd / places)
    const most = Math.min(this.now, this.timely)
    if (isAhead && waiting < Math.min(most, share, this.worth)) return 0
    return Math.min(most, Math.max(share, this.worth))
  }

  /**
   * Transactions that take no longer than those behind them may have to wait. The controller would not see it: it looks only at groups
   * that were as large as it said.
   */
  private get timely(): number {
    return this.eachMs > 0 ? Math.max(1, Math.floor(BATCH_MS_MAX / this.eachMs)) : this.now
  }

  /** Transactions that are worth a COMMIT. */
  private get worth(): number {
    const { commitMs, eachMs } = this
    if (eachMs === 0) return WORTH_MIN
    return Math.max(WORTH_MIN, Math.ceil(commitMs / (COMMIT_SHARE * eachMs)))
  }

  /** A group has ended. */
  ended({ nowMs, size, jobs, elapsedMs, commitMs }: Settled): void {
    this.averageMs += (elapsedMs - this.averageMs) * SMOOTHING
    if (this.options.batchMax === 1) return
    this.commitMs += (commitMs - this.commitMs) * SMOOTHING
    this.eachMs += ((elapsedMs - commitMs) / jobs - this.eachMs) * SMOOTHING
    const { state, decision } = batchStep(
      this.state,
      { nowMs, batchSize: size, jobs, elapsedMs },
      this.options,
    )
    this.state = state
    this.now = decision.batchSize
  }
}
