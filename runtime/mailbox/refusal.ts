/**
 * What a send is answered with. A refusal is a value: under load it is the normal case, and costs nothing to give.
 */

/**
 * - `full`: as many wait as may wait. Nothing was stored; shed the work, or try later.
 * - `closed`: the actor has ended or is ending.
 * - `expired`: the context's deadline has passed, or it was cancelled: nobody wants the result any more.
 */
export type Refusal = 'full' | 'closed' | 'expired'

export type Offer = 'accepted' | Refusal

/** Why an envelope was not delivered, as its dead letter tells. */
export type DeadReason =
  | Refusal
  /** Accepted, then pushed out by the overflow policy. */
  | 'dropped'
  /** Its actor had no handler for it in the state it was in. */
  | 'unhandled'
  /** Its actor is on another thread, to which it, or its context, could not cross. */
  | 'uncloneable'
