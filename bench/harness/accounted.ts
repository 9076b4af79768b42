/**
 * Runs a command to its end, and tells what time of a core it took.
 *
 * Node does not say what its children used. A POSIX shell's `times` does, with nothing that looks on meanwhile and
 * would need a core itself.
 */

import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Command } from './process-contender.ts'

export interface Accounted {
  readonly stdout: string
  /** User and system time over the time that passed: 1 is one core, busy all the time. */
  readonly busy: number
}

/** Its own lines are the last of stderr. The command's exit code is passed on. */
const SCRIPT = '"$@"; code=$?; times >&2; exit $code'

/** @throws as `execFile` does, if the command cannot be run, fails, or takes longer than `timeoutMs`. */
export async function runAccounted({ file, args }: Command, timeoutMs: number): Promise<Accounted> {
  const startMs = performance.now()
  const { stdout, stderr } = await promisify(execFile)('sh', ['-c', SCRIPT, 'sh', file, ...args], {
    timeout: timeoutMs,
    // The decimal point is a comma elsewhere.
    env: { ...process.env, LC_ALL: 'C' },
  })
  return { stdout, busy: parseTimes(stderr) / ((performance.now() - startMs) / 1e3) }
}

/**
 * Seconds of user and system time of a shell's children: the second line that `times` prints, after its own.
 *
 * @throws RangeError if the last two lines are no output of `times`.
 */
export function parseTimes(output: string): number {
  const children = output.trimEnd().split('\n').at(-1) ?? ''
  const parts = /^(\d+)m([\d.]+)s (\d+)m([\d.]+)s$/.exec(children)?.slice(1).map(Number)
  if (parts === undefined) throw new RangeError(`not what \`times\` prints: ${output}`)
  const [userMinutes = 0, userSeconds = 0, systemMinutes = 0, systemSeconds = 0] = parts
  return (userMinutes + systemMinutes) * 60 + userSeconds + systemSeconds
}
