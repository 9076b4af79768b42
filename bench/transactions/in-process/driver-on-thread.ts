/** better-sqlite3 on a thread of its own, which is sent a transfer and does all of it: the least that one can ask of a thread. */
import { Worker } from 'node:worker_threads'
import { answerMeasures } from '../../harness/contender.ts'
import { OneByOne } from '../one-by-one.ts'
import { pragmas } from '../sqlite-file.ts'
import { type Receipt, statements, type Transfer } from '../work.ts'

const [, , file = ''] = process.argv
const worker = new Worker(new URL('./driver-thread.mjs', import.meta.url), {
  workerData: { file, pragmas, statements },
})

const transfer = (input: Transfer): Promise<Receipt> =>
  new Promise((resolve) => {
    worker.once('message', resolve)
    worker.postMessage(input)
  })

const oneByOne = new OneByOne(file, transfer)

await answerMeasures({ alone: (seconds) => oneByOne.measure(seconds) })
