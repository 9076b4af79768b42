/**
 * What is computed from the samples, and nothing else: no I/O and no clock.
 *
 * Medians, because one round disturbed by another process must not move the result. Ratios are paired: the two
 * contenders of one round met the same disturbance, so the ratio is taken round by round and then its median. The
 * ratio of two medians would compare moments that never coincided.
 */

/** Which way a figure improves: a rate is better when higher, a time or a size when lower. */
export type Better = 'higher' | 'lower'

export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** The middle sample, or the mean of the two in the middle. @throws RangeError without samples. */
export function median(samples: readonly number[]): number {
  if (samples.length === 0) throw new RangeError('median of no samples')
  const sorted = Float64Array.from(samples).sort()
  const middle = sorted.length >> 1
  const upper = sorted[middle] as number
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] as number) + upper) / 2
}

export function summarise(samples: readonly number[]): Summary {
  return { median: median(samples), min: Math.min(...samples), max: Math.max(...samples) }
}

/**
 * How many times better `ours` is than `theirs`: above 1 means that we win, for rates and for times alike.
 *
 * @param ours - one sample for each round, in the order of the rounds; `theirs` the same.
 * @throws RangeError if the two did not run the same rounds.
 */
export function pairedRatio(ours: readonly number[], theirs: readonly number[], better: Better): number {
  if (ours.length !== theirs.length) {
    throw new RangeError(`cannot pair ${ours.length} rounds with ${theirs.length}`)
  }
  return median(
    ours.map((our, round) => {
      const their = theirs[round] as number
      return better === 'higher' ? our / their : their / our
    }),
  )
}
