/**
 * The members of a pool: how many there are, and what is done about one that ends.
 *
 * The pool controller says how many there should be; it is stepped by a timer while there is anything to decide. One that
 * ends is replaced after `replaceMinMs`, twice as long each time in a row. Where none is left, and the last one did not
 * start, the jobs that wait fail with that: they would wait for nothing. A bug of ours (`InvariantError`) in a member fails
 * the stage, as it would any supervisor.
 */
import type { Host } from '../../runtime/system/logic.ts'
import { isBug, type Overseen, type Overseer } from '../../runtime/system/overseer.ts'
import type { AnyEvent, EndReason, Ref } from '../../runtime/system/ref.ts'
import { Restarts } from '../../runtime/system/restarts.ts'
import type { Timer } from '../../runtime/time/clock.ts'
import { initialPool, type PoolState, poolStep } from './controllers/pool-controller.ts'
import type { ResolvedPoolOptions } from './controllers/pool-options.ts'
import { noMembersError } from './errors.ts'
import type { StageEvents } from './events.ts'
import type { StageLimits } from './limits.ts'
import { isStartFailure } from './lost.ts'
import { Member } from './member.ts'
import type { Pool } from './pool.ts'
import { Ticker } from './ticker.ts'
import type { Desk } from './workers.ts'

export class MemberCrew implements Overseer {
  private readonly desk: Desk
  private readonly host: Host
  private readonly pool: Pool<unknown, unknown>
  private readonly options: ResolvedPoolOptions
  private readonly capacity: number
  private readonly events: StageEvents
  private readonly restarts: Restarts
  private readonly ticker: Ticker
  /** Those that live and were not stopped by us. */
  readonly members = new Set<Member>()
  private readonly byActor = new Map<unknown, Member>()
  private state: PoolState
  /** How many there should be. */
  private wanted: number
  private readyCount = 0
  canGrow: boolean
  private working = 0
  private workingPeak = 0
  private settledBefore = 0
  private refusedBefore = 0
  private lastNumber = 0
  /** No member is made before this instant: the last one was lost. */
  private heldUntilMs = 0
  private timer: Timer | undefined = undefined
  /** The last one that was lost had not started. */
  private isNotStarting = false
  private isOver = false

  constructor(desk: Desk, host: Host, pool: Pool<unknown, unknown>, limits: StageLimits, room: number) {
    const { options } = pool
    const { replaceMinMs: minMs, replaceMaxMs: maxMs } = limits
    this.desk = desk
    this.host = host
    this.pool = pool
    this.options = options
    this.events = desk.events
    this.capacity = Math.max(host.limits.mailboxCapacity, room)
    this.restarts = new Restarts({
      intensity: Number.POSITIVE_INFINITY,
      periodMs: maxMs,
      backoff: { minMs, maxMs, jitter: 0.2, quietMs: maxMs },
    })
    this.state = initialPool(options)
    this.wanted = options.min
    this.canGrow = options.min < options.max
    this.ticker = new Ticker(desk.clock, options.sampleMs, (nowMs) => this.tick(nowMs))
    host.oversee(this)
  }

  get count(): number {
    return this.members.size
  }

  /** Members that take jobs. */
  get ready(): number {
    if (this.readyCount < this.members.size) this.look()
    return this.readyCount
  }

  /** As many as there should be, and each takes jobs. */
  get isComplete(): boolean {
    return this.wanted > 0 && this.members.size >= this.wanted && this.ready === this.members.size
  }

  /** Sees to it that there are as many as there should be. */
  muster(nowMs: number): void {
    if (this.isOver) return
    if (this.wanted === 0 && this.desk.ready > 0) this.control(nowMs)
    this.fill(nowMs)
    if (this.hasReason) this.ticker.start()
  }

  busy(member: Member, jobs: number): void {
    if (member.underWay === 0) {
      this.working += 1
      this.workingPeak = Math.max(this.workingPeak, this.working)
    }
    member.underWay += jobs
  }

  free(member: Member, jobs: number): void {
    member.underWay -= jobs
    if (member.underWay > 0) return
    this.working -= 1
    if (member.isRetiring) this.retire(member)
  }

  stop(): void {
    this.isOver = true
    this.ticker.stop()
    this.timer?.cancel()
  }

  // ── Overseer ───────────────────────────────────────────────────────────────────────────────────────────────────

  decide(actor: Overseen, reason: EndReason): EndReason {
    const member = this.byActor.get(actor)
    if (member !== undefined) this.losing(member, reason)
    return reason
  }

  isDown(): void {}

  hasEnded(actor: Overseen, reason: EndReason): void {
    const member = this.byActor.get(actor)
    this.byActor.delete(actor)
    if (member !== undefined && !member.isRetired) this.lost(member, reason)
  }

  // ── Its own ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** There is something to decide: jobs are there, or members that may not be needed, or that start. */
  private get hasReason(): boolean {
    return this.desk.unsettled > 0 || this.wanted > this.options.min || this.ready < this.members.size
  }

  private tick(nowMs: number): boolean {
    this.control(nowMs)
    this.fill(nowMs)
    if (this.desk.ready > 0) this.desk.wake()
    return this.hasReason
  }

