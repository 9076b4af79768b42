/** Law: an actor's answer acknowledges a message; what it cannot answer comes again, and what it gives up is dead. */
import test from 'ava'
import { undeliverable } from '../../../../actors/transaction/outbox/destination.ts'
import { type MessageEvent, toActor } from '../../../../actors/transaction/outbox/to-actor.ts'
import { Deferred } from '../../../../runtime/deferred/deferred.ts'
import { behaviour } from '../../../../runtime/system/behaviour.ts'
import { actorName } from '../../../../runtime/system/names.ts'
import { inWorld, type World } from '../../../runtime/system/world.ts'
import { Office } from './office.ts'

interface Order {
  readonly n: number
}

type Shipping = MessageEvent<Order>

/** An actor that notes what it is asked, and answers what it is told to. */
function spawn(world: World, answer: (event: Shipping) => unknown, isNamed = true) {
  const asked: Shipping[] = []
  const logic = behaviour({
    initial: 'open',
    states: {
      open: {
        message: (_scope, event: Shipping) => {
          asked.push(event)
          return answer(event)
        },
      },
    },
  })
  const ref = world.spawn(world.ctx, logic, isNamed ? { as: actorName<Shipping>('shipping') } : {})
  return { ref, asked }
}

test(
  'the actor is asked what was published, and its answer acknowledges it',
  inWorld(async (t, world) => {
    const office = new Office(world)
    const { ref, asked } = spawn(world, () => 'whatever')
    await office.publish(['name', 'text', 'ref'])
    office.relay({
      name: toActor(actorName<Shipping>('shipping')),
      text: toActor('shipping'),
      ref: toActor(ref),
    })
    await world.settle()
    t.deepEqual(asked.map(({ id }) => id).sort(), [1, 2, 3])
    t.deepEqual(
      asked.find(({ id }) => id === 1),
      {
        type: 'message',
        id: 1,
        destination: 'name',
        payload: { n: 0 },
        attempt: 1,
        createdMs: 946_684_800_000,
      },
    )
    t.deepEqual(await office.entries(), [])
  }),
)

test(
  'an answer that comes later acknowledges it then',
  inWorld(async (t, world) => {
    const office = new Office(world)
    const later = new Deferred<void>()
    spawn(world, () => later)
    await office.publish(['shipping'])
    office.relay({ shipping: toActor('shipping') })
    await world.advance(6_000)
    t.like(await office.entries(), [{ state: 'leased' }])
    later.resolve()
    await world.settle()
    t.deepEqual(await office.entries(), [])
  }),
)

for (const [what, error, entry] of [
  ['fails', new RangeError('not now'), { state: 'waiting', lastError: 'not now' }],
  ['gives it up', undeliverable('never'), { state: 'dead', lastError: 'OUTBOX_UNDELIVERABLE: never' }],
] as const) {
  test(
    `an actor that ${what}: ${entry.state}`,
    inWorld(async (t, world) => {
      const office = new Office(world)
      spawn(world, () => Deferred.fail(error))
      await office.publish(['shipping'])
      office.relay({ shipping: toActor('shipping') })
      await world.settle()
      t.like(await office.entries(), [entry])
    }),
  )
}

test(
  'an actor that is not there gets it when it is',
  inWorld(async (t, world) => {
    const office = new Office(world)
    await office.publish(['shipping'])
    office.relay({ shipping: toActor('shipping') })
    await world.settle()
    t.like(await office.entries(), [
      { lastError: 'OUTBOX_NO_RECEIVER: no actor is registered as "shipping"' },
    ])
    const { asked } = spawn(world, () => 1)
    await world.advance(5_000)
    t.like(asked, [{ id: 1, attempt: 2 }])
  }),
)

test(
  'an actor that fails over a message gets it again, when it lives again',
  inWorld(async (t, world) => {
    const office = new Office(world)
    const asked: number[] = []
    const logic = behaviour({
      initial: 'open',
      states: {
        open: {
          order: (_scope, { attempt }: MessageEvent<Order, 'order'>) => {
            asked.push(attempt)
            if (attempt === 1) throw new RangeError('a bug')
          },
        },
      },
    })
    const ref = world.spawn(world.ctx, logic, { restart: 'permanent' })
    await office.publish(['shipping'])
    office.relay({ shipping: toActor(ref, { type: 'order' }) })
    await world.advance(5_000)
    t.deepEqual(asked, [1, 2])
    t.deepEqual(await office.entries(), [])
  }),
)
