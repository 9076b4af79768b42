/** A context on a clock that moves by hand, with seeded randomness and a log that says nothing. */
import { Context } from '../../../runtime/context/context.ts'
import { silentLog } from '../../../runtime/context/log.ts'
import { createSeededRandom } from '../../../runtime/context/random.ts'
import type { FailureWatch } from '../../../runtime/deferred/failure-watch.ts'
import { createManualClock, type ManualClock } from '../../../runtime/time/manual-clock.ts'

export interface TestContext {
  readonly ctx: Context
  readonly clock: ManualClock
  /** Failures that nobody looked at. */
  readonly failures: unknown[]
}

export function createTestContext({ seed = 1, startMs = 0 } = {}): TestContext {
  const clock = createManualClock({ startMs })
  const failures: unknown[] = []
  const watch: FailureWatch = { failed: (_, error) => void failures.push(error) }
  const roots = { clock, random: createSeededRandom(seed), log: silentLog, failures: watch }
  return { ctx: Context.create(roots), clock, failures }
}
