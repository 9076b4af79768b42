/**
 * The latest times of a stage's jobs, from entry to end, and their 90th percentile: the bounded memory of the admission
 * controller. Adding costs the same whatever the size; looking sorts, and is done once a decision.
 *
 * Time is what its caller says it is: no clock is read here.
 */

export interface WindowSummary {
  /** Samples that count. */
  readonly count: number
  /** The 90th percentile of them, in milliseconds; null where none counts. */
  readonly p90Ms: number | null
}

export interface WindowSpan {
  readonly nowMs: number
  /** Samples that ended longer ago than this do not count. */
  readonly ageMsMax: number
  /** Samples of jobs that entered before this instant do not count. Default: all do. */
  readonly enteredSinceMs?: number
}

export class PercentileWindow {
  /** Samples kept; the oldest makes room for the newest. */
  readonly capacity: number
  private readonly elapsed: Float64Array
  private readonly ended: Float64Array
  private next = 0
  private size = 0

  constructor(capacity: number) {
    this.capacity = capacity
    this.elapsed = new Float64Array(capacity)
    this.ended = new Float64Array(capacity)
  }

  /** @param elapsedMs - from the job's entry to its end. @param nowMs - its end. */
  add(elapsedMs: number, nowMs: number): void {
    this.elapsed[this.next] = elapsedMs
    this.ended[this.next] = nowMs
    this.next = (this.next + 1) % this.capacity
    if (this.size < this.capacity) this.size += 1
  }

  summary({ nowMs, ageMsMax, enteredSinceMs = Number.NEGATIVE_INFINITY }: WindowSpan): WindowSummary {
    const counted: number[] = []
    for (let i = 0; i < this.size; i += 1) {
      const endedMs = this.ended[i] as number
      const elapsedMs = this.elapsed[i] as number
      if (nowMs - endedMs <= ageMsMax && endedMs - elapsedMs >= enteredSinceMs) counted.push(elapsedMs)
    }
    return { count: counted.length, p90Ms: percentile(counted, 0.9) }
  }
}

/**
 * The least of `values` that at least `fraction` of them do not exceed (the nearest rank), or null where there is none.
 *
 * @param fraction - above 0, at most 1.
 */
export function percentile(values: readonly number[], fraction: number): number | null {
  if (values.length === 0) return null
  const sorted = Float64Array.from(values).sort()
  return sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)] as number
}
