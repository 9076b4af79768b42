/** Who had a core to the full in a closed loop: if it was not the server, its rate says less than its cpu. */
import { median } from '../harness/statistics.ts'
import { type Busy, remarkOnLimit } from '../http/bottleneck.ts'

/** As in http/bottleneck.ts, less what a run's end takes while the last messages arrive. */
const SATURATED = 0.85

/** @returns nothing where the server was saturated, as it is to be. */
export function remarkOnSaturation(rounds: readonly Busy[]): string | undefined {
  const limit = remarkOnLimit('the load', rounds)
  if (limit !== undefined) return limit
  const [load, server] = [
    median(rounds.map((round) => round.load)),
    median(rounds.map((round) => round.server)),
  ]
  if (server >= SATURATED) return undefined
  const shares = `the server was ${Math.round(server * 100)} % busy, and the load ${Math.round(load * 100)} %`
  return `limited by neither, ${shares}: others used the machine, or it waited; go by cpu`
}
