/** The chat as somebody sees it who sits at a terminal: lines, over a real socket. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import type { Teardown } from '../web/web-process.ts'

/** However slow the machine is. */
const WAIT_MS = 20_000

export interface ChatClient {
  readonly socket: Socket
  /** All that has come, without line ends. */
  readonly lines: readonly string[]
  readonly hasEnded: boolean
  say(...lines: readonly string[]): void
  /** The lines that came since the last one that was waited for, up to the first that matches. Fails at the end. */
  until(what: string | RegExp): Promise<readonly string[]>
  /** All that comes until the server ends it. */
  rest(): Promise<readonly string[]>
}

export async function chatClient(t: Teardown, port: number): Promise<ChatClient> {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  t.teardown(async () => void socket.destroy())
  await once(socket, 'connect')
  const lines: string[] = []
  let begun = ''
  let seen = 0
  let hasEnded = false
  let changed = () => {}
  socket.on('data', (text: string) => {
    const pieces = (begun + text).split('\r\n')
    begun = pieces.pop()!
    lines.push(...pieces)
    changed()
  })
  socket.on('error', () => {})
  socket.on('close', () => end())
  socket.on('end', () => end())
  const end = () => {
    hasEnded = true
    changed()
  }
  const change = () => new Promise<void>((resolve) => (changed = resolve))
  return {
    socket,
    lines,
    get hasEnded() {
      return hasEnded
    },
    say: (...said) => void socket.write(said.map((line) => `${line}\r\n`).join('')),
    async until(what) {
      const byMs = Date.now() + WAIT_MS
      for (let at = seen; ; ) {
        for (; at < lines.length; at++) {
          const line = lines[at]!
          if (typeof what === 'string' ? line !== what : !what.test(line)) continue
          const since = lines.slice(seen, at + 1)
          seen = at + 1
          return since
        }
        const late = Date.now() > byMs
        if (hasEnded || late)
          throw new Error(`${what} did not come, but: ${JSON.stringify(lines.slice(seen))}`)
        await Promise.race([change(), setTimeout(WAIT_MS)])
      }
    },
    async rest() {
      while (!hasEnded) await change()
      return lines.slice(seen)
    },
  }
}

/** Somebody with that name, in that room. */
export async function joined(t: Teardown, port: number, nick: string, room = 'lobby'): Promise<ChatClient> {
  const client = await chatClient(t, port)
  client.say(`/nick ${nick}`, `/join ${room}`)
  await client.until(`* ${nick} has joined ${room}`)
  return client
}
