/**
 * Children that have ended and of which their machine may not have heard: it is told by an event that it has yet to
 * handle. A snapshot of the machine from before that event needs them as they were (`xstate-snapshot.ts`).
 */
import type { AnyActorRef } from 'xstate'

export class Unheard {
  /** Each with the number of the transition after which the machine has heard. */
  private heardAfter: Map<AnyActorRef, number> | undefined = undefined
  private moves = 0

  /** @param isMoving - the machine is in the midst of a transition, and will hear in the next. */
  ended(child: AnyActorRef, isMoving: boolean): void {
    this.heardAfter ??= new Map()
    this.heardAfter.set(child, this.moves + (isMoving ? 2 : 1))
  }

  /** The machine has made a transition. */
  moved(): void {
    this.moves += 1
    if (this.heardAfter === undefined) return
    for (const [child, heardAfter] of this.heardAfter) {
      if (heardAfter <= this.moves) this.heardAfter.delete(child)
    }
    if (this.heardAfter.size === 0) this.heardAfter = undefined
  }

  has(child: AnyActorRef): boolean {
    return this.heardAfter?.has(child) === true
  }
}
