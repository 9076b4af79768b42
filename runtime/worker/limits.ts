/** Every bound of a thread, with its unit, its default, and what happens there. */
import { type Bounds, resolveBounds } from '../bounds.ts'
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

const bounds: Bounds<ThreadLimits> = {
  credits: [1_024, 1, DELAY_MS_MAX],
  startMs: [10_000, 1, DELAY_MS_MAX],
  stuckMs: [1_000, 1, DELAY_MS_MAX],
  endMs: [500, 0, DELAY_MS_MAX],
}

/** @throws UsageError (`THREAD_LIMIT_INVALID`) naming the limit, its value and its bounds. */
export function resolveThreadLimits({
  credits,
  startMs,
  stuckMs,
  endMs,
}: Partial<ThreadLimits>): ThreadLimits {
  // They stand among the other options of a thread.
  const given = { credits, startMs, stuckMs, endMs } as Partial<ThreadLimits>
  return resolveBounds('thread limit', 'THREAD_LIMIT_INVALID', bounds, given)
}

export const defaultThreadLimits: ThreadLimits = resolveThreadLimits({})
