/**
 * A lane: transactions of one kind (writing, or only reading), their queue, and the threads that run them.
 *
 * Rules: first come, first served; one that is to be done again keeps its place. The queue is bounded, and so is how long one
 * waits. A group is what waits when a thread has room: no timer makes anybody wait for company. How many may be in one the
 * batch controller says, where they commit together.
 */
import type { Context } from '../../runtime/context/context.ts'
import { nextFraction } from '../../runtime/context/random.ts'
import { codeOf, describe } from '../../runtime/errors.ts'
import type { Timer } from '../../runtime/time/clock.ts'
import { LinkedList } from '../stage/linked-list.ts'
import { DatabaseError, TransactionRefusedError } from './errors.ts'
import { GroupSize } from './group-size.ts'
import type { LaneThread } from './lane-thread.ts'
import type { DatabaseLimits } from './limits.ts'
import {
  AGAIN,
  FAILED,
  failedReport,
  NOT_RUN,
  OK,
  type Report,
  SPOILT,
  TRANSIENT,
  UNKNOWN,
  unpackReport,
} from './report.ts'
import type { TransactionEvent } from './states.ts'
import type { GroupAnswer } from './thread/messages.ts'
import type { Group, Ticket, TicketLane } from './ticket.ts'

/** What a lane needs of its database. */
export interface LaneOffice {
  /** In which transactions are told how it goes. */
  readonly ctx: Context
  readonly limits: DatabaseLimits
  /** Asks for a step of the database's actor, in which `dispatch` is called. */
  wake(): void
  /** A group is settled: so many of it were committed, and have published so many messages. */
  grouped(tickets: number, published: number): void
  retried(): void
}

/** Milliseconds, at the least; twice as many at most. Two commits of a fast disk. */
const LISTEN_AFTER_MS = 5

export class Lane implements TicketLane {
  private readonly office: LaneOffice
  private readonly queue = new LinkedList<Ticket>()
  readonly size: GroupSize
  threads: readonly LaneThread[] = []
  /** Handed to threads. */
  underWay = 0
  /** That were given out. */
  private places = 0
  /** Waiting to be done again. */
  private retrying = 0
  private timer: Timer | undefined = undefined
  /** Those that do not listen yet, and when the older ones of them will. */
  private fresh: Ticket[] = []
  private older: Ticket[] = []
  private listening: Timer | undefined = undefined
  /** What a thread could not be opened for: those who wait in vain are told. */
  trouble: unknown = undefined

  constructor(office: LaneOffice, commitsGroups: boolean) {
    this.office = office
    this.size = new GroupSize(commitsGroups ? office.limits.groupMax : 1)
  }

  get queued(): number {
    return this.queue.size + this.retrying
  }

  /** About when there is room, from how long groups take. */
  get retryAfterMs(): number {
    return Math.ceil(Math.min(this.office.limits.waitMs, (this.queued / this.size.now) * this.size.averageMs))
  }

  get isFull(): boolean {
    return this.queued >= this.office.limits.queueCapacity
  }

  enter(ticket: Ticket): void {
    // Its request may have ended while its actor was made.
    if (ticket.stoppedAtMs !== undefined) {
      this.decide(ticket, { type: 'rolledBack', report: INTERRUPTED })
      return
    }
    this.places += 1
    ticket.place = this.places
    ticket.isQueued = true
    this.queue.push(ticket)
    this.office.wake()
    if (!ticket.ctx.isBackground) this.attend(ticket)
  }

  /**
   * A transaction listens to its request's context when it is there for longer than most are: to begin and to end that would be
   * a sixth of what one costs. Until then it is looked at when it is handed over.
   */
  private attend(ticket: Ticket): void {
    this.fresh.push(ticket)
    this.listening ??= this.listenLater()
  }

  private listenLater(): Timer {
    const { clock } = this.office.ctx
    return clock.schedule(this.nowMs + LISTEN_AFTER_MS, () => {
      const { older } = this
      this.older = this.fresh
      this.fresh = []
      this.listening = this.older.length > 0 ? this.listenLater() : undefined
      for (const one of older) if (!one.isOver) one.teller?.listen()
    })
  }

  withdraw(ticket: Ticket): boolean {
    if (ticket.retry !== undefined) {
      this.unretry(ticket)
      return true
    }
    if (ticket.isQueued) {
      ticket.isQueued = false
      this.queue.remove(ticket)
      return true
    }
    ticket.stoppedAtMs ??= this.nowMs
    ticket.group?.thread.stopOne(ticket.group, ticket)
    return false
  }

