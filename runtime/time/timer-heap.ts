/**
 * A binary min-heap of timers by (instant, order of scheduling), each knowing its position so that it can be removed.
 *
 * The wheel keeps in it only the timers of the tick that it has reached, usually none to a few: here they get the exact
 * order that slots of a millisecond cannot give. It stays O(log n) if somebody schedules 100,000 timers for one tick.
 */
import { isBefore, type WheelTimer } from './wheel-timer.ts'

export class TimerHeap {
  readonly #items: WheelTimer[] = []

  get first(): WheelTimer | undefined {
    return this.#items[0]
  }

  push(timer: WheelTimer): void {
    this.#items.push(timer)
    this.#rise(timer, this.#items.length - 1)
  }

  remove(timer: WheelTimer): void {
    const items = this.#items
    const last = items.pop() as WheelTimer // `timer` is in the heap, so the heap is not empty
    if (last === timer) return
    const index = timer.heapIndex
    const parent = index > 0 ? items[(index - 1) >> 1] : undefined
    if (parent !== undefined && isBefore(last, parent)) this.#rise(last, index)
    else this.#sink(last, index)
  }

  clear(forget: (timer: WheelTimer) => void): void {
    for (const timer of this.#items) forget(timer)
    this.#items.length = 0
  }

  #rise(timer: WheelTimer, from: number): void {
    const items = this.#items
    let index = from
    while (index > 0) {
      const parentIndex = (index - 1) >> 1
      const parent = items[parentIndex] as WheelTimer
      if (!isBefore(timer, parent)) break
      items[index] = parent
      parent.heapIndex = index
      index = parentIndex
    }
    items[index] = timer
    timer.heapIndex = index
  }

  #sink(timer: WheelTimer, from: number): void {
    const items = this.#items
    const size = items.length
    let index = from
    for (;;) {
      let childIndex = 2 * index + 1
      if (childIndex >= size) break
      let child = items[childIndex] as WheelTimer
      if (childIndex + 1 < size) {
        const right = items[childIndex + 1] as WheelTimer
        if (isBefore(right, child)) {
          child = right
          childIndex += 1
        }
      }
      if (!isBefore(child, timer)) break
      items[index] = child
      child.heapIndex = index
      index = childIndex
    }
    items[index] = timer
    timer.heapIndex = index
  }
}
