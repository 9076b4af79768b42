/** Law: a reserved slot is held until it is used, given back or over, and used once. */
import test from 'ava'
import type { Reservation } from '../../../actors/stage/interface.ts'
import { isRefused, type Refused } from '../../../actors/stage/refused.ts'
import { openStage } from '../../../actors/stage/stage.ts'
import { inWorld } from '../../runtime/system/world.ts'
import { Bench, balances, taken } from './support.ts'

function held<J, R>(result: Reservation<J, R> | Refused): Reservation<J, R> {
  if (isRefused(result)) throw result.toError()
  return result
}

const limits = { queueCapacity: 2, concurrency: 1 }

test(
  'a slot counts against the capacity, and its job is done when it comes',
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, { handler: (job: number) => job, limits })
    const slot = held(stage.reserve(world.ctx))
    t.true(slot.isHeld)
    t.like(stage.statistics(), { reserved: 1, submitted: 0 })
    const first = taken(stage.submit(world.ctx, 1))
    t.is((stage.submit(world.ctx, 2) as Refused).reason, 'full')
    t.is((stage.reserve(world.ctx) as Refused).reason, 'full')
    const second = slot.commit(2)
    t.false(slot.isHeld)
    t.deepEqual(await world.outcomes(first, second), [1, 2])
    t.like(stage.statistics(), { reserved: 0, submitted: 4, completed: 2, refused: 2 })
    balances(t, stage)
  }),
)

test(
  'a slot that is given back is free, and the law of the books knows nothing of it',
  inWorld((t, world) => {
    const stage = openStage(world.ctx, { handler: (job: number) => job, limits })
    const slot = held(stage.reserve(world.ctx))
    slot.abort()
    slot.abort()
    t.false(slot.isHeld)
    t.like(stage.statistics(), { reserved: 0, submitted: 0 })
    t.throws(() => slot.commit(1), { code: 'STAGE_RESERVATION_USED' })
  }),
)

test(
  'a slot is used once',
  inWorld(async (t, world) => {
    const stage = openStage(world.ctx, { handler: (job: number) => job, limits })
    const slot = held(stage.reserve(world.ctx))
    const job = slot.commit(1)
    t.throws(() => slot.commit(2), { code: 'STAGE_RESERVATION_USED' })
    slot.abort()
    t.is(await world.result(job), 1)
  }),
)

interface Hands {
  readonly wait: () => Promise<void>
  readonly cancel: () => unknown
  readonly close: () => unknown
}

const ends: Readonly<Record<string, (hands: Hands) => unknown>> = {
  'that has been held for reservationMs': ({ wait }) => wait(),
  'whose context has ended': ({ cancel }) => cancel(),
  'of a stage that has closed': ({ close }) => close(),
}

for (const [which, end] of Object.entries(ends)) {
  test(
    `a slot ${which} is free, and a job that comes for it fails`,
    inWorld(async (t, world) => {
      const stage = openStage(world.ctx, { handler: (job: number) => job, limits, admission: false })
      const [ctx, cancel] = world.ctx.withCancel()
      const slot = held(stage.reserve(ctx))
      await end({ wait: () => world.advance(5_000), cancel, close: () => stage.close() })
      t.false(slot.isHeld)
      t.is(stage.statistics().reserved, 0)
      t.is(world.clock.pending, 0)
      t.is(await world.failure(slot.commit(1)), 'STAGE_RESERVATION_OVER')
      t.throws(() => slot.commit(1), { code: 'STAGE_RESERVATION_USED' })
      t.like(stage.statistics(), { submitted: 1, refused: 1 })
    }),
  )
}

test(
  'a slot keeps what it was reserved with: its context, its class and its reply',
  inWorld(async (t, world) => {
    const bench = new Bench<string, string>()
    const stage = openStage(world.ctx, {
      handler: bench.handle,
      classes: { paid: {}, free: {} },
      limits: { ...limits, queueCapacity: 9 },
    })
    const busy = taken(stage.submit(world.ctx, 'busy'))
    await world.settle()
    const slot = held(stage.reserve(world.ctx.withTimeout(100), { class: 'free' }))
    const free = slot.commit('free')
    const paid = taken(stage.submit(world.ctx, 'paid'))
    world.look(free)
    bench.done('')
    await world.settle()
    t.deepEqual(bench.begun, ['busy', 'paid'])
    await world.advance(100)
    t.is(await world.failure(free), 'DEADLINE_EXCEEDED')
    bench.done('')
    t.deepEqual(await world.outcomes(busy, paid), ['', ''])
  }),
)

test(
  'a key that cannot be had throws, and the slot is still held',
  inWorld(async (t, world) => {
    const stage = openStage<string, string>(world.ctx, {
      handler: (job) => job,
      order: (job) => {
        if (job === 'bad') throw new RangeError('no key')
        return job
      },
    })
    const slot = stage.reserve(world.ctx)
    if (isRefused(slot)) throw slot.toError()
    t.throws(() => slot.commit('bad'), { message: 'no key' })
    t.true(slot.isHeld)
    const done = slot.commit('good')
    await world.settle()
    t.is(await done, 'good')
  }),
)