  /** Gives what waits to the threads that have room, the least busy first. */
  dispatch(): void {
    while (this.queue.size > 0) {
      let thread: LaneThread | undefined
      for (const one of this.threads) {
        if (one.hasRoom && (thread === undefined || one.underWay < thread.underWay)) thread = one
      }
      if (thread === undefined) break
      const places = this.threads.length * thread.places
      const most = this.size.next(this.queue.size, this.underWay, places, thread.underWay > 0)
      if (most === 0) break
      const tickets = this.take(most)
      if (tickets.length === 0) break
      this.underWay += tickets.length
      thread.give(tickets, most)
    }
    this.arm()
  }

  private take(most: number): Ticket[] {
    const tickets: Ticket[] = []
    const nowMs = this.nowMs
    for (
      let ticket = this.queue.first;
      ticket !== undefined && tickets.length < most;
      ticket = this.queue.first
    ) {
      if (this.isOverdue(ticket, nowMs)) {
        this.expire(ticket)
        continue
      }
      if (ticket.ctx.isCancelled) {
        this.queue.remove(ticket)
        ticket.isQueued = false
        this.decide(ticket, { type: 'rolledBack', report: failedReport(FAILED, ticket.ctx.failure()) })
        continue
      }
      const [first] = tickets
      if (
        first !== undefined &&
        (ticket.isAlone || ticket.access !== first.access || ticket.isolation !== first.isolation)
      )
        break
      this.queue.remove(ticket)
      ticket.isQueued = false
      ticket.attempt += 1
      ticket.teller?.moved('began')
      tickets.push(ticket)
      if (ticket.isAlone) break
    }
    return tickets
  }

  // ── What threads tell ──────────────────────────────────────────────────────────────────────────────────────────

  settled(group: Group, { reports, elapsedMs, commitMs }: GroupAnswer): void {
    const { tickets } = group
    let published = 0
    let committed = 0
    let wasSpoilt = false
    this.left(group)
    tickets.forEach((ticket, index) => {
      const report = unpackReport(reports, index)
      published += report.published
      if (report.status === OK) committed += 1
      if (report.status === SPOILT || report.status === NOT_RUN) wasSpoilt = true
      this.report(ticket, report)
    })
    // Half of a group says nothing of what a group takes.
    if (!wasSpoilt)
      this.size.ended({ nowMs: this.nowMs, size: group.size, jobs: tickets.length, elapsedMs, commitMs })
    this.office.grouped(committed, published)
    if (this.queue.size > 0) this.office.wake()
  }

  /** None of the group was told of. `fate` says what becomes of each. */
  unsettled(group: Group, fate: (ticket: Ticket, index: number) => Report): void {
    this.left(group)
    for (const [index, ticket] of group.tickets.entries()) this.report(ticket, fate(ticket, index))
    this.office.wake()
  }

  private left({ tickets }: Group): void {
    this.underWay -= tickets.length
    for (const ticket of tickets) ticket.group = undefined
  }

  private report(ticket: Ticket, report: Report): void {
    const { status, result } = report
    if (ticket.isOver) return
    if (status === OK) this.decide(ticket, { type: 'committed', report })
    else if (status === UNKNOWN) this.decide(ticket, { type: 'inDoubt', report })
    else if (status === FAILED) this.decide(ticket, { type: 'rolledBack', report })
    else if (ticket.stoppedAtMs !== undefined)
      this.decide(ticket, { type: 'rolledBack', report: INTERRUPTED })
    else if (status === AGAIN) this.again(ticket, result)
    else if (status === SPOILT || status === NOT_RUN) this.spoilt(ticket, status === SPOILT, result)
    else if (status === TRANSIENT) this.retry(ticket, report)
  }

  /** At once, and alone. */
  private again(ticket: Ticket, error: unknown): void {
    ticket.isAlone = true
    ticket.lastError = error
    ticket.teller?.moved('again')
    this.giveBack(ticket)
  }

  /**
   * At once, in a savepoint, so that it does not matter to others if it fails, nor to it if they do.
   *
   * @param error - its own, if any.
   */
  private spoilt(ticket: Ticket, wasRun: boolean, error: unknown): void {
    ticket.wasSpoilt = true
    ticket.waitsSinceMs = this.nowMs
    if (error !== undefined) ticket.lastError = error
    if (!wasRun) ticket.attempt -= 1
    ticket.teller?.moved('again')
    this.giveBack(ticket)
  }

