/** autocannon as a load generator: how it is asked, and what it says. */

import { createRequire } from 'node:module'
import { type Command, ContenderError } from '../harness/process-contender.ts'
import type { Answered, Work } from './work.ts'

const program = createRequire(import.meta.url).resolve('autocannon')

export function autocannonCommand(
  url: URL,
  { connections, pipelined = 1, json }: Work,
  seconds: number,
): Command {
  const args = [program, '--json', '--no-progress', '-c', `${connections}`, '-p', `${pipelined}`]
  if (json !== undefined) args.push('-m', 'POST', '-H', 'content-type=application/json', '-b', json)
  return { file: process.execPath, args: [...args, '-d', `${seconds}`, url.href] }
}

interface AutocannonReport {
  readonly requests: { readonly average: number; readonly total: number }
  readonly latency: { readonly p50: number; readonly p99: number }
  readonly errors: number
  readonly non2xx: number
}

/** @throws ContenderError if requests failed, or if this is not a report of `autocannon --json`. */
export function parseAutocannon(output: string): Answered {
  let report: AutocannonReport
  try {
    report = JSON.parse(output)
  } catch (cause) {
    throw new ContenderError(`autocannon: cannot read its report: ${output}`, { cause })
  }
  const { requests, latency, errors, non2xx } = report
  if (errors > 0 || non2xx > 0) throw new ContenderError(`autocannon: ${errors} errors, ${non2xx} not 2xx`)
  // It reports whole milliseconds; a server that answers sooner has at most one.
  return {
    requests: requests.total,
    requestsPerSecond: requests.average,
    p50Ms: Math.max(1, latency.p50),
    p99Ms: Math.max(1, latency.p99),
  }
}
