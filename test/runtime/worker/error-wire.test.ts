/**
 * Law: whatever is thrown crosses: as an error of the same kind, name, code, message, stack and cause, with the errors that
 * it holds, or as what it is.
 */
import test from 'ava'
import fc from 'fast-check'
import {
  ActorFailedError,
  AskError,
  CancelledError,
  codeOf,
  DeadlineError,
  InvariantError,
  OverloadError,
  PeerError,
  ThreadLostError,
  UsageError,
} from 'greenroom'
import { fromErrorWire, toErrorWire } from '../../../runtime/worker/error-wire.ts'

/** To the other side, by way of structured clone. */
function crossed(error: unknown): unknown {
  return fromErrorWire(structuredClone(toErrorWire(error)))
}

type Shape = { name: string; code: string; message: string; cause?: Shape | { value: unknown } }

/** All that is promised of an error, its stack apart. */
function shapeOf(error: unknown): Shape | { value: unknown } {
  if (!(error instanceof Error)) return { value: error }
  const { name, message, cause } = error
  return { name, code: codeOf(error), message, ...(cause === undefined ? {} : { cause: shapeOf(cause) }) }
}

const text = fc.string({ maxLength: 20 })
const plain = fc.oneof(
  fc.string(),
  fc.integer(),
  fc.constant(null),
  fc.boolean(),
  fc.bigInt(),
  fc.dictionary(text, fc.integer()),
)

const anyError = fc.letrec<{ error: Error; cause: unknown }>((tie) => ({
  cause: fc.oneof({ maxDepth: 6 }, plain, tie('error')),
  error: fc.oneof(
    fc
      .record({ message: text, cause: tie('cause'), name: fc.option(text) })
      .map(({ message, cause, name }) =>
        Object.assign(new Error(message, { cause }), name === null ? {} : { name }),
      ),
    fc
      .record({ message: text, code: text })
      .map(({ message, code }) => Object.assign(new TypeError(message), { code })),
    fc
      .record({
        code: text,
        message: text,
        cause: tie('cause'),
        of: fc.constantFrom(UsageError, PeerError, OverloadError, InvariantError),
      })
      .map(({ code, message, cause, of }) => new of(code, message, { cause })),
    tie('cause').map((cause) => new ActorFailedError('greenroom/1', cause)),
    tie('cause').map((cause) => new AskError('ASK_TIMEOUT', 'greenroom/1', 'late', { cause })),
    fc
      .tuple(fc.boolean(), tie('cause'))
      .map(([hasBegun, cause]) => new ThreadLostError('greenroom/1', hasBegun, cause)),
  ),
})).error

const kinds = [
  UsageError,
  PeerError,
  OverloadError,
  InvariantError,
  AskError,
  ActorFailedError,
  TypeError,
  RangeError,
]

test('an error comes back with its name, code, message, stack and causes, and of the same kind', (t) => {
  fc.assert(
    fc.property(anyError, (error) => {
      const back = crossed(error) as Error
      t.deepEqual(shapeOf(back), shapeOf(error))
      t.is(back.stack, error.stack)
      for (const kind of kinds) t.is(back instanceof kind, error instanceof kind, kind.name)
      t.deepEqual(shapeOf(crossed(back)), shapeOf(error), 'and so again')
    }),
  )
})

test('what is thrown and no error comes back as it is, if it can be cloned', (t) => {
  fc.assert(
    fc.property(plain, (value) => {
      t.deepEqual(crossed(value), value)
    }),
  )
  t.is(crossed(undefined), undefined)
})

test('why something was called off comes back, whatever it is', (t) => {
  for (const reason of ['text', undefined, 5, { left: true }]) {
    const back = crossed(new CancelledError(reason))
    t.true(back instanceof CancelledError)
    t.deepEqual((back as CancelledError).reason, reason)
  }
  const back = crossed(new CancelledError(new DeadlineError(5))) as CancelledError
  t.true(back.reason instanceof DeadlineError)
  t.is(back.cause, back.reason)
})

const revoked = Proxy.revocable(new Error('gone'), {})
revoked.revoke()

const trap = (): never => {
  throw new Error('a trap')
}

