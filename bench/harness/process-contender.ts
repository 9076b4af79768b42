/**
 * The far end of a contender: a child process with the line protocol of `contender.ts`.
 *
 * Each contender has a process to itself, so that one's types and garbage do not slow another down, and keeps it
 * from round to round, so that it is measured warm. Trials that weigh a heap ask for a fresh process each time.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Contender, Trial } from './suite.ts'

/** How a contender's process is started. */
export interface Command {
  readonly file: string
  readonly args: readonly string[]
}

/** A contender died, was silent for too long, or said that it failed. */
export class ContenderError extends Error {}

/** Beyond the seconds of work that were asked for: loading, and a machine with much else to do. */
const PATIENCE_SECONDS = 60
/** What is kept of a child's stderr, for the message when it fails. */
const STDERR_CHARS_MAX = 2_000

const root = new URL('../..', import.meta.url)

/** Node on a TypeScript file of ours. All of them start in the same way, as they would in production. */
export function nodeCommand(
  module: URL,
  { nodeOptions = [], args = [] }: { nodeOptions?: readonly string[]; args?: readonly string[] } = {},
): Command {
  return {
    file: process.execPath,
    args: [...nodeOptions, '--import', import.meta.resolve('tsx'), fileURLToPath(module), ...args],
  }
}

/** A child that is spoken to in lines. Bounded: one question at a time, and every answer has its time. */
export class LineProcess {
  private readonly who: string
  private readonly child: ChildProcess
  private readonly lines: AsyncIterator<string>
  private stderr = ''

  constructor(who: string, command: Command) {
    this.who = who
    this.child = spawn(command.file, command.args, {
      cwd: root,
      env: { ...process.env, NODE_ENV: 'production' },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const { stdin, stdout, stderr } = this.child
    if (!stdin || !stdout || !stderr) throw new ContenderError(`${who}: no pipes`)
    // A child that cannot be started, or has died, is seen as the end of its output.
    this.child.on('error', (error) => this.noteStderr(error.message))
    stdin.on('error', () => {})
    stderr.on('data', (chunk: Buffer) => this.noteStderr(chunk.toString()))
    this.lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  }

  /** The next line that it says. @throws ContenderError if it ends, or says nothing for `seconds` and some patience. */
  async read(seconds = 0): Promise<string> {
    const waitMs = (seconds + PATIENCE_SECONDS) * 1e3
    let timer: NodeJS.Timeout | undefined
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(this.failure(`nothing heard for ${waitMs / 1e3} s`)), waitMs)
    })
    try {
      const { value, done } = await Promise.race([this.lines.next(), silence])
      if (done) throw this.failure('ended')
      if (value.startsWith('error ')) throw this.failure(value.slice('error '.length))
      return value
    } finally {
      clearTimeout(timer)
    }
  }

  /** What follows `ready` on the first line: a server's port, or nothing. */
  async readReady(): Promise<string> {
    const [word, ...rest] = (await this.read()).split(' ')
    if (word !== 'ready') throw this.failure(`said "${word}" instead of "ready"`)
    return rest.join(' ')
  }

  ask(line: string, seconds: number): Promise<string> {
    this.child.stdin?.write(`${line}\n`)
    return this.read(seconds)
  }

  /** Ends its stdin, which ends it; kills it if it does not. */
  async end(graceMs = 5_000): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null || this.child.pid === undefined) return
    const exited = new Promise((resolve) => this.child.once('exit', resolve))
    this.child.stdin?.end()
    const timer = setTimeout(() => this.child.kill('SIGKILL'), graceMs)
    await exited
    clearTimeout(timer)
  }

  private noteStderr(text: string): void {
    this.stderr = (this.stderr + text).slice(-STDERR_CHARS_MAX)
  }

  private failure(what: string): ContenderError {
    const said = this.stderr.trim()
    return new ContenderError(`${this.who}: ${what}${said === '' ? '' : `; it said: ${said}`}`)
  }
}

/** A contender that is asked for each trial by its name. */
export class ProcessContender implements Contender {
  readonly who: string
  private readonly command: Command
  private readonly freshTrials: ReadonlySet<string>
  private warm: LineProcess | undefined

  /** @param freshTrials - the names of the trials that need a process of their own each time. */
  constructor(who: string, command: Command, freshTrials: readonly string[] = []) {
    this.who = who
    this.command = command
    this.freshTrials = new Set(freshTrials)
  }

  async measure(trial: Trial, seconds: number): Promise<readonly number[]> {
    const question = `${seconds} ${trial.name}`
    if (!this.freshTrials.has(trial.name)) {
      this.warm ??= await this.start()
      return [Number(await this.warm.ask(question, seconds))]
    }
    const fresh = await this.start()
    try {
      return [Number(await fresh.ask(question, seconds))]
    } finally {
      await fresh.end()
    }
  }

  async end(): Promise<void> {
    await this.warm?.end()
  }

  private async start(): Promise<LineProcess> {
    const child = new LineProcess(this.who, this.command)
    try {
      await child.readReady()
      return child
    } catch (error) {
      await child.end()
      throw error
    }
  }
}
