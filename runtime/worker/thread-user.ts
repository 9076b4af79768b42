/** What a thread stands on at home, and whom it tells what happens. */
import type { Context } from '../context/context.ts'
import type { Poller } from '../loop/poller.ts'
import type { Reactor } from '../loop/reactor.ts'
import type { Envelope } from '../mailbox/envelope.ts'
import type { DeadReason } from '../mailbox/refusal.ts'
import type { Clock } from '../time/clock.ts'
import type { ThreadError } from './errors.ts'
import type { ThreadLimits } from './limits.ts'
import type { PlainFields } from './plain-fields.ts'
import type { Sent } from './sent.ts'
import type { WorkerOptions } from './worker-thread.ts'

/** What a thread needs of the system at home. */
export interface ThreadHome {
  readonly reactor: Reactor
  readonly poller: Poller
  readonly clock: Clock
}

/** The near end of the thread's actor, which is told what happens. Called within turns. */
export interface ThreadUser {
  readonly path: string
  /** What the actor at home stands on. */
  readonly ctx: Context
  /** The thread takes messages, or has room for more. */
  ready(): void
  /** Nothing is under way any more. */
  idle(): void
  /** Its actor on the thread is no more, and handled none of `sent` to its end. */
  down(kind: string, result: unknown, sent: readonly Sent[]): void
  /** The thread is lost: none of `sent` was answered. */
  lost(error: ThreadError, sent: readonly Sent[]): void
  /** A message that was only told was handled; with a reason it was not. */
  taken(envelope: Envelope, reason: DeadReason | undefined): void
  /** What was to make its actor could not be sent. */
  refused(error: unknown): void
  /** Something that the thread has said could not be taken in. */
  troubled(error: unknown): void
  log(level: string, fields: PlainFields, text: string): void
}

export interface ThreadPlan {
  readonly module: URL
  readonly exported: string
  readonly limits: ThreadLimits
  readonly systemLimits: Readonly<Record<string, number>>
  readonly options: WorkerOptions
}
