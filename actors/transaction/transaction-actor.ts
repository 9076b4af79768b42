/**
 * The actor of one transaction: spawned for a request, in its context. It knows what state the transaction is in, holds back
 * what it emits until it is committed, and settles its deferred.
 *
 * Rules: its state is that of the table in states.ts. It ends when the outcome is known, and not before: the request may end,
 * its actor waits for the truth. Of a commit everything is done before anybody is told: caches are right already, what was
 * emitted is sent, in order, and then the deferred settles.
 */
import type { Context } from '../../runtime/context/context.ts'
import type { Deferred, Keeper } from '../../runtime/deferred/deferred.ts'
import { CancelledError, codeOf } from '../../runtime/errors.ts'
import type { Envelope } from '../../runtime/mailbox/envelope.ts'
import type { Host, Instance, Logic } from '../../runtime/system/logic.ts'
import type { Ref } from '../../runtime/system/ref.ts'
import { TransactionError } from './errors.ts'
import type { Hooks } from './interface.ts'
import { isLater } from './maybe-later.ts'
import type { TransactionOutcome } from './outcome.ts'
import type { Report } from './report.ts'
import { isFinal, type TransactionEvent, type TransactionState, transactionStates } from './states.ts'
import type { Teller, Ticket } from './ticket.ts'
import type { Transaction } from './transaction.ts'

/** What it is made from. */
export interface TransactionInput {
  readonly transaction: Transaction<unknown>
  readonly ticket: Ticket
  /** Of the request. */
  readonly ctx: Context
  readonly hooks: Hooks | undefined
  readonly office: Office
}

/** What a transaction's actor needs of its database. */
export interface Office {
  /** In which transactions are told how they end. */
  readonly ctx: Context
  /** Nobody wants it any more. @returns whether it was still in the queue, and is not now. */
  withdraw(ticket: Ticket): boolean
  /** It is committed: sends what it has emitted. */
  release(ctx: Context, report: Report): void
  /** It has its outcome. */
  ended(outcome: TransactionOutcome<unknown>): void
  hookFailed(error: unknown, during: string): void
  /** Its actor ends before its outcome is known. @returns whether it may yet be committed. */
  giveUp(ticket: Ticket): boolean
}

export const transactionLogic: Logic<TransactionEvent, never, TransactionInput> = {
  name: 'transaction',
  needs: [],
  create: (host, ctx, input) => new TransactionActor(host, ctx, input),
}

class TransactionActor implements Instance, Keeper, Teller {
  private readonly host: Host
  /** The request's, but for its end. */
  private readonly ctx: Context
  private readonly input: TransactionInput
  private unlisten: (() => void) | undefined = undefined
  /** Why it was called off, while the outcome is not known. */
  private calledOff: unknown = undefined
  /** The outcome is told. */
  private isTold = false
  state: TransactionState = 'queued'

  constructor(host: Host, ctx: Context, input: TransactionInput) {
    this.host = host
    this.ctx = ctx
    this.input = input
    const { transaction, ticket } = input
    ticket.teller = this
    transaction.of(this)
    transaction.keeper = this
  }

  // ── Teller ─────────────────────────────────────────────────────────────────────────────────────────────────────

  moved(type: 'began' | 'again'): void {
    this.state = transactionStates[this.state][type] ?? this.state
  }

  send(event: TransactionEvent): void {
    this.host.ref.send(this.input.office.ctx, event)
  }

  listen(): void {
    const { ctx } = this.input
    if (this.isTold || this.unlisten !== undefined) return
    const unlisten = ctx.onCancel(() => this.callOff(ctx.failure()))
    // It may have ended just now.
    if (this.isTold) unlisten()
    else this.unlisten = unlisten
  }

  get ref(): Ref {
    return this.host.ref
  }

  // ── Instance ───────────────────────────────────────────────────────────────────────────────────────────────────

  receive(envelope: Envelope): void {
    const { type, report } = envelope.event as TransactionEvent
    const next = transactionStates[this.state][type]
    if (next === undefined) {
      this.host.unhandled(envelope)
      return
    }
    this.state = next
    if (!isFinal(next)) return
    this.settle(next, report as Report)
    this.host.finish(undefined)
  }

  get isBusy(): boolean {
    return false
  }

  resume(): void {}

  get drains(): boolean {
    return false
  }

