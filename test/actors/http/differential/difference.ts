/** What an entry of the table of differences says, and the words in which it says which cases it covers. */
import type { Outcome, Relation, Seen } from './outcome.ts'

/** A case whose outcomes differ. */
export interface Found {
  readonly text: string
  /** The text up to its first empty line. */
  readonly head: string
  /** Our codec's refusal, without `HTTP_`; `end` where it takes everything. */
  readonly code: string
  readonly relation: Relation
  readonly ours: Outcome
  readonly theirs: Outcome
}

export type Covers = (found: Found) => boolean

export interface Difference {
  /** The title of a row in docs/http.md. */
  readonly name: string
  readonly stricter: 'we' | 'node' | 'neither'
  readonly we: string
  readonly node: string
  /** What demands or permits our side. */
  readonly law: string
  readonly covers: Covers
}

export function all(...conditions: readonly Covers[]): Covers {
  return (found) => conditions.every((condition) => condition(found))
}

/** We refuse with one of these codes. */
export function refusedFor(...codes: readonly string[]): Covers {
  return ({ code }) => codes.includes(code)
}

/** We take everything. */
export const takenByUs: Covers = ({ code }) => code === 'end'

export function textHas(pattern: RegExp): Covers {
  return ({ text }) => pattern.test(text)
}

export function headHas(pattern: RegExp): Covers {
  return ({ head }) => pattern.test(head)
}

export function headLacks(pattern: RegExp): Covers {
  return ({ head }) => !pattern.test(head)
}

/** The first request that was given to our handler and not to node's. */
export function ourNext({ ours, theirs }: Found): Seen | undefined {
  return ours.seen[theirs.seen.length]
}
