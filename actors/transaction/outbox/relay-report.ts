/** What a relay tells of itself. */

/** Something that somebody may have to look at. */
export type RelayReport =
  /** A delivery has failed, and will be tried again. */
  | {
      readonly type: 'failed'
      readonly id: number
      readonly destination: string
      readonly attempt: number
      readonly error: unknown
      readonly retryInMs: number
    }
  /** A message is dead: it waits for somebody to replay or discard it. */
  | {
      readonly type: 'died'
      readonly id: number
      /** Undefined where the message was never seen here. */
      readonly destination: string | undefined
      readonly attempt: number
      readonly error: unknown
    }
  /** The database could not be asked, or told. It will be, later. */
  | { readonly type: 'storeFailed'; readonly during: 'claim' | 'settle'; readonly error: unknown }

export interface RelayStatistics {
  /** Messages that it holds now. */
  readonly held: number
  /** Those of them that are under way. */
  readonly sending: number
  // Counters since it was started.
  readonly delivered: number
  /** Deliveries that failed, and will be tried again. */
  readonly failed: number
  readonly died: number
}

export class RelayCounters {
  delivered = 0
  failed = 0
  died = 0

  read(held: number, sending: number): RelayStatistics {
    const { delivered, failed, died } = this
    return { held, sending, delivered, failed, died }
  }
}
