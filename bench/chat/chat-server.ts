/** A chat server as a contender: a process of its own, in whose room the load's clients meet, and which tells what it spent on that. */
import { ContenderError, LineProcess } from '../harness/process-contender.ts'
import type { Contender } from '../harness/suite.ts'
import { type Placement, pinned } from '../harness/tools.ts'
import type { Busy } from '../http/bottleneck.ts'
import { type GeneratorRun, remarkOnGenerator } from '../overload/generator-limit.ts'
import { type ChatContender, commandOf } from './contenders.ts'
import type { Opening, Ran } from './load/generator.ts'
import type { Run } from './load/room.ts'
import { remarkOnSaturation } from './saturated.ts'
import type { ChatTrial, Measured } from './trials.ts'

export interface ChatPlan {
  readonly contender: ChatContender
  readonly placement: Placement
  /** The load's process, which all have together. */
  readonly load: LineProcess
}

/** Before anything is timed: that few get what few say. */
const CHECK_MEMBERS = 5
const check: Run = { load: { senders: 3, inFlight: 4 }, leadSeconds: 0, seconds: 0.1 }

const LEAD_SECONDS = 0.25
/** In which a server that is much slower than its peers delivers what is under way. */
const DRAIN_SECONDS = 30

/** Connections that are there before idle ones are weighed, so that code and tables which all need are not counted. */
const FIRST_MEMBERS = 200
const SETTLE_MS = 700

export class ChatServer implements Contender<ChatTrial> {
  readonly who: string
  private readonly plan: ChatPlan
  private readonly child: LineProcess
  private readonly port: number
  private readonly busy = new Map<ChatTrial, Busy[]>()
  private readonly loadRuns = new Map<ChatTrial, GeneratorRun[]>()

  private constructor(who: string, plan: ChatPlan, { child, port }: Started) {
    this.who = who
    this.plan = plan
    this.child = child
    this.port = port
  }

  /** @throws ContenderError if it does not start, or delivers wrongly. */
  static async start(who: string, plan: ChatPlan): Promise<ChatServer> {
    const started = await startServer(who, plan)
    const server = new ChatServer(who, plan, started)
    try {
      await server.open(started.port, CHECK_MEMBERS)
      await server.ask('run', check, check.seconds)
      await server.ask('close')
      return server
    } catch (error) {
      await server.end()
      throw error
    }
  }

  async measure(trial: ChatTrial, seconds: number): Promise<readonly number[]> {
    const measured = trial.load === undefined ? await this.weigh(trial) : await this.hear(trial, seconds)
    return trial.figures.map(({ of }) => measured[of] ?? Number.NaN)
  }

  remark(trial: ChatTrial): string | undefined {
    const runs = this.loadRuns.get(trial)
    if (runs !== undefined) return remarkOnGenerator(runs)
    const busy = this.busy.get(trial)
    return busy === undefined ? undefined : remarkOnSaturation(busy)
  }

  async end(): Promise<void> {
    await this.child.end()
  }

  private async hear(trial: ChatTrial, seconds: number): Promise<Partial<Measured>> {
    const { members, load } = trial
    if (load === undefined) throw new RangeError(`${trial.name}: nobody speaks`)
    await this.open(this.port, members)
    const startMs = performance.now()
    const startUs = await cpuUs(this.child)
    const run: Run = { load, leadSeconds: LEAD_SECONDS, seconds }
    const ran = await this.ask<Ran>('run', run, seconds + LEAD_SECONDS + DRAIN_SECONDS)
    const usedUs = (await cpuUs(this.child)) - startUs
    const busy = { load: ran.busy, server: usedUs / 1e3 / (performance.now() - startMs) }
    await this.ask('close')
    if ('rate' in load) note(this.loadRuns, trial, { busy: ran.busy, lateMs: ran.lateMs })
    else note(this.busy, trial, busy)
    return { ...ran, cpuUs: usedUs / ran.deliveries, loadUs: ran.cpuUs / ran.deliveries }
  }

  /** In a process of its own: what was there before would be used again, and not be seen. */
  private async weigh({ members }: ChatTrial): Promise<Partial<Measured>> {
    const { child, port } = await startServer(this.who, this.plan, ['--expose-gc'])
    try {
      await this.open(port, FIRST_MEMBERS)
      const before = await settledBytes(child)
      await this.open(port, FIRST_MEMBERS + members)
      const after = await settledBytes(child)
      await this.ask('close')
      return { connectionBytes: (after - before) / members }
    } finally {
      await child.end()
    }
  }

  private open(port: number, members: number): Promise<object> {
    const opening: Opening = { port, members, wire: this.plan.contender.wire }
    return this.ask('open', opening, DRAIN_SECONDS)
  }

  /** @throws ContenderError with the server's name if that is what is wrong. */
  private async ask<A extends object>(what: string, asked?: object, seconds = 0): Promise<A> {
    const question = asked === undefined ? what : `${what} ${JSON.stringify(asked)}`
    const answer = JSON.parse(await this.plan.load.ask(question, seconds)) as A | { readonly fault: string }
    if ('fault' in answer) throw new ContenderError(`${this.who}: delivers wrongly: ${answer.fault}`)
    return answer
  }
}

interface Started {
  readonly child: LineProcess
  readonly port: number
}

async function startServer(
  who: string,
  { contender, placement }: ChatPlan,
  nodeOptions: readonly string[] = [],
): Promise<Started> {
  const command = commandOf(contender, nodeOptions)
  if (typeof command === 'string') throw new ContenderError(`${who}: ${command}`)
  const child = new LineProcess(who, pinned(command, placement.server))
  try {
    return { child, port: Number(await child.readReady()) }
  } catch (error) {
    await child.end()
    throw error
  }
}

/** What the process has spent so far, on all its threads. */
async function cpuUs(child: LineProcess): Promise<number> {
  return Number(await child.ask('cpu', 0))
}

/** Twice with a pause: what the first collection lets go of is given back by the second. */
async function settledBytes(child: LineProcess): Promise<number> {
  for (let look = 0; look < 2; look++) {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    await child.ask('rss', 0)
  }
  return Number(await child.ask('rss', 0))
}

function note<V>(notes: Map<ChatTrial, V[]>, trial: ChatTrial, value: V): void {
  notes.set(trial, [...(notes.get(trial) ?? []), value])
}
