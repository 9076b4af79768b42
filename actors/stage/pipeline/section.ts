/** A part of a flow: something that takes items one by one, and says what became of each. */
import type { Context } from '../../../runtime/context/context.ts'
import type { StageStatistics } from '../interface.ts'
import type { Refused } from '../refused.ts'

/** An item on its way through a flow. One of many steps has it at any time. */
export interface Item {
  readonly ctx: Context
  /** Nobody waits for it any more: it goes no further. */
  readonly isOver: boolean
  /** What calls off the step that has it. */
  callOff: ((reason: unknown) => void) | undefined
  /** It goes no further: it has failed. */
  fail(error: unknown): void
}

export interface FlowStatistics {
  /** Items that were taken and are not settled. */
  readonly inside: number
  /** Items between two stages, that wait until the second has room. */
  readonly waiting: number
  /** Of each stage, in the order in which they were joined. */
  readonly stages: readonly StageStatistics[]
}

export interface Section<In, Out> {
  /**
   * Takes an item, unless it has no room, or the stage at its entrance refuses it.
   *
   * @param done - called once with what comes of it, unless the item fails or is called off.
   */
  begin(item: Item, value: In, done: (value: Out) => void): Refused | undefined
  /** False where `begin` would refuse now, whatever the item. */
  readonly hasRoom: boolean
  /** Calls `listener` whenever there may be room again. @returns how to stop that. */
  onRoom(listener: () => void): () => void
  /** Items that wait between stages. */
  readonly waiting: number
  stages(): readonly StageStatistics[]
}

/** Those who wait for room. */
export class RoomListeners {
  private readonly listeners = new Set<() => void>()

  add(listener: () => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  tell(): void {
    for (const listener of [...this.listeners]) listener()
  }
}
