/**
 * The load generator: wrk if it is installed, else autocannon.
 *
 * wrk is preferred because the load generator must not be what is measured: on one core it asks for 170,000 requests/s
 * and more. autocannon is itself busy at about 100,000, beyond which all servers look alike; whoever has it is told.
 */

import { runAccounted } from '../harness/accounted.ts'
import { type Command, ContenderError } from '../harness/process-contender.ts'
import { isInstalled, pinned } from '../harness/tools.ts'
import { autocannonCommand, parseAutocannon } from './autocannon.ts'
import type { Answered, Work } from './work.ts'
import { parseWrk, wrkCommand } from './wrk.ts'

export interface LoadResult extends Answered {
  /** What share of a core's time the load generator took: near 1, it asks as fast as it can. */
  readonly busy: number
}

export interface Load<W = Work> {
  readonly name: string
  /** @param seconds - rounded to whole seconds and at least one: neither tool knows fractions. */
  run(port: number, work: W, seconds: number): Promise<LoadResult>
}

/** Beyond the seconds of the run, before it is given up. */
const PATIENCE_SECONDS = 60
/** What is told of a failed run's last words. */
const SAID_CHARS_MAX = 300

export function openLoad(core: number | undefined): Load {
  return isInstalled('wrk') ? openWrk(core) : openAutocannon(core)
}

export function openWrk(core: number | undefined): Load {
  return createLoad('wrk', core, wrkCommand, parseWrk)
}

export function openAutocannon(core: number | undefined): Load {
  return createLoad('autocannon', core, autocannonCommand, parseAutocannon)
}

/** Any program that takes a URL and seconds, and prints a report. */
export function createLoad<W extends { readonly path: string }>(
  name: string,
  core: number | undefined,
  commandFor: (url: URL, work: W, seconds: number) => Command,
  parse: (output: string) => Answered,
): Load<W> {
  return {
    name,
    async run(port, work, seconds) {
      const url = new URL(work.path, `http://127.0.0.1:${port}`)
      const command = pinned(commandFor(url, work, Math.max(1, Math.round(seconds))), core)
      const { stdout, busy } = await runAccounted(command, (seconds + PATIENCE_SECONDS) * 1e3).catch(
        (cause: Error & { stderr?: string }) => {
          // The message holds the whole command, with the body that is sent: it comes second.
          const said = cause.stderr?.trim() || cause.message
          throw new ContenderError(`${name}: failed on ${url}: ${said.slice(0, SAID_CHARS_MAX)}`, { cause })
        },
      )
      return { ...parse(stdout), busy }
    },
  }
}
