/**
 * Outcomes that may have to cross from a thread.
 *
 * Structured clone keeps of an error its name, message and stack, and loses its `code`, by which errors are told apart; the
 * bridge carries all of a question's own failure, but does not look into replies. So a failed outcome is answered as
 * data. Where it has not crossed, the error itself is found again by its outcome, and nothing is lost at all. Buffers
 * that are marked in values are handed over with the whole.
 */
import { type FailureWire, fromErrorWire, toErrorWire } from '../../runtime/worker/error-wire.ts'
import { type Transferable, transfer, transfersOf } from '../../runtime/worker/transfer.ts'
import { isOutcome, type Outcome } from './outcome.ts'

const originals = new WeakMap<object, Outcome<unknown>>()

/** As it is answered. What is no list of outcomes is left as it is: the stage will say so. */
export function crossing<R>(outcomes: readonly Outcome<R>[]): readonly Outcome<R>[] {
  if (!Array.isArray(outcomes)) return outcomes
  const buffers: Transferable[] = []
  const sent = outcomes.map((outcome) => {
    if (!isOutcome(outcome)) return outcome
    if (!outcome.ok) return asData(outcome)
    const marked = transfersOf(outcome.value)
    if (marked !== undefined) buffers.push(...marked)
    return outcome
  })
  return buffers.length === 0 ? sent : transfer(sent, buffers)
}

function asData(outcome: Outcome<unknown> & { readonly ok: false }): Outcome<never> {
  const sent: Outcome<never> = { ok: false, error: { crossed: toErrorWire(outcome.error) } }
  originals.set(sent, outcome)
  return sent
}

/** As it was, whether it has crossed or not. */
export function arrived(outcome: Outcome<unknown>): Outcome<unknown> {
  if (outcome.ok) return outcome
  const original = originals.get(outcome)
  if (original !== undefined) return original
  const { error } = outcome
  if (typeof error !== 'object' || error === null || !('crossed' in error)) return outcome
  return { ok: false, error: fromErrorWire(error.crossed as FailureWire) }
}
