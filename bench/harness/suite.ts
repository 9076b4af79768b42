/**
 * The vocabulary of a suite: contenders run trials, a trial gives figures.
 *
 * A suite knows its question and who is asked; how rounds interleave, how long they are and what is printed is the
 * business of `rounds.ts` and `report.ts`, the same for all.
 */

import type { Report } from './report.ts'
import type { Better } from './statistics.ts'

/** One number that contenders are compared by; `what` is the second half of a row's name. */
export interface Figure {
  readonly what: string
  readonly unit: string
  readonly better: Better
  /** What is counted may be none: then there is no ratio. Default: a figure of 0 is a mistake of the trial's. */
  readonly mayBeZero?: boolean
  /** Default true. False of what is neither good nor bad in itself, and only tells how the others came about: no ratio. */
  readonly isCompared?: boolean
}

/** Work that its contenders do once a round. It may give several figures (a rate and a latency). */
export interface Trial {
  /** What the command line picks it by. */
  readonly name: string
  readonly figures: readonly Figure[]
  /** Who takes part, ours first. Default: all of the suite's contenders, in their order. */
  readonly between?: readonly string[]
  /** Default: the suite's. A round is as long in every trial, so that fewer rounds take less time. */
  readonly rounds?: number
}

export interface Contender<T extends Trial = Trial> {
  /** The first half of a row's name. */
  readonly who: string
  /**
   * Does the trial's work once.
   *
   * @param seconds - how long to work; a trial whose size is fixed may ignore it.
   * @returns one value for each of the trial's figures, in their order.
   */
  measure(trial: T, seconds: number): Promise<readonly number[]>
  /** Why it takes no part, in a few words: then nothing is asked of it, and its rows say so. */
  readonly skipped?: string
  /** What one must know to read its figures of a trial, in one line, if anything. Asked after the last round. */
  remark?(trial: T): string | undefined
  /** Releases processes and files. Never rejects; may be called after a failed `measure`. */
  end(): Promise<void>
}

/** Receives lines about the progress, for a human; never part of the result. */
export type Log = (line: string) => void

/** A picture of a report. */
export interface Plot {
  readonly file: URL
  /** @returns SVG. @throws RangeError naming a row that it needs and the report does not have. */
  draw(report: Report): string
}

export interface Suite<T extends Trial = Trial> {
  readonly name: string
  /** The headline comparison comes first. */
  readonly trials: readonly T[]
  readonly rounds: number
  /** Its contenders warm up by themselves, and a round of warm-up would be thrown away for nothing. */
  readonly isWarm?: boolean
  /** How long each contender works at a trial, in all of the suite's `rounds` together. */
  readonly secondsDefault: number
  /** What `--plot` draws. */
  readonly plot?: Plot
  /**
   * Ours first, then the peers, the one that matters most first. Peers that are not installed are logged and left out.
   *
   * @param trials - those that will be run: a contender that takes part in none of them need not be started.
   */
  open(log: Log, trials: readonly T[]): Promise<readonly Contender<T>[]>
}
