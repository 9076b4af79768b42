/**
 * Things under numbers that are given in a row and mostly taken back soon, in about the same order: messages under way.
 *
 * A ring, with a map for what stays while the ring goes round. A `Map` alone would do, but its tables, of which thousands of
 * insertions and deletions wear out one after another, keep each other alive until a full collection: measured, a third of
 * what a round trip costs.
 */
export class Numbered<T extends { readonly id: number }> {
  private readonly ring: (T | undefined)[]
  private readonly mask: number
  private readonly stayed = new Map<number, T>()
  private count = 0

  /** @param usually - how many there are at once, as a rule. More fit. */
  constructor(usually: number) {
    const length = 2 ** Math.ceil(Math.log2(Math.min(usually, RING_MAX)))
    this.mask = length - 1
    this.ring = new Array<T | undefined>(length).fill(undefined)
  }

  get size(): number {
    return this.count
  }

  /** Adds one with a number that is not in use. */
  add(item: T): void {
    const slot = item.id & this.mask
    const earlier = this.ring[slot]
    if (earlier !== undefined) this.stayed.set(earlier.id, earlier)
    this.ring[slot] = item
    this.count += 1
  }

  get(id: number): T | undefined {
    const item = this.ring[id & this.mask]
    return item?.id === id ? item : this.stayed.get(id)
  }

  delete(id: number): boolean {
    const slot = id & this.mask
    if (this.ring[slot]?.id === id) this.ring[slot] = undefined
    else if (!this.stayed.delete(id)) return false
    this.count -= 1
    return true
  }

  /** All of them, in the order of their numbers, which may have gone round at 2^31. */
  values(): T[] {
    const values = [...this.stayed.values()]
    for (const item of this.ring) if (item !== undefined) values.push(item)
    return values.sort((a, b) => (a.id - b.id) | 0)
  }

  clear(): void {
    this.ring.fill(undefined)
    this.stayed.clear()
    this.count = 0
  }
}

const RING_MAX = 65_536
