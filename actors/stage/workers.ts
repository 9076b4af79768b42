/** Who does a stage's jobs: a function at home, one that takes batches, or members of a pool. All look like this to it. */
import type { Clock } from '../../runtime/time/clock.ts'
import type { Decided, StageEvents } from './events.ts'
import type { Job } from './job.ts'

export interface Workers {
  /** Jobs that were handed over and are not done, those that were called off included. */
  readonly running: number
  /** Jobs that can be done at one time. */
  readonly servers: number
  /** None could be handed over now, and nothing that a step could do would change that. */
  readonly isSaturated: boolean
  readonly batchSize: number
  readonly members: number
  readonly membersReady: number
  /** Whether more servers may come. */
  readonly canGrow: boolean
  /** Works on the event loop: its delay is theirs. */
  readonly isOnLoop: boolean
  /** Hands over what can be, in a step of the stage's actor. */
  dispatch(nowMs: number): void
  /** Nothing is handed over any more. */
  stop(): void
}

/** What workers see of their stage. */
export interface Desk {
  readonly name: string
  readonly clock: Clock
  readonly events: StageEvents
  /** Jobs that wait and could be taken. */
  readonly ready: number
  /** Jobs that wait, that could not be taken now as well. */
  readonly waiting: number
  /** Jobs that are not settled. */
  readonly unsettled: number
  /** Jobs that are settled, and that were refused, since the start. */
  readonly settled: number
  readonly refused: number
  /** The stage's actor is alive. */
  readonly isAlive: boolean
  /** The next job that somebody still wants, if any; it is running from now on. */
  next(nowMs: number): Job | undefined
  /** The work on a job is over. What comes of one that was called off meanwhile is dropped. */
  worked(job: Job, isValue: boolean, result: unknown): void
  /** A job was taken and not done: it goes back to the head of the queue. */
  giveBack(job: Job): void
  /** Nobody wants its result any more. */
  expire(job: Job): void
  /** Fails all jobs that wait. */
  failWaiting(error: unknown): void
  /** A server was occupied by `jobs` jobs for so long. */
  served(elapsedMs: number, jobs: number): void
  /** Asks for a step. */
  wake(): void
  decided(decided: Decided): void
}
