/**
 * A load generator for where wrk is not installed: `closed-loop.ts PORT CONNECTIONS RUN SECONDS`, and one line of JSON in the end.
 * It waits for all its answers, and fails unless each is 201.
 */

import type { Answered } from '../http/work.ts'
import { ClientConnection } from '../overload/client-connection.ts'
import { percentile } from '../overload/outcomes.ts'
import { ACCOUNTS, AMOUNT_MAX, TRANSFERS_PATH } from './work.ts'

const [port = 0, connections = 0, run = '', seconds = 0] = process.argv
  .slice(2)
  .map((word, index) => (index === 2 ? word : Number(word))) as [number, number, string, number]

let count = 0
/** Numerical Recipes' generator: the same accounts in every run. */
let state = 1

function below(bound: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return Math.floor((state / 2 ** 32) * bound)
}

function request(): string {
  count += 1
  const from = below(ACCOUNTS)
  const to = (from + 1 + below(ACCOUNTS - 1)) % ACCOUNTS
  const id = `${run}-${String(count).padStart(9, '0')}`
  const body = `{"id":"${id}","from":${from + 1},"to":${to + 1},"amount":${1 + below(AMOUNT_MAX)}}`
  const head = `POST ${TRANSFERS_PATH} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n`
  return `${head}content-length: ${body.length}\r\n\r\n${body}`
}

const tookMs: number[] = []
const startMs = performance.now()
const endMs = startMs + seconds * 1e3

function client(): Promise<void> {
  const connection = new ClientConnection(port)
  return new Promise((resolve, reject) => {
    const ask = (): void => {
      const askedMs = performance.now()
      if (askedMs >= endMs) {
        connection.leave()
        resolve()
        return
      }
      connection.send(request(), (answer) => {
        if (answer?.status !== 201) {
          reject(new Error(`answered ${answer?.status ?? 'nothing'}`))
          return
        }
        tookMs.push(performance.now() - askedMs)
        ask()
      })
    }
    ask()
  })
}

await Promise.all(Array.from({ length: connections }, client))
const elapsedSeconds = (performance.now() - startMs) / 1e3
const answered: Answered = {
  requests: tookMs.length,
  requestsPerSecond: tookMs.length / elapsedSeconds,
  p50Ms: percentile(tookMs, 0.5) ?? 0,
  p99Ms: percentile(tookMs, 0.99) ?? 0,
}
console.log(JSON.stringify(answered))
