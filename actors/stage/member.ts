/** One member of a pool, as its stage sees it. */
import type { Deferred } from '../../runtime/deferred/deferred.ts'
import type { AnyEvent, Ref } from '../../runtime/system/ref.ts'
import type { Job, Work } from './job.ts'

/** Jobs that were given to a member together. */
export class Group implements Work {
  readonly member: Member
  readonly jobs: readonly Job[]
  readonly startedAtMs: number
  /** The member was still starting when it got them: until when nobody has told, so their time says nothing of what they cost. */
  readonly isEarly: boolean
  /** In force when they were taken. */
  readonly batchSize: number
  /** Jobs that are not answered. */
  left: number
  /** Of those that were, jobs on which the member has worked until they were. */
  worked = 0
  /** Jobs that somebody still wants. */
  wanted: number
  /** Where they are asked about together. */
  question: Deferred<unknown> | undefined = undefined

  constructor(member: Member, jobs: readonly Job[], startedAtMs: number, batchSize: number) {
    this.member = member
    this.jobs = jobs
    this.startedAtMs = startedAtMs
    this.isEarly = !member.isReady
    this.batchSize = batchSize
    this.left = jobs.length
    this.wanted = jobs.length
  }

  callOff({ handle }: Job, error: unknown): void {
    this.wanted -= 1
    this.member.abandoned += 1
    if (this.question === undefined) (handle as Deferred<unknown> | undefined)?.cancel(error)
    else if (this.wanted === 0) this.question.cancel(error)
  }
}

export class Member {
  readonly ref: Ref<AnyEvent>
  /** Jobs that were given to it and are not answered. */
  underWay = 0
  /**
   * Jobs that were called off while it had them, since it last answered one: it may be busy with them still. Whoever has
   * the choice gives its job to another.
   */
  abandoned = 0
  /** It takes jobs: its thread has started. */
  isReady = false
  /** It has begun with a job. */
  hasBegun = false
  /** It gets no more jobs, and is stopped when it has none. */
  isRetiring = false
  /** It was stopped by its stage. */
  isRetired = false
  /** When it was last done with something. */
  freeSinceMs = 0

  constructor(ref: Ref<AnyEvent>) {
    this.ref = ref
  }

  /** What it has to do, as far as is known. */
  get load(): number {
    return this.underWay + this.abandoned
  }

  /**
   * Looks whether it takes jobs by now. An actor on a thread is `starting` until that has loaded its module; any other
   * takes jobs as soon as it lives.
   */
  look(): boolean {
    if (!this.isReady && this.ref.isAlive) {
      this.isReady = (this.ref as unknown as { readonly value: unknown }).value !== 'starting'
    }
    return this.isReady
  }
}
