/** One reading of what a cache does not hold, and all who wait for it. */
import type { Context } from '../../../runtime/context/context.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { frozen } from '../plain-data.ts'
import type { Stamp } from './version-cells.ts'
import type { Versions } from './versions.ts'

/** Runs a transaction that only reads. */
export type RunTransaction = (ctx: Context, name: string, input: unknown) => Deferred<unknown>

export interface FlightPlan {
  readonly versions: Versions
  readonly run: RunTransaction
  /** That of whoever asked first cannot be: it may end while others still wait. */
  readonly ctx: Context
  readonly timeoutMs: number
}

export class Flight {
  private readonly plan: FlightPlan
  private readonly name: string
  private readonly input: unknown
  private readonly traceparent: string
  /** Given to those who wait by `then`, so that it is cancelled when the last of them is. */
  private readonly result: Deferred<unknown> = new Deferred()
  /** From before the transaction was asked for, and so from before its snapshot. */
  stamp: Stamp | undefined = undefined
  startedAtMs = 0

  /** @param asker - whose trace it belongs to. */
  constructor(plan: FlightPlan, asker: Context, name: string, input: unknown) {
    this.plan = plan
    this.name = name
    this.input = input
    this.traceparent = asker.traceparent
  }

  /** For one more who waits, and can leave alone. */
  join(): Deferred<unknown> {
    return this.result.then()
  }

  /** @param landed - called once it is over; with `isRead` false it has failed, or nobody waits any more. */
  onLanding(landed: (isRead: boolean, value: unknown) => void): void {
    this.result.attend(
      (value) => landed(true, value),
      () => landed(false, undefined),
    )
  }

  get isOver(): boolean {
    return !this.result.isPending
  }

  start(): void {
    const { versions, run, timeoutMs } = this.plan
    const ctx = this.plan.ctx.withTimeout(timeoutMs).withTrace(this.traceparent)
    this.stamp = versions.now()
    this.startedAtMs = ctx.clock.nowMs()
    let reading: Deferred<unknown>
    try {
      reading = run(ctx, this.name, this.input)
    } catch (error) {
      reading = Deferred.fail(error)
    }
    this.result.resolve(ctx.bind(reading).then(frozen))
  }
}
