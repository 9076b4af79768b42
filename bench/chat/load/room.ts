/**
 * Everybody in the room, and a load: some of them speak, all of them listen, and what each gets is checked.
 *
 * Rules: the first thing that is wrong ends all that is under way, and what is asked afterwards; a run ends when everybody has got
 * everything that was said.
 */
import { SENDERS_MAX, senderOf, textOf } from '../message.ts'
import { Latencies } from './latencies.ts'
import { type Host, Member } from './member.ts'
import { DeliveryError, Order } from './order.ts'
import { Rests } from './rests.ts'
import type { Wire } from './wires.ts'

/** Each sender says the next thing when one of his own has come back to him. */
export interface ClosedLoop {
  readonly senders: number
  /** Of each sender, under way at a time. */
  readonly inFlight: number
}

/** Messages are sent when they are due, by the senders in turn. */
export interface OpenLoop {
  readonly senders: number
  /** Messages a second. */
  readonly rate: number
}

export interface Run {
  readonly load: ClosedLoop | OpenLoop
  /** Before anything counts: until all are as busy as they will be. */
  readonly leadSeconds: number
  readonly seconds: number
}

export interface Outcome {
  /** A second, to all members together, while it counted. */
  readonly deliveriesPerSecond: number
  /** In all of the run: before it counted, and after. */
  readonly deliveries: number
  /** From the instant that a message was sent until a member had it. */
  readonly latencies: Latencies
  /** Milliseconds from the instant that each message was due until it was sent; empty in a closed loop. */
  readonly sentLateMs: readonly number[]
}

/** Connections that are opened at a time: fewer than a server lets wait. */
const OPENING_MAX = 64
/** Milliseconds between two looks at the schedule. */
const LOOK_MS = 1

const sleeper = new Int32Array(new SharedArrayBuffer(4))

export class Room implements Host {
  private readonly port: number
  private readonly wire: Wire
  private readonly patienceMs: number
  private readonly members: Member[] = []
  private readonly order = new Order(SENDERS_MAX)
  private readonly latencies = new Latencies()
  private readonly failure: Promise<never>
  private fail: (error: Error) => void = () => {}
  private welcomes = 0
  private onWelcome = (): void => {}
  private deliveries = 0
  private outstanding = 0
  private onAllHere = (): void => {}
  /** What a sender does when one of his own has come back. */
  private onOwn: (member: Member) => void = () => {}
  private nowMs = 0
  private readsSeen = 0
  /** What is done when bytes have come: the first time in a turn of the event loop, at its end. */
  private onRead = (): void => {}

  /** @param patienceMs - without anybody's getting anything, after which what is missing counts as lost. */
  constructor(port: number, wire: Wire, patienceMs = 10_000) {
    this.port = port
    this.wire = wire
    this.patienceMs = patienceMs
    this.failure = new Promise((_, reject) => {
      this.fail = reject
    })
    this.failure.catch(() => {})
  }

  /** Lets others in, until there are so many; before the first run. @throws DeliveryError, as all that follows. */
  async growTo(members: number): Promise<void> {
    while (this.members.length < members) {
      const next = Math.min(members, this.members.length + OPENING_MAX)
      while (this.members.length < next) {
        this.members.push(new Member(this.members.length, this.port, this.wire, this))
      }
      await this.until(
        (resolve) => {
          this.onWelcome = () => this.welcomes === next && resolve()
        },
        () => this.welcomes,
        () => `${next - this.welcomes} members were not welcomed`,
      )
    }
  }

  async run({ load, leadSeconds, seconds }: Run): Promise<Outcome> {
    const before = this.deliveries
    const sentLateMs: number[] = []
    const end = 'rate' in load ? this.inTime(load, sentLateMs) : this.inTurn(load)
    let deliveriesPerSecond = 0
    try {
      await this.pause(leadSeconds)
      this.latencies.clear()
      const first = this.deliveries
      const startMs = performance.now()
      await this.pause(seconds)
      deliveriesPerSecond = ((this.deliveries - first) * 1e3) / (performance.now() - startMs)
    } finally {
      end()
    }
    await this.allHere()
    const { latencies } = this
    return { deliveriesPerSecond, deliveries: this.deliveries - before, latencies, sentLateMs }
  }

