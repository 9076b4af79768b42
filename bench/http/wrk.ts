/** wrk as a load generator: how it is asked, and what it says. */

import { fileURLToPath } from 'node:url'
import { type Command, ContenderError } from '../harness/process-contender.ts'
import type { Answered, Work } from './work.ts'

const script = fileURLToPath(new URL('./requests.lua', import.meta.url))

export function wrkCommand(url: URL, { connections, pipelined = 1, json }: Work, seconds: number): Command {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency']
  const isPlain = pipelined === 1 && json === undefined
  if (!isPlain) args.push('-s', script)
  args.push(url.href)
  if (!isPlain) args.push('--', String(pipelined), ...(json === undefined ? [] : [json]))
  return { file: 'wrk', args }
}

const MS_PER: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1e3, m: 60e3 }

/** @throws ContenderError if requests failed, or if this is not a report of `wrk --latency`. */
export function parseWrk(output: string): Answered {
  const failed = /^\s*(Non-2xx or 3xx responses|Socket errors): (.*)$/m.exec(output)
  if (failed !== null && !/^connect 0, read 0, write 0, timeout \d+$/.test(failed[2] ?? '')) {
    throw new ContenderError(`wrk: ${failed[0].trim()}`)
  }
  const total = /^\s*(\d+) requests in /m.exec(output)
  const rate = /^Requests\/sec:\s*([\d.]+)/m.exec(output)
  const p50Ms = percentileMs(output, 50)
  const p99Ms = percentileMs(output, 99)
  if (total === null || rate === null || p50Ms === undefined || p99Ms === undefined) {
    throw new ContenderError(`wrk: cannot read its report: ${output}`)
  }
  return {
    requests: Number(total[1]),
    requestsPerSecond: Number(rate[1]),
    p50Ms,
    p99Ms,
  }
}

function percentileMs(output: string, percent: number): number | undefined {
  const found = new RegExp(`^\\s*${percent}%\\s+([\\d.]+)(us|ms|s|m)\\s*$`, 'm').exec(output)
  return found === null ? undefined : Number(found[1]) * (MS_PER[found[2] ?? ''] ?? Number.NaN)
}
