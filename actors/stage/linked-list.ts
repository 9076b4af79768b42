/**
 * A list through its own members: taking one out costs the same wherever it stands.
 *
 * Rule: a member is in one list at a time; whoever takes it out knows in which.
 */
export class Linked {
  before: this | undefined = undefined
  after: this | undefined = undefined
}

export class LinkedList<T extends Linked> {
  first: T | undefined = undefined
  last: T | undefined = undefined
  size = 0

  push(item: T): void {
    this.insert(this.last, item)
  }

  /** Puts `item` behind `place`, or before all others. */
  insert(place: T | undefined, item: T): void {
    const after = place === undefined ? this.first : place.after
    item.before = place
    item.after = after
    if (place === undefined) this.first = item
    else place.after = item
    if (after === undefined) this.last = item
    else after.before = item
    this.size += 1
  }

  shift(): T | undefined {
    const { first } = this
    if (first !== undefined) this.remove(first)
    return first
  }

  remove(item: T): void {
    const { before, after } = item
    if (before === undefined) this.first = after
    else before.after = after
    if (after === undefined) this.last = before
    else after.before = before
    item.before = undefined
    item.after = undefined
    this.size -= 1
  }

  *[Symbol.iterator](): IterableIterator<T> {
    for (let item = this.first; item !== undefined; item = item.after) yield item
  }
}
