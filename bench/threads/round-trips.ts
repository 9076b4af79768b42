/**
 * How round trips are made and counted, the same for every contender.
 *
 * So many lanes as there are to be in flight; each asks, awaits its answer, and asks again. Nobody is given a whole
 * batch: who sends what belongs together in one message has found it out by itself, as it would have to in a server.
 */

import { answerMeasures, nsPerOperation } from '../harness/contender.ts'

export interface Add {
  readonly type: 'add'
  readonly n: number
}

/** Asks the thread once. What it gives is awaited, so a promise that is slow to settle counts as such. */
export type Ask = (event: Add) => PromiseLike<number>

/** What the suite asks for, in its order: round trips under way at once. The middle one is the headline. */
export const IN_FLIGHT: readonly number[] = [64, 1, 1_024]

/** The second half of a row's name, and what the command line picks a trial by. */
export function inFlightName(inFlight: number): string {
  return `${inFlight.toLocaleString('en-US')} in flight`
}

/** Round trips between two looks at the clock: many for each lane, since while lanes end fewer are in flight. */
const PER_BATCH = 32_768
/** With one lane nothing ends early, and a round trip takes ten times as long. */
const PER_BATCH_ALONE = 1_024

/** Speaks the harness's lines: the figure is round trips a second. */
export function answerRoundTrips(ask: Ask): Promise<void> {
  return answerMeasures(
    Object.fromEntries(
      IN_FLIGHT.map((inFlight) => [
        inFlightName(inFlight),
        async (seconds: number) => 1e9 / (await nsPerOperation(seconds, () => runLanes(ask, inFlight))),
      ]),
    ),
  )
}

/**
 * @returns how many round trips were made.
 * @throws Error if an answer is not that to its own question.
 */
export async function runLanes(
  ask: Ask,
  inFlight: number,
  total = inFlight === 1 ? PER_BATCH_ALONE : PER_BATCH,
): Promise<number> {
  const perLane = Math.ceil(total / inFlight)
  const lane = async (first: number): Promise<void> => {
    for (let n = first; n < first + perLane; n++) {
      const answer = await ask({ type: 'add', n })
      if (answer !== n + 1) throw new Error(`asked for ${n} + 1, answered ${answer}`)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, index) => lane(index * perLane)))
  return perLane * inFlight
}
