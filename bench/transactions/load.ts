/**
 * The load generator: connections that post a transfer each, and the next one as soon as they are answered. wrk if it is
 * installed; else clients of our own, since autocannon has no command that gives each request other accounts.
 */
import { fileURLToPath } from 'node:url'
import { type Command, ContenderError, nodeCommand } from '../harness/process-contender.ts'
import { isInstalled } from '../harness/tools.ts'
import { createLoad, type Load } from '../http/load.ts'
import type { Answered } from '../http/work.ts'
import { parseWrk } from '../http/wrk.ts'
import { ACCOUNTS, AMOUNT_MAX, TRANSFERS_PATH } from './work.ts'

export interface TransferWork {
  readonly path: typeof TRANSFERS_PATH
  readonly connections: number
  /** What the ids of this run begin with: no two runs have the same. Later ones come later in the alphabet. */
  readonly run: string
}

export interface TransferLoad extends Load<TransferWork> {
  /** Whether it leaves at its end with requests under way, of which nobody knows what became. */
  readonly leavesEarly: boolean
}

let runs = 0

export function transferWork(connections: number): TransferWork {
  runs += 1
  return { path: TRANSFERS_PATH, connections, run: String(runs).padStart(4, '0') }
}

export function openTransferLoad(): TransferLoad {
  return isInstalled('wrk') ? openWrkTransfers() : openOwnTransfers()
}

export function openWrkTransfers(): TransferLoad {
  return { ...createLoad('wrk', undefined, wrkCommand, parseWrk), leavesEarly: true }
}

export function openOwnTransfers(): TransferLoad {
  return { ...createLoad('closed loop', undefined, ownCommand, parseOwn), leavesEarly: false }
}

const script = fileURLToPath(new URL('./transfers.lua', import.meta.url))

function wrkCommand(url: URL, { connections, run }: TransferWork, seconds: number): Command {
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script, url.href]
  return { file: 'wrk', args: [...args, '--', run, String(ACCOUNTS), String(AMOUNT_MAX)] }
}

function ownCommand(url: URL, { connections, run }: TransferWork, seconds: number): Command {
  const args = [url.port, String(connections), run, String(seconds)]
  return nodeCommand(new URL('./closed-loop.ts', import.meta.url), { args })
}

/** @throws ContenderError if this is not what closed-loop.ts prints. */
export function parseOwn(output: string): Answered {
  try {
    return JSON.parse(output) as Answered
  } catch (cause) {
    throw new ContenderError(`closed loop: cannot read its report: ${output}`, { cause })
  }
}
