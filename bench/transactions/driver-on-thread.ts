/** better-sqlite3 on a thread of its own, which is sent a transfer and does all of it: the least that one can ask of a thread. */
import { Worker } from 'node:worker_threads'
import { pragmas } from './sqlite-file.ts'
import { type Receipt, statements, type Transfer } from './work.ts'

type Answer = Receipt | { readonly code: string; readonly message: string }

interface Waiting {
  resolve(receipt: Receipt): void
  reject(error: Error): void
}

/** @returns what does a transfer. It fails with an error that has a `code`: SQLite's, or `INSUFFICIENT_FUNDS`. */
export function driverOnThread(file: string): (transfer: Transfer) => Promise<Receipt> {
  const worker = new Worker(new URL('./driver-thread.mjs', import.meta.url), {
    workerData: { file, pragmas, statements },
  })
  /** In the order of the questions, which is that of the answers. */
  const waiting: Waiting[] = []
  worker.on('message', (answer: Answer) => {
    const asked = waiting.shift()
    if ('code' in answer) asked?.reject(Object.assign(new Error(answer.message), { code: answer.code }))
    else asked?.resolve(answer)
  })
  return (transfer) =>
    new Promise((resolve, reject) => {
      waiting.push({ resolve, reject })
      worker.postMessage(transfer)
    })
}
