/** How long millions of deliveries took: counts, in classes of 1 % and less, since samples by themselves would not fit. Pure. */

/** Classes between a power of two and the next. Below twice as many, each microsecond has its own. */
const STEP_BITS = 7
const STEPS = 2 ** STEP_BITS
const US_MAX = 2 ** 31 - 1

export class Latencies {
  private readonly counts = new Float64Array(STEPS * (33 - STEP_BITS))

  record(ms: number): void {
    const us = Math.min(US_MAX, ms * 1e3) | 0
    const shift = us < 2 * STEPS ? 0 : 31 - Math.clz32(us) - STEP_BITS
    const index = shift * STEPS + (us >>> shift)
    this.counts[index] = (this.counts[index] as number) + 1
  }

  /** Milliseconds that `fraction` of all do not exceed, as exactly as its class; 0 without any. */
  percentile(fraction: number): number {
    const total = this.counts.reduce((sum, count) => sum + count, 0)
    let left = Math.max(1, Math.ceil(total * fraction))
    for (const [index, count] of this.counts.entries()) {
      left -= count
      if (left <= 0) return msOf(index)
    }
    return 0
  }

  clear(): void {
    this.counts.fill(0)
  }
}

/** The upper end of a class. */
function msOf(index: number): number {
  const shift = Math.max(0, Math.floor(index / STEPS) - 1)
  return ((index - shift * STEPS + 1) * 2 ** shift) / 1e3
}
