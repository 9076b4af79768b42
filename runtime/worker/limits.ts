/** Every bound of a thread, with its unit, its default, and what happens there. */
import { UsageError } from '../errors.ts'
import { DELAY_MS_MAX } from '../time/limits.ts'

export interface ThreadLimits {
  /** Messages under way to an actor on a thread and not yet handled there. At the limit its mailbox at home fills up. */
  readonly credits: number
  /** Milliseconds until a thread has started and loaded its module; else it is terminated, and its actor fails. */
  readonly startMs: number
  /**
   * Milliseconds that a thread may stay busy with one message whose context or question has ended. Then it is taken to
   * loop for ever: it is terminated, and its actor fails.
   */
  readonly stuckMs: number
  /** Milliseconds that a thread is given to end by itself once its actor is no more; then it is terminated. */
  readonly endMs: number
}

export const defaultThreadLimits: ThreadLimits = {
  credits: 1_024,
  startMs: 10_000,
  stuckMs: 1_000,
  endMs: 500,
}

/** @throws UsageError (`THREAD_LIMIT_INVALID`) naming the limit, its value and its bounds. */
export function resolveThreadLimits(overrides: Partial<ThreadLimits>): ThreadLimits {
  const limits: Record<string, number> = { ...defaultThreadLimits }
  for (const name of Object.keys(defaultThreadLimits)) {
    const value = overrides[name as keyof ThreadLimits]
    if (value === undefined) continue
    const least = name === 'endMs' ? 0 : 1
    if (!Number.isInteger(value) || value < least || value > DELAY_MS_MAX) {
      throw new UsageError(
        'THREAD_LIMIT_INVALID',
        `limit ${name} of a thread must be a whole number from ${least} to ${DELAY_MS_MAX}, not ${String(value)}`,
      )
    }
    limits[name] = value
  }
  return limits as unknown as ThreadLimits
}
