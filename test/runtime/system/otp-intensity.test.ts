/** Law: a supervisor restarts no more than its intensity allows, and then fails to its own supervisor, as OTP’s documentation has it. */
import test from 'ava'
import { codeOf } from '../../../runtime/errors.ts'
import { child } from '../../../runtime/system/child-spec.ts'
import type { EndReason } from '../../../runtime/system/ref.ts'
import type { Strategy } from '../../../runtime/system/supervision.ts'
import { supervisor } from '../../../runtime/system/supervisor.ts'
import { Crew } from './crew.ts'
import { endOf, inWorld, type World } from './world.ts'

const STRATEGIES: readonly Strategy[] = ['one_for_one', 'one_for_all', 'rest_for_one']

// ── Intensity ────────────────────────────────────────────────────────────────────────────────────────────────────────

test(
  'restarts of all children count together; one more than the intensity, and all end, then the supervisor, failed',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = ['a', 'b', 'c'].map((name) => crew.child(name))
    const tree = supervisor({ intensity: 2, periodMs: 1_000, children })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    await crew.order('tree/a', 'fail')
    await crew.order('tree/c', 'fail')
    t.true(ref.isAlive)
    crew.news()
    await crew.order('tree/b', 'fail')
    t.deepEqual(crew.news(), ['-b', '-c', '-a'])
    const { reason } = await world.result(ref.watch())
    t.is(
      endOf(reason),
      'failed greenroom/tree was given up: more than 2 restarts within 1000 ms; last failure: b failed',
    )
    t.is(codeOf(errorOf(reason)), 'RESTART_INTENSITY')
  }),
)

test(
  'restarts further apart than the period never add up',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const tree = supervisor({ intensity: 2, periodMs: 100, children: [crew.child('a'), crew.child('b')] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    for (let i = 0; i < 20; i++) {
      await crew.order(i % 2 === 0 ? 'tree/a' : 'tree/b', 'fail')
      await world.advance(50)
    }
    t.true(ref.isAlive)
  }),
)

test(
  'one restart in five seconds is the default, none is allowed by an intensity of zero',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const one = world.spawn(world.ctx, supervisor({ children: [crew.child('a')] }), { name: 'one' })
    await crew.order('one/a', 'fail')
    await world.advance(5_000)
    await crew.order('one/a', 'fail')
    t.true(one.isAlive)
    await world.advance(4_999)
    await crew.order('one/a', 'fail')
    t.false(one.isAlive)
    const none = supervisor({ intensity: 0, children: [crew.child('a')] })
    const ref = world.spawn(world.ctx, none, { name: 'none' })
    await crew.order('none/a', 'fail')
    t.false(ref.isAlive)
  }),
)

test(
  'a group’s restart counts as one',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = ['a', 'b', 'c', 'd'].map((name) => crew.child(name))
    const tree = supervisor({ strategy: 'one_for_all', intensity: 2, children })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    await crew.order('tree/a', 'fail')
    await crew.order('tree/b', 'fail')
    t.true(ref.isAlive)
    await crew.order('tree/c', 'fail')
    t.false(ref.isAlive)
  }),
)

test(
  'a child that may end without a restart does not use up the intensity',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = [
      crew.child('a', { restart: 'temporary' }),
      crew.child('b', { restart: 'transient' }),
      crew.child('c'),
    ]
    const ref = world.spawn(world.ctx, supervisor({ intensity: 0, children }), { name: 'tree' })
    await crew.order('tree/a', 'fail')
    await crew.order('tree/b', 'finish')
    t.true(ref.isAlive)
  }),
)

test(
  'a restart whose start fails is tried again; each try counts',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const twice = supervisor({ intensity: 3, children: [crew.child('a', {}, { badStarts: [2, 3] })] })
    const ref = world.spawn(world.ctx, twice, { name: 'twice' })
    await crew.order('twice/a', 'fail')
    t.deepEqual(crew.news(), ['+a', '-a', '!a', '!a', '+a'])
    t.true(ref.isAlive)
    const often = supervisor({ intensity: 3, children: [crew.child('b', {}, { badStarts: [2, 3, 4, 5] })] })
    const other = world.spawn(world.ctx, often, { name: 'often' })
    await crew.order('often/b', 'fail')
    t.deepEqual(crew.news(), ['+b', '-b', '!b', '!b', '!b'])
    t.false(other.isAlive)
  }),
)

test(
  'one_for_all: where one of the group does not start again, the group begins anew',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = [crew.child('a'), crew.child('b', {}, { badStarts: [2] }), crew.child('c')]
    world.spawn(world.ctx, supervisor({ strategy: 'one_for_all', intensity: 2, children }), { name: 'tree' })
    crew.news()
    await crew.order('tree/a', 'fail')
    t.deepEqual(crew.news(), ['-a', '-c', '-b', '+a', '!b', '-a', '+a', '+b', '+c'])
  }),
)

test(
  'rest_for_one: where one of the group does not start again, those before it, which run, are left alone',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = [crew.child('a'), crew.child('b', {}, { badStarts: [2] }), crew.child('c')]
    world.spawn(world.ctx, supervisor({ strategy: 'rest_for_one', intensity: 2, children }), { name: 'tree' })
    crew.news()
    await crew.order('tree/a', 'fail')
    t.deepEqual(crew.news(), ['-a', '-c', '-b', '+a', '!b', '+b', '+c'])
  }),
)

// ── Upwards ──────────────────────────────────────────────────────────────────────────────────────────────────────────

function twoLevels(world: World, strategy: Strategy) {
  const crew = new Crew(world)
  const low = supervisor({ intensity: 1, children: [crew.child('b'), crew.child('c')] })
  const tree = supervisor({
    strategy,
    intensity: 1,
    children: [crew.child('a'), child('low', low), crew.child('d')],
  })
  const ref = world.spawn(world.ctx, tree, { name: 'tree' })
  return { crew, ref }
}

const subtrees: Readonly<Record<Strategy, readonly string[]>> = {
  one_for_one: ['-b', '-c', '+b', '+c'],
  one_for_all: ['-b', '-c', '-d', '-a', '+a', '+b', '+c', '+d'],
  rest_for_one: ['-b', '-c', '-d', '+b', '+c', '+d'],
}

for (const strategy of STRATEGIES) {
  test(
    `a supervisor that gives up is restarted as a whole by its own, ${strategy}; that counts as one`,
    inWorld(async (t, world) => {
      const { crew, ref } = twoLevels(world, strategy)
      await crew.order('tree/low/b', 'fail')
      crew.news()
      await crew.order('tree/low/b', 'fail')
      t.deepEqual(crew.news(), subtrees[strategy])
      t.true(ref.isAlive && crew.isAlive('tree/low'))
      // A new life has a clean record.
      await crew.order('tree/low/b', 'fail')
      t.deepEqual(crew.news(), ['-b', '+b'])
      // The second time is one too many for the upper one as well.
      await crew.order('tree/low/b', 'fail')
      t.false(ref.isAlive)
      t.deepEqual(crew.news(), ['-b', '-c', '-d', '-a'])
    }),
  )
}

function errorOf(reason: EndReason): unknown {
  return reason.kind === 'failed' ? reason.error : undefined
}
