/**
 * Whether everybody gets everything, once, and all in the same order. Pure.
 *
 * Who gets a message as the first of all decides what everybody else must get at that place of his own; and must get those of one
 * sender in the order in which they were sent. So each delivery is checked, at the price of comparing two integers.
 */
import { countOf, keyOf, senderOf } from '../message.ts'

/** A server that loses, repeats, reorders or invents messages. */
export class DeliveryError extends Error {}

export class Order {
  /** Keys, in the order in which they are delivered, and when each was sent. */
  private readonly keys: number[] = []
  private readonly sentMs: number[] = []
  /** By sender: when each of his messages was sent, and how many of them somebody has got. */
  private readonly sent: readonly number[][]
  private readonly delivered: number[]

  constructor(senders: number) {
    this.sent = Array.from({ length: senders }, () => [])
    this.delivered = new Array<number>(senders).fill(0)
  }

  /** Notes the next message of a sender. @returns its key. */
  send(sender: number, nowMs: number): number {
    const own = this.sent[sender] as number[]
    own.push(nowMs)
    return keyOf(sender, own.length - 1)
  }

  /** @returns whether nobody has got anything at this place yet. */
  isFirst(place: number): boolean {
    return place === this.keys.length
  }

  /**
   * @param member - who got it, for the message of an error.
   * @param place - how many messages this member had got before.
   * @returns when it was sent.
   * @throws DeliveryError if it is not the message that this member must get now.
   */
  take(member: number, place: number, key: number): number {
    if (this.isFirst(place)) this.extend(member, key)
    else if (this.keys[place] !== key) {
      throw new DeliveryError(
        `member ${member} got ${named(key)} at place ${place}, where others got ${named(this.keys[place] as number)}`,
      )
    }
    return this.sentMs[place] as number
  }

  private extend(member: number, key: number): void {
    const sender = senderOf(key)
    const sent = this.sent[sender]?.[countOf(key)]
    if (sent === undefined || keyOf(sender, countOf(key)) !== key) {
      throw new DeliveryError(`member ${member} got ${named(key)}, which was never sent`)
    }
    if (countOf(key) !== this.delivered[sender]) {
      throw new DeliveryError(
        `member ${member} got ${named(key)} instead of message ${this.delivered[sender]} of that sender`,
      )
    }
    this.delivered[sender] = countOf(key) + 1
    this.keys.push(key)
    this.sentMs.push(sent)
  }
}

function named(key: number): string {
  return `message ${countOf(key)} of sender ${senderOf(key)}`
}