const weird: Readonly<Record<string, unknown>> = {
  'a function': () => 5,
  'a symbol': Symbol('s'),
  'an object with a function': { f: () => 5 },
  'a promise': Promise.resolve(5),
  'a proxy that is revoked': revoked.proxy,
  'a proxy that throws at every look': new Proxy(
    {},
    { get: trap, getPrototypeOf: trap, ownKeys: trap, has: trap },
  ),
  'an error whose message throws': Object.defineProperty(new Error('x'), 'message', { get: trap }),
  'an error whose cause throws': Object.defineProperty(new Error('x'), 'cause', { get: trap }),
  'an error whose code is a symbol': Object.assign(new Error('x'), { code: Symbol('c') }),
  'an error whose name is a symbol': Object.assign(new Error('x'), { name: Symbol('n') }),
  'an error whose cause is a revoked proxy': new Error('x', { cause: revoked.proxy }),
  'an error without a prototype': Object.setPrototypeOf(new Error('x'), null),
  'an error whose text throws': Object.assign(new Error('x'), {
    toString: trap,
    message: { toString: trap },
  }),
}

for (const [what, thrown] of Object.entries(weird)) {
  test(`${what} crosses as something`, (t) => {
    const back = crossed(thrown)
    t.notThrows(() => codeOf(back))
    t.true(back instanceof Error || typeof back === 'string' || typeof back === 'object')
  })
}

test('a cause that cannot be read costs the error nothing', (t) => {
  t.is((crossed(new Error('kept', { cause: revoked.proxy })) as Error).message, 'kept')
})

for (const field of ['name', 'message', 'code', 'stack', 'cause', 'path', 'refusal']) {
  test(`nor does any other field: ${field}`, (t) => {
    const error = new UsageError('SOME_CODE', 'kept', { cause: 'why' })
    error.name = 'SomeError'
    const back = crossed(Object.defineProperty(error, field, { get: trap })) as UsageError
    const { name, code, message, cause } = back
    const kept = Object.entries({ name, code, message, cause }).filter(([of]) => of !== field)
    const all = { name: 'SomeError', code: 'SOME_CODE', message: 'kept', cause: 'why' }
    t.deepEqual(
      kept,
      Object.entries(all).filter(([of]) => of !== field),
    )
    t.true(back instanceof UsageError)
    if (field === 'cause') t.is(cause, undefined)
  })
}

test('a code may be a number', (t) => {
  for (const error of [new Error('x'), new TypeError('x'), new UsageError('SOME_CODE', 'x')]) {
    const back = crossed(Object.assign(error, { code: 42 })) as { code?: unknown }
    t.is(back.code, 42)
    t.is((crossed(back) as { code?: unknown }).code, 42, 'and so again')
  }
})

test('the errors that one holds cross as well', (t) => {
  const inner = new AggregateError([new PeerError('DEEP', 'c')], 'inner')
  const held = [new UsageError('SOME_CODE', 'a'), 'b', inner]
  const error = Object.assign(new AggregateError(held, 'all', { cause: 'why' }), { code: 'ALL' })
  const back = crossed(error) as AggregateError
  t.true(back instanceof AggregateError)
  t.deepEqual(shapeOf(back), shapeOf(error))
  t.is(back.stack, error.stack)
  t.deepEqual(back.errors.map(shapeOf), held.map(shapeOf))
  t.true(back.errors[0] instanceof UsageError)
  t.deepEqual((back.errors[2] as AggregateError).errors.map(codeOf), ['DEEP'])
})

test('eight of them, with those in these: also where they go round', (t) => {
  const count = (error: AggregateError): number =>
    error.errors.reduce((sum, each) => sum + 1 + (each instanceof AggregateError ? count(each) : 0), 0)
  const many = new AggregateError(Array.from({ length: 100 }, (_, at) => new Error(`${at}`)))
  t.deepEqual(
    (crossed(many) as AggregateError).errors.map(({ message }) => message),
    ['0', '1', '2', '3', '4', '5', '6', '7'],
  )
  const round = new AggregateError([])
  for (let i = 0; i < 3; i++) round.errors.push(round)
  t.is(count(crossed(round) as AggregateError), 8)
})

test('what is no list of errors, or throws at a look, holds none', (t) => {
  const holey = new Proxy([], { get: trap })
  for (const errors of [5, undefined, revoked.proxy, holey, { slice: trap }, { slice: () => 5 }]) {
    const back = crossed(Object.assign(new AggregateError([], 'kept'), { errors })) as AggregateError
    t.is(back.message, 'kept')
    t.deepEqual(back.errors, [])
  }
})

test('causes that go round, or too deep, end', (t) => {
  const round = new Error('round')
  round.cause = round
  let depth = 0
  for (let at = crossed(round) as Error | undefined; at !== undefined; at = at.cause as Error | undefined)
    depth += 1
  t.is(depth, 9)
})
