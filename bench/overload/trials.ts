/** The loads of the suite, and the figures of each. */
import type { Figure, Trial } from '../harness/suite.ts'
import type { Figures } from './outcomes.ts'

/** A figure of a trial, and which of a run's it is. */
export interface OverloadFigure extends Figure {
  readonly of: keyof Figures
}

export interface OverloadTrial extends Trial {
  readonly figures: readonly OverloadFigure[]
  /** Times what the server can do. */
  readonly times: number
  /** Seconds of demand that come at one instant; 0: it comes evenly. */
  readonly burstSeconds: number
}

const figures = (name: string): readonly OverloadFigure[] =>
  (
    [
      ['goodput', 'answers in time/s', 'higher', 'goodput'],
      ['p50', 'ms', 'lower', 'p50Ms'],
      ['p90', 'ms', 'lower', 'p90Ms'],
      ['p99', 'ms', 'lower', 'p99Ms'],
      ['refused', '503/s', 'higher', 'refusedPerSecond'],
      ['lost', 'requests/s', 'lower', 'lostPerSecond'],
      ['fairness', 'Jain', 'higher', 'fairness'],
      ['hello p99', 'ms', 'lower', 'helloP99Ms'],
    ] as const
  ).map(([what, unit, better, of]) => ({
    what: `${name} ${what}`,
    unit,
    better,
    of,
    mayBeZero: true,
    // To refuse more is better than to answer nobody, and worse than to answer.
    isCompared: of !== 'refusedPerSecond',
  }))

const trial = (name: string, times: number, burstSeconds = 0, rounds = 1): OverloadTrial => ({
  name,
  times,
  burstSeconds,
  rounds,
  figures: figures(name),
})

/** The headline first: three rounds, since it is what is promised. */
export const overloadTrials: readonly OverloadTrial[] = [
  trial('4x', 4, 0, 3),
  trial('0.5x', 0.5),
  trial('1x', 1),
  trial('2x', 2),
  trial('8x', 8),
  trial('4x-bursts', 4, 0.25),
]
