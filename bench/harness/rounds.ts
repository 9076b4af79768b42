/**
 * Runs a suite: A B C, A B C, A B C, for each trial, after a round of warm-up that is thrown away.
 *
 * Interleaving is the point: a machine that slows down for ten seconds slows down all contenders of a round, and the
 * paired ratios hardly move. All contenders stay alive throughout, so each one is measured warm.
 */

import type { Report, Row } from './report.ts'
import { formatNumber, significant } from './report.ts'
import { pairedRatio, summarise } from './statistics.ts'
import type { Contender, Figure, Log, Suite, Trial } from './suite.ts'

export interface RunOptions {
  /** How long each contender works at each trial, in all rounds together; the suite's default if left out. */
  readonly seconds?: number | undefined
  readonly log: Log
}

/** The samples of one figure: for each contender, in their order, one for each round. */
interface Series {
  readonly figure: Figure
  readonly samples: readonly number[][]
}

/** @throws whatever a contender throws: a comparison that lacks a contender half-way is no comparison. */
export async function runSuite(suite: Suite, options: RunOptions): Promise<Report> {
  const roundSeconds = (options.seconds ?? suite.secondsDefault) / suite.rounds
  const contenders = await suite.open(options.log)
  try {
    const series: Series[] = []
    for (const trial of suite.trials) {
      series.push(...(await runTrial(trial, suite.rounds, roundSeconds, contenders, options.log)))
    }
    return reportOf(suite, contenders, series)
  } finally {
    await Promise.all(contenders.map((contender) => contender.end()))
  }
}

async function runTrial(
  trial: Trial,
  rounds: number,
  roundSeconds: number,
  contenders: readonly Contender[],
  log: Log,
): Promise<Series[]> {
  const series = trial.figures.map((figure) => ({ figure, samples: contenders.map((): number[] => []) }))
  for (let round = 0; round <= rounds; round++) {
    const isWarmUp = round === 0
    for (const [index, contender] of contenders.entries()) {
      const values = await contender.measure(trial, roundSeconds)
      log(progressLine(trial, isWarmUp ? 'warm-up' : `round ${round}/${rounds}`, contender.who, values))
      if (isWarmUp) continue
      for (const [figure, { samples }] of series.entries())
        samples[index]?.push(valueAt(values, figure, trial))
    }
  }
  return series
}

function valueAt(values: readonly number[], figure: number, trial: Trial): number {
  const value = values[figure]
  if (value === undefined || !(value > 0) || !Number.isFinite(value)) {
    throw new RangeError(
      `${trial.name}: ${trial.figures[figure]?.what} must be a positive number, not ${value}`,
    )
  }
  return value
}

function progressLine(trial: Trial, phase: string, who: string, values: readonly number[]): string {
  const figures = trial.figures.map(
    ({ what, unit }, index) => `${what} ${formatNumber(values[index] ?? 0)} ${unit}`,
  )
  return `${trial.name} ${phase}: ${who}: ${figures.join(', ')}`
}

function reportOf(suite: Suite, contenders: readonly Contender[], series: readonly Series[]): Report {
  const rows: Row[] = []
  const ratios: Record<string, number> = {}
  for (const { figure, samples } of series) {
    const [ours = []] = samples
    for (const [index, { who }] of contenders.entries()) {
      const theirs = samples[index] ?? []
      const { median, min, max } = summarise(theirs)
      rows.push({
        name: `${who} ${figure.what}`,
        unit: figure.unit,
        median: significant(median),
        min: significant(min),
        max: significant(max),
      })
      if (index > 0) ratios[`${who} ${figure.what}`] = significant(pairedRatio(ours, theirs, figure.better))
    }
  }
  return { suite: suite.name, node: process.version, rows, ratios }
}
