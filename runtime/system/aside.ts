/** Messages of one actor that were set aside, the oldest first: see `postpone.ts`. */
import type { Envelope } from '../mailbox/envelope.ts'
import { stashFullError } from './errors.ts'

export class Aside {
  private envelopes: Envelope[] = []

  get size(): number {
    return this.envelopes.length
  }

  /** The one that was added last. */
  get newest(): Envelope | undefined {
    return this.envelopes.at(-1)
  }

  /**
   * @param isGone - drops one that nobody wants any more: it takes no place from others.
   * @throws OverloadError (`STASH_FULL`)
   */
  add(envelope: Envelope, capacity: number, isGone: (envelope: Envelope) => boolean): void {
    if (this.size >= capacity) this.envelopes = this.envelopes.filter((postponed) => !isGone(postponed))
    if (this.size >= capacity) throw stashFullError(envelope.event, capacity)
    this.envelopes.push(envelope)
  }

  takeAll(): readonly Envelope[] {
    const { envelopes } = this
    this.envelopes = []
    return envelopes
  }
}
