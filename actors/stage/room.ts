/** Those who wait until there is room somewhere: in a stage's queue, in a part of a flow. */

export class Room {
  private readonly isThere: () => boolean
  private readonly waiting = new Set<() => void>()

  /** @param isThere - whether there is any just now, or nothing to wait for any more. */
  constructor(isThere: () => boolean) {
    this.isThere = isThere
  }

  get isAwaited(): boolean {
    return this.waiting.size > 0
  }

  /** Calls `listener` once, when there may be room. @returns how to stop waiting. */
  wait(listener: () => void): () => void {
    this.waiting.add(listener)
    return () => void this.waiting.delete(listener)
  }

  /** Tells those who wait, the longest first, for as long as there is room: who comes too late is the first next time. */
  tell(): void {
    for (let left = this.waiting.size; left > 0 && this.isThere(); left--) {
      const [next] = this.waiting
      if (next === undefined) return
      this.waiting.delete(next)
      next()
    }
  }
}