  /** Its actor ends. Where its outcome is not known the database is closing, or somebody has stopped it. */
  release(): void {
    if (this.isTold) return
    const { transaction, ticket, office } = this.input
    const { name } = transaction
    const { decided } = ticket
    if (decided !== undefined) {
      // It has not come to its mail.
      this.state = transactionStates.running[decided.type] ?? 'rolledBack'
      this.settle(this.state, decided.report as Report)
    } else if (office.giveUp(ticket)) {
      this.state = 'unknown'
      const error = new TransactionError(
        'TRANSACTION_UNKNOWN',
        `transaction "${name}" was being committed when its actor ended`,
      )
      this.tell({ status: 'unknown', error, attempts: ticket.attempt, hookFailures: [] })
    } else {
      this.state = 'rolledBack'
      const error =
        this.calledOff ??
        new TransactionError('TRANSACTION_CLOSED', `transaction "${name}" was ended before it was committed`)
      this.tell({ status: 'rolledBack', error, attempts: ticket.attempt, hookFailures: [] })
    }
  }

  get value(): TransactionState {
    return this.state
  }

  get context(): unknown {
    const { transaction, ticket } = this.input
    return { name: transaction.name, attempt: ticket.attempt }
  }

  // ── Keeper of the deferred ─────────────────────────────────────────────────────────────────────────────────────

  /** @returns true where it runs: its outcome is awaited. */
  cancelled(_transaction: Deferred<unknown>): boolean {
    this.callOff(new CancelledError(`transaction "${this.input.transaction.name}" was cancelled`))
    return !this.isTold
  }

  // ── Its own ────────────────────────────────────────────────────────────────────────────────────────────────────

  private callOff(error: unknown): void {
    if (this.isTold || this.calledOff !== undefined) return
    this.calledOff = error
    const { ticket, office } = this.input
    if (!office.withdraw(ticket)) return
    this.state = 'rolledBack'
    this.tell({ status: 'rolledBack', error, attempts: ticket.attempt, hookFailures: [] })
    this.host.requestStop(error)
  }

  private settle(state: TransactionState, report: Report): void {
    const { ticket, office, hooks } = this.input
    const attempts = ticket.attempt
    const hookFailures: unknown[] = []
    if (report.hookFailures !== undefined) hookFailures.push(...report.hookFailures)
    let outcome: TransactionOutcome<unknown>
    if (state === 'committed') {
      office.release(this.ctx, report)
      outcome = { status: 'committed', value: report.result, attempts, hookFailures }
    } else {
      outcome = {
        status: state as 'rolledBack' | 'unknown',
        error: this.reasonOf(report),
        attempts,
        hookFailures,
      }
    }
    if (hooks !== undefined) this.runHooks(hooks, outcome, hookFailures)
    this.tell(outcome)
  }

  /** What it fails with: that it was called off, where that is what stopped it. */
  private reasonOf({ result }: Report): unknown {
    const { calledOff } = this
    return calledOff !== undefined && STOPS.includes(codeOf(result)) ? calledOff : result
  }

  private runHooks(hooks: Hooks, outcome: TransactionOutcome<unknown>, failures: unknown[]): void {
    const { ctx } = this
    const { transaction, office } = this.input
    let later: unknown
    try {
      if (outcome.status === 'committed') later = hooks.afterCommit?.(outcome.value, ctx)
      else if (outcome.status === 'rolledBack') later = hooks.afterRollback?.(outcome.error, ctx)
      else later = hooks.afterUnknown?.(outcome.error, ctx)
      // Nobody waits for one that takes its time, but it is told of if it fails.
      if (isLater(later)) later.then(null, (error) => office.hookFailed(error, duringHook(transaction.name)))
    } catch (error) {
      failures.push(error)
    }
  }

  private tell(outcome: TransactionOutcome<unknown>): void {
    const { transaction, ticket, office } = this.input
    this.isTold = true
    ticket.isOver = true
    this.unlisten?.()
    this.unlisten = undefined
    for (const failure of outcome.hookFailures) office.hookFailed(failure, duringHook(transaction.name))
    office.ended(outcome)
    transaction.ended(outcome)
  }
}

/** What one fails with that was told to stop, or ran out of its request's time. */
const STOPS: readonly string[] = ['DATABASE_INTERRUPTED', 'TRANSACTION_TIMEOUT']

function duringHook(name: string): string {
  return `a hook of transaction "${name}"`
}
