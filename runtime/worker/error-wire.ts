/**
 * Errors as data: kind, name, code, message, stack, cause and the errors of an AggregateError cross to another thread;
 * classes do not.
 *
 * comlink and structured clone keep name, message and stack, and lose `code`, by which errors are told apart. The kind says
 * whose fault it is, so that what was overload there is overload here.
 *
 * Rules: a field that throws at a look is left out, and costs the error no other.
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
  readonly code?: string | number
  readonly stack?: string
  readonly cause?: FailureWire
  /** Of an AggregateError. */
  readonly errors?: readonly FailureWire[]
  /** Of an actor, where the error names one. */
  readonly path?: string
  readonly refusal?: DeadReason
}

/** Causes of causes that cross; what is below the last is left out. */
const CAUSES_MAX = 8
/** Errors of AggregateErrors that cross with one failure, in all: each of them may be one again, and hold the others. */
const ERRORS_MAX = 8

type Revive = (wire: ErrorWire & { readonly code: string }, cause: unknown) => Error

/** The kinds, the most special first: an error is of the first that it is an instance of. */
const kinds: readonly (readonly [kind: string, of: new (...args: never[]) => Error, revive: Revive])[] = [
  ['cancelled', CancelledError, (_, cause) => new CancelledError(cause)],
  ['deadline', DeadlineError, () => new DeadlineError(0)],
  [
    'ask',
    AskError,
    ({ code, path = '', message, refusal }, cause) =>
      new AskError(code, path, message, { cause, ...(refusal === undefined ? {} : { refusal }) }),
  ],
  ['actorFailed', ActorFailedError, ({ path = '' }, cause) => new ActorFailedError(path, cause)],
  ['usage', UsageError, ({ code, message }, cause) => new UsageError(code, message, { cause })],
  ['peer', PeerError, ({ code, message }, cause) => new PeerError(code, message, { cause })],
  ['overload', OverloadError, ({ code, message }, cause) => new OverloadError(code, message, { cause })],
  ['invariant', InvariantError, ({ code, message }, cause) => new InvariantError(code, message, { cause })],
  ['greenroom', GreenroomError, ({ code, message }, cause) => new GreenroomError(code, message, { cause })],
  [
    'aggregate',
    AggregateError,
    ({ message, errors = [] }, cause) => new AggregateError(errors.map(fromErrorWire), message, { cause }),
  ],
  ['type', TypeError, ({ message }, cause) => new TypeError(message, { cause })],
  ['range', RangeError, ({ message }, cause) => new RangeError(message, { cause })],
  ['syntax', SyntaxError, ({ message }, cause) => new SyntaxError(message, { cause })],
]

const ERROR = 'error'
const revivers = new Map(kinds.map(([kind, , revive]) => [kind, revive]))

export function toErrorWire(error: unknown): FailureWire {
  return wireOf(error, 0, { errors: ERRORS_MAX })
}

function wireOf(error: unknown, depth: number, room: { errors: number }): FailureWire {
  try {
    if (!(error instanceof Error)) return { value: cloneable(error) }
    const own = error as { code?: unknown; path?: unknown; refusal?: DeadReason } & Error
    const isDeepest = depth >= CAUSES_MAX
    const name = look(() => own.name)
    const code = look(() => own.code)
    const stack = look(() => own.stack)
    // Why something was called off is not always an error.
    const cause = look(() => (error instanceof CancelledError ? error.reason : error.cause))
    const errors = error instanceof AggregateError && !isDeepest ? errorsOf(error, room) : []
    const path = look(() => own.path)
    const refusal = look(() => own.refusal)
    return {
      kind: kinds.find(([, type]) => error instanceof type)?.[0] ?? ERROR,
      name: typeof name === 'string' ? name : 'Error',
      message: look(() => `${own.message}`) ?? describe(error),
      ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
      ...(typeof stack === 'string' ? { stack } : {}),
      ...(cause === undefined || isDeepest ? {} : { cause: wireOf(cause, depth + 1, room) }),
      ...(errors.length === 0 ? {} : { errors: errors.map((each) => wireOf(each, depth + 1, room)) }),
      ...(typeof path === 'string' ? { path } : {}),
      ...(typeof refusal === 'string' ? { refusal } : {}),
    }
  } catch (trap) {
    return { kind: ERROR, name: 'Error', message: describe(trap) }
  }
}

/** What is seen there, unless that throws. */
function look<T>(at: () => T): T | undefined {
  try {
    return at()
  } catch {
    return undefined
  }
}

/** As many as there is room for. */
function errorsOf(error: AggregateError, room: { errors: number }): unknown[] {
  const errors = look(() => Array.from(error.errors.slice(0, room.errors) as unknown[])) ?? []
  room.errors -= errors.length
  return errors
}

/** The error on this side: of the same kind, with the original's name, code and stack. */
export function fromErrorWire(wire: FailureWire): unknown {
  if (!('kind' in wire)) return wire.value
  const cause = wire.cause === undefined ? undefined : fromErrorWire(wire.cause)
  const revive = revivers.get(wire.kind)
  const error =
    revive === undefined
      ? new Error(wire.message, cause === undefined ? undefined : { cause })
      : revive({ ...wire, code: `${wire.code ?? ''}` }, cause)
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
