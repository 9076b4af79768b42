/**
 * postMessage in batches, written by hand: what was asked before the microtask's turn came goes as one array, and is
 * answered as one array. No ids, no errors, no bound, no cancelling, a thread that must not die: it is the ceiling for
 * whatever has these.
 */

import { Worker } from 'node:worker_threads'
import { Fifo } from './fifo.ts'
import { type Add, answerRoundTrips } from './round-trips.ts'

const worker = new Worker(new URL('./batches-thread.mjs', import.meta.url))

type Settle = (answer: number) => void

/** Who waits for the answers of each array that is under way. */
const underWay = new Fifo<readonly Settle[]>()
let events: Add[] = []
let settles: Settle[] = []

function flush(): void {
  worker.postMessage(events)
  underWay.push(settles)
  events = []
  settles = []
}

worker.on('message', (answers: readonly number[]) => {
  const waiting = underWay.shift()
  for (let index = 0; index < waiting.length; index++) waiting[index]?.(answers[index] as number)
})

await answerRoundTrips(
  (event) =>
    new Promise((resolve) => {
      if (events.length === 0) queueMicrotask(flush)
      events.push(event)
      settles.push(resolve)
    }),
)
