/**
 * The queue in which the reactions of settled deferreds wait for their microtask.
 *
 * One native microtask drains the whole queue, in order, with a loop: a chain of any length uses no stack, and a
 * reaction costs a slot in an array instead of a trip through the engine's queue. Like the engine's own microtask
 * queue it belongs to the thread, holds no application state, and is empty whenever JavaScript is not running.
 */

/** Something to run once, later in this microtask checkpoint. */
export interface Job {
  run(): void
}

const settled = Promise.resolve()

/** Slots that are kept for the next jobs; the memory of a larger burst is given back. */
const KEPT_SLOTS = 1_024

/** Two arrays take turns: one is filled while the other is drained. Neither shrinks by its length, which is slow. */
let waiting: (Job | undefined)[] = []
let waitingCount = 0
let spare: (Job | undefined)[] = []
let isScheduled = false

/**
 * Runs `job` after the current JavaScript has returned, behind every job enqueued before it. What it throws becomes an
 * unhandled rejection and harms no other job.
 */
export function enqueueJob(job: Job): void {
  waiting[waitingCount] = job
  waitingCount += 1
  if (!isScheduled) {
    isScheduled = true
    settled.then(drain)
  }
}

function drain(): void {
  while (waitingCount > 0) {
    const jobs = waiting
    const count = waitingCount
    waiting = spare
    waitingCount = 0
    for (let i = 0; i < count; i++) {
      const job = jobs[i] as Job
      jobs[i] = undefined
      try {
        job.run()
      } catch (error) {
        void Promise.reject(error)
      }
    }
    spare = count > KEPT_SLOTS ? [] : jobs
  }
  isScheduled = false
}
