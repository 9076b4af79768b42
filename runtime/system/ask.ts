/**
 * A question on its way, and the desk that sees to its deadline.
 *
 * Most questions are answered by the handler that gets them, within the turn in which they are asked. Only those that
 * their actor could not take at once, or did not answer at once, come to the desk; and only those that are still open
 * when the turn ends get a timer and listen to their context, which would otherwise be most of what an ask costs.
 */
import type { Context } from '../context/context.ts'
import { Deferred } from '../deferred/deferred.ts'
import { UsageError } from '../errors.ts'
import type { Flushable } from '../loop/work.ts'
import type { Envelope } from '../mailbox/envelope.ts'
import { Fifo } from '../mailbox/fifo.ts'
import type { Timer } from '../time/clock.ts'
import { DELAY_MS_MAX } from '../time/limits.ts'
import { AskError } from './errors.ts'

/** The actor that is asked. */
export interface Asked {
  readonly path: string
  /** Takes back an envelope that still waits. */
  withdraw(envelope: Envelope): void
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

/** What an open question waits with. */
interface Watch {
  readonly timer: Timer | undefined
  readonly unlisten: (() => void) | undefined
}

export class Question extends Deferred<unknown> {
  private readonly asked: Asked
  private readonly timeoutMs: number
  /** What it travels in, while it is open. */
  private envelope: Envelope | undefined = undefined
  private armed: Watch | undefined = undefined

  constructor(asked: Asked, ctx: Context, timeoutMs: number) {
    super(undefined, ctx.failures)
    this.asked = asked
    this.timeoutMs = timeoutMs
  }

  /** It was accepted, in this envelope: to be withdrawn if it is cancelled. */
  travelsIn(envelope: Envelope): void {
    this.envelope = envelope
  }

  /** Called if it is still open when its turn ends; once is enough. */
  arm(): void {
    const { envelope, timeoutMs } = this
    if (envelope === undefined || this.armed !== undefined) return
    const { ctx } = envelope
    const timeoutAtMs = ctx.clock.nowMs() + timeoutMs
    // An earlier deadline of the context reports itself, through its cancellation.
    const timer =
      timeoutAtMs < ctx.deadlineMs ? ctx.clock.schedule(timeoutAtMs, () => this.expire()) : undefined
    const unlisten = ctx.isBackground ? undefined : ctx.onCancel(() => this.reject(ctx.failure()))
    this.armed = { timer, unlisten }
    // The context may have ended just now, in which case there was nothing to release yet.
    if (!this.isPending) this.released()
  }

  override cancel(reason?: unknown): boolean {
    const { envelope } = this
    const isCancelled = super.cancel(reason)
    if (isCancelled && envelope !== undefined) this.asked.withdraw(envelope)
    return isCancelled
  }

  protected override released(): void {
    this.envelope = undefined
    const { armed } = this
    if (armed === undefined) return
    this.armed = undefined
    armed.timer?.cancel()
    armed.unlisten?.()
  }

  private expire(): void {
    const { path } = this.asked
    this.reject(new AskError('ASK_TIMEOUT', path, `${path} did not answer within ${this.timeoutMs} ms`))
  }
}

export class QuestionDesk implements Flushable {
  private readonly open = new Fifo<Question>()
  private readonly onFirst: () => void
  private isCalled = false

  /** @param onFirst - called when there is a question to look at, at the end of this turn or the next. */
  constructor(onFirst: () => void) {
    this.onFirst = onFirst
  }

  /** A question that may have to wait. It may be noted again. */
  note(question: Question): void {
    this.open.push(question)
    if (this.isCalled) return
    this.isCalled = true
    this.onFirst()
  }

  flush(): void {
    this.isCalled = false
    // Those that are asked meanwhile, because one could not be armed, wait for the next turn.
    for (let left = this.open.size; left > 0; left--) {
      const question = this.open.shift()
      if (question?.isPending) question.arm()
    }
  }
}
