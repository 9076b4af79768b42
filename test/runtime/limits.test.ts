/** Law: every limit is a whole number within its bounds, and their relations hold, or nothing starts. */
import test from 'ava'
import { UsageError } from '../../runtime/errors.ts'
import { defaultLimits, type Limits, resolveLimits } from '../../runtime/limits.ts'

const names = Object.keys(defaultLimits) as (keyof Limits)[]
const mayBeZero = (name: string) => name === 'restartIntensity' || name === 'graceMs' || name === 'shutdownMs'

test('the defaults keep their own rules', (t) => {
  t.deepEqual(resolveLimits(), defaultLimits)
  t.deepEqual(resolveLimits(defaultLimits), defaultLimits)
})

test('an override takes the place of its default alone', (t) => {
  t.deepEqual(resolveLimits({ mailboxCapacity: 7 }), { ...defaultLimits, mailboxCapacity: 7 })
})

test('an undefined override leaves the default', (t) => {
  // Only JavaScript gets this far: the type forbids it.
  t.deepEqual(resolveLimits({ mailboxCapacity: undefined } as object), defaultLimits)
})

for (const name of names) {
  const least = mayBeZero(name) ? 0 : 1
  test(`${name} is a whole number from ${least} to 2147483647`, (t) => {
    const overrides = (value: unknown) =>
      ({ turnEnvelopes: 2 ** 31 - 1, stepEnvelopes: 1, [name]: value }) as Partial<Limits>
    t.is(resolveLimits(overrides(least === 0 ? 0 : 2 ** 31 - 1))[name], least === 0 ? 0 : 2 ** 31 - 1)
    for (const value of [least - 1, 1.5, Number.NaN, Infinity, 2 ** 31, '5', null]) {
      const error = t.throws(() => resolveLimits(overrides(value)), { instanceOf: UsageError })
      t.is(error?.code, 'LIMIT_INVALID')
      t.is(error?.message, `limit ${name} must be a whole number from ${least} to 2147483647, not ${value}`)
    }
  })
}

for (const name of ['mailBoxCapacity', 'toString', 'constructor']) {
  test(`"${name}" names no limit, and the message lists those that there are`, (t) => {
    const error = t.throws(() => resolveLimits({ [name]: 5 }), { instanceOf: UsageError })
    t.is(error?.code, 'LIMIT_INVALID')
    t.true(error?.message.startsWith(`no limit is named "${name}"; there are mailboxCapacity, `))
  })
}

test('an actor cannot have more envelopes a step than a turn has', (t) => {
  const error = t.throws(() => resolveLimits({ stepEnvelopes: 10, turnEnvelopes: 9 }), {
    instanceOf: UsageError,
  })
  t.is(error?.message, 'limit stepEnvelopes (10) must not exceed turnEnvelopes (9)')
})
