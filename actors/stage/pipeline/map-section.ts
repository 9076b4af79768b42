/** A function between two stages. It is quick, and runs where the item comes by. */
import type { Context } from '../../../runtime/context/context.ts'
import type { StageStatistics } from '../interface.ts'
import type { Refused } from '../refused.ts'
import type { Item, Section } from './section.ts'

export class MapSection<In, Mid, Out> implements Section<In, Out> {
  private readonly before: Section<In, Mid>
  private readonly map: (value: Mid, ctx: Context) => Out

  constructor(before: Section<In, Mid>, map: (value: Mid, ctx: Context) => Out) {
    this.before = before
    this.map = map
  }

  begin(item: Item, value: In, done: (value: Out) => void): Refused | undefined {
    return this.before.begin(item, value, (mid) => {
      let output: Out
      try {
        output = this.map(mid, item.ctx)
      } catch (error) {
        item.fail(error)
        return
      }
      done(output)
    })
  }

  get hasRoom(): boolean {
    return this.before.hasRoom
  }

  get waiting(): number {
    return this.before.waiting
  }

  onRoom(listener: () => void): () => void {
    return this.before.onRoom(listener)
  }

  stages(): readonly StageStatistics[] {
    return this.before.stages()
  }
}
