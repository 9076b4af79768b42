/** A server as a contender: a process of its own with books of its own, which are looked at after each round. */
import { ContenderError, LineProcess, nodeCommand } from '../harness/process-contender.ts'
import type { Contender } from '../harness/suite.ts'
import { type Busy, remarkOnLimit } from '../http/bottleneck.ts'
import type { Books } from './books.ts'
import { CHECK_TRANSFERS, checkBooks, checkTransfers } from './check.ts'
import { type TransferLoad, transferWork } from './load.ts'
import { type TransactionsTrial, valuesOf } from './trials.ts'

export interface ServerPlan {
  readonly module: URL
  readonly load: TransferLoad
  readonly books: Books
}

export class TransferServer implements Contender<TransactionsTrial> {
  readonly who: string
  private readonly child: LineProcess
  private readonly port: number
  private readonly load: TransferLoad
  private readonly books: Books
  /** Transfers that were answered, and those that may have been done besides. */
  private answered = CHECK_TRANSFERS
  private unanswered = 0
  /** How busy both sides were: by trial, round by round. */
  private readonly busy = new Map<TransactionsTrial, Busy[]>()

  private constructor(who: string, child: LineProcess, port: number, { load, books }: ServerPlan) {
    this.who = who
    this.child = child
    this.port = port
    this.load = load
    this.books = books
  }

  /**
   * Starts the server and looks whether its answers and its books are right.
   *
   * @throws ContenderError, after the books are deleted.
   */
  static async start(who: string, plan: ServerPlan): Promise<TransferServer> {
    const { module, books } = plan
    const child = new LineProcess(who, nodeCommand(module, { args: [books.address] }))
    try {
      const port = Number(await child.readReady())
      await checkTransfers(who, port)
      checkBooks(who, await books.audit(true), { least: CHECK_TRANSFERS, most: CHECK_TRANSFERS })
      return new TransferServer(who, child, port, plan)
    } catch (error) {
      await child.end()
      await books.end()
      throw error
    }
  }

  async measure(trial: TransactionsTrial, seconds: number): Promise<readonly number[]> {
    const { connections } = trial
    if (connections === undefined) throw new ContenderError(`${this.who}: "${trial.name}" is not over HTTP`)
    const startMs = performance.now()
    const startUs = await this.cpuUs()
    const work = transferWork(connections)
    const { requests, requestsPerSecond, p50Ms, p99Ms, busy } = await this.load.run(this.port, work, seconds)
    const usedUs = (await this.cpuUs()) - startUs
    this.note(trial, { load: busy, server: usedUs / 1e3 / (performance.now() - startMs) })
    this.answered += requests
    if (this.load.leavesEarly) this.unanswered += connections
    const { answered, unanswered } = this
    checkBooks(this.who, await this.books.audit(false), { least: answered, most: answered + unanswered })
    return valuesOf({ perSecond: requestsPerSecond, p50Ms, p99Ms, cpuUs: usedUs / requests })
  }

  remark(trial: TransactionsTrial): string | undefined {
    return remarkOnLimit(this.load.name, this.busy.get(trial) ?? [])
  }

  async end(): Promise<void> {
    await this.child.end()
    await this.books.end()
  }

  private async cpuUs(): Promise<number> {
    return Number(await this.child.ask('cpu', 0))
  }

  private note(trial: TransactionsTrial, busy: Busy): void {
    const rounds = this.busy.get(trial) ?? []
    rounds.push(busy)
    this.busy.set(trial, rounds)
  }
}
