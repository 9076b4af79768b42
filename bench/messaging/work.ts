/**
 * The sizes of this suite's work, the same for every contender (messaging.erl repeats them).
 */

/** Messages told before the actor is given time to work them off; within every mailbox's bound. */
export const TELLS_PER_BATCH = 1024
/** Hops of a ball in one game. */
export const HOPS_PER_GAME = 10_000
/** Asks between two looks at the clock. */
export const ASKS_PER_BATCH = 1_000

/** A one-shot signal from inside an actor to the bench outside it, made anew for each batch. */
export class Signal {
  private resolve: () => void = () => {}

  wait(): Promise<void> {
    return new Promise((resolve) => {
      this.resolve = resolve
    })
  }

  give(): void {
    this.resolve()
  }
}
