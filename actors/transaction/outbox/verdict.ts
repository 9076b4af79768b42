/** What becomes of a message that was not delivered: pure, so that it can be seen in a table. */
import { nextFraction, type Random } from '../../../runtime/context/random.ts'
import { codeOf, describe } from '../../../runtime/errors.ts'
import type { Failure, Lease } from './message.ts'
import type { RelayLimits } from './relay-limits.ts'

/**
 * Milliseconds until the next attempt: drawn from 0 to twice `retryMs` after the first, twice as much after each one more, up
 * to `retryMaxMs`. Full jitter: messages that failed together, because their receiver was down, do not come back together.
 *
 * Source: Exponential Backoff And Jitter (AWS Architecture Blog, 2015).
 */
export function backoffMs(
  attempt: number,
  random: Random,
  { retryMs, retryMaxMs }: Pick<RelayLimits, 'retryMs' | 'retryMaxMs'>,
): number {
  return nextFraction(random) * Math.min(retryMaxMs, retryMs * 2 ** attempt)
}

/** @param nowMs - Unix time in milliseconds. */
export function failureOf(
  { id, attempt, leasedUntilMs }: Lease,
  error: unknown,
  nowMs: number,
  random: Random,
  limits: RelayLimits,
): Failure {
  const isOver = attempt >= limits.attemptsMax || codeOf(error) === 'OUTBOX_UNDELIVERABLE'
  const waitMs = Math.max(backoffMs(attempt, random, limits), Math.min(limits.retryMaxMs, askedMs(error)))
  return { id, attempt, leasedUntilMs, error: textOf(error), dueMs: isOver ? undefined : nowMs + waitMs }
}

/** Milliseconds that the receiver wants to be left alone, if it says so. */
function askedMs(error: unknown): number {
  if (typeof error !== 'object' || error === null) return 0
  const { retryAfterMs } = error as { retryAfterMs?: unknown }
  return typeof retryAfterMs === 'number' && retryAfterMs > 0 ? retryAfterMs : 0
}

function textOf(error: unknown): string {
  const code = codeOf(error)
  return code === 'UNKNOWN' ? describe(error) : `${code}: ${describe(error)}`
}
