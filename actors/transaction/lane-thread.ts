/**
 * A database thread, as its lane sees it: an actor on a thread, the groups that it was given, and what the board says of them.
 *
 * Rules: while it has not said that it is open it gets nothing; it is asked again in each of its lives. A group is answered, or
 * else the board knows what became of it: it is never guessed. A transaction that does not stop when it is to is given up with
 * its group, unless that is being committed; the thread, if it is stuck, is then ended by its own watchdog, and the others of the
 * group are done again.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { Deferred } from '../../runtime/deferred/deferred.ts'
import { codeOf, describe } from '../../runtime/errors.ts'
import type { Ref } from '../../runtime/system/ref.ts'
import type { Timer } from '../../runtime/time/clock.ts'
import { DELAY_MS_MAX } from '../../runtime/time/limits.ts'
import { type Board, COMMITTED, COMMITTING, IDLE, IN_DOUBT, RUNNING } from './board.ts'
import { DatabaseError, TransactionError } from './errors.ts'
import type { DatabaseLimits } from './limits.ts'
import { AGAIN, FAILED, failedReport, type Report, UNKNOWN } from './report.ts'
import type { DatabaseThreadEvent } from './thread/database-thread.ts'
import type { GroupAnswer, Opened } from './thread/messages.ts'
import { Group, type GroupThread, type Ticket } from './ticket.ts'

/** The lane, and the database above it. */
export interface ThreadOffice {
  readonly ctx: Context
  readonly limits: DatabaseLimits
  /** It takes groups from now on. */
  opened(opened: Opened): void
  /** It could not be opened again, and is asked later. */
  notOpened(error: unknown): void
  settled(group: Group, answer: GroupAnswer): void
  unsettled(group: Group, fate: (ticket: Ticket, index: number) => Report): void
  /** It was lost while it committed something. */
  doubted(): void
  /** It has another life: nothing of the one before is at work any more. */
  reborn(): void
}

/** Milliseconds between two attempts to open it, doubling up to the second. */
const REOPEN_MIN_MS = 50
const REOPEN_MAX_MS = 2_000
/** It was not open yet. */
const NO_LIFE = -1

export class LaneThread implements GroupThread {
  private readonly office: ThreadOffice
  private readonly ref: Ref<DatabaseThreadEvent>
  private readonly board: Board
  private readonly groups: (Group | undefined)[]
  private isOpen = false
  private isStopped = false
  private life = NO_LIFE
  private reopenMs = REOPEN_MIN_MS
  private timer: Timer | undefined = undefined
  private reopening: Timer | undefined = undefined
  underWay = 0

  constructor(office: ThreadOffice, ref: Ref<DatabaseThreadEvent>, board: Board, slots: number) {
    this.office = office
    this.ref = ref
    this.board = board
    this.groups = new Array(slots).fill(undefined)
  }

  /** For groups. */
  get places(): number {
    return this.groups.length
  }

  get hasRoom(): boolean {
    return this.isOpen && this.underWay < this.groups.length && this.freeSlot() !== -1
  }

  /** Has it open its database. Fails where that does not work, as the thread says. */
  open(): Deferred<Opened> {
    const { ctx, limits } = this.office
    const opening = this.ref.ask(ctx, { type: 'open' }, { timeoutMs: limits.openMs }) as Deferred<Opened>
    opening.listen(
      (opened) => {
        if (this.isStopped) return
        if (opened.life !== this.life) this.reborn(opened.life)
        this.isOpen = true
        this.reopenMs = REOPEN_MIN_MS
        this.office.opened(opened)
      },
      () => {},
    )
    return opening
  }

  /** Nobody is at work any more on what an earlier life had. */
  private reborn(life: number): void {
    if (this.life !== NO_LIFE) this.office.reborn()
    this.life = life
    for (let slot = 0; slot < this.groups.length; slot++) {
      if (this.groups[slot] === undefined) this.board.free(slot)
    }
  }

  give(tickets: readonly Ticket[], size: number): void {
    const { ctx } = this.office
    const slot = this.freeSlot()
    const nowMs = ctx.clock.nowMs()
    const group = new Group(this, slot, tickets, nowMs, size)
    this.groups[slot] = group
    this.underWay += 1
    this.board.prepare(slot, tickets.length)
    // Pushed: an array that was made with its length has holes for V8, and crosses half as fast.
    const jobs: unknown[] = []
    for (let index = 0; index < tickets.length; index++) {
      const ticket = tickets[index] as Ticket
      ticket.group = group
      ticket.index = index
      const remainingMs = Math.min(ticket.timeoutMs, ticket.ctx.remainingMs)
      jobs.push(ticket.name, ticket.input, ticket.attempt, remainingMs, ticket.traceparent, ticket.values)
    }
    const { access, isolation } = tickets[0] as Ticket
    const wasSpoilt = tickets.some((ticket) => ticket.wasSpoilt)
    group.question = this.ref.ask(ctx, { type: 'group', slot, access, isolation, wasSpoilt, jobs }, FOR_EVER)
    ;(group.question as Deferred<GroupAnswer>).listen(
      (answer) => {
        this.board.free(slot)
        this.leave(group)
        this.office.settled(group, answer)
      },
      (error) => this.unanswered(group, error),
    )
    this.watch()
  }

  /** One of a group is to stop. */
  stopOne(group: Group, ticket: Ticket): void {
    this.board.stop(group.slot, ticket.index)
    this.ref.send(this.office.ctx, { type: 'interrupt', slot: group.slot })
  }

  /** Its database closes. */
  stop(): void {
    this.isStopped = true
    this.isOpen = false
    this.timer?.cancel()
    this.timer = undefined
    this.reopening?.cancel()
    this.reopening = undefined
  }

