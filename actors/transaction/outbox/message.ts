/** A message of the outbox, as it goes from the table to the relay and back: plain data, since it crosses to threads. */

/**
 * Who holds a message: the claim that took it. A message that was claimed again since has another attempt, or another end of
 * its lease, so what an earlier holder says of it changes nothing.
 */
export interface Lease {
  readonly id: number
  /** Times that it was claimed, this one included: 1 for the first. */
  readonly attempt: number
  /** Unix time in milliseconds: then anybody may claim it. */
  readonly leasedUntilMs: number
}

/** A message that was claimed. */
export interface Claimed extends Lease {
  readonly destination: string
  /** JSON. */
  readonly payload: string
  /** Of the transaction that published it. */
  readonly traceparent: string | null
  /** Unix time in milliseconds. */
  readonly createdMs: number
}

/** A message that was not delivered. */
export interface Failure extends Lease {
  /** For people. */
  readonly error: string
  /** Unix time in milliseconds, of the next attempt; undefined: there is none, it is dead. */
  readonly dueMs: number | undefined
}

/** What a relay asks for. */
export interface ClaimRequest {
  /** Unix time in milliseconds. */
  readonly nowMs: number
  readonly leaseMs: number
  /** A message that was claimed so often, and of which nothing was heard, is dead. */
  readonly attemptsMax: number
  /** Messages at most, of all destinations together. */
  readonly total: number
  /** Messages at most of one destination. */
  readonly room: number
  /** The same for those that have another room; 0 for those of which none is wanted. */
  readonly rooms: Readonly<Record<string, number>>
  /** Destinations of which nothing is claimed while an earlier message is leased, or waits for its next attempt. */
  readonly strict: readonly string[]
}

export interface ClaimAnswer {
  /** In the order of their ids, destination by destination. */
  readonly messages: readonly Claimed[]
  /** Destinations of which there were as many as were asked for, or for which there was no room: there may be more. */
  readonly more: readonly string[]
  /** Unix time in milliseconds of the next message that will be due, or whose lease will run out, as far as is known. */
  readonly nextDueMs: number | undefined
  /** Messages that died with this claim: claimed `attemptsMax` times, and never heard of again. */
  readonly died: readonly Lease[]
}

/** What a relay has to say of messages that it holds, in one transaction. */
export interface Settlement {
  /** Ids of those that were delivered. */
  readonly acknowledged: readonly number[]
  readonly failed: readonly Failure[]
  /** Those that were not sent, and are given back: it does not count as an attempt. */
  readonly released: readonly Lease[]
  /** Unix time in milliseconds. */
  readonly nowMs: number
}

export type EntryState = 'due' | 'waiting' | 'leased' | 'dead'

/** A row of the outbox, for those who look after it. Times are Unix time in milliseconds. */
export interface Entry {
  readonly id: number
  readonly state: EntryState
  readonly destination: string
  /** JSON, as far as was asked for. */
  readonly payload: string
  readonly traceparent: string | null
  readonly createdMs: number
  readonly dueMs: number
  readonly leasedUntilMs: number
  readonly attempts: number
  readonly lastError: string | null
  readonly deadMs: number | null
}
