/** Law: the pool controller has as many members as there is work for, within its bounds, and does not flap. */
import test from 'ava'
import fc from 'fast-check'
import {
  initialPool,
  type PoolDecision,
  type PoolSample,
  type PoolState,
  poolStep,
} from '../../../../actors/stage/controllers/pool-controller.ts'
import { type PoolOptions, resolvePoolOptions } from '../../../../actors/stage/controllers/pool-options.ts'

const busy = { starting: 0, busyPeak: 1_000, completed: 10, refused: 0 }
const quiet = { starting: 0, busyPeak: 0, completed: 0, refused: 0, queued: 0 }

/** Samples each 100 ms, until `seconds` are over; members come and go as it says. */
class Pool {
  readonly options
  state: PoolState
  members: number
  nowMs = 0
  readonly decisions: PoolDecision[] = []

  constructor(options: PoolOptions = {}) {
    this.options = resolvePoolOptions(options)
    this.state = initialPool(this.options)
    this.members = this.options.min
  }

  sample(sample: Omit<PoolSample, 'nowMs' | 'ready'>): PoolDecision {
    this.nowMs += 100
    const whole = { ...sample, nowMs: this.nowMs, ready: this.members - sample.starting }
    const step = poolStep(this.state, whole, this.options)
    this.state = step.state
    this.members = step.decision.members
    this.decisions.push(step.decision)
    return step.decision
  }

  run(seconds: number, sample: (members: number) => Omit<PoolSample, 'nowMs' | 'ready'>): void {
    for (let n = 0; n < seconds * 10; n++) this.sample(sample(this.members))
  }

  get changes(): number {
    return this.decisions.filter(({ action }) => action !== 'hold').length
  }
}

test('one more when jobs wait for each member at two samples in a row, up to max', (t) => {
  const pool = new Pool({ max: 3 })
  t.like(pool.sample({ ...busy, queued: 5 }), { action: 'hold', members: 1 })
  t.like(pool.sample({ ...busy, queued: 5 }), { action: 'grow', reason: 'queue-above-mark', members: 2 })
  pool.run(1, () => ({ ...busy, queued: 50 }))
  t.is(pool.members, 3)
  t.like(pool.sample({ ...busy, queued: 50 }), { action: 'hold', reason: 'at-max', canGrow: false })
})

test('a burst that is gone after one sample makes no member; refusals count as a queue', (t) => {
  const pool = new Pool()
  for (let n = 0; n < 20; n++) pool.sample({ ...busy, queued: n % 2 === 0 ? 50 : 0 })
  t.is(pool.members, 1)
  pool.run(0.3, () => ({ ...busy, queued: 0, refused: 3 }))
  t.true(pool.members > 1)
})

test('while a member starts, no other is made', (t) => {
  const pool = new Pool({ max: 8 })
  pool.run(0.2, () => ({ ...busy, queued: 50 }))
  t.is(pool.members, 2)
  pool.run(2, () => ({ ...busy, starting: 1, queued: 50 }))
  t.is(pool.members, 2)
  t.is(pool.decisions.at(-1)?.reason, 'member-starting')
})

test('with min 0 the first job calls for a member, and five idle seconds later there is none', (t) => {
  const pool = new Pool({ min: 0 })
  t.like(pool.sample({ ...quiet }), { action: 'hold', members: 0 })
  t.like(pool.sample({ ...quiet, queued: 1 }), { action: 'grow', reason: 'first-job', members: 1 })
  pool.run(4.9, () => quiet)
  t.is(pool.members, 1)
  pool.run(0.3, () => quiet)
  t.is(pool.members, 0)
  t.true(pool.decisions.some(({ reason }) => reason === 'idle'))
})

test('idle members go together, down to those that had work, and never below min', (t) => {
  const pool = new Pool({ min: 2, max: 8 })
  pool.run(3, () => ({ ...busy, queued: 99 }))
  t.is(pool.members, 8)
  pool.run(6, () => ({ ...quiet, busyPeak: 3, completed: 9 }))
  t.is(pool.members, 3)
  pool.run(60, () => quiet)
  t.is(pool.members, 2)
})

test('where growing costs throughput it goes back, and does not try again for a while, each time longer', (t) => {
  const pool = new Pool({ max: 4 })
  // Two members in each other's way do half of what one does.
  const thrashing = (members: number) => ({ ...busy, queued: 50, completed: members === 1 ? 40 : 20 })
  pool.run(200, thrashing)
  const reverts = pool.decisions.flatMap(({ reason, sample }) =>
    reason === 'thrashing' ? [sample.nowMs] : [],
  )
  t.true(reverts.length >= 2 && reverts.length <= 5, `${reverts.length} times in 200 s`)
  const gaps = reverts.slice(1).map((atMs, n) => atMs - (reverts[n] as number))
  t.true((gaps[0] as number) >= 30_000)
  t.deepEqual(
    gaps,
    [...gaps].sort((a, b) => a - b),
  )
  t.true(pool.decisions.some(({ reason }) => reason === 'held'))
})

test('work that comes and goes each few seconds does not make it flap', (t) => {
  const pool = new Pool({ max: 4 })
  for (let round = 0; round < 40; round++) {
    pool.run(2, () => ({ ...busy, queued: 20 }))
    pool.run(6, () => quiet)
  }
  const last = pool.decisions.slice(-1_600).filter(({ action }) => action === 'retire').length
  t.true(last <= 10, `${last} times in the last 160 s`)
})

test('any samples: members stay within bounds, no state is changed in place, and one that was written down goes on the same', (t) => {
  const samples = fc.array(
    fc.record({
      starting: fc.integer({ min: 0, max: 1 }),
      queued: fc.nat(100),
      busyPeak: fc.nat(10),
      completed: fc.nat(100),
      refused: fc.nat(5),
      passedMs: fc.integer({ min: 0, max: 20_000 }),
    }),
    { maxLength: 150 },
  )
  const bounds = fc.tuple(fc.nat(4), fc.integer({ min: 1, max: 6 }))
  fc.assert(
    fc.property(samples, bounds, (given, [min, above]) => {
      const options = resolvePoolOptions({ min, max: min + above })
      let state = Object.freeze(initialPool(options))
      let members = min
      let nowMs = 0
      for (const { passedMs, ...seen } of given) {
        nowMs += passedMs
        const starting = Math.min(seen.starting, members)
        const sample = Object.freeze({ ...seen, starting, ready: members - starting, nowMs })
        const step = poolStep(state, sample, options)
        t.deepEqual(poolStep(JSON.parse(JSON.stringify(state)), sample, options), step)
        ;({ members } = step.decision)
        t.true(members >= Math.min(min, members) && members <= min + above && members >= 0)
        state = Object.freeze(step.state)
      }
      t.true(members >= 0)
    }),
    { numRuns: 50 },
  )
})
