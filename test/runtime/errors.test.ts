/** Law: an error tells by its class whose fault it is, by its code what it is, and by its message what was seen. */
import test from 'ava'
import {
  CancelledError,
  codeOf,
  DeadlineError,
  describe,
  GreenroomError,
  InvariantError,
  OverloadError,
  PeerError,
  UsageError,
} from '../../runtime/errors.ts'

for (const Family of [GreenroomError, UsageError, PeerError, OverloadError, InvariantError]) {
  test(`${Family.name} has its name, its code, its message and its cause`, (t) => {
    const cause = new Error('cause')
    const error = new Family('SOME_CODE', 'some message', { cause })
    t.true(error instanceof GreenroomError)
    t.true(error instanceof Error)
    t.is(error.name, Family.name)
    t.is(error.code, 'SOME_CODE')
    t.is(error.message, 'some message')
    t.is(error.cause, cause)
    t.is(String(error), `${Family.name}: some message`)
  })
}

test('without a cause there is none, not an undefined one', (t) => {
  t.false('cause' in new UsageError('SOME_CODE', 'some message'))
  t.false('cause' in new CancelledError('reason'))
})

test('a cancellation carries its reason, and an error as its cause', (t) => {
  const failure = new Error('disk full')
  const error = new CancelledError(failure)
  t.is(error.code, 'CANCELLED')
  t.is(error.reason, failure)
  t.is(error.cause, failure)
  t.is(error.message, 'cancelled: disk full')
})

test('a missed deadline is overload, and says what missed it', (t) => {
  const error = new DeadlineError(350, 'the ask')
  t.true(error instanceof OverloadError)
  t.is(error.code, 'DEADLINE_EXCEEDED')
  t.is(error.deadlineMs, 350)
  t.is(error.message, 'the ask missed its deadline')
})

const unprintable = {
  toString() {
    throw new Error('no text')
  },
}

const descriptions: [what: string, reason: unknown, text: string][] = [
  ['nothing', undefined, 'no reason given'],
  ['null', null, 'null'],
  ['a text', 'client left', 'client left'],
  ['a symbol', Symbol('stop'), 'Symbol(stop)'],
  ['an error', new TypeError('bad type'), 'bad type'],
  ['an error without a message', new TypeError(), 'TypeError'],
  ['an object without a prototype', Object.create(null), 'a reason that cannot be printed'],
  ['an object that throws', unprintable, 'a reason that cannot be printed'],
]

for (const [what, reason, text] of descriptions) {
  test(`${what} is described as "${text}"`, (t) => {
    t.is(describe(reason), text)
  })
}

const codes: [what: string, thrown: unknown, code: string][] = [
  ['an error of ours', new UsageError('BAD_OPTION', ''), 'BAD_OPTION'],
  ["an error of Node's", Object.assign(new Error(), { code: 'ECONNRESET' }), 'ECONNRESET'],
  ['a plain error', new Error('no code'), 'UNKNOWN'],
  ['an error with a number for a code', Object.assign(new Error(), { code: 5 }), 'UNKNOWN'],
  ['a text', 'thrown', 'UNKNOWN'],
  ['null', null, 'UNKNOWN'],
]

for (const [what, thrown, code] of codes) {
  test(`the code of ${what} is ${code}`, (t) => {
    t.is(codeOf(thrown), code)
  })
}

test('anything thrown has a description, a trap too', (t) => {
  const { proxy, revoke } = Proxy.revocable({}, {})
  revoke()
  t.is(describe(proxy), 'a reason that cannot be printed')
  t.is(codeOf(proxy), 'UNKNOWN')
})

test('a description is a text, also of an error whose message is none', (t) => {
  const saying = (message: unknown) => describe(Object.assign(new Error(), { message }))
  t.is(saying(5), '5')
  t.is(saying(Symbol('s')), 'Symbol(s)')
  t.is(saying({ toString: () => ({}) }), 'a reason that cannot be printed')
})
