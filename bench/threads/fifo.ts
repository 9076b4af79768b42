/** First in, first out, without the cost of `Array.shift` when there are many. */

export class Fifo<T> {
  private readonly incoming: T[] = []
  private readonly outgoing: T[] = []

  push(item: T): void {
    this.incoming.push(item)
  }

  /** @throws RangeError if there is none. */
  shift(): T {
    if (this.outgoing.length === 0) {
      while (this.incoming.length > 0) this.outgoing.push(this.incoming.pop() as T)
      if (this.outgoing.length === 0) throw new RangeError('there is none')
    }
    return this.outgoing.pop() as T
  }
}
