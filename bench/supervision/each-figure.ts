/**
 * A contender that is asked for each figure of a trial by the figure's name, since an answer is one number: the first
 * question does the work, the next ones are about what came of it. For one trial it asks for a histogram as well.
 *
 *     > 0.5 fairness p50               (works)
 *     > 0 fairness p99
 *     > 0 fairness under 256           (how many waited behind fewer than 256 envelopes)
 */

import type { Contender, Trial } from '../harness/suite.ts'

/** Nobody waits behind more than a million envelopes: 2 ** 20 is above that. */
const EXPONENT_MAX = 20

export class EachFigure implements Contender {
  readonly who: string
  private readonly inner: Contender
  private readonly histogramTrial: string
  private readonly budget: string
  /** The one of the last round. */
  private histogram: string | undefined = undefined

  /**
   * @param histogramTrial - the trial to which there is a histogram.
   * @param budget - what the histogram is to be read beside.
   */
  constructor(inner: Contender, histogramTrial: string, budget: string) {
    this.who = inner.who
    this.inner = inner
    this.histogramTrial = histogramTrial
    this.budget = budget
  }

  async measure(trial: Trial, seconds: number): Promise<readonly number[]> {
    const values: number[] = []
    for (const { what } of trial.figures) values.push(await this.ask(trial, what, seconds))
    if (trial.name === this.histogramTrial) {
      const below: number[] = []
      for (let exponent = 0; exponent <= EXPONENT_MAX; exponent++) {
        below.push(await this.ask(trial, `${trial.name} under ${2 ** exponent}`, 0))
      }
      this.histogram = histogramOf(below)
    }
    return values
  }

  remark(trial: Trial): string | undefined {
    if (trial.name !== this.histogramTrial || this.histogram === undefined) return undefined
    return `waits by the envelopes before them: ${this.histogram}; ${this.budget}`
  }

  end(): Promise<void> {
    return this.inner.end()
  }

  private async ask(trial: Trial, what: string, seconds: number): Promise<number> {
    const [value = Number.NaN] = await this.inner.measure({ ...trial, name: what }, seconds)
    return value
  }
}

/** @param below - how many are below 1, 2, 4 and so on. @returns `0: 12, 1: 9, 2-3: 20`, without those that are none. */
export function histogramOf(below: readonly number[]): string {
  return below
    .map((count, exponent) => {
      const least = exponent === 0 ? 0 : 2 ** (exponent - 1)
      const most = 2 ** exponent - 1
      const inBucket = count - (below[exponent - 1] ?? 0)
      return inBucket === 0 ? undefined : `${least === most ? least : `${least}-${most}`}: ${inBucket}`
    })
    .filter((bucket) => bucket !== undefined)
    .join(', ')
}
