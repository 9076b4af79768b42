/** Tinypool with one thread, at its fastest here: tasks go to it as they come, and it waits without `Atomics` (5 %). */

import { fileURLToPath } from 'node:url'
import { Tinypool } from 'tinypool'
import { answerRoundTrips, IN_FLIGHT } from './round-trips.ts'

const pool = new Tinypool({
  filename: fileURLToPath(new URL('./adder.mjs', import.meta.url)),
  minThreads: 1,
  maxThreads: 1,
  concurrentTasksPerWorker: Math.max(...IN_FLIGHT),
  useAtomics: false,
})

await answerRoundTrips((event) => pool.run(event))
