/** How long single messages waited. */

export class Delays {
  private readonly us: number[] = []
  private readonly envelopes: number[] = []

  add(us: number, envelopes: number): void {
    this.us.push(us)
    this.envelopes.push(envelopes)
  }

  /** The microseconds that `fraction` of them did not exceed. @throws RangeError if there were none. */
  percentileUs(fraction: number): number {
    const sorted = Float64Array.from(this.us).sort()
    const value = sorted[Math.max(0, Math.ceil(fraction * sorted.length) - 1)]
    if (value === undefined) throw new RangeError('no message was sent meanwhile')
    return value
  }

  get envelopesMax(): number {
    return this.envelopes.reduce((most, count) => Math.max(most, count), 0)
  }

  /** How many waited behind fewer than `envelopes` others. */
  under(envelopes: number): number {
    return this.envelopes.filter((count) => count < envelopes).length
  }
}
