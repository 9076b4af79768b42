/**
 * The server as a user starts it: a child process on free ports, for the web and for the chat. It is told to stop when its test ends, and killed
 * if it does not.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../../', import.meta.url))

/** As `scripts.start` of package.json has it; a test compares the two. */
export const START = ['--import', 'tsx', 'examples/main.ts']

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface WebProcess {
  readonly child: ChildProcess
  /** As the line on standard output has it, or undefined where the process ended without one. */
  readonly url: string | undefined
  readonly port: number
  /** Where lines are spoken. */
  readonly chatPort: number
  readonly ended: Promise<Ended>
  /** Standard error so far: the log. */
  readonly log: () => string
}

/** The part of a test that is needed here; a hook has another way to clean up. */
export interface Teardown {
  teardown(cleanUp: () => Promise<void>): unknown
}

/** Of what is undefined nothing is said. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Starts it, and waits until it is ready or has ended. Ports 0, silence and a database of its own unless `env` says otherwise. */
export async function startWebProcess(t: Teardown, env: Environment = {}): Promise<WebProcess> {
  return watchWebProcess(t, process.execPath, START, env)
}

/** What `npm start` says when it is ready: two lines, and nothing before them. Of a program without a chat the first alone. */
const BOTH = /(https?:\S+)\n.*(?:tcp|tls):\S+:(\d+)\n/
const WEB = /(https?:\S+)\n/

export async function watchWebProcess(
  t: Teardown,
  command: string,
  args: readonly string[],
  env: Environment,
  cwd = root,
  hasChat = true,
): Promise<WebProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-web-'))
  const child = spawn(command, args, {
    cwd,
    // A group of its own: what the command has started goes with it.
    detached: true,
    env: {
      ...process.env,
      PORT: '0',
      CHAT_PORT: '0',
      LOG_LEVEL: 'silent',
      DATABASE_FILE: join(folder, 'ledger.db'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'close').then(
    ([code, signal]: (never | null)[]): Ended => ({ code: code!, signal: signal!, stdout, stderr }),
  )
  t.teardown(async () => {
    try {
      process.kill(-child.pid!, 'SIGKILL')
    } catch {
      // All of them have ended.
    }
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  const ready = new Promise<RegExpExecArray>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text
      const endpoints = (hasChat ? BOTH : WEB).exec(stdout)
      if (endpoints !== null) resolve(endpoints)
    })
  })
  const [, url, chat] = (await Promise.race([ready, ended.then(() => undefined)])) ?? []
  const port = Number(url?.split(':').at(-1))
  return { child, url, port, chatPort: Number(chat), ended, log: () => stderr }
}
