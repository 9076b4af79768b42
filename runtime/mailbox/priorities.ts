/** Which mail is more urgent: a table from event type to level, made once and shared by all actors that are kept so. */
import { UsageError } from '../errors.ts'

/**
 * Lists of event types at most. `take` looks at one queue for each until it finds mail, and whoever ranks mail more finely
 * than this wants a queue sorted by a number of the message, which this is not.
 */
export const PRIORITY_LISTS_MAX = 8

export class Priorities {
  private readonly levels: ReadonlyMap<string, number>
  /** Levels, the last of which is that of every type in no list. */
  readonly count: number

  private constructor(levels: ReadonlyMap<string, number>, count: number) {
    this.levels = levels
    this.count = count
  }

  /**
   * @param lists - event types, those of the most urgent list first.
   * @throws UsageError (`SPAWN_OPTION_INVALID`) for more than 8 lists, an empty one, or a type that is named twice.
   */
  static of(lists: readonly (readonly string[])[]): Priorities {
    if (!Array.isArray(lists) || lists.length > PRIORITY_LISTS_MAX) {
      invalid(`at most ${PRIORITY_LISTS_MAX} lists`, Array.isArray(lists) ? lists.length : lists)
    }
    const levels = new Map<string, number>()
    for (const [level, types] of lists.entries()) {
      if (!Array.isArray(types) || types.length === 0) {
        invalid('lists of at least one event type', JSON.stringify(types))
      }
      for (const type of types) {
        if (typeof type !== 'string') invalid('lists of event types', JSON.stringify(type))
        if (levels.has(type)) invalid('lists that name an event type once', `${JSON.stringify(type)} twice`)
        levels.set(type, level)
      }
    }
    return new Priorities(levels, lists.length + 1)
  }

  /** From 0, the most urgent, to `count - 1`. */
  levelOf(type: string): number {
    return this.levels.get(type) ?? this.count - 1
  }
}

function invalid(allowed: string, value: unknown): never {
  throw new UsageError(
    'SPAWN_OPTION_INVALID',
    `spawn option mailbox.priorities must be ${allowed}, not ${String(value)}`,
  )
}