  /** Waits whether anything comes that should not. */
  async pause(seconds: number): Promise<void> {
    await Promise.race([this.failure, new Promise((resolve) => setTimeout(resolve, seconds * 1e3))])
  }

  leave(): void {
    for (const member of this.members) member.leave()
  }

  welcomed(): void {
    this.welcomes += 1
    this.onWelcome()
  }

  woke(nowMs: number): void {
    this.nowMs = nowMs
    this.readsSeen += 1
    if (this.readsSeen === 1) this.onRead()
  }

  received(member: Member, key: number, bytes: Buffer, from: number, to: number): void {
    const place = member.count
    if (this.order.isFirst(place)) this.checkText(member, key, bytes.toString('latin1', from, to))
    this.latencies.record(this.nowMs - this.order.take(member.index, place, key))
    member.count = place + 1
    this.deliveries += 1
    this.outstanding -= 1
    if (senderOf(key) === member.index) this.onOwn(member)
    if (this.outstanding === 0) this.onAllHere()
  }

  failed(member: Member, error: Error): void {
    const isNamed = error instanceof DeliveryError
    this.fail(isNamed ? error : new DeliveryError(`member ${member.index}: ${error.message}`))
  }

  private checkText(member: Member, key: number, payload: string): void {
    if (payload === this.wire.before + textOf(key) + this.wire.after) return
    throw new DeliveryError(`member ${member.index} got "${payload}", which nobody said`)
  }

  private say(member: Member): void {
    const key = this.order.send(member.index, performance.now())
    this.outstanding += this.members.length
    member.say(textOf(key))
  }

  /** @returns what ends it. */
  private inTurn({ senders, inFlight }: ClosedLoop): () => void {
    const rests = new Rests(senders * inFlight)
    let seen = this.deliveries
    const rest = (): void => {
      const ms = rests.after(this.readsSeen, this.deliveries - seen)
      this.readsSeen = 0
      seen = this.deliveries
      if (ms > 0) Atomics.wait(sleeper, 0, 0, ms)
    }
    this.readsSeen = 0
    this.onRead = () => setImmediate(rest)
    this.onOwn = (member) => this.say(member)
    for (const member of this.members.slice(0, senders)) {
      for (let count = 0; count < inFlight; count++) this.say(member)
    }
    return () => {
      this.onRead = () => {}
      this.onOwn = () => {}
    }
  }

  /** @returns what ends it. */
  private inTime({ senders, rate }: OpenLoop, sentLateMs: number[]): () => void {
    const startMs = performance.now()
    let next = 0
    const look = (): void => {
      const nowMs = performance.now() - startMs
      for (let dueMs = (next * 1e3) / rate; dueMs <= nowMs; dueMs = (next * 1e3) / rate) {
        sentLateMs.push(nowMs - dueMs)
        this.say(this.members[next % senders] as Member)
        next += 1
      }
    }
    look()
    const timer = setInterval(look, LOOK_MS)
    return () => clearInterval(timer)
  }

  private allHere(): Promise<void> {
    return this.until(
      (resolve) => {
        this.onAllHere = resolve
        if (this.outstanding === 0) resolve()
      },
      () => this.deliveries,
      () => `${this.outstanding} deliveries are missing`,
    )
  }

  /** Until `begin`'s argument is called, something is wrong, or `progress` stays the same for as long as there is patience. */
  private async until(
    begin: (resolve: () => void) => void,
    progress: () => number,
    missing: () => string,
  ): Promise<void> {
    let seen = progress()
    const timer = setInterval(() => {
      if (progress() === seen) this.fail(new DeliveryError(missing()))
      seen = progress()
    }, this.patienceMs)
    try {
      await Promise.race([this.failure, new Promise<void>(begin)])
    } finally {
      clearInterval(timer)
    }
  }
}
