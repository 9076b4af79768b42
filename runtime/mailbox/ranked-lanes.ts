/**
 * A lane for each level of urgency, with the face of one.
 *
 * Rule: mail of a more urgent level goes first, but none overtakes an earlier message of its own sender that still waits:
 * a message joins the less urgent of its type's level and the least urgent level in which its sender has mail.
 */
import type { Deferred } from '../deferred/deferred.ts'
import type { Envelope } from './envelope.ts'
import { Lane } from './lane.ts'
import type { Priorities } from './priorities.ts'
import { SenderLevels } from './sender-levels.ts'

export class RankedLanes {
  private readonly priorities: Priorities
  /** The most urgent first. */
  private readonly lanes: readonly Lane[]
  private readonly senders: SenderLevels
  /** Envelopes in all lanes. */
  private count = 0

  constructor(priorities: Priorities) {
    this.priorities = priorities
    this.lanes = Array.from({ length: priorities.count }, () => new Lane())
    this.senders = new SenderLevels(priorities.count)
  }

  get size(): number {
    return this.count
  }

  /** Since when the oldest has waited, of whatever level, as far as it was noted. */
  get oldestSinceMs(): number | undefined {
    let oldestMs = Number.POSITIVE_INFINITY
    for (const lane of this.lanes) oldestMs = Math.min(oldestMs, lane.oldestSinceMs ?? oldestMs)
    return oldestMs === Number.POSITIVE_INFINITY ? undefined : oldestMs
  }

  push(envelope: Envelope): void {
    const level = this.levelFor(envelope)
    this.laneAt(level).push(envelope)
    this.senders.add(envelope.sender, level)
    this.count += 1
  }

  /** Takes the oldest of the most urgent level that has mail. */
  shift(): Envelope | undefined {
    if (this.count === 0) return undefined
    return this.shiftFrom(this.lanes.findIndex(hasMail))
  }

  /**
   * Takes one in where there is no room. What is dropped is the oldest of the least urgent, and if none that waits is as
   * little urgent as the newcomer, the newcomer itself.
   */
  displace(newcomer: Envelope): Envelope {
    const lowest = this.lanes.findLastIndex(hasMail)
    if (this.levelFor(newcomer) > lowest) return newcomer
    const dropped = this.shiftFrom(lowest)
    // It may have been the one that the newcomer stood behind: `push` asks for the level anew.
    this.push(newcomer)
    return dropped
  }

  /** Removes the envelope of a question, wherever it stands. Costs a pass over the queues. */
  withdraw(question: Deferred<unknown>): Envelope | undefined {
    for (const [level, lane] of this.lanes.entries()) {
      const envelope = lane.withdraw(question)
      if (envelope !== undefined) return this.gone(envelope, level)
    }
    return undefined
  }

  /** Those not noted before count as waiting since `nowMs`; each of them is shown, the most urgent first. */
  note(nowMs: number, show?: (envelope: Envelope) => void): void {
    for (const lane of this.lanes) lane.note(nowMs, show)
  }

  private levelFor({ event, sender }: Envelope): number {
    return Math.max(this.priorities.levelOf(event.type), this.senders.lowest(sender))
  }

  private laneAt(level: number): Lane {
    return this.lanes[level] as Lane
  }

  private shiftFrom(level: number): Envelope {
    return this.gone(this.laneAt(level).shift() as Envelope, level)
  }

  private gone(envelope: Envelope, level: number): Envelope {
    this.senders.remove(envelope.sender, level)
    this.count -= 1
    return envelope
  }
}

function hasMail(lane: Lane): boolean {
  return lane.size > 0
}