  /** The actor of one that is under way ends. @returns whether the group may yet be, or is, committed. */
  giveUp({ slot }: Group): boolean {
    if (this.board.abandon(slot)) return false
    return mayBeCommitted(this.board.phase(slot))
  }

  // ── A group without an answer ──────────────────────────────────────────────────────────────────────────────────

  private unanswered(group: Group, error: unknown): void {
    const { board } = this
    const { slot } = group
    if (codeOf(error) === 'MESSAGE_NOT_CLONEABLE') {
      // It has not crossed: the thread knows nothing of it, and is well.
      board.free(slot)
      this.leave(group)
      this.office.unsettled(group, () => failedReport(FAILED, error))
      return
    }
    // Whatever it was that failed: from here on it is not committed, unless it has been begun to be.
    board.abandon(slot)
    const phase = board.phase(slot)
    const current = group.guilty ?? board.current(slot)
    if (phase === COMMITTING || phase === IN_DOUBT) this.office.doubted()
    this.leave(group)
    this.isOpen = false
    if (!this.isStopped) this.reopen()
    this.office.unsettled(group, (ticket, index) => this.fateOf(phase, ticket, index === current, error))
  }

  private fateOf(phase: number, ticket: Ticket, isCurrent: boolean, cause: unknown): Report {
    const { name } = ticket
    if (phase === COMMITTING || phase === IN_DOUBT) {
      const message = `transaction "${name}" was being committed when its thread was lost: ${describe(cause)}`
      return failedReport(UNKNOWN, new TransactionError('TRANSACTION_UNKNOWN', message, { cause }))
    }
    if (phase === COMMITTED) {
      const message = `transaction "${name}" is committed, and its result is lost with its thread: ${describe(cause)}`
      return failedReport(UNKNOWN, new TransactionError('TRANSACTION_RESULT_LOST', message, { cause }))
    }
    if (!isCurrent) return failedReport(AGAIN, cause)
    if (ticket.stoppedAtMs !== undefined) {
      const message = `transaction "${name}" was to stop, and was ended with its thread`
      return failedReport(FAILED, new DatabaseError('DATABASE_INTERRUPTED', message, { cause }))
    }
    if (codeOf(cause) === 'CANCELLED') {
      const message = `transaction "${name}" took longer than ${ticket.timeoutMs} ms (timeoutMs), and did not stop`
      return failedReport(FAILED, new TransactionError('TRANSACTION_TIMEOUT', message))
    }
    const message = `the thread of transaction "${name}" was lost while it ran: ${describe(cause)}`
    return failedReport(FAILED, new TransactionError('TRANSACTION_THREAD_LOST', message, { cause }))
  }

  /** Its next life has to open the database again. */
  private reopen(): void {
    if (this.isStopped || this.reopening !== undefined) return
    this.open().listen(
      () => {},
      (error) => {
        if (this.isStopped || !this.ref.isAlive) return
        this.office.notOpened(error)
        const { clock } = this.office.ctx
        this.reopening = clock.schedule(clock.nowMs() + this.reopenMs, () => {
          this.reopening = undefined
          this.reopen()
        })
        this.reopenMs = Math.min(REOPEN_MAX_MS, this.reopenMs * 2)
      },
    )
  }

  private leave({ slot }: Group): void {
    this.groups[slot] = undefined
    // The watch ends by itself: to stop and start it would be some of what a transaction alone costs.
    this.underWay -= 1
  }

  /** A group that home does not wait for any more may still be on the thread: its slot is free when that is done with it. */
  private freeSlot(): number {
    for (let slot = 0; slot < this.groups.length; slot++) {
      if (this.groups[slot] !== undefined) continue
      const phase = this.board.phase(slot)
      if (phase === IDLE || phase === COMMITTED || phase === IN_DOUBT) return slot
    }
    return -1
  }

  // ── Who does not stop ──────────────────────────────────────────────────────────────────────────────────────────

  private watch(): void {
    const { ctx, limits } = this.office
    const everyMs = Math.max(10, limits.stuckMs / 2)
    this.timer ??= ctx.clock.schedule(ctx.clock.nowMs() + everyMs, () => {
      this.timer = undefined
      const nowMs = ctx.clock.nowMs()
      for (const group of this.groups) if (group !== undefined) this.look(group, nowMs)
      if (this.underWay > 0) this.watch()
    })
  }

  private look(group: Group, nowMs: number): void {
    const { limits } = this.office
    const phase = this.board.phase(group.slot)
    const current = this.board.current(group.slot)
    const seen = phase * PHASES + current
    if (seen !== group.seen) {
      group.seen = seen
      group.seenSinceMs = nowMs
      return
    }
    const forMs = nowMs - group.seenSinceMs
    if (phase === RUNNING && current >= 0) {
      const ticket = group.tickets[current] as Ticket
      const stoppedForMs = nowMs - Math.max(group.seenSinceMs, ticket.stoppedAtMs ?? Number.POSITIVE_INFINITY)
      if (forMs < ticket.timeoutMs + limits.stuckMs && !(stoppedForMs >= limits.stuckMs)) return
      if (!this.board.abandon(group.slot)) return
      group.guilty = current
      group.question?.cancel(`transaction "${ticket.name}" does not stop`)
    } else if (phase === COMMITTING || phase === COMMITTED) {
      if (forMs >= limits.commitTimeoutMs) group.question?.cancel('COMMIT takes too long')
    }
  }
}

function mayBeCommitted(phase: number): boolean {
  return phase === COMMITTING || phase === COMMITTED || phase === IN_DOUBT
}

/** Above any index of a group. */
const PHASES = 1_048_576

const FOR_EVER = { timeoutMs: DELAY_MS_MAX }
