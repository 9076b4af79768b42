/** A part of a flow, as its neighbours see it: something that takes items one by one, and says what came of each. */
import type { Context } from '../../../runtime/context/context.ts'
import type { StageStatistics } from '../interface.ts'
import type { Refused } from '../refused.ts'
import type { Room } from '../room.ts'

/** An item on its way through a flow. */
export interface Item {
  readonly ctx: Context
  /** It is settled, and goes no further. */
  readonly isOver: boolean
  /** Who has no room for it just now keeps it waiting: no refusal is counted. */
  readonly mayWait: boolean
  /** `holder` has it from now on, and is told if it is settled there. */
  enters(holder: Holder): void
  leaves(holder: Holder): void
  /** It goes no further: it has failed. */
  fail(error: unknown): void
}

/** Where an item is. */
export interface Holder {
  /** Once, at the moment of its end. @param error - what it was settled with. */
  ended(error: unknown): void
}

/** No room for an item. */
export interface Full {
  readonly refused: Refused
  /** Where to wait, unless the refusal is for good. */
  readonly room: Room
}

export interface Section<In, Out> {
  /** Of the stage at its entrance. */
  readonly name: string
  /**
   * Takes an item, unless there is no room for it.
   *
   * @param done - called once with what comes of it, unless it is settled before.
   */
  begin(item: Item, value: In, done: (value: Out) => void): Full | undefined
  /** Items that wait between two stages of it. */
  readonly waiting: number
  stages(): readonly FlowStage[]
}

/** A stage of a flow, and how it stands. Who else uses it is in these figures as well. */
export interface FlowStage extends StageStatistics {
  readonly name: string
}

export interface FlowStatistics {
  /** Items that were taken and are not settled. */
  readonly inside: number
  /** Those of them that wait between two stages, until the second has room. */
  readonly waiting: number
  /** In the order in which they were joined, lane by lane. */
  readonly stages: readonly FlowStage[]
  // Counters since the flow was made: submitted = completed + failed + refused + expired + inside.
  readonly submitted: number
  readonly completed: number
  readonly failed: number
  /** At the entrance; there is no other place for it. */
  readonly refused: number
  /** Items whose context ended, or whose deferred was cancelled, or that took too long, before they had a result. */
  readonly expired: number
}
