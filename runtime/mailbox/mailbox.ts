/**
 * The bounded queue of one actor.
 *
 * Three lanes: control messages (an end that was watched, a call to drain) overtake all others, then comes what the actor
 * gave back, then ordinary mail. Each is first in, first out, the last one by urgency where its actor ranks its mail;
 * either way a sender's messages keep their order. What has expired while it waited is never handed out.
 *
 * Rules: `offer` never waits and never throws for load; every envelope that does not reach its actor is told to
 * `undelivered`, with the reason, exactly once, whether it was refused at the door or dropped behind it.
 */
import type { Deferred } from '../deferred/deferred.ts'
import type { Envelope } from './envelope.ts'
import { Fifo } from './fifo.ts'
import { Lane } from './lane.ts'
import type { Priorities } from './priorities.ts'
import { RankedLanes } from './ranked-lanes.ts'
import type { DeadReason, Offer } from './refusal.ts'

/**
 * What a full mailbox does with one more envelope: `refuse` it and tell the sender (`full`), accept it and drop it
 * (`drop-newest`), or accept it and drop the one that has waited longest (`drop-oldest`), where mail is ranked among the
 * least urgent, be it the one that comes.
 */
export type Overflow = 'refuse' | 'drop-newest' | 'drop-oldest'

/** Gets what is not delivered: the mailbox's actor. */
export interface UndeliveredSink {
  undelivered(envelope: Envelope, reason: DeadReason): void
}

export class Mailbox {
  readonly capacity: number
  readonly overflow: Overflow
  private readonly sink: UndeliveredSink
  private readonly priorities: Priorities | undefined
  /** Made with the first envelope: most actors of a large system have never had one waiting. */
  private lane: Lane | RankedLanes | undefined = undefined
  /** Made when anything is first given back, as most actors never do. */
  private givenBack: Lane | undefined = undefined
  private control: Fifo<Envelope> | undefined = undefined
  /** Something may wait in the two lanes that go before ordinary mail: one look for both, since most have neither. */
  private isUrgent = false
  private isOpen = true

  /** @param priorities - without any, all mail is equally urgent. */
  constructor(capacity: number, overflow: Overflow, sink: UndeliveredSink, priorities?: Priorities) {
    this.capacity = capacity
    this.overflow = overflow
    this.sink = sink
    this.priorities = priorities
  }

  /** Envelopes waiting in all lanes. */
  get size(): number {
    const ordinary = this.lane === undefined ? 0 : this.lane.size
    return this.isUrgent ? ordinary + this.urgentSize : ordinary
  }

  private get urgentSize(): number {
    return (this.givenBack?.size ?? 0) + (this.control?.size ?? 0)
  }

  /**
   * Since when the oldest of what waits, control apart, has waited: a monotonic instant, of the turn at whose end
   * `showWaiting` first found it. Undefined while nothing was found so.
   */
  get oldestSinceMs(): number | undefined {
    const { givenBack, lane } = this
    const backMs = givenBack?.oldestSinceMs
    const laneMs = lane?.oldestSinceMs
    if (backMs === undefined || laneMs === undefined) return backMs ?? laneMs
    return Math.min(backMs, laneMs)
  }

  get isClosed(): boolean {
    return !this.isOpen
  }

  /** Offers an envelope. Never waits and never throws for load. @returns `accepted`, or the refusal. */
  offer(envelope: Envelope): Offer {
    if (!this.isOpen) return this.refuse(envelope, 'closed')
    if (envelope.isExpired) return this.refuse(envelope, 'expired')
    this.lane ??= this.priorities === undefined ? new Lane() : new RankedLanes(this.priorities)
    const { lane } = this
    if (lane.size >= this.capacity) {
      if (this.overflow === 'refuse') return this.refuse(envelope, 'full')
      const dropped = this.overflow === 'drop-newest' ? envelope : lane.displace(envelope)
      // The sink is told last: it may offer to this mailbox again, or close it.
      this.sink.undelivered(dropped, 'dropped')
      return 'accepted'
    }
    lane.push(envelope)
    return 'accepted'
  }

