/** Whether latencies are the server's, or also those of a load generator that had not the time to send when it was due. */
import { TARGET_MS } from './work.ts'

/** How the generator did in one run. */
export interface GeneratorRun {
  /** Share of a core's time: it has one thread, so 1 is all that there is. */
  readonly busy: number
  /** Milliseconds: the 99th percentile of how long after its instant a request was sent. */
  readonly lateMs: number
}

/** Above this the generator itself may be what is slow. */
const BUSY_MAX = 0.6
/** A twentieth of the target. Above it, what an answer lacked to be good may have been the generator's. */
const LATE_MS_MAX = TARGET_MS / 20

/** @returns a remark about the worst of the runs, if it was too busy or too late. */
export function remarkOnGenerator(runs: readonly GeneratorRun[]): string | undefined {
  const busy = Math.max(0, ...runs.map((run) => run.busy))
  const lateMs = Math.max(0, ...runs.map((run) => run.lateMs))
  if (busy < BUSY_MAX && lateMs < LATE_MS_MAX) return undefined
  const share = `${Math.round(busy * 100)} % of a core`
  return `the load generator took up to ${share}, and sent up to ${lateMs.toFixed(1)} ms late (p99): that is in the latencies`
}
