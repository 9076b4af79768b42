/**
 * A server as a contender: a process of its own, which listens, is asked by the load generator, and tells what it
 * spent on that.
 */

import { LineProcess, nodeCommand } from '../harness/process-contender.ts'
import type { Contender } from '../harness/suite.ts'
import { type Placement, pinned } from '../harness/tools.ts'
import { type Busy, remarkOnLimit } from './bottleneck.ts'
import { checkAnswers } from './check.ts'
import type { Load } from './load.ts'
import type { HttpTrial, Measured } from './trials.ts'

export class ServerContender implements Contender<HttpTrial> {
  readonly who: string
  private readonly child: LineProcess
  private readonly port: number
  private readonly load: Load
  /** How busy both sides were: by trial, round by round. */
  private readonly busy = new Map<HttpTrial, Busy[]>()

  private constructor(who: string, child: LineProcess, port: number, load: Load) {
    this.who = who
    this.child = child
    this.port = port
    this.load = load
  }

  /**
   * Starts the server and looks whether its answers are right, before any of them is timed.
   *
   * @param trials - those that it takes part in.
   * @throws ContenderError if it does not start, or answers wrongly in one of the trials.
   */
  static async start(
    who: string,
    module: URL,
    { placement, load, trials }: { placement: Placement; load: Load; trials: readonly HttpTrial[] },
  ): Promise<ServerContender> {
    const child = new LineProcess(who, pinned(nodeCommand(module), placement.server))
    try {
      const port = Number(await child.readReady())
      for (const { work } of trials) await checkAnswers(who, port, work)
      return new ServerContender(who, child, port, load)
    } catch (error) {
      await child.end()
      throw error
    }
  }

  async measure(trial: HttpTrial, seconds: number): Promise<readonly number[]> {
    const startMs = performance.now()
    const startUs = await this.cpuUs()
    const { requests, requestsPerSecond, p99Ms, busy } = await this.load.run(this.port, trial.work, seconds)
    const usedUs = (await this.cpuUs()) - startUs
    this.note(trial, { load: busy, server: usedUs / 1e3 / (performance.now() - startMs) })
    const measured: Measured = { requestsPerSecond, p99Ms, cpuUs: usedUs / requests }
    return trial.figures.map((figure) => measured[figure.of])
  }

  remark(trial: HttpTrial): string | undefined {
    return remarkOnLimit(this.load.name, this.busy.get(trial) ?? [])
  }

  async end(): Promise<void> {
    await this.child.end()
  }

  /** What the process has spent so far, on all its threads: answering, collecting garbage, compiling. */
  private async cpuUs(): Promise<number> {
    return Number(await this.child.ask('cpu', 0))
  }

  private note(trial: HttpTrial, busy: Busy): void {
    const rounds = this.busy.get(trial) ?? []
    rounds.push(busy)
    this.busy.set(trial, rounds)
  }
}
