/**
 * The near end of a contender: a process that does work when a line on stdin asks for it.
 *
 * The protocol is one line each way, so that Erlang speaks it as well and a person can too:
 *
 *     > 0.5 tell           (seconds, then the rest of the line: what)
 *     < 61.2               (the value), or: error <message>
 *
 * It says `ready` once when it has loaded, and ends when stdin does, so that it cannot outlive its parent.
 */

import { createInterface } from 'node:readline'

/** Does the work for about `seconds` and gives the figure, in the figure's unit. */
export type Measure = (seconds: number) => Promise<number> | number

/** @param measures - a measure for each `what` that may be asked for. */
export async function answerMeasures(measures: Readonly<Record<string, Measure>>): Promise<void> {
  console.log('ready')
  for await (const line of createInterface({ input: process.stdin })) {
    const gap = line.indexOf(' ')
    const measure = measures[line.slice(gap + 1)]
    try {
      if (measure === undefined) throw new Error(`no such measure: ${line}`)
      console.log(await measure(Number(line.slice(0, gap))))
    } catch (error) {
      console.log(`error ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  // Whatever the contender still has open, its work is done.
  process.exit()
}

/**
 * Repeats a batch until the time is up.
 *
 * @param batch - does the work once and gives how many operations that were.
 * @returns nanoseconds an operation.
 */
export async function nsPerOperation(
  seconds: number,
  batch: () => Promise<number> | number,
): Promise<number> {
  const startMs = performance.now()
  const endMs = startMs + seconds * 1e3
  let operations = 0
  let nowMs = startMs
  while (nowMs < endMs) {
    operations += await batch()
    nowMs = performance.now()
  }
  return ((nowMs - startMs) * 1e6) / operations
}
