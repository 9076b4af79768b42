/**
 * What this machine has: commands, and cores to pin to.
 */

import { accessSync, constants, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Command } from './process-contender.ts'

export function isInstalled(command: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

/** The cores that we may run on, which in a container need not begin at 0; empty where that cannot be known. */
export function allowedCores(): readonly number[] {
  try {
    return parseCores(
      /^Cpus_allowed_list:\s*(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '',
    )
  } catch {
    return []
  }
}

/** Reads the kernel's list format: `0-2,5` is 0, 1, 2 and 5. */
export function parseCores(list: string): readonly number[] {
  const cores: number[] = []
  for (const range of list.split(',')) {
    const [first, last = first] = range.split('-')
    if (first === undefined || first.trim() === '') continue
    for (let core = Number(first); core <= Number(last); core++) cores.push(core)
  }
  return cores
}

/** Where server and load generator run. */
export interface Placement {
  readonly server: number | undefined
  readonly load: number | undefined
}

/** A core each, if there are two and `taskset` can keep them there; else wherever the scheduler puts them. */
export function placeApart(): Placement {
  const cores = isInstalled('taskset') ? allowedCores() : []
  return cores.length < 2 ? { server: undefined, load: undefined } : { server: cores[0], load: cores[1] }
}

export function pinned(command: Command, core: number | undefined): Command {
  if (core === undefined) return command
  return { file: 'taskset', args: ['-c', String(core), command.file, ...command.args] }
}
