/**
 * A first-in, first-out queue on a ring that doubles when full and lets go of its memory when it has been large and is
 * empty again. Bounds are the owner's business.
 */

/** Slots of a new ring; a power of two, as every size is, so that an index wraps with a mask. */
const SMALLEST_RING = 8
/** A ring above this many slots is given back once it is empty: a burst does not cost memory for ever. */
const KEPT_RING = 1_024

export class Fifo<T> {
  private ring: (T | undefined)[]
  private head = 0
  private count = 0

  constructor() {
    this.ring = new Array(SMALLEST_RING)
  }

  get size(): number {
    return this.count
  }

  push(item: T): void {
    if (this.count === this.ring.length) this.grow()
    this.ring[(this.head + this.count) & (this.ring.length - 1)] = item
    this.count += 1
  }

  /** Puts one before all others. */
  unshift(item: T): void {
    if (this.count === this.ring.length) this.grow()
    this.head = (this.head - 1) & (this.ring.length - 1)
    this.ring[this.head] = item
    this.count += 1
  }

  /** Takes the oldest, or gives undefined when empty. */
  shift(): T | undefined {
    if (this.count === 0) return undefined
    const { ring, head } = this
    const item = ring[head]
    ring[head] = undefined
    this.head = (head + 1) & (ring.length - 1)
    this.count -= 1
    if (this.count === 0 && ring.length > KEPT_RING) this.clear()
    return item
  }

  /** The oldest, which stays. */
  peek(): T | undefined {
    return this.count === 0 ? undefined : this.ring[this.head]
  }

  /** The one that stands `index` places behind the oldest, and stays. */
  at(index: number): T | undefined {
    return index < this.count ? this.ring[(this.head + index) & (this.ring.length - 1)] : undefined
  }

  /** Removes one item, wherever it stands; the others keep their order. Costs a pass over the queue. */
  remove(item: T): boolean {
    for (let i = 0; i < this.count; i++) {
      if (this.at(i) !== item) continue
      this.removeAt(i)
      return true
    }
    return false
  }

  /** Removes the one that stands `index` places behind the oldest. Moves those on the shorter side of it. */
  removeAt(index: number): void {
    const { ring, head, count } = this
    if (index >= count) return
    const mask = ring.length - 1
    if (index < count >> 1) {
      for (let i = index; i > 0; i--) ring[(head + i) & mask] = ring[(head + i - 1) & mask]
      ring[head] = undefined
      this.head = (head + 1) & mask
    } else {
      for (let i = index; i < count - 1; i++) ring[(head + i) & mask] = ring[(head + i + 1) & mask]
      ring[(head + count - 1) & mask] = undefined
    }
    this.count -= 1
    if (this.count === 0 && ring.length > KEPT_RING) this.clear()
  }

  clear(): void {
    this.ring = new Array(SMALLEST_RING)
    this.head = 0
    this.count = 0
  }

  *[Symbol.iterator](): IterableIterator<T> {
    const { ring, head, count } = this
    for (let i = 0; i < count; i++) yield ring[(head + i) & (ring.length - 1)] as T
  }

  private grow(): void {
    const { ring, head, count } = this
    const larger: (T | undefined)[] = new Array(ring.length * 2)
    for (let i = 0; i < count; i++) larger[i] = ring[(head + i) & (ring.length - 1)]
    this.ring = larger
    this.head = 0
  }
}
