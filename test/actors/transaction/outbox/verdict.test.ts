/** Law: the wait before the next attempt is drawn from 0 to twice as much each time, up to its bound; the last attempt is the last. */
import test from 'ava'
import fc from 'fast-check'
import { undeliverable } from '../../../../actors/transaction/outbox/destination.ts'
import { defaultRelayLimits } from '../../../../actors/transaction/outbox/relay-limits.ts'
import { backoffMs, failureOf } from '../../../../actors/transaction/outbox/verdict.ts'
import { createSeededRandom, type Random } from '../../../../runtime/context/random.ts'

const NOW = 1_000_000
const always = (fraction: number): Random => ({ nextUint32: () => Math.floor(fraction * 2 ** 32) })
const lease = (attempt: number) => ({ id: 7, attempt, leasedUntilMs: NOW + 30_000 })

for (const [attempt, mostMs] of [
  [1, 2_000],
  [2, 4_000],
  [3, 8_000],
  [8, 256_000],
  [9, 300_000],
  [24, 300_000],
  [10_000, 300_000],
] as const) {
  test(`after attempt ${attempt} it waits ${mostMs} ms at most`, (t) => {
    t.is(backoffMs(attempt, always(0), defaultRelayLimits), 0)
    t.is(backoffMs(attempt, always(0.5), defaultRelayLimits), mostMs / 2)
    t.true(backoffMs(attempt, always(1 - 2 ** -32), defaultRelayLimits) < mostMs)
  })
}

for (const [what, attempt, error, expected] of [
  ['an error', 1, new RangeError('no'), { error: 'no', dueMs: NOW + 1_000 }],
  [
    'an error with a code',
    1,
    Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
    { error: 'ECONNRESET: reset' },
  ],
  ['what is no error', 1, undefined, { error: 'no reason given', dueMs: NOW + 1_000 }],
  [
    'what cannot be printed',
    1,
    {
      toString: () => {
        throw new Error('trap')
      },
    },
    { error: 'a reason that cannot be printed' },
  ],
  ['a wish to be left alone', 1, { retryAfterMs: 5_000 }, { dueMs: NOW + 5_000 }],
  ['a wish that is shorter than the wait', 3, { retryAfterMs: 1 }, { dueMs: NOW + 4_000 }],
  ['a wish that is too long', 1, { retryAfterMs: 1e12 }, { dueMs: NOW + 300_000 }],
  ['a wish that is none', 1, { retryAfterMs: Number.NaN }, { dueMs: NOW + 1_000 }],
  ['the attempt before the last', 24, 'no', { dueMs: NOW + 150_000 }],
  ['the last attempt', 25, 'no', { dueMs: undefined }],
  ['what is undeliverable', 1, undeliverable('never'), { dueMs: undefined }],
] as const) {
  test(`a failure with ${what}`, (t) => {
    t.like(failureOf(lease(attempt), error, NOW, always(0.5), defaultRelayLimits), {
      id: 7,
      attempt,
      ...expected,
    })
  })
}

test('a message that always fails is given up within an hour and a half of waiting', (t) => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = createSeededRandom(seed)
      let waitedMs = 0
      for (let attempt = 1; attempt < 25; attempt++)
        waitedMs += backoffMs(attempt, random, defaultRelayLimits)
      return waitedMs < 5_400_000
    }),
  )
  t.pass()
})
