/**
 * The load generator: wrk if it is installed, else autocannon.
 *
 * wrk is preferred because the load generator must not be what is measured: on one core it asks for 170,000 requests/s
 * and more. autocannon is itself busy at about 100,000, beyond which all servers look alike; whoever has it is told.
 */

import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { promisify } from 'node:util'
import { type Command, ContenderError } from '../harness/process-contender.ts'
import { isInstalled, pinned } from '../harness/tools.ts'

export const CONNECTIONS = 64

export interface LoadResult {
  readonly requestsPerSecond: number
  readonly p99Ms: number
}

export interface Load {
  readonly name: string
  /** @param seconds - rounded to whole seconds and at least one: neither tool knows fractions. */
  run(url: URL, seconds: number): Promise<LoadResult>
}

export function openLoad(core: number | undefined): Load {
  return isInstalled('wrk') ? openWrk(core) : openAutocannon(core)
}

export function openWrk(core: number | undefined): Load {
  return createLoad('wrk', core, wrkCommand, parseWrk)
}

export function openAutocannon(core: number | undefined): Load {
  return createLoad('autocannon', core, autocannonCommand, parseAutocannon)
}

function createLoad(
  name: string,
  core: number | undefined,
  commandFor: (url: URL, seconds: number) => Command,
  parse: (output: string) => LoadResult,
): Load {
  return {
    name,
    async run(url, seconds) {
      const command = pinned(commandFor(url, Math.max(1, Math.round(seconds))), core)
      const { stdout } = await promisify(execFile)(command.file, command.args, {
        timeout: (seconds + 60) * 1e3,
      })
      return parse(stdout)
    },
  }
}

function wrkCommand(url: URL, seconds: number): Command {
  return { file: 'wrk', args: ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '--latency', url.href] }
}

const MS_PER: Readonly<Record<string, number>> = { us: 1e-3, ms: 1, s: 1e3, m: 60e3 }

/** @throws ContenderError if requests failed, or if this is not a report of `wrk --latency`. */
export function parseWrk(output: string): LoadResult {
  const failed = /^\s*(Non-2xx or 3xx responses|Socket errors): (.*)$/m.exec(output)
  if (failed !== null && !/^connect 0, read 0, write 0, timeout \d+$/.test(failed[2] ?? '')) {
    throw new ContenderError(`wrk: ${failed[0].trim()}`)
  }
  const rate = /^Requests\/sec:\s*([\d.]+)/m.exec(output)
  const p99 = /^\s*99%\s+([\d.]+)(us|ms|s|m)\s*$/m.exec(output)
  if (rate === null || p99 === null) throw new ContenderError(`wrk: cannot read its report: ${output}`)
  return { requestsPerSecond: Number(rate[1]), p99Ms: Number(p99[1]) * (MS_PER[p99[2] ?? ''] ?? Number.NaN) }
}

function autocannonCommand(url: URL, seconds: number): Command {
  const program = createRequire(import.meta.url).resolve('autocannon')
  return {
    file: process.execPath,
    args: [program, '--json', '--no-progress', '-c', String(CONNECTIONS), '-d', String(seconds), url.href],
  }
}

/** @throws ContenderError if requests failed, or if this is not a report of `autocannon --json`. */
export function parseAutocannon(output: string): LoadResult {
  let report: { requests: { average: number }; latency: { p99: number }; errors: number; non2xx: number }
  try {
    report = JSON.parse(output)
  } catch (cause) {
    throw new ContenderError(`autocannon: cannot read its report: ${output}`, { cause })
  }
  if (report.errors > 0 || report.non2xx > 0) {
    throw new ContenderError(`autocannon: ${report.errors} errors, ${report.non2xx} not 2xx`)
  }
  // It reports whole milliseconds; a server that answers sooner has at most one.
  return { requestsPerSecond: report.requests.average, p99Ms: Math.max(1, report.latency.p99) }
}
