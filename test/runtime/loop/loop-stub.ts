/** A poller, a port and an actor that do what a test tells them, and nothing else: for laws about the loop alone. */
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import type {
  ListenerPort,
  Poller,
  Port,
  PortOwner,
  StreamPort,
  Transfer,
} from '../../../runtime/loop/poller.ts'
import { ReadyQueue } from '../../../runtime/loop/ready-queue.ts'
import type { Flushable, Steppable } from '../../../runtime/loop/work.ts'

export class StubPoller extends ReadyQueue implements Poller {
  private deferred: (() => void)[] = []

  defer(run: () => void): void {
    this.deferred.push(run)
  }

  /** One round of the operating system. @returns how many had waited for it. */
  round(): number {
    const due = this.deferred
    this.deferred = []
    for (const run of due) run()
    return due.length
  }

  listen(): Deferred<ListenerPort> {
    return Deferred.fail(new Error('a stub does not listen'))
  }

  connect(): Deferred<StreamPort> {
    return Deferred.fail(new Error('a stub does not connect'))
  }
}

/** Brings `count` transfers, one at a time, and is ready until it has brought them all. */
export class StubPort implements Port, Flushable {
  owner: PortOwner | undefined
  readonly name: string
  count: number
  private readonly poller: Poller
  private readonly log: string[]

  constructor(poller: Poller, name: string, count: number, log: string[]) {
    this.poller = poller
    this.name = name
    this.count = count
    this.log = log
    this.owner = { transferred: ({ type }) => void log.push(`${name} ${type}`) }
    poller.markReady(this)
  }

  transfer(): Transfer | undefined {
    if (this.count === 0) return undefined
    this.count -= 1
    if (this.count > 0) this.poller.markReady(this)
    return { type: 'ended', port: this as unknown as StreamPort }
  }

  flush(): void {
    this.log.push(`${this.name} flushed`)
  }
}

/** Has `mail` envelopes, and handles each by `handle`. */
export class StubActor implements Steppable {
  readonly name: string
  mail: number
  /** How often it was told that its mail waits. */
  waits = 0
  private readonly log: string[]
  private readonly handle: () => void

  constructor(name: string, mail: number, log: string[], handle: () => void = () => {}) {
    this.name = name
    this.mail = mail
    this.log = log
    this.handle = handle
  }

  step(budget: number): number {
    const handled = Math.min(budget, this.mail)
    this.mail -= handled
    this.log.push(`${this.name} ${handled}`)
    for (let i = 0; i < handled; i++) this.handle()
    return handled
  }

  get hasMail(): boolean {
    return this.mail > 0
  }

  mailWaits(): void {
    this.waits += 1
  }
}
