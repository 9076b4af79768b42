/**
 * Several sections beside each other: an item takes the one that its key leads to, always the same for the same key, so that
 * items of one key keep their order where their lane keeps it. What comes out is merged again.
 */

import type { StageStatistics } from '../interface.ts'
import type { Refused } from '../refused.ts'
import type { Item, Section } from './section.ts'

export class FanOut<In, Out> implements Section<In, Out> {
  private readonly by: (value: In) => PropertyKey
  private readonly lanes: readonly Section<In, Out>[]

  constructor(by: (value: In) => PropertyKey, lanes: readonly Section<In, Out>[]) {
    this.by = by
    this.lanes = lanes
  }

  begin(item: Item, value: In, done: (value: Out) => void): Refused | undefined {
    let lane: number
    try {
      lane = laneOf(this.by(value), this.lanes.length)
    } catch (error) {
      item.fail(error)
      return undefined
    }
    return this.lanes[lane]?.begin(item, value, done)
  }

  get hasRoom(): boolean {
    return this.lanes.some(({ hasRoom }) => hasRoom)
  }

  get waiting(): number {
    return this.lanes.reduce((sum, { waiting }) => sum + waiting, 0)
  }

  onRoom(listener: () => void): () => void {
    const stops = this.lanes.map((lane) => lane.onRoom(listener))
    return () => {
      for (const stop of stops) stop()
    }
  }

  stages(): readonly StageStatistics[] {
    return this.lanes.flatMap((lane) => lane.stages())
  }
}

/** FNV-1a over the key's text: the same on every run. */
function laneOf(key: PropertyKey, lanes: number): number {
  const text = String(key)
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0) % lanes
}
