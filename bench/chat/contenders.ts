/** Who is asked in this suite, how each is started, and what is spoken to it. */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { type Command, nodeCommand } from '../harness/process-contender.ts'
import type { WireName } from './load/wires.ts'

export interface ChatContender {
  /** In servers/. */
  readonly file: string
  readonly wire: WireName
  readonly isPython?: boolean
}

/** By the first half of the rows' names; ours, and then the peers. */
export const chatContenders: ReadonlyMap<string, ChatContender> = new Map<string, ChatContender>([
  ['greenroom', { file: 'greenroom.ts', wire: 'websocket' }],
  ['ws', { file: 'ws.ts', wire: 'websocket' }],
  ['Socket.IO', { file: 'socket-io.ts', wire: 'socket.io' }],
  ['greenroom lines', { file: 'greenroom-lines.ts', wire: 'lines' }],
  ['Twisted', { file: 'twisted_chat.py', wire: 'lines', isPython: true }],
])

export function moduleOf({ file }: ChatContender): URL {
  return new URL(`./servers/${file}`, import.meta.url)
}

/** @returns why it cannot be started instead, in a few words. */
export function commandOf(contender: ChatContender, nodeOptions: readonly string[] = []): Command | string {
  const module = moduleOf(contender)
  if (contender.isPython !== true) return nodeCommand(module, { nodeOptions })
  const file = pythonWithTwisted()
  return file === undefined ? 'no python3 that can import twisted' : { file, args: [fileURLToPath(module)] }
}

/** The second is where a distribution's packages are, if the first is somebody's own. */
const pythons = ['python3', '/usr/bin/python3'] as const

function pythonWithTwisted(): string | undefined {
  return pythons.find((python) => {
    try {
      execFileSync(python, ['-c', 'import twisted'], { stdio: 'ignore' })
      return true
    } catch {
      return false
    }
  })
}
