/**
 * What a job costs a server, learnt from those that have ended; and from that, how long one that enters now will take.
 * This is the feed-forward half of admission: it knows of a queue's delay before anybody has suffered it.
 *
 * A server is what handles one job at a time: a member of a pool, or one of a main-thread handler's `concurrency`.
 * Pure: plain data in, plain data out.
 */

export interface ServiceEstimate {
  /** Jobs seen. 0: nothing is known, and `meanMs` is 0. */
  readonly jobs: number
  /** Milliseconds that one job occupies one server, smoothed. */
  readonly meanMs: number
  /** Smoothed square of the same, for its variance; ms squared. */
  readonly squareMs2: number
}

export const noEstimate: ServiceEstimate = { jobs: 0, meanMs: 0, squareMs2: 0 }

/**
 * Weight of one job in the smoothed mean: the last 50 to 100 jobs count. With fewer, more is let in while the mean is low
 * by chance, and is late. The first ones count evenly, so that one cold start is soon outvoted.
 */
const WEIGHT = 0.02

/**
 * @param elapsedMs - for which the server was occupied by these jobs alone: from the later of their start and the end of
 *   the server's jobs before, to their own end.
 * @param jobs - how many ended together; at least 1.
 */
export function observeService(estimate: ServiceEstimate, elapsedMs: number, jobs = 1): ServiceEstimate {
  const seen = estimate.jobs + jobs
  const weight = Math.max(jobs / seen, 1 - (1 - WEIGHT) ** jobs)
  const perJobMs = elapsedMs / jobs
  return {
    // What counts is whether it is many: no need to count beyond what a double holds.
    jobs: Math.min(seen, 1_000_000),
    meanMs: estimate.meanMs + weight * (perJobMs - estimate.meanMs),
    squareMs2: estimate.squareMs2 + weight * (perJobMs * perJobMs - estimate.squareMs2),
  }
}

/** Variance over the square of the mean: 0 for jobs of one size, 1 for exponential ones. Bounded by 0 and 4. */
export function variability({ meanMs, squareMs2 }: ServiceEstimate): number {
  if (meanMs <= 0) return 0
  const cv2 = squareMs2 / (meanMs * meanMs) - 1
  // What is left of rounding, times a root, would refuse what is just in time.
  return cv2 >= 1e-6 ? Math.min(4, cv2) : 0
}

/**
 * Milliseconds, from entry to end, that a job entering now will probably not exceed: the mean and `deviations` standard
 * deviations. 0 where nothing is known: ignorance refuses nobody.
 *
 * With `ahead` jobs waiting or under way on `servers` servers, `ahead - servers + 1` of them end before it starts. The
 * first of these is under way already: what is left of it is (1 + cv2)/2 of a mean (renewal theory). For jobs of one size
 * that spread is not one of chance, but bounded by a whole job: the lesser of both counts.
 */
export function predictMs(
  estimate: ServiceEstimate,
  ahead: number,
  servers: number,
  deviations: number,
): number {
  const { meanMs } = estimate
  if (meanMs <= 0) return 0
  const cv2 = variability(estimate)
  const before = ahead - servers + 1
  if (before <= 0) return meanMs * (1 + deviations * Math.sqrt(cv2))
  const paceMs = meanMs / servers
  const own = cv2 * meanMs * meanMs
  const pace2 = paceMs * paceMs
  const variance = ((before - 1) * cv2 + Math.max(cv2, 1 / 12)) * pace2 + own
  const likely = (before - 1 + (1 + cv2) / 2) * paceMs + meanMs + deviations * Math.sqrt(variance)
  const worst =
    before * paceMs * Math.max(1, (1 + cv2) / 2) + meanMs + deviations * Math.sqrt(before * cv2 * pace2 + own)
  return Math.min(likely, worst)
}
