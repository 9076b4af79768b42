/** postMessage, one message for each question and each answer: what a crossing costs when nobody batches. */

import { Worker } from 'node:worker_threads'
import { Fifo } from './fifo.ts'
import { answerRoundTrips } from './round-trips.ts'

const worker = new Worker(new URL('./raw-thread.mjs', import.meta.url))

/** Who waits: the thread answers in the order of the questions, so that no ids are needed. */
const waiting = new Fifo<(answer: number) => void>()
worker.on('message', (answer: number) => waiting.shift()(answer))

await answerRoundTrips(
  (event) =>
    new Promise((resolve) => {
      waiting.push(resolve)
      worker.postMessage(event)
    }),
)
