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
import type { Clock, Timer } from '../time/clock.ts'
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

/**
 * What questions to one actor are kept by: how long they wait, and who takes one back that is cancelled. Those from
 * outside share one; a question of an actor has its own, which knows who asks, and over which other question.
 */
export class QuestionKeeper implements Keeper {
  readonly asked: Asked
  readonly timeoutMs: number
  readonly asker: Asked | undefined
  /** The question that the asker answers by asking this one. */
  readonly over: Deferred<unknown> | undefined
  /** When its time began, where that is not when it is first seen to wait. */
  readonly fromMs: number | undefined

  constructor(asked: Asked, timeoutMs: number, asker?: Asked, over?: Deferred<unknown>, fromMs?: number) {
    this.asked = asked
    this.timeoutMs = timeoutMs
    this.asker = asker
    this.over = over
    this.fromMs = fromMs
  }

  /** The same for a question whose time began at `fromMs`. */
  from(fromMs: number): QuestionKeeper {
    return new QuestionKeeper(this.asked, this.timeoutMs, this.asker, this.over, fromMs)
  }

  cancelled(question: Deferred<unknown>): void {
    this.asked.withdraw(question)
  }
}

/** The keeper of one question that may outlast its turn, and then has a timer and an ear for its context. */
class WaitingKeeper implements Keeper {
  readonly keeper: QuestionKeeper
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
    const { timeoutMs, asked, fromMs } = this.keeper
    try {
      const timeoutAtMs = (fromMs ?? ctx.clock.nowMs()) + timeoutMs
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

/** What an open question is kept by. A settled one holds up nobody. */
function keeperOf(question: Deferred<unknown> | undefined): QuestionKeeper | undefined {
  const keeper = question?.keeper
  if (keeper instanceof WaitingKeeper) return keeper.keeper
  return keeper instanceof QuestionKeeper ? keeper : undefined
}

/** The actor that is answering `question`, while it does. */
export function answererOf(question: Deferred<unknown> | undefined): Asked | undefined {
  return keeperOf(question)?.asked
}

/**
 * Whether a question of `asker` to `asked`, asked in order to answer `over`, would wait for itself.
 *
 * @returns the paths around the circle, from `asked` to `asked`; undefined where there is none.
 */
export function circleOf(
  asked: Asked,
  asker: Asked | undefined,
  over: Deferred<unknown> | undefined,
): readonly string[] | undefined {
  const around: Asked[] = [asked]
  if (asker !== undefined) around.push(asker)
  if (asker === asked) return paths(around)
  for (let keeper = keeperOf(over); keeper !== undefined; keeper = keeperOf(keeper.over)) {
    for (const waiting of [keeper.asked, keeper.asker]) {
      if (waiting === undefined || waiting === around.at(-1)) continue
      around.push(waiting)
      if (waiting === asked) return paths(around)
    }
  }
  return undefined
}

function paths(around: readonly Asked[]): readonly string[] {
  return around.map(({ path }) => path).reverse()
}

/** An actor with mail that outlasts its turn. */
export interface Mailed {
  /** Notes since when it waits, and notes the questions in it at the desk. */
  showMail(nowMs: number): void
}

export class QuestionDesk implements Flushable {
  private readonly noted = new Fifo<Deferred<unknown>>()
  private readonly mailed = new Fifo<Mailed>()
  private readonly clock: Clock
  private readonly onFirst: () => void
  private isCalled = false

  /** @param onFirst - called when there is something to look at, at the end of this turn or the next. */
  constructor(clock: Clock, onFirst: () => void) {
    this.clock = clock
    this.onFirst = onFirst
  }

  /** An actor with mail that this turn has left over. */
  noteMail(actor: Mailed): void {
    this.mailed.push(actor)
    this.call()
  }

  /** A question, asked in `ctx`, that may have to wait. It may be noted again. */
  note(question: Deferred<unknown>, ctx: Context): void {
    const { keeper } = question
    if (!(keeper instanceof QuestionKeeper)) return
    question.keeper = new WaitingKeeper(keeper, ctx)
    this.noted.push(question)
    this.call()
  }

  flush(): void {
    if (this.mailed.size > 0) {
      const nowMs = this.clock.nowMs()
      for (let left = this.mailed.size; left > 0; left--) this.mailed.shift()?.showMail(nowMs)
    }
    this.isCalled = false
    // Those that are asked meanwhile, because one could not be armed, wait for the next turn.
    for (let left = this.noted.size; left > 0; left--) {
      const question = this.noted.shift()
      const keeper = question?.keeper
      if (question !== undefined && keeper instanceof WaitingKeeper) keeper.arm(question)
    }
  }

  private call(): void {
    if (this.isCalled) return
    this.isCalled = true
    this.onFirst()
  }
}

/** A question was not answered in time. */
export function timedOut(path: string, timeoutMs: number): AskError {
  return new AskError('ASK_TIMEOUT', path, `${path} did not answer within ${timeoutMs} ms`)
}
