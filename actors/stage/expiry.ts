/**
 * The deadline of jobs that have none of their own: one timer for all of them, since they all have the same time.
 *
 * It is set once work has begun for a turn's jobs, not when they come: what is done at once asks for no timer.
 */
import type { Clock, Timer } from '../../runtime/time/clock.ts'
import type { Job } from './job.ts'
import type { LinkedList } from './linked-list.ts'

export class Expiry {
  private readonly clock: Clock
  /** Those that are not settled, in the order of submission. */
  private readonly jobs: LinkedList<Job>
  private readonly onExpired: (job: Job) => void
  private timer: Timer | undefined = undefined
  /** Jobs without a deadline of their own. */
  private count = 0
  /** The deadline of the first of them, or of one that came before it and has left. */
  private nextMs = 0

  constructor(clock: Clock, jobs: LinkedList<Job>, onExpired: (job: Job) => void) {
    this.clock = clock
    this.jobs = jobs
    this.onExpired = onExpired
  }

  entered({ hasOwnDeadline, deadlineMs }: Job): void {
    if (hasOwnDeadline) return
    if (this.count === 0) this.nextMs = deadlineMs
    this.count += 1
  }

  left({ hasOwnDeadline }: Job): void {
    if (hasOwnDeadline) return
    this.count -= 1
    if (this.count === 0) this.stop()
  }

  /** Sees to it that somebody looks when the first one is due. */
  arm(): void {
    if (this.count > 0) this.timer ??= this.clock.schedule(this.nextMs, () => this.rang())
  }

  stop(): void {
    this.timer?.cancel()
    this.timer = undefined
  }

  private rang(): void {
    this.timer = undefined
    const nowMs = this.clock.nowMs()
    const due: Job[] = []
    for (const job of this.jobs) {
      if (job.hasOwnDeadline) continue
      this.nextMs = job.deadlineMs
      if (job.deadlineMs > nowMs) break
      due.push(job)
    }
    // Whoever is told of one may do anything to the others.
    for (const job of due) this.onExpired(job)
    this.arm()
  }
}
