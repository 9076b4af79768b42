/**
 * The vocabulary of a suite: contenders run trials, a trial gives figures.
 *
 * A suite knows its question and who is asked; how rounds interleave, how long they are and what is printed is the
 * business of `rounds.ts` and `report.ts`, the same for all.
 */

import type { Better } from './statistics.ts'

/** One number that contenders are compared by; `what` is the second half of a row's name. */
export interface Figure {
  readonly what: string
  readonly unit: string
  readonly better: Better
}

/** Work that every contender does once a round. It may give several figures (a rate and a latency). */
export interface Trial {
  readonly name: string
  readonly figures: readonly Figure[]
}

export interface Contender {
  /** The first half of a row's name. */
  readonly who: string
  /**
   * Does the trial's work once.
   *
   * @param seconds - how long to work; a trial whose size is fixed may ignore it.
   * @returns one value for each of the trial's figures, in their order.
   */
  measure(trial: Trial, seconds: number): Promise<readonly number[]>
  /** Releases processes and files. Never rejects; may be called after a failed `measure`. */
  end(): Promise<void>
}

/** Receives lines about the progress, for a human; never part of the result. */
export type Log = (line: string) => void

export interface Suite {
  readonly name: string
  /** The headline comparison comes first. */
  readonly trials: readonly Trial[]
  readonly rounds: number
  /** How long each contender works at each trial, in all rounds together. */
  readonly secondsDefault: number
  /** Ours first, then the peers, the one that matters most first. Peers that are not installed are logged and left out. */
  open(log: Log): Promise<readonly Contender[]>
}
