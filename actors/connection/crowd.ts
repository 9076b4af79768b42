/**
 * The connections of one listener: who is there, and how many came.
 *
 * Rules: an end is noted at once and not by mail, since more connections may end in one turn than a mailbox holds, and
 * none of them may be forgotten. The listener is then told once a turn, however many have left.
 */
import type { Ref } from '../../runtime/system/ref.ts'

/** A connection's actor, as far as it matters here. */
export type Member = Ref<{ readonly type: 'drain' }>

/** Whether a connection may be closed for another. */
interface Leaving {
  readonly mayGo: boolean
  takeBusy(): boolean
  go(): void
}

/** Members that are looked at for one that idles, before a newcomer is refused. */
const LOOKS_MAX = 64

export class Crowd {
  /** Accepted since the start. */
  accepted = 0
  /** Reset at once for being too many, since the start. */
  refused = 0
  /** Closed while they idled, to make room for others, since the start. */
  shed = 0
  /** Invariant: in order of arrival. */
  private readonly members = new Map<Member, Leaving>()
  /** Goes round among the members, as the hand of a clock: who was looked at last is looked at again last of all. */
  private hand: IterableIterator<[Member, Leaving]> | undefined = undefined
  /** Tells the listener that somebody has left, and answers whether it will hear. It sets this when it starts. */
  onLeft: (() => boolean) | undefined = undefined
  private isTold = false

  /** Open now. */
  get open(): number {
    return this.members.size
  }

  get refs(): IterableIterator<Member> {
    return this.members.keys()
  }

  /** A connection's actor has come to life. */
  enter(ref: Member, connection: Leaving): void {
    this.members.set(ref, connection)
    this.accepted += 1
  }

  /**
   * Closes a connection on which nothing is under way, so that another can come in: a flood of clients that say nothing
   * keeps nobody out who has something to say. One that was of use since it was last looked at is passed over once, as
   * pages are by a clock's hand; and the work for a newcomer is bounded.
   *
   * @returns whether there is room now.
   */
  makeRoom(): boolean {
    let usual: [Member, Leaving] | undefined
    // Once round, and the step in which the hand begins anew.
    const looksMax = Math.min(LOOKS_MAX, this.members.size + 1)
    for (let looks = 0; looks < looksMax; looks++) {
      this.hand ??= this.members.entries()
      const { value, done } = this.hand.next()
      if (done === true) {
        this.hand = undefined
        continue
      }
      const [, connection] = value
      if (!connection.mayGo) continue
      if (!connection.takeBusy()) return this.shedOne(...value)
      usual ??= value
    }
    return usual !== undefined && this.shedOne(...usual)
  }

  private shedOne(ref: Member, connection: Leaving): boolean {
    this.shed += 1
    connection.go()
    ref.stop('room was wanted for another connection')
    return !this.members.has(ref)
  }

  leave(connection: Member): void {
    this.members.delete(connection)
    if (!this.isTold) this.isTold = this.onLeft?.() ?? false
  }

  /** The listener has heard of it. */
  heard(): void {
    this.isTold = false
  }
}
