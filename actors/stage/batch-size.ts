/** How many jobs are handed over at once: the batch controller's word, or a number that stays. */
import { type BatchState, batchStep, initialBatch } from './controllers/batch-controller.ts'
import type { ResolvedBatchOptions } from './controllers/batch-options.ts'
import type { Desk } from './workers.ts'

export class BatchSize {
  private readonly desk: Desk
  private readonly options: ResolvedBatchOptions | undefined
  private state: BatchState | undefined
  now: number

  /** @param fixed - the size where there are no options. */
  constructor(desk: Desk, options: ResolvedBatchOptions | undefined, fixed: number) {
    this.desk = desk
    this.options = options
    this.state = options === undefined ? undefined : initialBatch(options)
    this.now = this.sizeOf(fixed)
  }

  /** A batch has ended that was taken while the size was `batchSize`. */
  ended(nowMs: number, batchSize: number, jobs: number, elapsedMs: number): void {
    const { options, state } = this
    if (options === undefined || state === undefined) return
    const step = batchStep(state, { nowMs, batchSize, jobs, elapsedMs }, options)
    this.state = step.state
    this.now = step.decision.batchSize
    this.desk.decided({ controller: 'batch', decision: step.decision })
  }

  private sizeOf(fixed: number): number {
    return this.state?.batchSize ?? fixed
  }
}
