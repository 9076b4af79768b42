/**
 * The sizes of this suite's work, the same for every contender (spawning.erl repeats them), and the scales.
 */

/** Actors that live side by side in one batch. */
export const ACTORS_PER_BATCH = 100
export const IDLE_ACTORS = 100_000

/** Counts down to a moment that the bench waits for. */
export class Countdown {
  private left = 0
  private resolve: () => void = () => {}

  /** @returns a promise of the moment when `count` calls of `tick` have been made. */
  start(count: number): Promise<void> {
    this.left = count
    return new Promise((resolve) => {
      this.resolve = resolve
    })
  }

  tick(): void {
    if (--this.left === 0) this.resolve()
  }
}

/**
 * @param spawnAll - makes the actors and keeps them alive; resolves when all are idle.
 * @returns bytes an actor, on the heap and beside it.
 */
export async function bytesPerActor(
  spawnAll: (count: number) => Promise<readonly unknown[]>,
): Promise<number> {
  // The first ones bring code and shared tables that are not the price of one actor.
  await spawnAll(ACTORS_PER_BATCH)
  const before = await bytesHeld()
  const actors = await spawnAll(IDLE_ACTORS)
  const after = await bytesHeld()
  // The bench's own list, a word an element, is not the actors' weight. Reading its length keeps them alive till here.
  return (after - before) / actors.length - 8
}

async function bytesHeld(): Promise<number> {
  const collect = globalThis.gc
  if (collect === undefined) throw new Error('run node with --expose-gc')
  // Twice, with a trip through the event loop: finalisers run in between and let go of more.
  collect()
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
