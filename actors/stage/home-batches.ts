/** Jobs done by a function on the main thread that takes several at once. */
import type { Context } from '../../runtime/context/context.ts'
import { Deferred } from '../../runtime/deferred/deferred.ts'
import { BatchSize } from './batch-size.ts'
import type { BatchHandler } from './batched.ts'
import type { ResolvedBatchOptions } from './controllers/batch-options.ts'
import { mismatchError } from './errors.ts'
import type { Job, Work } from './job.ts'
import { isOutcome, type Outcome } from './outcome.ts'
import { Slice } from './slice.ts'
import type { Desk, Workers } from './workers.ts'

export class HomeBatches implements Workers, Work {
  private readonly desk: Desk
  private readonly handler: BatchHandler<unknown, unknown>
  private readonly concurrency: number
  private readonly size: BatchSize
  private calls = 0
  private readonly slice: Slice
  private isDispatching = false
  running = 0
  readonly members = 0
  readonly membersReady = 0
  readonly canGrow = false
  readonly isOnLoop = true

  constructor(
    desk: Desk,
    handler: BatchHandler<unknown, unknown>,
    concurrency: number,
    batch: ResolvedBatchOptions | undefined,
  ) {
    this.desk = desk
    this.slice = new Slice(desk)
    this.handler = handler
    this.concurrency = concurrency
    this.size = new BatchSize(desk, batch, 1)
  }

  get servers(): number {
    return this.concurrency
  }

  get isSaturated(): boolean {
    return this.slice.isOver || this.calls >= this.concurrency
  }

  get batchSize(): number {
    return this.size.now
  }

  dispatch(nowMs: number): void {
    let left = this.concurrency
    this.isDispatching = true
    while (!this.isSaturated && left > 0 && this.desk.ready > 0) {
      const batchSize = this.size.now
      const jobs = takeBatch(this.desk, batchSize, nowMs)
      if (jobs.length === 0) break
      left -= 1
      this.start(jobs, batchSize, nowMs)
    }
    this.isDispatching = false
    this.slice.used(nowMs)
    if (this.desk.ready > 0 && !this.isSaturated) this.desk.wake()
  }

  private start(jobs: readonly Job[], batchSize: number, startedAtMs: number): void {
    this.calls += 1
    this.running += jobs.length
    const given = jobs.map((job) => {
      const ctx = job.ctx.withDeadline(job.deadlineMs)
      job.work = this
      job.handle = ctx
      return { job: job.input, ctx }
    })
    const work = new Deferred<readonly Outcome<unknown>[]>()
    work.listen(
      (outcomes) => this.done(jobs, batchSize, startedAtMs, outcomesFor(this.desk.name, jobs, outcomes)),
      (error) => this.done(jobs, batchSize, startedAtMs, { error }),
    )
    try {
      work.resolve(this.handler.handle(given))
    } catch (error) {
      work.reject(error)
    }
  }

  private done(
    jobs: readonly Job[],
    batchSize: number,
    startedAtMs: number,
    result: readonly Outcome<unknown>[] | Failure,
  ): void {
    const { desk } = this
    const nowMs = desk.clock.nowMs()
    const elapsedMs = nowMs - startedAtMs
    this.calls -= 1
    this.running -= jobs.length
    for (const { handle } of jobs) (handle as Context | undefined)?.end('the job is done')
    desk.served(elapsedMs, jobs.length)
    this.size.ended(nowMs, batchSize, jobs.length, elapsedMs)
    settleBatch(desk, jobs, result)
    if (!this.isDispatching && desk.ready > 0) desk.wake()
  }

  callOff({ handle }: Job, error: unknown): void {
    ;(handle as Context).end(error)
  }

  stop(): void {
    this.slice.stop()
  }
}

/** All jobs of a batch fail with it. */
export interface Failure {
  readonly error: unknown
}

export function takeBatch(desk: Desk, batchSize: number, nowMs: number): readonly Job[] {
  const jobs: Job[] = []
  while (jobs.length < batchSize) {
    const job = desk.next(nowMs)
    if (job === undefined) break
    jobs.push(job)
  }
  return jobs
}

/** What was given, if it is one outcome for each job. */
export function outcomesFor(
  stage: string,
  jobs: readonly Job[],
  given: unknown,
): readonly Outcome<unknown>[] | Failure {
  try {
    const isRight = Array.isArray(given) && given.length === jobs.length && given.every(isOutcome)
    return isRight ? given : { error: mismatchError(stage, jobs.length, given) }
  } catch (error) {
    // One of them cannot even be looked at.
    return { error }
  }
}

export function settleBatch(
  desk: Desk,
  jobs: readonly Job[],
  result: readonly Outcome<unknown>[] | Failure,
): void {
  jobs.forEach((job, i) => {
    const outcome = 'error' in result ? undefined : (result[i] as Outcome<unknown>)
    if (outcome === undefined) desk.worked(job, false, (result as Failure).error)
    else if (outcome.ok) desk.worked(job, true, outcome.value)
    else desk.worked(job, false, outcome.error)
  })
}
