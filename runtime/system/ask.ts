/**
 * A question on its way, and the desk that sees to its deadline.
 *
 * Most questions are answered by the handler that gets them, within the turn in which they are asked. Only those that
 * their actor could not take at once, or did not answer at once, come to the desk; and only those that are still open
 * when the turn ends get a timer and listen to their context, which would otherwise be most of what an ask costs.
 */
import type { Context } from '../context/context.ts'
import type { Deferred, Keeper } from '../deferred/deferred.ts'
import { UsageError } from '../errors.ts'
import type { Flushable } from '../loop/work.ts'
import { Fifo } from '../mailbox/fifo.ts'
import type { Timer } from '../time/clock.ts'
import { DELAY_MS_MAX } from '../time/limits.ts'
import { AskError } from './errors.ts'

/** The actor that is asked. */
export interface Asked {
  readonly path: string
  /** Takes back a question that still waits. */
  withdraw(question: Deferred<unknown>): void
}

/** @throws UsageError (`ASK_TIMEOUT_INVALID`) for a time that a timer cannot take: then nothing was asked. */
export function askTimeout(options: { readonly timeoutMs?: number } | undefined): number | undefined {
  const timeoutMs = options?.timeoutMs
  if (timeoutMs === undefined || (timeoutMs >= 0 && timeoutMs <= DELAY_MS_MAX)) return timeoutMs
  throw new UsageError(
    'ASK_TIMEOUT_INVALID',
    `the timeoutMs of an ask is from 0 to ${DELAY_MS_MAX} ms, not ${String(timeoutMs)}`,
  )
}

/** What the questions to one actor are kept by: how long they wait, and who takes one back that is cancelled. */
export class QuestionKeeper implements Keeper {
  readonly asked: Asked
  readonly timeoutMs: number

  constructor(asked: Asked, timeoutMs: number) {
    this.asked = asked
    this.timeoutMs = timeoutMs
  }

  cancelled(question: Deferred<unknown>): void {
    this.asked.withdraw(question)
  }

  /** Most end here, within their turn: there was nothing to hold. */
  released(): void {}
}

/** The keeper of one question that may outlast its turn, and then has a timer and an ear for its context. */
class WaitingKeeper implements Keeper {
  private readonly keeper: QuestionKeeper
  private readonly ctx: Context
  private timer: Timer | undefined = undefined
  private unlisten: (() => void) | undefined = undefined

  constructor(keeper: QuestionKeeper, ctx: Context) {
    this.keeper = keeper
    this.ctx = ctx
  }

  /** Called once. What cannot be waited for, since its context's clock is closed, say, fails. */
  arm(question: Deferred<unknown>): void {
    const { ctx } = this
    const { timeoutMs, asked } = this.keeper
    try {
      const timeoutAtMs = ctx.clock.nowMs() + timeoutMs
      // An earlier deadline of the context reports itself, through its cancellation.
      if (timeoutAtMs < ctx.deadlineMs) {
        this.timer = ctx.clock.schedule(timeoutAtMs, () => question.reject(timedOut(asked.path, timeoutMs)))
      }
      if (!ctx.isBackground) this.unlisten = ctx.onCancel(() => question.reject(ctx.failure()))
    } catch (error) {
      question.reject(error)
    }
  }

  cancelled(question: Deferred<unknown>): void {
    this.keeper.cancelled(question)
  }

  released(): void {
    this.timer?.cancel()
    this.unlisten?.()
  }
}

export class QuestionDesk implements Flushable {
  private readonly noted = new Fifo<Deferred<unknown>>()
  private readonly onFirst: () => void
  private isCalled = false

  /** @param onFirst - called when there is a question to look at, at the end of this turn or the next. */
  constructor(onFirst: () => void) {
    this.onFirst = onFirst
  }

  /** A question, asked in `ctx`, that may have to wait. It may be noted again. */
  note(question: Deferred<unknown>, ctx: Context): void {
    const { keeper } = question
    if (!(keeper instanceof QuestionKeeper)) return
    question.keeper = new WaitingKeeper(keeper, ctx)
    this.noted.push(question)
    if (this.isCalled) return
    this.isCalled = true
    this.onFirst()
  }

  flush(): void {
    this.isCalled = false
    // Those that are asked meanwhile, because one could not be armed, wait for the next turn.
    for (let left = this.noted.size; left > 0; left--) {
      const question = this.noted.shift()
      const keeper = question?.keeper
      if (question !== undefined && keeper instanceof WaitingKeeper) keeper.arm(question)
    }
  }
}

function timedOut(path: string, timeoutMs: number): AskError {
  return new AskError('ASK_TIMEOUT', path, `${path} did not answer within ${timeoutMs} ms`)
}
