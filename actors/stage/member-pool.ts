/**
 * Members of a pool, and which job goes to which of them.
 *
 * Members are children of the stage's actor, which oversees them: one that ends is replaced, after a while that doubles
 * each time in a row; it is never restarted in its place, so that jobs in its mailbox go to others at once.
 *
 * Rules: a job goes to the ready member that has the fewest; while none is ready, to one that starts. A member that is to be
 * retired finishes what it has. A job that no member has begun is never lost with one.
 */

import type { Context } from '../../runtime/context/context.ts'
import type { Deferred } from '../../runtime/deferred/deferred.ts'
import { codeOf } from '../../runtime/errors.ts'
import type { Host } from '../../runtime/system/logic.ts'
import { ThreadLostError } from '../../runtime/worker/errors.ts'
import { type Transferable, transfer, transfersOf } from '../../runtime/worker/transfer.ts'
import { BatchSize } from './batch-size.ts'
import { outcomesFor, settleBatch, takeBatch } from './home-batches.ts'
import { type Job, RUNNING } from './job.ts'
import { MEMBER_TIMEOUT_MS, type StageLimits } from './limits.ts'
import { meaningOf } from './lost.ts'
import { Group, type Member } from './member.ts'
import { MemberCrew } from './member-crew.ts'
import type { StagePlan } from './plan.ts'
import type { Pool } from './pool.ts'
import { arrived } from './wire-outcomes.ts'
import type { Desk, Workers } from './workers.ts'

/** How members are asked: the job's context decides how long, and a member is never busy with asking itself. */
const ASKED = { timeoutMs: MEMBER_TIMEOUT_MS, isReentrant: true } as const

/** Deadlines of jobs that have none of their own are rounded up to this part of the limit, to share a context. */
const DEADLINE_PARTS = 64

export class MemberPool implements Workers {
  private readonly desk: Desk
  private readonly host: Host
  private readonly crew: MemberCrew
  private readonly takesBatches: boolean
  private readonly limits: StageLimits
  private readonly rerun: number
  private readonly size: BatchSize
  /** Members that may have another job, as of the last `pick`. */
  private candidates = 0
  private shared: { readonly base: Context; readonly deadlineMs: number; readonly ctx: Context } | undefined
  running = 0
  readonly isOnLoop = false

  constructor(desk: Desk, host: Host, pool: Pool<unknown, unknown>, { batch, limits, rerun }: StagePlan) {
    this.desk = desk
    this.host = host
    this.takesBatches = pool.takes === 'batches'
    this.limits = limits
    this.rerun = rerun
    this.size = new BatchSize(desk, batch, this.takesBatches ? 1 : limits.prefetch)
    this.crew = new MemberCrew(desk, host, pool, limits, batch?.batchMax ?? limits.prefetch)
  }

  get servers(): number {
    return this.crew.ready
  }

  get isSaturated(): boolean {
    return this.crew.isComplete && this.pick() === undefined
  }

  get batchSize(): number {
    return this.size.now
  }

  get members(): number {
    return this.crew.count
  }

  get membersReady(): number {
    return this.crew.ready
  }

  get canGrow(): boolean {
    return this.crew.canGrow
  }

  dispatch(nowMs: number): void {
    const { desk, crew } = this
    crew.muster(nowMs)
    while (desk.ready > 0) {
      const member = this.pick()
      if (member === undefined) return
      const batchSize = this.size.now
      const room = this.takesBatches ? batchSize : batchSize - member.underWay
      // Where there are fewer jobs than places they are spread, and nobody idles beside one that has many.
      const share = Math.ceil(desk.ready / this.candidates)
      const jobs = takeBatch(desk, Math.min(room, share), nowMs)
      if (jobs.length === 0) return
      this.give(new Group(member, jobs, nowMs, batchSize))
    }
  }

  stop(): void {
    this.crew.stop()
  }

  /** The one with the fewest jobs that may have another. */
  private pick(): Member | undefined {
    const room = this.takesBatches ? 1 : this.size.now
    const needsReady = this.crew.ready > 0
    let best: Member | undefined
    let candidates = 0
    for (const member of this.crew.members) {
      if (member.underWay >= room || member.isRetiring || !member.ref.isAlive) continue
      if (needsReady && !member.isReady) continue
      candidates += 1
      if (best === undefined || member.load < best.load) best = member
    }
    this.candidates = candidates
    return best
  }

  private give(group: Group): void {
    const { jobs, member } = group
    this.running += jobs.length
    this.crew.busy(member, jobs.length)
    for (const job of jobs) job.work = group
    if (this.takesBatches) this.askForAll(group)
    else for (const job of jobs) this.askFor(group, job)
  }

