/**
 * Whether a rate says how fast the server answers, or only how fast it was asked.
 */

import { median } from '../harness/statistics.ts'

/** Shares of a core's time, in one round: 1 is busy all the time. */
export interface Busy {
  readonly load: number
  readonly server: number
}

/**
 * Above this a core counts as saturated. A run's start and end, and what else the machine does, take the rest. Both
 * below it is the normal case with few connections: then each waits for the other, and nobody is the limit.
 */
const SATURATED = 0.9

/**
 * @param load - the load generator's name.
 * @returns a remark if the load generator had no time left and the server did, in the median of the rounds.
 */
export function remarkOnLimit(load: string, rounds: readonly Busy[]): string | undefined {
  const loadBusy = median(rounds.map((round) => round.load))
  const serverBusy = median(rounds.map((round) => round.server))
  if (loadBusy < SATURATED || serverBusy >= loadBusy) return undefined
  const shares = `which was ${percent(loadBusy)} busy, and the server ${percent(serverBusy)}`
  return `limited by ${load}, ${shares}: it is faster than its rate, go by cpu`
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`
}
