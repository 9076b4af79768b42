/**
 * The connections of one listener: who is there, and how many came.
 *
 * Rules: an end is noted at once and not by mail, since more connections may end in one turn than a mailbox holds, and
 * none of them may be forgotten. The listener is then told once a turn, however many have left.
 */
import type { Ref } from '../../runtime/system/ref.ts'

/** A connection's actor, as far as it matters here. */
export type Member = Ref<{ readonly type: 'drain' }>

export class Crowd {
  /** Accepted since the start. */
  accepted = 0
  /** Reset at once for being too many, since the start. */
  refused = 0
  readonly refs = new Set<Member>()
  /** Tells the listener that somebody has left, and answers whether it will hear. It sets this when it starts. */
  onLeft: (() => boolean) | undefined = undefined
  private isTold = false

  /** Open now. */
  get open(): number {
    return this.refs.size
  }

  /** A connection's actor has come to life. */
  enter(connection: Member): void {
    this.refs.add(connection)
    this.accepted += 1
  }

  leave(connection: Member): void {
    this.refs.delete(connection)
    if (!this.isTold) this.isTold = this.onLeft?.() ?? false
  }

  /** The listener has heard of it. */
  heard(): void {
    this.isTold = false
  }
}
