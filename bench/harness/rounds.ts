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
  /** How long each contender works at a trial, in all of the suite's rounds; the suite's default if left out. */
  readonly seconds?: number | undefined
  /** Names of trials of the suite: only these are run, in the suite's order. All of them if left out or empty. */
  readonly trials?: readonly string[]
  readonly log: Log
}

/** What a trial gave. */
interface Result {
  readonly trial: Trial
  /** Those who took part, ours first. */
  readonly contenders: readonly Contender[]
  readonly series: readonly Series[]
  readonly remarks: readonly string[]
}

/** The samples of one figure: for each contender, in their order, one for each round. */
interface Series {
  readonly figure: Figure
  readonly samples: readonly number[][]
}

/** @throws whatever a contender throws: a comparison that lacks a contender half-way is no comparison. */
export async function runSuite<T extends Trial>(suite: Suite<T>, options: RunOptions): Promise<Report> {
  const { seconds = suite.secondsDefault, trials: wanted = [], log } = options
  const trials = suite.trials.filter(({ name }) => wanted.length === 0 || wanted.includes(name))
  const contenders = await suite.open(log, trials)
  try {
    const results: Result[] = []
    for (const trial of trials) {
      const rounds = trial.rounds ?? suite.rounds
      const first = suite.isWarm === true ? 1 : 0
      results.push(
        await runTrial(
          trial,
          { first, rounds, roundSeconds: seconds / suite.rounds },
          partIn(trial, contenders),
          log,
        ),
      )
    }
    return reportOf(suite.name, results)
  } finally {
    await Promise.all(contenders.map((contender) => contender.end()))
  }
}

/** Those who take part in a trial, in the trial's own order. */
function partIn<T extends Trial>(trial: T, contenders: readonly Contender<T>[]): readonly Contender<T>[] {
  return (
    trial.between?.map((who) => {
      const contender = contenders.find((candidate) => candidate.who === who)
      if (contender === undefined) throw new RangeError(`${trial.name}: there is no contender "${who}"`)
      return contender
    }) ?? contenders
  )
}

async function runTrial<T extends Trial>(
  trial: T,
  { first, rounds, roundSeconds }: { first: number; rounds: number; roundSeconds: number },
  contenders: readonly Contender<T>[],
  log: Log,
): Promise<Result> {
  const series = trial.figures.map((figure) => ({ figure, samples: contenders.map((): number[] => []) }))
  for (let round = first; round <= rounds; round++) {
    const isWarmUp = round === 0
    for (const [index, contender] of contenders.entries()) {
      if (contender.skipped !== undefined) continue
      const values = await contender.measure(trial, roundSeconds)
      log(progressLine(trial, isWarmUp ? 'warm-up' : `round ${round}/${rounds}`, contender.who, values))
      if (isWarmUp) continue
      for (const [figure, { samples }] of series.entries())
        samples[index]?.push(valueAt(values, figure, trial))
    }
  }
  const remarks = contenders.flatMap((contender) => {
    const remark = contender.skipped === undefined ? contender.remark?.(trial) : undefined
    return remark === undefined ? [] : [`${trial.name}: ${contender.who}: ${remark}`]
  })
  for (const remark of remarks) log(remark)
  return { trial, contenders, series, remarks }
}

function valueAt(values: readonly number[], figure: number, trial: Trial): number {
  const value = values[figure]
  const isFit =
    value !== undefined && (value > 0 || (value === 0 && trial.figures[figure]?.mayBeZero === true))
  if (!isFit || !Number.isFinite(value)) {
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

function reportOf(suite: string, results: readonly Result[]): Report {
  const rows: Row[] = []
  const ratios: Record<string, number> = {}
  for (const { trial, contenders, series } of results) {
    for (const { figure, samples } of series) {
      const [ours = []] = samples
      for (const [index, { who, skipped }] of contenders.entries()) {
        const theirs = samples[index] ?? []
        const row = { trial: trial.name, name: `${who} ${figure.what}`, unit: figure.unit }
        if (skipped !== undefined) {
          rows.push({ ...row, median: null, min: null, max: null, skipped })
          continue
        }
        const { median, min, max } = summarise(theirs)
        rows.push({
          ...row,
          median: significant(median),
          min: significant(min),
          max: significant(max),
        })
        const isComparable = figure.isCompared !== false && [...ours, ...theirs].every((value) => value > 0)
        if (index > 0 && isComparable && contenders[0]?.skipped === undefined) {
          ratios[row.name] = significant(pairedRatio(ours, theirs, figure.better))
        }
      }
    }
  }
  const remarks = results.flatMap((result) => result.remarks)
  return { suite, node: process.version, rows, ratios, remarks }
}
