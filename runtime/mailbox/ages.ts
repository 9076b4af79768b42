/**
 * Since when what waits has waited: runs of neighbours that were noticed at the same instant, the oldest run first.
 *
 * Rule: the queue's owner tells of every item that comes to or leaves the noticed part of the queue, which is its front.
 */

/**
 * Runs kept at most. One more is merged into the last: its items count as having waited for as long as that run has, so
 * the newest of a long queue may look older than they are, never younger. What is oldest stays exact until then.
 */
export const AGE_RUNS_MAX = 64

interface Run {
  count: number
  readonly sinceMs: number
}

export class Ages {
  /** None is empty; `sinceMs` rises from run to run. */
  private readonly runs: Run[] = []
  private total = 0

  /** Items whose age is known: so many, from the oldest on. */
  get count(): number {
    return this.total
  }

  /** Since when the oldest of them has waited. */
  get oldestSinceMs(): number | undefined {
    return this.runs[0]?.sinceMs
  }

  /** So many more, behind those that are known, have waited since `nowMs`. */
  note(count: number, nowMs: number): void {
    const { runs } = this
    const last = runs.at(-1)
    if (last !== undefined && (last.sinceMs === nowMs || runs.length === AGE_RUNS_MAX)) last.count += count
    else runs.push({ count, sinceMs: nowMs })
    this.total += count
  }

  /** One was put before all others. If any of them is known, it counts as having waited for as long as the oldest. */
  unshift(): void {
    const oldest = this.runs[0]
    if (oldest === undefined) return
    oldest.count += 1
    this.total += 1
  }

  /** The one that stood `index` places behind the oldest is gone. */
  removeAt(index: number): void {
    if (index >= this.total) return
    const { runs } = this
    let at = 0
    let run = runs[at] as Run
    for (let end = run.count; index >= end; end += run.count) {
      at += 1
      run = runs[at] as Run
    }
    run.count -= 1
    this.total -= 1
    if (run.count === 0) runs.splice(at, 1)
  }
}