  /** After a while: full jitter over a delay that doubles (Brooker, "Exponential Backoff And Jitter", AWS 2015). */
  private retry(ticket: Ticket, report: Report): void {
    const { limits, ctx } = this.office
    const { attemptsMax, retryMinMs, retryMaxMs, waitMs } = limits
    const { attempt } = ticket
    const error = report.result
    ticket.lastError = error
    // Whether the server is there is a matter of time, and not of attempts.
    const isOver =
      codeOf(error) === 'DATABASE_UNAVAILABLE' ? this.isOverdue(ticket, this.nowMs) : attempt >= attemptsMax
    if (isOver) {
      const given = attempt >= attemptsMax ? exhausted(ticket, retryMaxMs) : this.overdue(ticket)
      this.decide(ticket, { type: 'rolledBack', report: { ...report, status: FAILED, result: given } })
      return
    }
    const mostMs = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(30, attempt - 1))
    const delayMs = Math.min(
      nextFraction(ctx.random) * mostMs,
      Math.max(0, ticket.waitsSinceMs + waitMs - this.nowMs),
    )
    this.office.retried()
    ticket.teller?.moved('again')
    this.retrying += 1
    ticket.retry = ctx.clock.schedule(this.nowMs + delayMs, () => {
      this.unretry(ticket)
      this.giveBack(ticket)
    })
  }

  private unretry(ticket: Ticket): void {
    ticket.retry?.cancel()
    ticket.retry = undefined
    this.retrying -= 1
  }

  /** To its place: before all that came later. */
  private giveBack(ticket: Ticket): void {
    ticket.isQueued = true
    let place: Ticket | undefined
    for (
      let one = this.queue.first;
      one !== undefined && one.place < ticket.place;
      one = one.after as Ticket | undefined
    ) {
      place = one
    }
    this.queue.insert(place, ticket)
    this.office.wake()
  }

  // ── Who waits too long ─────────────────────────────────────────────────────────────────────────────────────────

  private isOverdue(ticket: Ticket, nowMs: number): boolean {
    return nowMs >= ticket.waitsSinceMs + this.office.limits.waitMs
  }

  private expire(ticket: Ticket): void {
    this.queue.remove(ticket)
    ticket.isQueued = false
    this.decide(ticket, { type: 'rolledBack', report: failedReport(FAILED, this.overdue(ticket)) })
  }

  private overdue(ticket: Ticket): TransactionRefusedError {
    const { waitMs } = this.office.limits
    const cause = ticket.lastError ?? this.trouble
    const why = cause === undefined ? 'and was not begun' : `in vain: ${describe(cause)}`
    const message = `transaction "${ticket.name}" waited for ${waitMs} ms (waitMs) ${why}`
    return new TransactionRefusedError('TRANSACTION_EXPIRED', message, waitMs, cause)
  }

  /** Who has waited longest: the first, but for those whose time begins anew. */
  private get oldest(): Ticket | undefined {
    let one = this.queue.first
    while (one?.wasSpoilt && one.after !== undefined) one = one.after as Ticket
    return one
  }

  /** One timer serves all. */
  private arm(): void {
    const { oldest } = this
    const dueMs = oldest === undefined ? undefined : oldest.waitsSinceMs + this.office.limits.waitMs
    if (this.timer !== undefined && (dueMs === undefined || dueMs < this.timer.atMs)) {
      this.timer.cancel()
      this.timer = undefined
    }
    if (dueMs !== undefined) this.timer ??= this.office.ctx.clock.schedule(dueMs, () => this.rang())
  }

  private rang(): void {
    this.timer = undefined
    const nowMs = this.nowMs
    for (let { oldest } = this; oldest !== undefined && this.isOverdue(oldest, nowMs); { oldest } = this) {
      this.expire(oldest)
    }
    this.arm()
  }

  // ── Its end ────────────────────────────────────────────────────────────────────────────────────────────────────

  stop(): void {
    this.timer?.cancel()
    this.timer = undefined
    this.listening?.cancel()
    this.listening = undefined
    for (const thread of this.threads) thread.stop()
  }

  /** From here on it is so, whatever is asked of its actor before that hears it. */
  private decide(ticket: Ticket, event: TransactionEvent): void {
    ticket.decided = event
    ticket.teller?.send(event)
  }

  private get nowMs(): number {
    return this.office.ctx.clock.nowMs()
  }
}

/** It was to stop: whatever else it could be done again for, it is not. */
const INTERRUPTED = failedReport(
  FAILED,
  new DatabaseError('DATABASE_INTERRUPTED', 'nobody waits for the transaction any more'),
)

function exhausted({ name, attempt, lastError }: Ticket, retryAfterMs: number): TransactionRefusedError {
  const message = `transaction "${name}" was run ${attempt} times, and had to be done again each time (attemptsMax): ${describe(lastError)}`
  return new TransactionRefusedError('TRANSACTION_RETRIES_EXHAUSTED', message, retryAfterMs, lastError)
}
