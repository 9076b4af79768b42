/**
 * Several sections beside each other. An item takes the one that its key leads to, always the same for the same key; what
 * comes out is merged again.
 */
import type { FlowStage, Full, Item, Section } from './section.ts'

export class FanOut<In, Out> implements Section<In, Out> {
  private readonly by: (value: In) => PropertyKey
  private readonly lanes: readonly Section<In, Out>[]

  /** @param lanes - one at least. */
  constructor(by: (value: In) => PropertyKey, lanes: readonly Section<In, Out>[]) {
    this.by = by
    this.lanes = lanes
  }

  begin(item: Item, value: In, done: (value: Out) => void): Full | undefined {
    let lane: Section<In, Out>
    try {
      lane = this.lanes[laneOf(this.by(value), this.lanes.length)] as Section<In, Out>
    } catch (error) {
      item.fail(error)
      return undefined
    }
    return lane.begin(item, value, done)
  }

  /** They are beside each other: the first stands for all. */
  get name(): string {
    return (this.lanes[0] as Section<In, Out>).name
  }

  get waiting(): number {
    return this.lanes.reduce((sum, { waiting }) => sum + waiting, 0)
  }

  stages(): readonly FlowStage[] {
    return this.lanes.flatMap((lane) => lane.stages())
  }
}

/** FNV-1a over the key's text: the same in every run. */
function laneOf(key: PropertyKey, lanes: number): number {
  const text = String(key)
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return (hash >>> 0) % lanes
}
