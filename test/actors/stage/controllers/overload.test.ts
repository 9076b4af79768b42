/**
 * Law: under any load a stage answers as many in time as it can do at all, from the first second on.
 *
 * The real controllers, in simulated time: open-loop arrivals, one queue, servers, seeds that are fixed.
 */
import test from 'ava'
import { type Arrivals, type Outcome, simulate } from './simulation.ts'

const loads = [0.5, 1, 2, 4, 8] as const
const seconds = { 0.5: 4, 5: 12, 50: 60, 250: 240 } as const

interface Case {
  readonly servers: number
  readonly serviceMs: keyof typeof seconds
  readonly times: 'constant' | 'exponential'
  /** Target, in jobs. */
  readonly factor: number
  readonly arrivals: Arrivals
}

function underEachLoad({ servers, serviceMs, times, factor, arrivals }: Case): Map<number, Outcome> {
  const targetMs = serviceMs * factor
  const length = seconds[serviceMs]
  return new Map(
    loads.map((load) => [
      load,
      simulate({
        servers,
        serviceMs,
        times,
        targetMs,
        arrivals,
        load,
        seconds: length,
        warmSeconds: 0,
        seed: 7,
        burstMs: Math.max(20, targetMs / 2),
      }),
    ]),
  )
}

const cases = (times: Case['times'], factors: readonly number[]): Case[] =>
  [1, 2, 4].flatMap((servers) =>
    ([0.5, 5, 50, 250] as const).flatMap((serviceMs) =>
      factors
        .filter((factor) => serviceMs * factor >= 2)
        .flatMap((factor) =>
          (['constant', 'poisson', 'bursts'] as const).map(
            (arrivals): Case => ({
              servers,
              serviceMs,
              times,
              factor,
              arrivals,
            }),
          ),
        ),
    ),
  )

for (const [times, factors, share] of [
  ['constant', [5, 20], 0.95],
  ['exponential', [20], 0.9],
] as const) {
  test(`jobs of ${times} size: at 4 and 8 times the capacity ${share * 100} % of the peak’s goodput, and a p90 within 1.2 times the target`, (t) => {
    for (const one of cases(times, factors)) {
      const outcomes = underEachLoad(one)
      const peak = Math.max(...[...outcomes.values()].map(({ goodput }) => goodput))
      for (const load of [4, 8]) {
        const { goodput, p90Ms } = outcomes.get(load) as Outcome
        const what = `${JSON.stringify(one)} at ${load} x`
        t.true(goodput >= share * peak, `${what}: goodput ${goodput} of ${peak}`)
        t.true(p90Ms <= 1.2 * one.serviceMs * one.factor, `${what}: p90 ${p90Ms} ms`)
      }
    }
  })
}

test('at half of the capacity, evenly, nobody is refused; at all of it hardly anybody', (t) => {
  for (const one of cases('constant', [5, 20]).filter(({ arrivals }) => arrivals === 'constant')) {
    const outcomes = underEachLoad(one)
    t.is(outcomes.get(0.5)?.refused, 0, JSON.stringify(one))
    const full = outcomes.get(1) as Outcome
    t.true(full.refused <= 0.05 * full.offered, `${JSON.stringify(one)}: ${full.refused} of ${full.offered}`)
  }
})

test('a refusal says a time between a millisecond and the most that it may say', (t) => {
  const { retryAfterMs } = simulate({
    servers: 2,
    serviceMs: 50,
    times: 'exponential',
    targetMs: 500,
    arrivals: 'bursts',
    load: 8,
    seconds: 30,
    warmSeconds: 0,
    seed: 3,
  })
  t.true(retryAfterMs.length > 1_000)
  t.true(retryAfterMs.every((ms) => Number.isInteger(ms) && ms >= 1 && ms <= 30_000))
})

test('the same seed gives the same run', (t) => {
  const scenario = {
    servers: 2,
    serviceMs: 5,
    times: 'exponential',
    targetMs: 100,
    arrivals: 'poisson',
    load: 2,
    seconds: 5,
    warmSeconds: 0,
  } as const
  t.deepEqual(simulate({ ...scenario, seed: 1 }), simulate({ ...scenario, seed: 1 }))
  t.notDeepEqual(simulate({ ...scenario, seed: 1 }), simulate({ ...scenario, seed: 2 }))
})