  /**
   * Offers an envelope to the lane that overtakes, and drops nothing: an end that was watched is told once, and only
   * once. What bounds this lane is what the actor has asked for: one message for each actor that it watches, and one to
   * drain.
   */
  offerControl(envelope: Envelope): Offer {
    if (!this.isOpen) return this.refuse(envelope, 'closed')
    this.control ??= new Fifo()
    this.control.push(envelope)
    this.isUrgent = true
    return 'accepted'
  }

  /** Forgets what waits in that lane: it was for a life of the actor that is over. */
  dropControl(): void {
    this.control?.clear()
  }

  /**
   * Puts envelopes that were taken and set aside before all ordinary mail, and before what was given back earlier and has
   * not been taken again, in the order given.
   *
   * They were accepted once and are not refused now, nor do they take the room of others: what bounds them is what their
   * actor may set aside. A closed mailbox tells them as `closed`.
   */
  giveBack(envelopes: readonly Envelope[]): void {
    if (!this.isOpen) {
      for (const envelope of envelopes) this.sink.undelivered(envelope, 'closed')
      return
    }
    if (envelopes.length === 0) return
    this.givenBack ??= new Lane()
    this.isUrgent = true
    for (let i = envelopes.length - 1; i >= 0; i--) this.givenBack.unshift(envelopes[i] as Envelope)
  }

  /** The next envelope that anybody still wants, or undefined. */
  take(): Envelope | undefined {
    if (this.isUrgent) {
      const envelope = this.takeUrgent()
      if (envelope !== undefined) return envelope
    }
    const { lane } = this
    return lane === undefined ? undefined : this.takeWanted(lane)
  }

  private takeUrgent(): Envelope | undefined {
    const { control, givenBack } = this
    if (control !== undefined && control.size > 0) return control.shift()
    const envelope = givenBack === undefined ? undefined : this.takeWanted(givenBack)
    this.isUrgent = this.urgentSize > 0
    return envelope
  }

  /**
   * The turn in which this mail came is over. What was not there at an earlier call counts as waiting since `nowMs`, and
   * what of it is ordinary mail is shown, each envelope once.
   *
   * `offer` looks at no clock: what is taken in the turn in which it came has not waited.
   */
  showWaiting(nowMs: number, show?: (envelope: Envelope) => void): void {
    this.givenBack?.note(nowMs)
    this.lane?.note(nowMs, show)
  }

  /** Takes back the envelope of a question, if it has not been handed out. @returns whether it was still waiting. */
  withdraw(question: Deferred<unknown>): boolean {
    const { givenBack, lane } = this
    return givenBack?.withdraw(question) !== undefined || lane?.withdraw(question) !== undefined
  }

  /** Refuses everything from now on; what waits is undelivered as `closed`. */
  close(): void {
    this.isOpen = false
    this.empty(this.control)
    this.empty(this.givenBack)
    this.empty(this.lane)
    this.control = undefined
    this.givenBack = undefined
    this.lane = undefined
  }

  private takeWanted(lane: Lane | RankedLanes): Envelope | undefined {
    for (;;) {
      const envelope = lane.shift()
      if (envelope === undefined || !envelope.isExpired) return envelope
      this.sink.undelivered(envelope, 'expired')
    }
  }

  private empty(lane: Fifo<Envelope> | RankedLanes | undefined): void {
    if (lane === undefined) return
    for (let envelope = lane.shift(); envelope !== undefined; envelope = lane.shift()) {
      this.sink.undelivered(envelope, 'closed')
    }
  }

  private refuse(envelope: Envelope, reason: 'full' | 'closed' | 'expired'): Offer {
    this.sink.undelivered(envelope, reason)
    return reason
  }
}
