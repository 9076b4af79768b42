/** Jobs done by a function on the main thread, so many at once as the limit `concurrency` says. */
import type { Context } from '../../runtime/context/context.ts'
import { Deferred } from '../../runtime/deferred/deferred.ts'
import { isThenable } from '../../runtime/deferred/thenable.ts'
import type { Job, Work } from './job.ts'
import { Slice } from './slice.ts'
import type { Desk, Workers } from './workers.ts'

export class HomeJobs implements Workers, Work {
  private readonly desk: Desk
  private readonly handle: (job: unknown, ctx: Context) => unknown
  private readonly concurrency: number
  private readonly slice: Slice
  private isDispatching = false
  running = 0
  readonly batchSize = 1
  readonly members = 0
  readonly membersReady = 0
  readonly canGrow = false
  readonly isOnLoop = true

  constructor(desk: Desk, handle: (job: unknown, ctx: Context) => unknown, concurrency: number) {
    this.desk = desk
    this.slice = new Slice(desk)
    this.handle = handle
    this.concurrency = concurrency
  }

  get servers(): number {
    return this.concurrency
  }

  get isSaturated(): boolean {
    return this.slice.isOver || this.running >= this.concurrency
  }

  dispatch(nowMs: number): void {
    // One that returns at once leaves its place free: so many a step, and other actors have theirs in between.
    let left = this.concurrency
    let atMs = nowMs
    this.isDispatching = true
    while (!this.isSaturated && left > 0) {
      const job = this.desk.next(atMs)
      if (job === undefined) break
      left -= 1
      atMs = this.start(job, atMs)
    }
    this.isDispatching = false
    this.slice.used(nowMs)
    if (this.desk.ready > 0 && !this.isSaturated) this.desk.wake()
  }

  /** @returns the present: as far as it is known, it was looked at only where the job was done at once. */
  private start(job: Job, nowMs: number): number {
    this.running += 1
    const ctx = job.ctx.withDeadline(job.deadlineMs)
    job.work = this
    job.handle = ctx
    let result: unknown
    let isLater: boolean
    try {
      result = this.handle(job.input, ctx)
      isLater = isThenable(result)
    } catch (error) {
      return this.done(job, false, error)
    }
    if (!isLater) return this.done(job, true, result)
    Deferred.from(result).listen(
      (value) => void this.done(job, true, value),
      (error) => void this.done(job, false, error),
    )
    return nowMs
  }

  private done(job: Job, isValue: boolean, result: unknown): number {
    const { desk } = this
    const nowMs = desk.clock.nowMs()
    this.running -= 1
    ;(job.handle as Context | undefined)?.end('the job is done')
    desk.served(nowMs - job.startedAtMs, 1)
    desk.worked(job, isValue, result)
    if (!this.isDispatching && desk.ready > 0) desk.wake()
    return nowMs
  }

  callOff({ handle }: Job, error: unknown): void {
    ;(handle as Context).end(error)
  }

  stop(): void {
    this.slice.stop()
  }
}