  private askFor(group: Group, job: Job): void {
    const event = handingOver({ type: 'job', job: job.input }, [job])
    const question: Deferred<unknown> = group.member.ref.ask(this.contextOf(job), event, ASKED)
    job.handle = question
    question.listen(
      (value) => {
        this.answered(group, 1, job.state === RUNNING)
        this.desk.worked(job, true, value)
      },
      (error) => {
        this.answered(group, 1, this.isAnswer(job, error))
        this.failed(job, error)
      },
    )
  }

  private askForAll(group: Group): void {
    const { jobs, member } = group
    const event = handingOver({ type: 'batch', jobs: jobs.map(({ input }) => input) }, jobs)
    const deadlineMs = jobs.reduce((latest, job) => Math.max(latest, job.deadlineMs), 0)
    const ctx = this.host.ownContext.withDeadline(deadlineMs) as Context
    const question: Deferred<unknown> = member.ref.ask(ctx, event, ASKED)
    group.question = question
    question.listen(
      (outcomes) => {
        this.answered(group, jobs.length, true)
        const given = outcomesFor(this.desk.name, jobs, outcomes)
        settleBatch(this.desk, jobs, 'error' in given ? given : given.map(arrived))
      },
      (error) => {
        this.answered(
          group,
          jobs.length,
          jobs.some((job) => this.isAnswer(job, error)),
        )
        // One of them cannot be sent, and none was: each alone tells which.
        if (jobs.length > 1 && codeOf(error) === 'MESSAGE_NOT_CLONEABLE') this.giveEach(group)
        else for (const job of jobs) this.failed(job, error)
      },
    )
  }

  private giveEach({ member, jobs, batchSize }: Group): void {
    const nowMs = this.desk.clock.nowMs()
    for (const job of jobs) {
      if (job.state === RUNNING) this.give(new Group(member, [job], nowMs, batchSize))
    }
  }

  /** The member has worked on it until now, as far as can be known: it was neither called off nor given back. */
  private isAnswer(job: Job, error: unknown): boolean {
    const meaning = meaningOf(error)
    return job.state === RUNNING && (meaning === 'answered' || meaning === 'lost')
  }

  /** @param hasWorked - on these jobs, until now. */
  private answered(group: Group, jobs: number, hasWorked: boolean): void {
    const { desk, crew } = this
    const { member } = group
    this.running -= jobs
    group.left -= jobs
    if (hasWorked) {
      member.hasBegun = true
      member.abandoned = 0
      group.worked += jobs
    }
    if (group.left === 0 && group.worked > 0) this.worked(group)
    crew.free(member, jobs)
    if (desk.ready > 0) desk.wake()
  }

  /** A group is done, and tells what jobs cost. */
  private worked({ member, jobs, worked, batchSize, startedAtMs, isEarly }: Group): void {
    const nowMs = this.desk.clock.nowMs()
    const elapsedMs = nowMs - Math.max(startedAtMs, member.freeSinceMs)
    const wasFree = member.freeSinceMs <= startedAtMs
    member.freeSinceMs = nowMs
    if (isEarly && wasFree) return
    this.desk.served(elapsedMs, worked)
    this.size.ended(nowMs, batchSize, jobs.length, elapsedMs)
  }

  private failed(job: Job, error: unknown): void {
    const { desk } = this
    // What it handed over to a thread that is lost is lost with it: it cannot be given to another.
    const isGone = error instanceof ThreadLostError && transfersOf(job.input) !== undefined
    const meaning = isGone && desk.isAlive ? 'answered' : meaningOf(error)
    if (meaning === 'unbegun' || (meaning === 'lost' && !desk.isAlive)) {
      desk.giveBack(job)
    } else if (meaning === 'lost' && job.reruns < this.rerun) {
      job.reruns += 1
      desk.giveBack(job)
    } else {
      if (meaning === 'expired') desk.expire(job)
      desk.worked(job, false, error)
    }
  }

  /** The job's own; with the deadline that the stage gives it, where it has none. */
  private contextOf(job: Job): Context {
    const { ctx, deadlineMs, hasOwnDeadline } = job
    if (hasOwnDeadline) return ctx
    const { shared } = this
    const partMs = this.limits.jobTimeoutMs / DEADLINE_PARTS
    // A context for each would cross to a thread with each, and most jobs of a turn come from one. The stage's own timer
    // is exact.
    const fits =
      shared !== undefined && deadlineMs <= shared.deadlineMs && deadlineMs >= shared.deadlineMs - partMs
    if (shared?.base === ctx && fits) return shared.ctx
    const made = { base: ctx, deadlineMs: deadlineMs + partMs, ctx: ctx.withDeadline(deadlineMs + partMs) }
    this.shared = made
    return made.ctx
  }
}

/** Buffers that are marked in a job are handed over with the event in which it stands. */
function handingOver<E extends object>(event: E, jobs: readonly Job[]): E {
  let buffers: Transferable[] | undefined
  for (const { input } of jobs) {
    const marked = transfersOf(input)
    if (marked === undefined) continue
    buffers ??= []
    buffers.push(...marked)
  }
  return buffers === undefined ? event : transfer(event, buffers)
}
