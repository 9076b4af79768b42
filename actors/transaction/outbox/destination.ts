/** Where messages go: what a destination is, and how it says what became of one. */
import type { Context } from '../../../runtime/context/context.ts'
import { describe, GreenroomError } from '../../../runtime/errors.ts'
import type { System } from '../../../runtime/system/system.ts'

/** A message that is to be delivered. */
export interface Delivery {
  /** The same each time that it comes: a receiver drops by it what it has had. Unique within one outbox. */
  readonly id: number
  readonly destination: string
  /** What was published. */
  readonly payload: unknown
  /** 1, and one more each time that it is sent again. */
  readonly attempt: number
  /** When it was published, as Unix time in milliseconds. */
  readonly createdMs: number
}

export interface Destination {
  /**
   * Delivers one message. The same may come again, also when this has succeeded: whoever receives it drops it by its id.
   *
   * @param ctx - belongs to the trace of the transaction that has published it, and ends when the relay waits no longer. Work
   *   that does not heed that goes on unseen.
   * @returns what is fulfilled when it has arrived, with whatever value: it is then gone from the outbox. What it fails with,
   *   or throws, has it sent again later; `undeliverable` gives it up. An error with a number `retryAfterMs` is heeded, up to
   *   the limit `retryMaxMs`.
   */
  deliver(ctx: Context<typeof System>, message: Delivery): unknown
  /**
   * `concurrent` (default): several messages are under way at once, and one that fails is overtaken by those behind it.
   * `strict`: one after another in the order of their ids, each when the one before it was acknowledged. One that fails holds
   * up those behind it until it has arrived or is dead.
   */
  readonly order?: 'concurrent' | 'strict'
}

/** It will never arrive, so it is not sent again: dead at once (`OUTBOX_UNDELIVERABLE`). */
export class UndeliverableError extends GreenroomError {
  constructor(reason: unknown, options?: ErrorOptions) {
    super('OUTBOX_UNDELIVERABLE', describe(reason), options)
  }
}

/** What a destination fails with where another attempt makes no sense: `throw undeliverable('no such account')`. */
export function undeliverable(reason: unknown): UndeliverableError {
  return new UndeliverableError(reason, reason instanceof Error ? { cause: reason } : undefined)
}
