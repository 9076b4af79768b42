/**
 * The form in which a context crosses a thread or a process: plain data, fit for `postMessage` and for JSON.
 *
 * What crosses: values under portable keys, the time that remains, the trace. What does not: everything else. A
 * monotonic instant means nothing elsewhere, so a deadline crosses as the time that is left of it; the way there is
 * lost time, never gained. Cancellation is an event, not a value: whoever owns the wire sends it after.
 */
import { describe, PeerError } from '../errors.ts'
import type { Context } from './context.ts'
import type { AnyKey, Codec } from './key.ts'

export interface WireContext {
  readonly traceparent: string
  /** Milliseconds left, absent where there is no deadline. */
  readonly remainingMs?: number
  /** Encoded values by key name. */
  readonly values: Readonly<Record<string, string>>
}

/** What of `ctx` may travel. The nearest value wins where two portable keys have one name. */
export function toWire(ctx: Context<never>): WireContext {
  // A map, so that no name is special: `__proto__` is a name like any.
  const encoded = new Map<string, string>()
  for (const key of ctx.keys()) {
    if (key.codec === undefined || encoded.has(key.name)) continue
    encoded.set(key.name, key.codec.encode(ctx.find(key)))
  }
  const values = Object.fromEntries(encoded)
  const { remainingMs, traceparent } = ctx
  return remainingMs === Number.POSITIVE_INFINITY
    ? { traceparent, values }
    : { traceparent, remainingMs, values }
}

/**
 * The context on this side: `base`, with what arrived for the keys listed. Names that are not listed are ignored, so
 * that a newer peer may send more; a listed key that did not arrive is just not there.
 *
 * @param keys - the portable keys that this side accepts.
 * @throws PeerError (`CONTEXT_WIRE_INVALID`) if it has not the shape of `WireContext`, or a value does not decode.
 */
export function fromWire<Base extends AnyKey>(
  base: Context<Base>,
  wire: WireContext,
  keys: readonly AnyKey[],
): Context<Base> {
  const { remainingMs, traceparent, values } = checked(wire)
  let ctx: Context<Base> = base.withTrace(traceparent)
  if (remainingMs !== undefined) ctx = ctx.withTimeout(remainingMs)
  for (const key of keys) {
    if (key.codec === undefined || !Object.hasOwn(values, key.name)) continue
    ctx = ctx.with(key, decode(key, key.codec, values[key.name])) as Context<Base>
  }
  return ctx
}

/** The type says what a peer should send; this, what it did send. */
function checked(wire: WireContext): WireContext {
  if (typeof wire !== 'object' || wire === null) throw invalid('it is no object')
  const { remainingMs, traceparent, values } = wire
  if (typeof values !== 'object' || values === null) throw invalid('its values are no object')
  if (typeof traceparent !== 'string') throw invalid('its traceparent is no text')
  if (remainingMs !== undefined && !(typeof remainingMs === 'number' && remainingMs >= 0)) {
    throw invalid(`its remaining time is ${describe(remainingMs)}, not 0 ms or more`)
  }
  return wire
}

function decode<T>(key: AnyKey, codec: Codec<T>, text: unknown): T {
  if (typeof text !== 'string') throw invalid(`the value of "${key.name}" is no text`)
  try {
    return codec.decode(text)
  } catch (cause) {
    throw invalid(`the value of "${key.name}" does not decode`, { cause })
  }
}

function invalid(what: string, options?: ErrorOptions): PeerError {
  return new PeerError(
    'CONTEXT_WIRE_INVALID',
    `a context came over the wire that cannot be read: ${what}`,
    options,
  )
}
