/** Law: policy and kind of end decide whether an actor begins anew; intensity within a period bounds how often. */
import test from 'ava'
import { InvariantError } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { RestartIntensityError } from '../../../runtime/system/errors.ts'
import type { Restart } from '../../../runtime/system/options.ts'
import { type Received, receiving } from '../../../runtime/system/receiving.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import { endOf, inWorld } from './world.ts'

interface Order {
  readonly type: 'order'
  readonly how: 'return' | 'throw' | 'stop' | 'bug' | 'say'
}

function createSoldier() {
  const said: string[] = []
  let lives = 0
  const soldier = receiving<Order>(function* ({ receive, stop }) {
    lives += 1
    for (;;) {
      const { event }: Received<Order, never> = yield* receive('order')
      if (event.how === 'return') return 5
      if (event.how === 'throw') throw new Error('boom')
      if (event.how === 'bug') throw new InvariantError('IMPOSSIBLE', 'cannot happen')
      if (event.how === 'stop') stop('enough')
      else said.push(`life ${lives}`)
    }
  })
  return { soldier, said }
}

const order = (how: Order['how']): Order => ({ type: 'order', how })

const policies: Readonly<Record<Restart, Readonly<Record<Exclude<Order['how'], 'say'>, boolean>>>> = {
  permanent: { return: true, throw: true, stop: false, bug: false },
  transient: { return: false, throw: true, stop: false, bug: false },
  temporary: { return: false, throw: false, stop: false, bug: false },
}
const ends = { return: 'done 5', throw: 'failed boom', stop: 'stopped enough', bug: 'failed cannot happen' }

for (const policy of ['permanent', 'transient', 'temporary'] as const) {
  for (const how of ['return', 'throw', 'stop', 'bug'] as const) {
    const isRestarted = policies[policy][how]
    test(
      `${policy}, ${ends[how]}: ${isRestarted ? 'restarted' : 'gone'}`,
      inWorld((t, world) => {
        const { soldier, said } = createSoldier()
        const ref = world.spawn(world.ctx, soldier, { name: 'soldier', restart: policy })
        ref.send(world.ctx, order(how))
        ref.send(world.ctx, order('say'))
        world.turns()
        t.is(ref.isAlive, isRestarted)
        t.deepEqual(said, isRestarted ? ['life 2'] : [], 'the mail that waited is for the next life')
        t.deepEqual(world.told('restarted'), isRestarted ? ['soldier 1'] : [])
        t.deepEqual(world.told('stopped'), isRestarted ? [] : [`soldier ${ends[how]}`])
        t.deepEqual(world.told('deadLetter'), isRestarted ? [] : ['soldier order closed'])
      }),
    )
  }
}

test(
  'a stop from outside is final, for every policy',
  inWorld((t, world) => {
    for (const restart of ['permanent', 'transient', 'temporary'] as const) {
      const ref = world.spawn(world.ctx, createSoldier().soldier, { restart })
      ref.stop()
      t.false(ref.isAlive)
    }
  }),
)

test(
  'ref, name, waiting mail and what was stashed outlive a restart; the message that failed does not',
  inWorld((t, world) => {
    const seen: string[] = []
    const picky = receiving(function* ({ receive }) {
      for (;;) {
        const { event } = yield* receive('wanted', 'fail', ...(seen.includes('fail') ? ['stashed'] : []))
        seen.push(event.type)
        if (event.type === 'fail') throw new Error('boom')
      }
    })
    const ref = world.spawn(world.ctx, picky, { name: 'picky', restart: 'transient' })
    for (const type of ['stashed', 'wanted', 'fail', 'wanted']) ref.send(world.ctx, { type })
    world.turns()
    t.deepEqual(seen, ['wanted', 'fail', 'stashed', 'wanted'], 'what was stashed comes before what waited')
    t.deepEqual(world.told('deadLetter'), [])
    t.is(ref.path, 'greenroom/picky')
    t.true(ref.isAlive)
  }),
)

test(
  'one failure too many within the period, and the actor is given up; its last failure is the cause',
  inWorld(async (t, world) => {
    const ref = world.spawn(world.ctx, createSoldier().soldier, {
      name: 'soldier',
      restart: { policy: 'transient', intensity: 2, periodMs: 100 },
    })
    const watch = ref.watch(world.ctx)
    for (let i = 0; i < 3; i++) ref.send(world.ctx, order('throw'))
    const { reason } = await world.result(watch)
    t.deepEqual(world.told('restarted'), ['soldier 1', 'soldier 2'])
    const error = reason.kind === 'failed' ? reason.error : undefined
    t.true(error instanceof RestartIntensityError)
    t.is((error as RestartIntensityError).code, 'RESTART_INTENSITY')
    t.is(
      (error as Error).message,
      'greenroom/soldier was given up: more than 2 restarts within 100 ms; last failure: boom',
    )
  }),
)

test(
  'failures further apart than the period are forgiven, for ever',
  inWorld(async (t, world) => {
    const ref = world.spawn(world.ctx, createSoldier().soldier, {
      restart: { policy: 'transient', intensity: 2, periodMs: 100 },
    })
    for (let i = 0; i < 20; i++) {
      ref.send(world.ctx, order('throw'))
      await world.advance(50)
    }
    t.true(ref.isAlive)
    ref.send(world.ctx, order('throw'))
    await world.advance(49)
    t.true(ref.isAlive)
    ref.send(world.ctx, order('throw'))
    world.turns()
    t.false(ref.isAlive)
  }),
)

