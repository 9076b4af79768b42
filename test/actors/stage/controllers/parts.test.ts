/** The parts that admission is made of: the token bucket, the window of times, the estimate of what a job costs. */
import test from 'ava'
import fc from 'fast-check'
import { PercentileWindow, percentile } from '../../../../actors/stage/controllers/percentile-window.ts'
import {
  noEstimate,
  observeService,
  predictMs,
  type ServiceEstimate,
  variability,
} from '../../../../actors/stage/controllers/service-estimate.ts'
import { fillBucket, initialBucket, takeTokens } from '../../../../actors/stage/controllers/token-bucket.ts'

const bucket = { ratePerSecond: 100, depth: 5 }

test('a bucket gives its depth at once, and then what its rate brings', (t) => {
  let state = initialBucket(0, bucket)
  for (let i = 0; i < 5; i += 1) state = takeTokens(state, 0, bucket).state
  t.deepEqual(takeTokens(state, 0, bucket), { state, isTaken: false, retryAfterMs: 10 })
  t.true(takeTokens(state, 10, bucket).isTaken)
})

test('a refusal costs no token, also one of many', (t) => {
  const half = takeTokens(initialBucket(0, bucket), 0, bucket, 3).state
  t.deepEqual(takeTokens(half, 0, bucket, 3), { state: half, isTaken: false, retryAfterMs: 10 })
  t.true(takeTokens(half, 0, bucket, 2).isTaken)
})

test('more than its depth never comes, and it says so', (t) => {
  t.is(takeTokens(initialBucket(0, bucket), 0, bucket, 6).retryAfterMs, Number.POSITIVE_INFINITY)
})

test('a bucket of 5,000 a second gives 5,000, however often it is asked', (t) => {
  const fast = { ratePerSecond: 5_000, depth: 2 }
  let state = initialBucket(0, fast)
  let taken = 0
  for (let ms = 0; ms < 1_000; ms += 0.05) {
    const take = takeTokens(state, ms, fast)
    state = take.state
    if (take.isTaken) taken += 1
  }
  t.true(Math.abs(taken - 5_000) <= 50, String(taken))
})

test('a clock that goes back fills nothing, and never counts a time twice', (t) => {
  const empty = { tokens: 0, filledAtMs: 100 }
  t.deepEqual(fillBucket(empty, 50, bucket), empty)
  t.is(fillBucket(fillBucket(empty, 50, bucket), 110, bucket).tokens, 1)
})

test('a bucket never gives more than its depth and its rate allow', (t) => {
  const steps = fc.array(
    fc.tuple(fc.double({ min: 0, max: 200, noNaN: true }), fc.integer({ min: 1, max: 7 })),
  )
  fc.assert(
    fc.property(steps, (asked) => {
      let state = initialBucket(0, bucket)
      let nowMs = 0
      let taken = 0
      for (const [afterMs, count] of asked) {
        nowMs += afterMs
        const take = takeTokens(state, nowMs, bucket, count)
        state = take.state
        if (take.isTaken) taken += count
        t.true(state.tokens >= 0 && state.tokens <= bucket.depth)
        t.is(take.retryAfterMs === 0, take.isTaken)
      }
      t.true(taken <= bucket.depth + (nowMs * bucket.ratePerSecond) / 1_000 + 1e-6)
    }),
  )
})

test('the 90th percentile is a sample that nine of ten do not exceed', (t) => {
  t.is(percentile([], 0.9), null)
  t.is(percentile([7], 0.9), 7)
  t.is(percentile([10, 1, 2, 9, 3, 8, 4, 7, 5, 6], 0.9), 9)
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
      const p90 = percentile(values, 0.9) as number
      t.true(values.includes(p90))
      t.true(values.filter((value) => value <= p90).length >= 0.9 * values.length)
      t.true(values.filter((value) => value < p90).length < 0.9 * values.length)
    }),
  )
})

test('a window keeps the newest, and counts neither the old nor what entered too early', (t) => {
  const window = new PercentileWindow(3)
  const span = { nowMs: 100, ageMsMax: 1_000 }
  t.deepEqual(window.summary(span), { count: 0, p90Ms: null })
  for (const [elapsedMs, endedMs] of [
    [90, 10],
    [1, 20],
    [2, 30],
    [3, 40],
  ] as const)
    window.add(elapsedMs, endedMs)
  t.deepEqual(window.summary(span), { count: 3, p90Ms: 3 })
  t.deepEqual(window.summary({ nowMs: 100, ageMsMax: 70 }), { count: 2, p90Ms: 3 })
  t.deepEqual(window.summary({ ...span, enteredSinceMs: 37 }), { count: 1, p90Ms: 3 })
})

function learn(times: readonly number[]): ServiceEstimate {
  return times.reduce((estimate, ms) => observeService(estimate, ms), noEstimate)
}

test('the first jobs count evenly: one cold start is outvoted by a few', (t) => {
  t.is(learn([50]).meanMs, 50)
  t.is(learn([50, 4, 6]).meanMs, 20)
})

test('the estimate follows jobs that become ten times as long, within the next hundred', (t) => {
  const before = learn(Array(500).fill(5))
  const after = Array(100)
    .fill(50)
    .reduce((estimate, ms) => observeService(estimate, ms), before)
  t.true(after.meanMs > 40 && after.meanMs <= 50, String(after.meanMs))
})

test('jobs that end together weigh as many, and each costs its part', (t) => {
  const apart = learn(Array(10).fill(3))
  const together = observeService(noEstimate, 30, 10)
  t.is(together.jobs, 10)
  t.true(Math.abs(together.meanMs - apart.meanMs) < 1e-9)
})

test('jobs of one size have no variability, whatever rounding does; it is bounded by 4', (t) => {
  t.is(variability(learn(Array(1_000).fill(0.1))), 0)
  t.is(variability(learn([...Array(99).fill(0.001), 1_000])), 4)
  t.is(variability(noEstimate), 0)
})

test('a job that finds a free server takes a job, one behind n others on k servers waits for n - k + 1', (t) => {
  const estimate = learn(Array(10).fill(8))
  t.is(predictMs(noEstimate, 100, 1, 3), 0)
  t.is(predictMs(estimate, 3, 4, 3), 8)
  // The one under way has half of it left, on the average.
  t.is(predictMs(estimate, 1, 1, 0), 12)
  t.is(predictMs(estimate, 4, 4, 0), 9)
  t.is(predictMs(estimate, 10, 1, 0), 84)
})

test('jobs of one size never take longer than all of those before', (t) => {
  const estimate = learn(Array(10).fill(8))
  for (let ahead = 0; ahead < 50; ahead += 1)
    t.true(predictMs(estimate, ahead, 1, 3) <= 8 * (ahead + 1) + 1e-9)
})

test('a prediction grows with what is ahead and falls with servers, and is never NaN', (t) => {
  const ms = fc.double({ min: 0, max: 1e5, noNaN: true })
  fc.assert(
    fc.property(
      fc.array(ms, { minLength: 1, maxLength: 50 }),
      fc.nat(500),
      fc.integer({ min: 1, max: 16 }),
      (times, ahead, servers) => {
        const estimate = learn(times)
        const now = predictMs(estimate, ahead, servers, 1)
        t.true(Number.isFinite(now) && now >= 0)
        t.true(predictMs(estimate, ahead + 1, servers, 1) >= now - 1e-6 * now)
        t.true(predictMs(estimate, ahead, servers + 1, 1) <= now * (1 + 1e-6))
      },
    ),
  )
})
