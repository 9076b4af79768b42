/**
 * Errors as data: kind, name, code, message, stack and cause cross to another thread; classes do not.
 *
 * comlink and structured clone keep name, message and stack, and lose `code`, by which errors are told apart. The kind says
 * whose fault it is, so that what was overload there is overload here.
 */
import {
  CancelledError,
  DeadlineError,
  describe,
  GreenroomError,
  InvariantError,
  OverloadError,
  PeerError,
  UsageError,
} from '../errors.ts'
import type { DeadReason } from '../mailbox/refusal.ts'
import { ActorFailedError, AskError } from '../system/errors.ts'

/** An error, or what was thrown and is none: a value that can be cloned, or its text. */
export type FailureWire = ErrorWire | { readonly value: unknown }

export interface ErrorWire {
  readonly kind: string
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly stack?: string
  readonly cause?: FailureWire
  /** Of an actor, where the error names one. */
  readonly path?: string
  readonly refusal?: DeadReason
}

/** Causes of causes that cross; what is below the last is left out. */
const CAUSES_MAX = 8

type Revive = (wire: ErrorWire, cause: unknown) => Error

/** The kinds, the most special first: an error is of the first that it is an instance of. */
const kinds: readonly (readonly [kind: string, of: new (...args: never[]) => Error, revive: Revive])[] = [
  ['cancelled', CancelledError, (_, cause) => new CancelledError(cause)],
  ['deadline', DeadlineError, () => new DeadlineError(0)],
  [
    'ask',
    AskError,
    ({ code = '', path = '', message, refusal }, cause) =>
      new AskError(code, path, message, { cause, ...(refusal === undefined ? {} : { refusal }) }),
  ],
  ['actorFailed', ActorFailedError, ({ path = '' }, cause) => new ActorFailedError(path, cause)],
  ['usage', UsageError, ({ code = '', message }, cause) => new UsageError(code, message, { cause })],
  ['peer', PeerError, ({ code = '', message }, cause) => new PeerError(code, message, { cause })],
  ['overload', OverloadError, ({ code = '', message }, cause) => new OverloadError(code, message, { cause })],
  [
    'invariant',
    InvariantError,
    ({ code = '', message }, cause) => new InvariantError(code, message, { cause }),
  ],
  [
    'greenroom',
    GreenroomError,
    ({ code = '', message }, cause) => new GreenroomError(code, message, { cause }),
  ],
  ['type', TypeError, ({ message }, cause) => new TypeError(message, { cause })],
  ['range', RangeError, ({ message }, cause) => new RangeError(message, { cause })],
  ['syntax', SyntaxError, ({ message }, cause) => new SyntaxError(message, { cause })],
]

const ERROR = 'error'
const revivers = new Map(kinds.map(([kind, , revive]) => [kind, revive]))

export function toErrorWire(error: unknown, depth = 0): FailureWire {
  try {
    if (!(error instanceof Error)) return { value: cloneable(error) }
    const { name, message, stack } = error
    const { code, path, refusal } = error as { code?: unknown; path?: unknown; refusal?: DeadReason }
    // Why something was called off is not always an error.
    const cause = error instanceof CancelledError ? error.reason : error.cause
    return {
      kind: kinds.find(([, type]) => error instanceof type)?.[0] ?? ERROR,
      name: `${name}`,
      message: `${message}`,
      ...(typeof code === 'string' ? { code } : {}),
      ...(typeof stack === 'string' ? { stack } : {}),
      ...(cause === undefined || depth >= CAUSES_MAX ? {} : { cause: toErrorWire(cause, depth + 1) }),
      ...(typeof path === 'string' ? { path } : {}),
      ...(typeof refusal === 'string' ? { refusal } : {}),
    }
  } catch (trap) {
    return { kind: ERROR, name: 'Error', message: describe(trap) }
  }
}

/** The error on this side: of the same kind, with the original's name, code and stack. */
export function fromErrorWire(wire: FailureWire): unknown {
  if (!('kind' in wire)) return wire.value
  const cause = wire.cause === undefined ? undefined : fromErrorWire(wire.cause)
  const revive = revivers.get(wire.kind)
  const error =
    revive === undefined
      ? new Error(wire.message, cause === undefined ? undefined : { cause })
      : revive(wire, cause)
  const own: PropertyDescriptorMap = {}
  for (const name of ['name', 'message', 'code', 'stack'] as const) {
    const value = wire[name]
    const isThere = (error as { [field: string]: unknown } & Error)[name] === value
    if (value !== undefined && !isThere)
      own[name] = { value, configurable: true, writable: true, enumerable: name === 'code' }
  }
  return Object.defineProperties(error, own)
}

function cloneable(value: unknown): unknown {
  try {
    return structuredClone(value)
  } catch {
    return describe(value)
  }
}
