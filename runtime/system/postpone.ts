/**
 * "Not in this state": the message is set aside, and comes again, before other mail and in its order, once the actor is in
 * another state. As `postpone` of OTP's `gen_statem`.
 *
 * What is set aside is bounded by `stashCapacity`; one more fails the actor (`STASH_FULL`). A question keeps its
 * timeout meanwhile, and what has expired or was called off does not come again.
 */
import { postponeInMachine } from './xstate-actions.ts'

declare const postponed: unique symbol

/** What a handler of a behaviour returns to have its message set aside. */
export interface Postponed {
  readonly [postponed]: true
}

/** @internal */
export const POSTPONED = Object.freeze({}) as Postponed

/**
 * Sets the message that is being handled aside.
 *
 *     loading: { query: postpone }                                           in the table of a behaviour
 *     query: ({ data }, { id }) => (data.has(id) ? data.get(id) : postpone())   in one of its handlers: returned
 *     loading: { on: { query: { actions: postpone } } }                      as an action of an xstate machine
 */
// biome-ignore lint/suspicious/noExplicitAny: it takes what a handler or an action is called with, and looks at none of it
export function postpone(...args: any[]): Postponed {
  postponeInMachine(args[0])
  return POSTPONED
}
