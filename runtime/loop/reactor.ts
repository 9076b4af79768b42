/**
 * The pump: when does the next turn happen?
 *
 * - I/O readiness schedules a turn behind the poll phase, so that all sockets of one phase land in one turn.
 * - Mail sent from outside a turn schedules one in the microtask queue: an ask costs no trip through libuv.
 * - After a bounded number of turns, or of envelopes, without I/O the pump yields to libuv: actors that talk for ever
 *   starve neither sockets nor timers.
 * - Nothing at all is scheduled while nothing is to do: an idle system lets the process end.
 */
import { Deferred } from '../deferred/deferred.ts'
import { enqueueJob, type Job } from '../deferred/jobs.ts'
import { UsageError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import type { Clock } from '../time/clock.ts'
import { ready, transfers, turns } from './loop.ts'
import type { Poller, Port, Transfer } from './poller.ts'
import type { Turn } from './turn.ts'
import { type Flushable, type Gatherer, type Steppable, Work } from './work.ts'

/** The user's own generator around the turns: one `next()` of it is one iteration of the reactor. */
export type WrapTurns = (turns: Iterable<Turn>) => Iterable<unknown>

export interface ReactorOptions {
  readonly poller: Poller
  readonly clock: Clock
  readonly limits: Limits
}

export class Reactor {
  private readonly poller: Poller
  private readonly limits: Limits
  private readonly work: Work
  /** The pump's iterator; undefined while the reactor is stepped by hand. */
  private pumped: Iterator<unknown> | undefined = undefined
  private running: Deferred<void> | undefined = undefined
  private isJobQueued = false
  private isDeferred = false

  constructor({ poller, clock, limits }: ReactorOptions) {
    this.poller = poller
    this.limits = limits
    this.work = new Work(limits)
    const timers = new TimerPort(clock)
    clock.onDue = () => poller.markReady(timers)
    poller.onReady = () => {
      if (!this.work.isInTurn) this.wakeForIo()
    }
    poller.onWritten = (port) => this.flushLater(port)
  }

  /**
   * The turns, to be stepped by hand: `for (const turn of reactor.turns())`. It never ends by itself; leaving the loop
   * leaves everything in its place.
   *
   * @throws UsageError (`TURN_NESTED`) from `next()` called within a turn.
   */
  turns(): Generator<Turn, void> {
    return turns(transfers(ready(this.poller)), this.work, this.limits, this.poller)
  }

  /**
   * Pumps the turns until cancelled, or until the wrapper's generator returns.
   *
   * @param wrap - the user's own generator around the turns. One `next()` of it is one iteration.
   * @returns a deferred that ends with the pump; it fails with what the wrapper throws.
   * @throws UsageError (`REACTOR_RUNNING`) if it is pumped already.
   */
  run(wrap?: WrapTurns): Deferred<void> {
    if (this.pumped !== undefined) throw new UsageError('REACTOR_RUNNING', 'this reactor runs already')
    const iterator = (wrap === undefined ? this.turns() : wrap(this.turns()))[Symbol.iterator]()
    this.running = new Deferred<void>(() => {
      this.pumped = undefined
      if (!this.work.isInTurn) iterator.return?.()
    })
    this.pumped = iterator
    this.wake()
    return this.running
  }

  /** An actor has got mail for the first time since its last step. */
  schedule(actor: Steppable): void {
    this.work.enqueue(actor)
    if (!this.work.isInTurn) this.wake()
  }

  /** A port has got output for the first time since its last flush. */
  flushLater(port: Flushable): void {
    this.work.flushLater(port)
    if (!this.work.isInTurn) this.wake()
  }

  /** Something has collected for the first time since it was last asked to gather: that is at the end of the turn's steps. */
  gatherLater(gatherer: Gatherer): void {
    this.work.gatherLater(gatherer)
    if (!this.work.isInTurn) this.wake()
  }

  /** The actor whose code is on the stack: the one that has its step, or one that is made within it. */
  get current(): Steppable | undefined {
    return this.work.current
  }

  set current(actor: Steppable | undefined) {
    this.work.current = actor
  }

  /** Runs `code` as nobody's: what it asks is not asked by the actor whose code is on the stack. */
  beside(code: () => void): void {
    const { current } = this.work
    this.work.current = undefined
    try {
      code()
    } finally {
      this.work.current = current
    }
  }

  /** Something is left to do: a turn now would not be idle. */
  get isPending(): boolean {
    return this.work.isPending || this.poller.hasReady
  }

  private wake(): void {
    if (this.isJobQueued || this.pumped === undefined) return
    if (this.work.owesIo) {
      this.wakeForIo()
    } else {
      this.isJobQueued = true
      enqueueJob(this.job)
    }
  }

  private wakeForIo(): void {
    if (this.isDeferred || this.pumped === undefined) return
    this.isDeferred = true
    this.poller.defer(this.deferred)
  }

  /** The pump in the microtask queue. */
  private readonly job: Job = {
    run: () => {
      this.isJobQueued = false
      this.pump()
    },
  }

  /** The pump behind libuv's poll phase. */
  private readonly deferred = (): void => {
    this.isDeferred = false
    this.work.ioSeen()
    this.pump()
  }

  private pump(): void {
    const { pumped: iterator, running } = this
    if (iterator === undefined) return
    this.work.iterated()
    try {
      if (iterator.next().done === true) {
        this.ended(iterator)
        running?.resolve()
        return
      }
    } catch (error) {
      this.ended(iterator)
      running?.reject(error)
      return
    }
    if (this.pumped !== iterator) {
      // Cancelled from within that turn.
      iterator.return?.()
      return
    }
    if (this.work.isPending) this.wake()
    if (this.poller.hasReady) this.wakeForIo()
  }

  /** Within its last turn it may have been cancelled, and another begun. */
  private ended(iterator: Iterator<unknown>): void {
    if (this.pumped === iterator) this.pumped = undefined
  }
}

/** The clock as a port: ready when timers are due, which then fire within the turn. */
class TimerPort implements Port {
  owner: undefined = undefined
  private readonly clock: Clock

  constructor(clock: Clock) {
    this.clock = clock
  }

  transfer(): Transfer | undefined {
    const timers = this.clock.fireDue()
    return timers === 0 ? undefined : { type: 'fired', port: this, timers }
  }
}
