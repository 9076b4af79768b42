/**
 * What a turn has to do besides I/O: the actors that have mail, in the order in which it came, and the ports that were
 * written to.
 */
import { UsageError } from '../errors.ts'
import type { Limits } from '../limits.ts'
import { Fifo } from '../mailbox/fifo.ts'
import { Turn } from './turn.ts'

/** An actor, as the loop sees it. */
export interface Steppable {
  /**
   * Handles up to `budget` envelopes; never throws. It stands in the queue once at most, and wants another step if and
   * only if it has mail left: it is then put back behind the others.
   *
   * @returns how many it handled.
   */
  step(budget: number): number
  readonly hasMail: boolean
  /** Called where a step has left mail over, and some had been left over by the turn before. */
  mailWaits(): void
}

/** Something that collects output during a turn and lets it go at the end. */
export interface Flushable {
  flush(): void
}

/** Something that collects what the steps of a turn have to say, and gives it to ports when they are over. */
export interface Gatherer {
  gather(): void
}

type WorkLimits = Pick<Limits, 'stepEnvelopes' | 'turnEnvelopes' | 'idleTurns'>

export class Work {
  private readonly limits: WorkLimits
  private readonly mailed = new Fifo<Steppable>()
  private readonly gatherers = new Fifo<Gatherer>()
  private written = new Fifo<Flushable>()
  /** So many of the actors that have mail, from the first on, had it when the last turn ended. */
  private leftOver = 0
  private turnNumber = 0
  /** The actor whose step this is; undefined between the steps of a turn and the next. */
  current: Steppable | undefined = undefined
  private isUnderWay = false
  /** Iterations of the pump, and envelopes, since I/O was last looked at. */
  private iterationsWithoutIo = 0
  private envelopesWithoutIo = 0

  constructor(limits: WorkLimits) {
    this.limits = limits
  }

  /** True while a turn is under way: mail sent now is handled by this very turn. */
  get isInTurn(): boolean {
    return this.isUnderWay
  }

  /** Something is left to do without any I/O. */
  get isPending(): boolean {
    return this.mailed.size > 0 || this.written.size > 0 || this.gatherers.size > 0
  }

  /** Queues an actor that has got mail. The caller sees to it that it is queued once. */
  enqueue(actor: Steppable): void {
    this.mailed.push(actor)
  }

  /** Queues something that has collected. The caller sees to it that it is queued once. */
  gatherLater(gatherer: Gatherer): void {
    this.gatherers.push(gatherer)
  }

  /** Queues a port that has output. The caller sees to it that it is queued once. */
  flushLater(port: Flushable): void {
    this.written.push(port)
  }

  /** @throws UsageError (`TURN_NESTED`) from within a turn: one turn of a loop has no other inside. */
  beginTurn(): Turn {
    if (this.isUnderWay) throw new UsageError('TURN_NESTED', 'a turn cannot be run from within a turn')
    this.isUnderWay = true
    this.turnNumber += 1
    return new Turn(this.turnNumber)
  }

  step(turn: Turn): void {
    const { stepEnvelopes, turnEnvelopes } = this.limits
    let left = turnEnvelopes
    let { leftOver } = this
    while (left > 0) {
      const actor = this.mailed.shift()
      if (actor === undefined) break
      turn.steps += 1
      this.current = actor
      left -= actor.step(left < stepEnvelopes ? left : stepEnvelopes)
      if (actor.hasMail) {
        this.mailed.push(actor)
        if (leftOver > 0) actor.mailWaits()
      }
      leftOver -= 1
    }
    this.current = undefined
    turn.envelopes = turnEnvelopes - left
  }

  flush(turn: Turn): void {
    // What is collected by gathering waits for the next turn; what is written by it leaves in this one.
    for (let left = this.gatherers.size; left > 0; left--) this.gatherers.shift()?.gather()
    // Those that are written to while flushing wait for the next turn.
    for (let left = this.written.size; left > 0; left--) {
      const port = this.written.shift()
      port?.flush()
      turn.flushes += 1
    }
  }

  endTurn(turn: Turn): void {
    turn.backlog = this.mailed.size
    this.leftOver = this.mailed.size
    this.envelopesWithoutIo += turn.envelopes
    this.isUnderWay = false
  }

  /** The pump goes round once more, whether its wrapper lets a turn come of it or not. */
  iterated(): void {
    this.iterationsWithoutIo += 1
  }

  /** So much was done without a look at I/O that it is the sockets' and timers' turn. */
  get owesIo(): boolean {
    return (
      this.iterationsWithoutIo >= this.limits.idleTurns ||
      this.envelopesWithoutIo >= this.limits.turnEnvelopes
    )
  }

  /** I/O is being looked at. */
  ioSeen(): void {
    this.iterationsWithoutIo = 0
    this.envelopesWithoutIo = 0
  }
}