  /** Nobody tells of a thread that is ready: it is looked at when that matters. */
  private look(): void {
    this.readyCount = 0
    for (const member of this.members) {
      const wasReady = member.isReady
      if (!member.look()) continue
      this.readyCount += 1
      if (!wasReady) this.restarts.started(this.desk.clock.nowMs())
    }
  }

  private control(nowMs: number): void {
    const { desk, wanted } = this
    let ready = 0
    this.look()
    for (const { isReady, isRetiring } of this.members) if (isReady && !isRetiring) ready += 1
    const sample = {
      nowMs,
      ready,
      starting: Math.max(0, wanted - ready),
      queued: desk.waiting,
      busyPeak: this.workingPeak,
      completed: desk.settled - this.settledBefore,
      refused: desk.refused - this.refusedBefore,
    }
    this.workingPeak = this.working
    this.settledBefore = desk.settled
    this.refusedBefore = desk.refused
    const { state, decision } = poolStep(this.state, sample, this.options)
    this.state = state
    this.wanted = decision.members
    this.canGrow = decision.canGrow
    desk.decided({ controller: 'pool', decision })
    this.thin()
  }

  /** Makes those that are missing. */
  private fill(nowMs: number): void {
    while (!this.isOver && this.desk.isAlive && this.active < this.wanted) {
      const kept = [...this.members].find(({ isRetiring }) => isRetiring)
      if (kept !== undefined) {
        kept.isRetiring = false
      } else if (nowMs < this.heldUntilMs) {
        this.fillLater()
        return
      } else {
        this.start(nowMs)
      }
    }
  }

  private get active(): number {
    let active = 0
    for (const { isRetiring } of this.members) if (!isRetiring) active += 1
    return active
  }

  private fillLater(): void {
    // One that does not start is tried again when there is something to do for it.
    if (this.isNotStarting && this.desk.unsettled === 0) return
    this.timer ??= this.desk.clock.schedule(this.heldUntilMs, () => {
      this.timer = undefined
      this.desk.wake()
    })
  }

  private start(nowMs: number): void {
    const { host, pool, capacity } = this
    this.lastNumber += 1
    let ref: Ref<AnyEvent>
    try {
      ref = host.spawnChild(host.ownContext, pool.logic, {
        name: `member-${this.lastNumber}`,
        mailbox: { capacity },
        input: pool.input,
      }) as Ref<AnyEvent>
    } catch (error) {
      this.hold(nowMs)
      this.missed({ kind: 'failed', error, phase: 'starting' }, true)
      return
    }
    const member = new Member(ref)
    this.members.add(member)
    this.byActor.set(ref, member)
    member.freeSinceMs = nowMs
    const reason = (ref as { readonly endingFor?: EndReason }).endingFor
    if (reason !== undefined) {
      this.byActor.delete(ref)
      this.lost(member, reason)
    } else if (this.events.has('memberStarted')) {
      this.events.emit('memberStarted', { ref, members: this.members.size })
    }
  }

  /** Retires those that are too many: the ones with the least to do. */
  private thin(): void {
    const active = [...this.members].filter(({ isRetiring }) => !isRetiring)
    const surplus = active.length - this.wanted
    if (surplus <= 0) return
    // The youngest of those that have as little to do.
    const leaving = active.reverse().sort((one, other) => one.underWay - other.underWay)
    for (const member of leaving.slice(0, surplus)) {
      member.isRetiring = true
      if (member.underWay === 0) this.retire(member)
    }
  }

  private retire(member: Member): void {
    if (!this.forget(member)) return
    member.isRetired = true
    member.ref.stop('its pool has too many')
    if (this.events.has('memberRetired')) {
      this.events.emit('memberRetired', { ref: member.ref, members: this.members.size })
    }
  }

  private forget(member: Member): boolean {
    if (!this.members.delete(member)) return false
    if (member.isReady) this.readyCount -= 1
    return true
  }

  /** It is ending, and we have not asked for that: it gets no more jobs, and another is made in a while. */
  private losing(member: Member, reason: EndReason): void {
    if (!this.forget(member) || this.isOver || !this.desk.isAlive) return
    this.hold(this.desk.clock.nowMs())
    if (this.events.has('memberLost')) {
      this.events.emit('memberLost', { ref: member.ref, members: this.members.size, reason })
    }
  }

  /** It has ended, and given back what it had not begun. */
  private lost(member: Member, reason: EndReason): void {
    this.losing(member, reason)
    if (this.isOver || !this.desk.isAlive) return
    if (reason.kind === 'failed' && isBug(reason.error)) this.host.fail(reason.error)
    else this.missed(reason, isStartFailure(reason, member.isReady || member.hasBegun))
  }

  private hold(nowMs: number): void {
    this.heldUntilMs = nowMs + this.restarts.delayMs(nowMs, this.host.ownContext.random)
  }

  private missed(reason: EndReason, isStart: boolean): void {
    const { desk } = this
    this.isNotStarting = isStart
    if (isStart && this.members.size === 0) {
      desk.failWaiting(noMembersError(desk.name, reason.kind === 'failed' ? reason.error : undefined))
    }
    this.fillLater()
  }
}
