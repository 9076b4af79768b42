/** A queue of envelopes that knows which of them have outlasted a turn, and since when. */
import type { Deferred } from '../deferred/deferred.ts'
import { Ages } from './ages.ts'
import type { Envelope } from './envelope.ts'
import { Fifo } from './fifo.ts'

export class Lane extends Fifo<Envelope> {
  /** Of those that were noted. Made with the first of them: most mail is taken in the turn in which it came. */
  private ages: Ages | undefined = undefined

  /** Since when the oldest has waited, as far as it was noted. */
  get oldestSinceMs(): number | undefined {
    return this.ages?.oldestSinceMs
  }

  override unshift(envelope: Envelope): void {
    this.ages?.unshift()
    super.unshift(envelope)
  }

  override shift(): Envelope | undefined {
    if (this.ages !== undefined) this.ages.removeAt(0)
    return super.shift()
  }

  override removeAt(index: number): void {
    this.ages?.removeAt(index)
    super.removeAt(index)
  }

  override clear(): void {
    this.ages = undefined
    super.clear()
  }

  /** Takes one in where there is no room: it takes the place of the oldest. @returns the one that is dropped. */
  displace(newcomer: Envelope): Envelope {
    const oldest = this.shift() as Envelope
    this.push(newcomer)
    return oldest
  }

  /** Removes the envelope of a question, wherever it stands. Costs a pass over the queue. */
  withdraw(question: Deferred<unknown>): Envelope | undefined {
    for (let i = 0; i < this.size; i++) {
      const envelope = this.at(i) as Envelope
      if (envelope.reply !== question) continue
      this.removeAt(i)
      return envelope
    }
    return undefined
  }

  /** Those not noted before count as waiting since `nowMs`; each of them is shown, the oldest first. */
  note(nowMs: number, show?: (envelope: Envelope) => void): void {
    const { size } = this
    const known = this.ages?.count ?? 0
    if (known === size) return
    this.ages ??= new Ages()
    this.ages.note(size - known, nowMs)
    if (show === undefined) return
    for (let i = known; i < size; i++) show(this.at(i) as Envelope)
  }
}
