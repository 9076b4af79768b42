/**
 * What does it cost to ask something of another thread?
 *
 * One thread adds 1 to a number, which is nothing: what is measured is the crossing, there and back. 64 round trips are
 * under way at once, then 1, then 1,024; each is asked, awaited and looked at by itself, and the next one follows.
 *
 * - `greenroom`: an actor on a thread, with its mailbox, credits, deadline and cancellation; `ask`, awaited.
 * - `Piscina`, `Tinypool`: pools of one thread, at their fastest (their files say how that was found).
 * - `comlink`: a call each.
 * - `postMessage`: a message each way for each question, by hand.
 * - `postMessage in batches`: the same with one message for what is asked at one time. The ceiling, not a rival.
 *
 * With one in flight nobody has anything to batch, and two threads that sleep wake each other in turn: all are about
 * as fast as the operating system is at that.
 */

import { nodeCommand, ProcessContender } from './harness/process-contender.ts'
import type { Suite, Trial } from './harness/suite.ts'
import { IN_FLIGHT, inFlightName } from './threads/round-trips.ts'

const trials = IN_FLIGHT.map((inFlight): Trial => {
  const name = inFlightName(inFlight)
  return { name, figures: [{ what: name, unit: 'round trips/s', better: 'higher' }] }
})

const contender = (who: string, module: string) =>
  new ProcessContender(who, nodeCommand(new URL(`./threads/${module}`, import.meta.url)))

export const threadsSuite: Suite = {
  name: 'threads',
  trials,
  rounds: 5,
  secondsDefault: 2.5,
  open: async () => [
    contender('greenroom', 'greenroom.ts'),
    contender('Piscina', 'piscina.ts'),
    contender('Tinypool', 'tinypool.ts'),
    contender('comlink', 'comlink.ts'),
    contender('postMessage', 'raw.ts'),
    contender('postMessage in batches', 'batches.ts'),
  ],
}
