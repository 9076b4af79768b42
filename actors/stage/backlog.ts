/**
 * Which jobs wait, and which of them is next.
 *
 * There is a lane for each class, the most important first. Where jobs have keys, the first of each key stands in a lane
 * and holds the key; those behind it wait in the key's own line until it is released, which is when the work on it is
 * over. So keys take turns, and a busy one keeps nobody else waiting. No operation looks through the queue.
 */

import type { Job, Place } from './job.ts'
import { LinkedList } from './linked-list.ts'

export class Backlog {
  private readonly lanes: readonly LinkedList<Place>[]
  /** The lines behind keys that are held. */
  private readonly lines = new Map<PropertyKey, LinkedList<Place>>()
  /** Jobs that wait, in lanes and lines. */
  size = 0
  /** Jobs that wait in lanes: those that could be taken now. */
  ready = 0

  /** @param lanes - how many; jobs of a class without one of its own are in the last. */
  constructor(lanes: number) {
    this.lanes = Array.from({ length: lanes }, () => new LinkedList<Place>())
  }

  push(job: Job): void {
    const { key, place } = job
    this.size += 1
    const line = key === undefined ? undefined : this.lines.get(key)
    if (line !== undefined) {
      line.push(place)
      place.list = line
      return
    }
    if (key !== undefined) this.lines.set(key, new LinkedList())
    this.enter(job)
  }

  /** Takes the next one. A key that it has stays held. */
  take(): Job | undefined {
    for (const lane of this.lanes) {
      const place = lane.shift()
      if (place === undefined) continue
      place.list = undefined
      this.size -= 1
      this.ready -= 1
      return place.job
    }
    return undefined
  }

  /** Puts one that was taken before all that were not: among those given back, in the order of submission. */
  giveBack(job: Job): void {
    const lane = this.laneOf(job)
    job.isReturned = true
    let before: Place | undefined
    for (let next = lane.first; next !== undefined; next = next.after) {
      if (!next.job.isReturned || next.job.number > job.number) break
      before = next
    }
    lane.insert(before, job.place)
    job.place.list = lane
    this.size += 1
    this.ready += 1
  }

  /** Takes out one that waits. */
  remove(job: Job): void {
    const { place, key } = job
    const { list } = place
    if (list === undefined) return
    list.remove(place)
    place.list = undefined
    this.size -= 1
    if (key !== undefined && list === this.lines.get(key)) return
    this.ready -= 1
    this.release(job)
  }

  /** The work on one that was taken is over: the next of its key may be taken. */
  release({ key }: Job): void {
    if (key === undefined) return
    const next = this.lines.get(key)?.shift()
    if (next === undefined) this.lines.delete(key)
    else this.enter(next.job)
  }

  private enter(job: Job): void {
    const lane = this.laneOf(job)
    lane.push(job.place)
    job.place.list = lane
    this.ready += 1
  }

  private laneOf(job: Job): LinkedList<Place> {
    const { lanes } = this
    return lanes[Math.min(job.class, lanes.length - 1)] as LinkedList<Place>
  }
}
