/** Laws of what the controllers stand on: the token bucket, the window, the estimate, and options. */
import test from 'ava'
import fc from 'fast-check'
import { resolveAdmissionOptions } from '../../../../actors/stage/controllers/admission-options.ts'
import { resolveBatchOptions } from '../../../../actors/stage/controllers/batch-options.ts'
import { PercentileWindow, percentile } from '../../../../actors/stage/controllers/percentile-window.ts'
import { resolvePoolOptions } from '../../../../actors/stage/controllers/pool-options.ts'
import {
  capacityPerSecond,
  noEstimate,
  observeService,
  predictMs,
  variability,
} from '../../../../actors/stage/controllers/service-estimate.ts'
import { fillBucket, initialBucket, takeTokens } from '../../../../actors/stage/controllers/token-bucket.ts'

test('a bucket gives its depth at once, then its rate, and says when there will be more', (t) => {
  const options = { ratePerSecond: 10, depth: 3 }
  let state = initialBucket(0, options)
  for (let n = 0; n < 3; n++) {
    const take = takeTokens(state, 0, options)
    t.true(take.isTaken)
    state = take.state
  }
  const refused = takeTokens(state, 0, options)
  t.like(refused, { isTaken: false, retryAfterMs: 100 })
  t.true(takeTokens(refused.state, 100, options).isTaken)
  t.is(takeTokens(state, 0, options, 4).retryAfterMs, Number.POSITIVE_INFINITY)
  t.deepEqual(fillBucket({ tokens: 1, filledAtMs: 50 }, 0, options), { tokens: 1, filledAtMs: 50 })
})

test('in any time a bucket gives no more than its depth and what its rate is for that time, and no less', (t) => {
  const arrivals = fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 200 })
  fc.assert(
    fc.property(
      arrivals,
      fc.integer({ min: 1, max: 100 }),
      fc.integer({ min: 1, max: 20 }),
      (gaps, rate, depth) => {
        const options = { ratePerSecond: rate, depth }
        let state = initialBucket(0, options)
        let nowMs = 0
        let taken = 0
        for (const gap of gaps) {
          nowMs += gap
          const take = takeTokens(state, nowMs, options)
          state = take.state
          if (take.isTaken) taken += 1
          else
            t.true(
              take.retryAfterMs > 0 && takeTokens(state, nowMs + take.retryAfterMs + 1e-6, options).isTaken,
            )
        }
        t.true(taken <= depth + (nowMs * rate) / 1_000 + 1e-6)
        t.pass()
      },
    ),
  )
})

test('the window keeps the latest, and counts those that are neither too old nor entered too early', (t) => {
  const window = new PercentileWindow(3)
  t.deepEqual(window.summary({ nowMs: 0, ageMsMax: 10 }), { count: 0, p90Ms: null })
  for (const [elapsedMs, nowMs] of [
    [100, 100],
    [5, 110],
    [7, 120],
    [9, 130],
  ] as const)
    window.add(elapsedMs, nowMs)
  t.deepEqual(window.summary({ nowMs: 130, ageMsMax: 1_000 }), { count: 3, p90Ms: 9 })
  t.deepEqual(window.summary({ nowMs: 130, ageMsMax: 10 }), { count: 2, p90Ms: 9 })
  t.deepEqual(window.summary({ nowMs: 130, ageMsMax: 1_000, enteredSinceMs: 113 }), { count: 2, p90Ms: 9 })
})

test('a percentile is one of the values, not exceeded by so many, in any order', (t) => {
  const values = fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 100 })
  fc.assert(
    fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (all, fraction) => {
      const found = percentile(all, fraction) as number
      t.true(all.includes(found))
      t.true(all.filter((one) => one <= found).length >= fraction * all.length - 1e-9)
      t.is(percentile([...all].reverse(), fraction), found)
    }),
  )
})

test('what a job costs is learnt, and so are capacity and how long a queue takes', (t) => {
  let estimate = noEstimate
  t.is(predictMs(estimate, 100, 1, 2), 0, 'ignorance refuses nobody')
  t.is(capacityPerSecond(estimate, 1), null)
  for (let n = 0; n < 50; n++) estimate = observeService(estimate, 10)
  t.is(Math.round(capacityPerSecond(estimate, 2) as number), 200)
  t.true(variability(estimate) < 1e-6)
  t.is(Math.round(predictMs(estimate, 0, 1, 1.645)), 10)
  const behind = predictMs(estimate, 20, 1, 1.645)
  t.true(behind > 200 && behind < 220, `${behind} ms behind twenty jobs of 10 ms`)
  t.true(predictMs(estimate, 20, 4, 1.645) < 80)
})

test('the more wait, the longer a job is predicted to take; the more servers, the shorter', (t) => {
  const costs = fc.array(fc.double({ min: 0.01, max: 1e3, noNaN: true }), { minLength: 1, maxLength: 50 })
  fc.assert(
    fc.property(costs, fc.nat(200), fc.integer({ min: 1, max: 16 }), (all, ahead, servers) => {
      const estimate = all.reduce((sum, ms) => observeService(sum, ms), noEstimate)
      const here = predictMs(estimate, ahead, servers, 1.645)
      t.true(Number.isFinite(here) && here > 0)
      t.true(predictMs(estimate, ahead + servers + 1, servers, 1.645) >= here - 1e-6)
      t.true(predictMs(estimate, ahead, servers + 16, 1.645) <= here + 1e-6)
    }),
  )
})

for (const [name, resolve] of [
  ['admission', resolveAdmissionOptions],
  ['pool', resolvePoolOptions],
  ['batch', resolveBatchOptions],
] as const) {
  test(`${name}: each option out of its bounds, and one that is unknown, is refused by its name`, (t) => {
    const resolved = resolve({})
    for (const [option, value] of Object.entries(resolved)) {
      if (typeof value !== 'number') continue
      for (const bad of [Number.NaN, -2, 1e12, '5']) {
        const error = t.throws(() => resolve({ [option]: bad } as never), { code: 'STAGE_OPTION_INVALID' })
        t.true(error?.message.includes(option), `${option} ${bad}: ${error?.message}`)
      }
    }
    t.throws(() => resolve({ nonsense: 1 } as never), { code: 'STAGE_OPTION_INVALID', message: /nonsense/ })
  })
}

test('at most eight classes, each with options that are known', (t) => {
  const nine = Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`c${n}`, {}]))
  t.throws(() => resolveAdmissionOptions({}, nine), { code: 'STAGE_OPTION_INVALID', message: /classes/ })
  t.throws(() => resolveAdmissionOptions({}, {}), { code: 'STAGE_OPTION_INVALID' })
  t.throws(() => resolveAdmissionOptions({}, { one: { targetMs: 0 } }), { message: /classes\.one\.targetMs/ })
})
