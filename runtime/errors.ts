/**
 * Errors that say whose fault it is.
 *
 * Rules: match on `code`, never on a message. What is expected under load is not an error but a refusal, a value
 * (`runtime/mailbox/refusal.ts`). A message names the operation, the limit with its unit, and the value seen.
 */

/** Base of every error that greenroom makes. `code` is stable across releases; messages are for people. */
export class GreenroomError extends Error {
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
    this.code = code
  }
}

/** The caller's fault: an option, an argument or an order of calls that cannot work. Fix the calling code. */
export class UsageError extends GreenroomError {}

/** The other end's fault: it broke the protocol, the connection, or its word. Harms that peer alone. */
export class PeerError extends GreenroomError {}

/** Nobody's fault: more was asked than there is room or time for. Try again later, or ask for less. */
export class OverloadError extends GreenroomError {}

/** Our fault: something that cannot happen has happened. Please report it; a supervisor never hides one. */
export class InvariantError extends GreenroomError {}

/**
 * The work was called off before it had a result (`CANCELLED`). `reason` is what the canceller gave: a string, an
 * error, or whatever the application uses to tell its causes apart.
 */
export class CancelledError extends GreenroomError {
  readonly reason: unknown

  constructor(reason?: unknown) {
    super(
      'CANCELLED',
      `cancelled: ${describe(reason)}`,
      reason instanceof Error ? { cause: reason } : undefined,
    )
    this.reason = reason
  }
}

/** The deadline passed first (`DEADLINE_EXCEEDED`). `deadlineMs` is the monotonic instant that was missed. */
export class DeadlineError extends OverloadError {
  readonly deadlineMs: number

  constructor(deadlineMs: number, what = 'the work') {
    super('DEADLINE_EXCEEDED', `${what} missed its deadline`)
    this.deadlineMs = deadlineMs
  }
}

/** One line for a log or a message, whatever was thrown or given as a reason. */
export function describe(reason: unknown): string {
  if (reason === undefined) return 'no reason given'
  try {
    if (reason instanceof Error) return String(reason.message === '' ? reason.name : reason.message)
    return String(reason)
  } catch {
    return 'a reason that cannot be printed'
  }
}

/** The stable code of anything thrown: ours, Node's (`ECONNRESET`), or `UNKNOWN`. */
export function codeOf(error: unknown): string {
  try {
    const code = typeof error === 'object' && error !== null ? (error as { code?: unknown }).code : undefined
    return typeof code === 'string' ? code : 'UNKNOWN'
  } catch {
    // What was thrown may be anything, also a trap.
    return 'UNKNOWN'
  }
}
