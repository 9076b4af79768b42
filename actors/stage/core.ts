/**
 * The stage itself: what becomes of a job, from its submission on.
 *
 *     waiting ──▶ running ──▶ (held) ──▶ settled
 *        └───────────┴───────────┴──▶ settled: expired, or the stage has ended
 *
 * Rules: a job is settled once, and counted then. Books are made up before anybody is told, since whoever is told may do
 * anything: submit, cancel, close. Who is told is not the stage's actor, though it happens on its stack. A job that is
 * called off while it runs is settled at once; its place among the workers is free when they are done with it.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { Deferred } from '../../runtime/deferred/deferred.ts'
import { CancelledError, DeadlineError } from '../../runtime/errors.ts'
import type { EventObject } from '../../runtime/mailbox/envelope.ts'
import type { Host } from '../../runtime/system/logic.ts'
import type { EndReason, Ref } from '../../runtime/system/ref.ts'
import type { ActorSystem } from '../../runtime/system/system.ts'
import type { Clock } from '../../runtime/time/clock.ts'
import { Backlog } from './backlog.ts'
import { Counters, type Fate } from './counters.ts'
import { Door, type Inside } from './door.ts'
import { closedError } from './errors.ts'
import { type Decided, StageEvents } from './events.ts'
import { Expiry } from './expiry.ts'
import { hire } from './hire.ts'
import { type Entrance, Intake } from './intake.ts'
import type { Reply, StageStatistics } from './interface.ts'
import { HELD, Job, type JobKeeper, RUNNING, SETTLED, WAITING, type Work } from './job.ts'
import { LinkedList } from './linked-list.ts'
import type { StagePlan } from './plan.ts'
import { sendReply } from './reply.ts'
import { Room } from './room.ts'
import type { Desk, Workers } from './workers.ts'

export class StageCore implements Desk, Inside, Entrance, JobKeeper {
  readonly plan: StagePlan
  readonly clock: Clock
  readonly events: StageEvents
  readonly counters = new Counters()
  private readonly system: ActorSystem
  private readonly backlog: Backlog
  private readonly door: Door
  readonly intake: Intake
  /** In the queue, for flows. */
  readonly room: Room
  private readonly onListenerFailed: (error: unknown, during: string) => void
  /** Jobs that are not settled, in the order of submission. */
  private readonly jobs = new LinkedList<Job>()
  private readonly expiry: Expiry
  private readonly isFifo: boolean
  private lastNumber = 0
  /** Set while its actor has an instance. */
  private host: Host | undefined = undefined
  private workers: Workers | undefined = undefined
  /** It takes no more jobs. */
  private isClosed = false
  /** A step has been asked for. */
  private isAwake = false

  constructor(plan: StagePlan, system: ActorSystem, clock: Clock) {
    const { order, classes } = plan
    this.plan = plan
    this.system = system
    this.clock = clock
    this.onListenerFailed = (error, during) => {
      system.events.emit('listenerFailed', { error, during: `stage ${plan.name}, ${during}` })
    }
    this.events = new StageEvents(this.onListenerFailed)
    this.isFifo = order === 'fifo'
    this.backlog = new Backlog(this.isFifo ? 1 : classes.length)
    this.door = new Door(plan, clock, this)
    this.intake = new Intake(plan, clock, this.door, this)
    this.expiry = new Expiry(clock, this.jobs, (job) => this.expire(job))
    this.room = new Room(() => !this.isOpen || this.queued < plan.limits.queueCapacity)
  }

  get name(): string {
    return this.plan.name
  }

  private get ref(): Ref | undefined {
    return this.host?.ref
  }

  // ── What comes in ──────────────────────────────────────────────────────────────────────────────────────────────

  get isOpen(): boolean {
    return !this.isClosed && this.isAlive
  }

  /** A job was let in. */
  enter(
    ctx: Context,
    input: unknown,
    index: number,
    key: PropertyKey | undefined,
    nowMs: number,
    reply: Reply<unknown, EventObject> | undefined,
  ): Deferred<unknown> {
    this.lastNumber += 1
    const { jobTimeoutMs } = this.plan.limits
    const job = new Job(this, ctx, input, this.lastNumber, index, key, nowMs, jobTimeoutMs)
    this.counters.submitted += 1
    this.jobs.push(job)
    this.backlog.push(job)
    this.expiry.entered(job)
    if (reply !== undefined) sendReply(job, reply, this.ref, this.onListenerFailed)
    if (!ctx.isBackground) {
      const unlisten = ctx.onCancel(() => this.expire(job))
      // Its deadline may just have passed.
      if (job.state === SETTLED) unlisten()
      else job.unlisten = unlisten
    }
    this.wake()
    if (!this.isAwake) this.expiry.arm()
    return job.deferred
  }

  // ── Desk: what workers do ──────────────────────────────────────────────────────────────────────────────────────

  get ready(): number {
    return this.backlog.ready
  }

  get waiting(): number {
    return this.backlog.size
  }

  get unsettled(): number {
    return this.jobs.size
  }

  get settled(): number {
    const { completed, failed, expired } = this.counters
    return completed + failed + expired
  }

  get refused(): number {
    return this.counters.refused
  }

  get isAlive(): boolean {
    return this.ref?.isAlive === true
  }

  next(nowMs: number): Job | undefined {
    for (;;) {
      const job = this.backlog.take()
      if (job === undefined) return undefined
      if (!job.isExpiredAt(nowMs)) {
        job.state = RUNNING
        job.startedAtMs = nowMs
        return job
      }
      this.backlog.release(job)
      this.expire(job)
    }
  }

  worked(job: Job, isValue: boolean, result: unknown): void {
    this.backlog.release(job)
    job.work = undefined
    job.handle = undefined
    if (job.state !== RUNNING) {
      this.endIfDone()
    } else if (!isValue && isCallOff(result) && job.isExpiredAt(this.clock.nowMs())) {
      // A thread has noticed before us.
      this.expire(job)
    } else if (this.isFifo && this.jobs.first !== job) {
      job.state = HELD
      job.isValue = isValue
      job.result = result
    } else {
      this.settle(job, isValue, result)
    }
  }

  giveBack(job: Job): void {
    if (job.state !== RUNNING || !this.isAlive) {
      this.worked(job, false, this.closed())
      return
    }
    job.state = WAITING
    job.work = undefined
    job.handle = undefined
    this.backlog.giveBack(job)
    this.wake()
  }

  expire(job: Job): void {
    if (job.state === SETTLED) return
    const { ctx, deadlineMs } = job
    const error = ctx.isCancelled
      ? ctx.failure()
      : new DeadlineError(deadlineMs, `a job of stage "${this.name}"`)
    const work = this.leave(job, 'expired', error)
    this.tell(job, false, error)
    work?.callOff(job, error)
    this.left()
    // It may have held a key.
    if (this.backlog.ready > 0) this.wake()
  }

  failWaiting(error: unknown): void {
    const waiting = [...this.jobs].filter(({ state }) => state === WAITING)
    for (const job of waiting) {
      if (job.state !== WAITING) continue
      this.leave(job, 'failed', error)
      this.tell(job, false, error)
    }
    this.left()
  }

  served(elapsedMs: number, jobs: number): void {
    this.door.served(elapsedMs, jobs)
  }

  wake(): void {
    const { host, workers } = this
    if (this.isAwake || host === undefined || workers === undefined || workers.isSaturated) return
    this.isAwake = true
    host.resumeLater()
  }

  decided(decided: Decided): void {
    if (this.events.has('decided')) this.events.emit('decided', decided)
  }

  // ── Inside: what the door sees ─────────────────────────────────────────────────────────────────────────────────

  get queued(): number {
    return this.backlog.size + this.intake.reserved
  }

  get running(): number {
    return this.workers?.running ?? 0
  }

  get servers(): number {
    return this.workers?.servers ?? 0
  }

  get canGrow(): boolean {
    return this.workers?.canGrow === true
  }

  get isOnLoop(): boolean {
    return this.workers?.isOnLoop === true
  }

  // ── Its actor ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Its actor has come to life. */
  attach(host: Host): void {
    this.host = host
    this.workers = hire(this, host, this.plan)
    this.workers.dispatch(this.clock.nowMs())
  }

  /** A step of its actor. */
  step(): void {
    this.isAwake = false
    this.workers?.dispatch(this.clock.nowMs())
    this.expiry.arm()
    this.freed()
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.intake.close()
    if (this.events.has('closed')) this.events.emit('closed')
    this.freed()
    this.endIfDone()
  }

  /** Its actor is no more, or never was: what is left fails. */
  over(): void {
    const error = this.closed()
    this.close()
    this.host = undefined
    this.door.stop()
    this.expiry.stop()
    this.workers?.stop()
    for (let job = this.jobs.first; job !== undefined; job = this.jobs.first) {
      const work = this.leave(job, 'failed', error)
      this.tell(job, false, error)
      work?.callOff(job, error)
    }
  }

  statistics(): StageStatistics {
    const { completed, failed, refused, expired, submitted } = this.counters
    const queued = this.backlog.size
    return {
      queued,
      running: this.jobs.size - queued,
      reserved: this.intake.reserved,
      members: this.workers?.members ?? 0,
      membersReady: this.workers?.membersReady ?? 0,
      p90Ms: this.door.p90Ms,
      targetMs: this.door.targetMs,
      admittedPerSecond: this.door.ratePerSecond,
      batchSize: this.workers?.batchSize ?? 1,
      submitted,
      completed,
      failed,
      refused,
      expired,
    }
  }

  // ── How a job ends ─────────────────────────────────────────────────────────────────────────────────────────────

  /** Its deferred was settled by somebody else. */
  abandoned(job: Job): void {
    const work = this.leave(job, 'expired', undefined)
    work?.callOff(job, new CancelledError('nobody waits for it any more'))
    this.left()
    if (this.backlog.ready > 0) this.wake()
  }

  private settle(job: Job, isValue: boolean, result: unknown): void {
    this.leave(job, isValue ? 'completed' : 'failed', isValue ? undefined : result)
    this.tell(job, isValue, result)
    this.left()
  }

  /** Makes up the books. @returns the work on it, if there is any: to be called off once its deferred is settled. */
  private leave(job: Job, fate: Fate, error: unknown): Work | undefined {
    const { state, work } = job
    job.state = SETTLED
    job.unlisten?.()
    job.unlisten = undefined
    this.jobs.remove(job)
    this.expiry.left(job)
    this.counters[fate] += 1
    if (state === WAITING) this.backlog.remove(job)
    const nowMs = this.clock.nowMs()
    const elapsedMs = nowMs - job.enteredAtMs
    // One that its submitter gave up says nothing about how long jobs take.
    if (fate !== 'expired' || error instanceof DeadlineError) this.door.ended(job.class, elapsedMs, nowMs)
    if (this.events.has('settled')) {
      const name = this.plan.classes[job.class] as string
      this.events.emit('settled', { outcome: fate, ctx: job.ctx, class: name, elapsedMs, error })
    }
    return work
  }

  private tell({ deferred }: Job, isValue: boolean, result: unknown): void {
    const { reactor } = this.system
    const { current } = reactor
    reactor.current = undefined
    if (isValue) deferred.resolve(result)
    else deferred.reject(result)
    reactor.current = current
  }

  /** Jobs have left: that may be what others, or the stage's end, have waited for. */
  private left(): void {
    if (this.isFifo) {
      for (let { first } = this.jobs; first?.state === HELD; { first } = this.jobs) {
        const { isValue, result } = first
        this.leave(first, isValue ? 'completed' : 'failed', isValue ? undefined : result)
        this.tell(first, isValue, result)
      }
    }
    this.freed()
    this.endIfDone()
  }

  /** There may be room in the queue, or no hope of any. */
  freed(): void {
    if (!this.room.isAwaited) return
    const { reactor } = this.system
    const { current } = reactor
    reactor.current = undefined
    this.room.tell()
    reactor.current = current
  }

  private endIfDone(): void {
    if (!this.isClosed || this.jobs.size > 0 || this.running > 0) return
    this.host?.requestStop('closed')
  }

  private closed(): Error {
    const reason = (this.ref as { readonly endingFor?: EndReason } & Ref)?.endingFor
    return closedError(this.name, reason?.kind === 'failed' ? reason.error : undefined)
  }
}

function isCallOff(error: unknown): boolean {
  return error instanceof DeadlineError || error instanceof CancelledError
}
