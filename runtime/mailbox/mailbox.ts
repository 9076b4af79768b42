/**
 * The bounded queue of one actor.
 *
 * Two lanes: control messages (an end that was watched, a call to drain) overtake all others, each lane is first in,
 * first out, so a sender's messages keep their order. What has expired while it waited is never handed out.
 *
 * Rules: `offer` never waits and never throws for load; every envelope that does not reach its actor is told to
 * `undelivered`, with the reason, exactly once, whether it was refused at the door or dropped behind it.
 */
import type { Deferred } from '../deferred/deferred.ts'
import type { Envelope } from './envelope.ts'
import { Fifo } from './fifo.ts'
import type { DeadReason, Offer } from './refusal.ts'

/**
 * What a full mailbox does with one more envelope: `refuse` it and tell the sender (`full`), accept it and drop it
 * (`drop-newest`), or accept it and drop the one that has waited longest (`drop-oldest`).
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
  /** Made with the first envelope: most actors of a large system have never had one waiting. */
  private lane: Fifo<Envelope> | undefined = undefined
  private control: Fifo<Envelope> | undefined = undefined
  /** So many, from the oldest on, have been shown. */
  private shownCount = 0
  private isOpen = true

  constructor(capacity: number, overflow: Overflow, sink: UndeliveredSink) {
    this.capacity = capacity
    this.overflow = overflow
    this.sink = sink
  }

  /** Envelopes waiting in both lanes. */
  get size(): number {
    return (
      (this.lane === undefined ? 0 : this.lane.size) + (this.control === undefined ? 0 : this.control.size)
    )
  }

  get isClosed(): boolean {
    return !this.isOpen
  }

  /** Offers an envelope. Never waits and never throws for load. @returns `accepted`, or the refusal. */
  offer(envelope: Envelope): Offer {
    if (!this.isOpen) return this.refuse(envelope, 'closed')
    if (envelope.isExpired) return this.refuse(envelope, 'expired')
    this.lane ??= new Fifo()
    const { lane } = this
    if (lane.size >= this.capacity) {
      if (this.overflow === 'refuse') return this.refuse(envelope, 'full')
      if (this.overflow === 'drop-newest') this.sink.undelivered(envelope, 'dropped')
      else this.replaceOldest(lane, envelope)
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
    return 'accepted'
  }

  /** The next envelope that anybody still wants, or undefined. */
  take(): Envelope | undefined {
    const { control } = this
    if (control !== undefined && control.size > 0) return control.shift()
    const { lane } = this
    if (lane === undefined) return undefined
    for (;;) {
      const envelope = lane.shift()
      if (this.shownCount > 0) this.shownCount -= 1
      if (envelope === undefined || !envelope.isExpired) return envelope
      this.sink.undelivered(envelope, 'expired')
    }
  }

  /** Shows what waits in the ordinary lane, the oldest first, each envelope once. */
  showWaiting(show: (envelope: Envelope) => void): void {
    const { lane } = this
    if (lane === undefined) return
    for (let i = this.shownCount; i < lane.size; i++) show(lane.at(i) as Envelope)
    this.shownCount = lane.size
  }

  /** Takes back the envelope of a question, if it has not been handed out. @returns whether it was still waiting. */
  withdraw(question: Deferred<unknown>): boolean {
    const { lane } = this
    if (lane === undefined) return false
    for (let i = 0; i < lane.size; i++) {
      if (lane.at(i)?.reply !== question) continue
      if (i < this.shownCount) this.shownCount -= 1
      lane.removeAt(i)
      return true
    }
    return false
  }

  /** Refuses everything from now on; what waits is undelivered as `closed`. */
  close(): void {
    this.isOpen = false
    this.empty(this.control)
    this.empty(this.lane)
    this.shownCount = 0
    this.control = undefined
    this.lane = undefined
  }

  /** The sink is told last: it may offer to this mailbox again, or close it. */
  private replaceOldest(lane: Fifo<Envelope>, envelope: Envelope): void {
    const oldest = lane.shift() as Envelope
    if (this.shownCount > 0) this.shownCount -= 1
    lane.push(envelope)
    this.sink.undelivered(oldest, 'dropped')
  }

  private empty(lane: Fifo<Envelope> | undefined): void {
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