test(
  'an intensity of zero allows no restart; OTP’s default is one in five seconds',
  inWorld(async (t, world) => {
    const none = world.spawn(world.ctx, createSoldier().soldier, {
      restart: { policy: 'permanent', intensity: 0 },
    })
    none.send(world.ctx, order('throw'))
    world.turns()
    t.false(none.isAlive)
    const one = world.spawn(world.ctx, createSoldier().soldier, { restart: 'permanent' })
    one.send(world.ctx, order('throw'))
    await world.advance(4_999)
    t.true(one.isAlive)
    one.send(world.ctx, order('throw'))
    world.turns()
    t.false(one.isAlive)
  }),
)

test(
  'a failure to start counts as any: restarted, then given up, and nobody is told by an exception',
  inWorld((t, world) => {
    let starts = 0
    const stillborn = behaviour({
      initial: 'on',
      data: () => {
        starts += 1
        throw new Error('no data')
      },
      states: { on: {} },
    })
    const once = world.spawn(world.ctx, stillborn, { name: 'once' })
    t.false(once.isAlive)
    t.is(starts, 1)
    const thrice = world.spawn(world.ctx, stillborn, {
      name: 'thrice',
      restart: { policy: 'permanent', intensity: 2 },
    })
    world.turns()
    t.false(thrice.isAlive)
    t.is(starts, 4)
    t.deepEqual(world.told('failed'), ['once starting no data', ...Array(3).fill('thrice starting no data')])
    t.deepEqual(world.told('restarted'), [])
  }),
)

test(
  'a start that succeeds on the second try is one restart',
  inWorld((t, world) => {
    let starts = 0
    const late = behaviour({
      initial: 'on',
      start: () => {
        starts += 1
        if (starts === 1) throw new Error('not yet')
      },
      states: { on: {} },
    })
    const ref = world.spawn(world.ctx, late, { name: 'late', restart: 'transient' })
    t.true(ref.isAlive)
    t.deepEqual(world.log, ['spawned late', 'failed late starting not yet', 'restarted late 1'])
  }),
)

test(
  'a restart ends the children, and the new instance makes its own',
  inWorld((t, world) => {
    const idle = behaviour({ initial: 'on', states: { on: {} } })
    const parent = behaviour({
      initial: 'on',
      start: ({ spawn }, ctx) => {
        spawn(ctx, idle, { name: 'a' })
        spawn(ctx, idle, { name: 'b' })
      },
      states: {
        on: {
          fail: () => {
            throw new Error('boom')
          },
        },
      },
    })
    const ref = world.spawn(world.ctx, parent, { name: 'parent', restart: 'transient' })
    ref.send(world.ctx, { type: 'fail' })
    world.turns()
    t.is(world.system.actors, 3)
    t.deepEqual(world.log, [
      'spawned parent',
      'spawned parent/a',
      'spawned parent/b',
      'failed parent handling boom',
      'stopped parent/b stopped its parent has ended',
      'stopped parent/a stopped its parent has ended',
      'spawned parent/a',
      'spawned parent/b',
      'restarted parent 1',
    ])
  }),
)

test(
  'a child that fails harms neither its parent nor its siblings',
  inWorld((t, world) => {
    const children: Ref<Order>[] = []
    const parent = behaviour({
      initial: 'on',
      start: ({ spawn }, ctx) => {
        for (let i = 0; i < 3; i++) children.push(spawn(ctx, createSoldier().soldier))
      },
      states: { on: {} },
    })
    const ref = world.spawn(world.ctx, parent)
    children[1]!.send(world.ctx, order('throw'))
    world.turns()
    t.deepEqual([ref.isAlive, ...children.map((child) => child.isAlive)], [true, true, false, true])
  }),
)

test(
  'an actor’s own context ends with its instance',
  inWorld((t, world) => {
    const contexts: { readonly isCancelled: boolean }[] = []
    const keeper = behaviour({
      initial: 'on',
      start: ({ ctx }) => void contexts.push(ctx),
      states: {
        on: {
          fail: () => {
            throw new Error('boom')
          },
        },
      },
    })
    const ref = world.spawn(world.ctx, keeper, { restart: 'transient' })
    ref.send(world.ctx, { type: 'fail' })
    world.turns()
    t.deepEqual(
      contexts.map(({ isCancelled }) => isCancelled),
      [true, false],
    )
    ref.stop()
    t.true(contexts[1]!.isCancelled)
  }),
)

test(
  'a permanent actor that finishes again and again is given up too',
  inWorld(async (t, world) => {
    const eager = receiving(function* () {})
    const ref = world.spawn(world.ctx, eager, { name: 'eager', restart: 'permanent' })
    t.false(ref.isAlive)
    const { reason } = await world.result(ref.watch(world.ctx))
    t.is(endOf(reason), 'done undefined')
    t.deepEqual(world.told('restarted'), ['eager 1'])
  }),
)
