/** greenroom: behaviours with their default mailboxes under its own supervisors. Its log alone is silent. */

import { createSystem, silentLog } from '../built.ts'
import { answerMeasures, nsPerOperation } from '../harness/contender.ts'
import { Delays } from './delays.ts'
import { flood } from './flood.ts'
import { heapMb, residentMb } from './idle.ts'
import { Crews } from './restarts.ts'
import { stopFlatMs, stopTreeMs } from './trees.ts'

const system = createSystem({ log: silentLog })

/** Of the last flood. */
let delays = new Delays()
/** Made when first asked for: whoever is weighed has none. */
let crews: Promise<Crews> | undefined
const ofCrews = (batch: (crews: Crews) => Promise<number>) => async (seconds: number) => {
  crews ??= Crews.start(system)
  const started = await crews
  return nsPerOperation(seconds, () => batch(started))
}

await answerMeasures({
  restarts: ofCrews((crews) => crews.restartEach('crash')),
  'restarts untraced': ofCrews((crews) => crews.restartEach('crashUntraced')),
  'restarts of all': ofCrews((crews) => crews.restartGroups()),
  'stop 100,000': () => stopTreeMs(system),
  'stop 100,000 flat': () => stopFlatMs(system),
  'MB for a million': () => residentMb(system),
  'MB of heap for a million': () => heapMb(system),
  'fairness p50': async () => {
    delays = await flood(system)
    return delays.percentileUs(0.5)
  },
  'fairness p99': () => delays.percentileUs(0.99),
  'fairness max': () => delays.percentileUs(1),
  'fairness max envelopes': () => delays.envelopesMax,
  ...Object.fromEntries(
    Array.from({ length: 21 }, (_, exponent) => [
      `fairness under ${2 ** exponent}`,
      () => delays.under(2 ** exponent),
    ]),
  ),
})
