/** A handler at home that takes several jobs at once. */
import { UsageError } from '../../runtime/errors.ts'
import type { Outcome, StageJob } from './outcome.ts'

export type Outcomes<R> = readonly Outcome<R>[] | PromiseLike<readonly Outcome<R>[]>

export class BatchHandler<J, R> {
  readonly handle: (jobs: readonly StageJob<J>[]) => Outcomes<R>

  constructor(handle: (jobs: readonly StageJob<J>[]) => Outcomes<R>) {
    this.handle = handle
  }
}

/**
 * Makes a handler of batches: it gives one outcome for each job, in their order. Where it throws, or gives another
 * number, all of its jobs fail (`STAGE_BATCH_MISMATCH` for the number).
 *
 *     openStage(ctx, { handler: batched(async (jobs) => insertAll(jobs.map(({ job }) => job))) })
 *
 * How many jobs it gets at most the batch controller decides; how many batches are under way at once, the limit
 * `concurrency`: 1 unless it is given, so that jobs gather while a batch is under way.
 *
 * @throws UsageError (`STAGE_OPTION_INVALID`) unless it is given a function.
 */
export function batched<J, R>(handle: (jobs: readonly StageJob<J>[]) => Outcomes<R>): BatchHandler<J, R> {
  if (typeof handle !== 'function') {
    throw new UsageError('STAGE_OPTION_INVALID', `batched takes a function, not ${String(handle)}`)
  }
  return new BatchHandler(handle)
}
