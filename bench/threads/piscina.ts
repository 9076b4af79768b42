/**
 * Piscina with one thread, at its fastest here: tasks go to the thread as they come (its default is one at a time, 13,000 a
 * second), the thread waits for more in `Atomics.waitAsync` (10 % above the other two ways), nothing is timed (5 %).
 */

import { fileURLToPath } from 'node:url'
import { Piscina } from 'piscina'
import { answerRoundTrips, IN_FLIGHT } from './round-trips.ts'

const pool = new Piscina({
  filename: fileURLToPath(new URL('./adder.mjs', import.meta.url)),
  minThreads: 1,
  maxThreads: 1,
  concurrentTasksPerWorker: Math.max(...IN_FLIGHT),
  atomics: 'async',
  recordTiming: false,
})

await answerRoundTrips((event) => pool.run(event))
