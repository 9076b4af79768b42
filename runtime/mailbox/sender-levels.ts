/** In which levels mail of whom waits: what a message has to know so as not to overtake an earlier one of its sender. */

export class SenderLevels {
  private readonly levels: number
  /** Envelopes by level, for each sender of whom any waits, so that nobody is remembered who has nothing here. */
  private readonly waiting = new Map<unknown, number[]>()

  constructor(levels: number) {
    this.levels = levels
  }

  /** Mail of this sender waits at this level from now on. One that does not tell its name is bound by no order. */
  add(sender: unknown, level: number): void {
    if (sender === undefined) return
    let counts = this.waiting.get(sender)
    if (counts === undefined) {
      counts = new Array<number>(this.levels).fill(0)
      this.waiting.set(sender, counts)
    }
    counts[level] = (counts[level] as number) + 1
  }

  /** One of those that were added waits no longer. */
  remove(sender: unknown, level: number): void {
    const counts = this.waiting.get(sender)
    if (counts === undefined) return
    counts[level] = (counts[level] as number) - 1
    if (counts.every((count) => count === 0)) this.waiting.delete(sender)
  }

  /** The least urgent level in which mail of this sender waits; 0 if none does. */
  lowest(sender: unknown): number {
    if (sender === undefined) return 0
    const counts = this.waiting.get(sender)
    return counts === undefined ? 0 : counts.findLastIndex((count) => count > 0)
  }
}
