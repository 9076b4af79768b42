/** How many transactions may commit together: the batch controller's word. */
import { type BatchState, batchStep, initialBatch } from '../stage/controllers/batch-controller.ts'
import { type ResolvedBatchOptions, resolveBatchOptions } from '../stage/controllers/batch-options.ts'

/** Where a group begins, and how long one may take on the average: a COMMIT of a slow disk is no reason to make it smaller. */
const INITIAL = 64
const BATCH_MS_MAX = 100

export class GroupSize {
  private readonly options: ResolvedBatchOptions
  private state: BatchState
  now: number
  /** Milliseconds that a group takes, smoothed. */
  averageMs = 1

  constructor(most: number) {
    this.options = resolveBatchOptions({
      batchMax: most,
      initial: Math.min(INITIAL, most),
      batchMsMax: BATCH_MS_MAX,
    })
    this.state = initialBatch(this.options)
    this.now = this.state.batchSize
  }

  /** A group has ended that was taken while the size was `size`. */
  ended(nowMs: number, size: number, jobs: number, elapsedMs: number): void {
    this.averageMs += (elapsedMs - this.averageMs) / 8
    if (this.options.batchMax === 1) return
    const { state, decision } = batchStep(
      this.state,
      { nowMs, batchSize: size, jobs, elapsedMs },
      this.options,
    )
    this.state = state
    this.now = decision.batchSize
  }
}
