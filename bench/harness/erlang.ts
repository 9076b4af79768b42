/**
 * Erlang as a contender, where `erlc` and `erl` are installed: the module is compiled into a temporary folder and
 * measures itself inside the virtual machine, which speaks the line protocol through `contender.erl`.
 */

import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { ContenderError, ProcessContender } from './process-contender.ts'
import type { Contender, Log } from './suite.ts'
import { isInstalled } from './tools.ts'

/**
 * @param source - an Erlang module that exports `main/0`.
 * @returns undefined, and says so, where Erlang is not installed.
 * @throws ContenderError if the module does not compile.
 */
export async function erlangContender(
  source: URL,
  log: Log,
  freshTrials: readonly string[] = [],
): Promise<Contender | undefined> {
  if (!isInstalled('erl') || !isInstalled('erlc')) {
    log('Erlang is not installed: left out')
    return undefined
  }
  const folder = await mkdtemp(join(tmpdir(), 'greenroom-bench-'))
  const removeFolder = () => rm(folder, { recursive: true, force: true })
  const file = fileURLToPath(source)
  try {
    const protocol = fileURLToPath(new URL('./contender.erl', import.meta.url))
    await promisify(execFile)('erlc', ['-o', folder, protocol, file])
  } catch (cause) {
    await removeFolder()
    throw new ContenderError(`Erlang: cannot compile ${file}: ${cause}`, { cause })
  }
  const inner = new ProcessContender('Erlang', onOneScheduler(folder, basename(file, '.erl')), freshTrials)
  return {
    who: inner.who,
    measure: (trial, seconds) => inner.measure(trial, seconds),
    async end() {
      await inner.end()
      await removeFolder()
    },
  }
}

/** One scheduler, as Node has one thread: a message that crosses cores costs Erlang several times as much. */
function onOneScheduler(folder: string, module: string) {
  return { file: 'erl', args: ['+S', '1:1', '-noshell', '-pa', folder, '-run', module, 'main'] }
}
