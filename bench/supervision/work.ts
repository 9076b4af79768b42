/**
 * The sizes of this suite's work, the same for every contender (supervising.erl repeats them).
 */

/** Workers of one supervisor that crash side by side. */
export const WORKERS = 100
/** Supervisors side by side whose children all begin anew, and the children of each. */
export const GROUPS = 10
export const GROUP_SIZE = 10

/** The tree that is stopped: so many supervisors, each with so many workers. */
export const BRANCHES = 100
export const LEAVES = 1_000

export const IDLE_ACTORS = 1_000_000
/** Actors that are made before the next ones wait for them to have handled their message. */
export const IDLE_BATCH = 10_000
/** The heap that they have to fit in. */
export const IDLE_HEAP_MB_MAX = 2_048

/** Messages in the mailbox of the actor that is flooded. */
export const FLOOD = 1_000_000

/**
 * How many messages of the flood pass between the end of one wait and the next message: from 0 to 508, all of them in
 * turn, so that waits begin at all places of a step.
 */
export function nextGap(gap: number): number {
  return (gap + 97) % 509
}
