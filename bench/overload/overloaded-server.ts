/** A server under an open-loop load: a fresh process for each run, so that nobody begins with another run's backlog. */
import { ContenderError, LineProcess, nodeCommand } from '../harness/process-contender.ts'
import type { Contender } from '../harness/suite.ts'
import { checkAnswers } from '../http/check.ts'
import { type GeneratorRun, remarkOnGenerator } from './generator-limit.ts'
import type { Load } from './open-loop.ts'
import type { Figures } from './outcomes.ts'
import type { OverloadTrial } from './trials.ts'
import { BODY, CLIENTS, hashPath, PATIENCE_MS, rightHash, TARGET_MS } from './work.ts'

/** Seconds of load before it counts: threads start, code is compiled, controllers find their places. */
const WARM_UP_SECONDS = 2

/** What a load process answers. */
interface Answered extends Figures, GeneratorRun {
  readonly refusedBare: number
}

export interface OverloadPlan {
  readonly generator: LineProcess
  /** Requests a second that a server can do at most. */
  readonly capacity: number
  readonly rounds: number
}

export function hashRequest(rounds: number): string {
  const head = `POST ${hashPath(rounds)} HTTP/1.1\r\nhost: bench\r\ncontent-type: text/plain\r\n`
  return `${head}content-length: ${BODY.length}\r\n\r\n${BODY}`
}

export class OverloadedServer implements Contender<OverloadTrial> {
  readonly who: string
  private readonly module: URL
  private readonly plan: OverloadPlan
  private readonly generatorRuns = new Map<OverloadTrial, GeneratorRun[]>()
  private runs = 0

  constructor(who: string, module: URL, plan: OverloadPlan) {
    this.who = who
    this.module = module
    this.plan = plan
  }

  async measure(trial: OverloadTrial, seconds: number): Promise<readonly number[]> {
    const { generator, capacity, rounds } = this.plan
    const server = new LineProcess(this.who, nodeCommand(this.module))
    this.runs += 1
    try {
      const port = Number(await server.readReady())
      await checkServer(this.who, port, rounds)
      const rate = trial.times * capacity
      const load: Load = {
        port,
        request: hashRequest(rounds),
        rate,
        burst: Math.max(1, Math.round(rate * trial.burstSeconds)),
        clients: CLIENTS,
        seed: this.runs,
        targetMs: TARGET_MS,
        patienceMs: PATIENCE_MS,
        warmUpSeconds: WARM_UP_SECONDS,
        seconds,
      }
      const said = await generator.ask(`load ${JSON.stringify(load)}`, seconds + WARM_UP_SECONDS)
      const answered = JSON.parse(said) as Answered
      if (answered.refusedBare > 0 && this.who === 'greenroom') {
        throw new ContenderError(`${this.who}: ${answered.refusedBare} answers with 503 had no Retry-After`)
      }
      this.generatorRuns.set(trial, [...(this.generatorRuns.get(trial) ?? []), answered])
      return trial.figures.map(({ of }) => answered[of])
    } finally {
      await server.end()
    }
  }

  remark(trial: OverloadTrial): string | undefined {
    return remarkOnGenerator(this.generatorRuns.get(trial) ?? [])
  }

  /** Its processes end with their runs. */
  async end(): Promise<void> {}
}

/** @throws ContenderError unless the server says hello, and computes what it is asked to. */
async function checkServer(who: string, port: number, rounds: number): Promise<void> {
  await checkAnswers(who, port, { path: '/hello', connections: 1 })
  const url = `http://127.0.0.1:${port}${hashPath(rounds)}`
  const answer = await fetch(url, { method: 'POST', body: BODY, headers: { connection: 'close' } })
  const body = await answer.text()
  if (answer.status !== 200 || body !== rightHash(rounds)) {
    throw new ContenderError(`${who}: answers wrongly: status ${answer.status}, body "${body.slice(0, 100)}"`)
  }
}
