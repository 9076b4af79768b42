/** A module for a thread: begins one message after another until it may not, and tells how many it has. */
import { parentPort, workerData } from 'node:worker_threads'
import { BegunNote } from '../../../runtime/worker/begun.ts'

const note = new BegunNote((workerData as { cells: Int32Array<SharedArrayBuffer> }).cells)
let begun = 0
while (note.begin(begun + 1)) begun += 1
parentPort?.postMessage(begun)
