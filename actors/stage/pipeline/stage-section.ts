/** A stage as a part of a flow. */

import type { Stage, StageStatistics } from '../interface.ts'
import type { Refused } from '../refused.ts'
import { isRefused } from '../refused.ts'
import { type Item, RoomListeners, type Section } from './section.ts'

export class StageSection<In, Out> implements Section<In, Out> {
  private readonly stage: Stage<In, Out>
  private readonly room = new RoomListeners()
  readonly hasRoom = true
  readonly waiting = 0

  constructor(stage: Stage<In, Out>) {
    this.stage = stage
  }

  begin(item: Item, value: In, done: (value: Out) => void): Refused | undefined {
    const result = this.stage.submit(item.ctx, value)
    if (isRefused(result)) return result
    item.callOff = (reason) => void result.cancel(reason)
    result.listen(
      (output) => {
        item.callOff = undefined
        if (!item.isOver) done(output)
        this.room.tell()
      },
      (error) => {
        item.callOff = undefined
        item.fail(error)
        this.room.tell()
      },
    )
    return undefined
  }

  onRoom(listener: () => void): () => void {
    return this.room.add(listener)
  }

  stages(): readonly StageStatistics[] {
    return [this.stage.statistics()]
  }
}
