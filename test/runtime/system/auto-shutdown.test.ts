/** Law: a supervisor whose significant children have ended by themselves ends as well, as OTP’s `auto_shutdown` has it. */
import test from 'ava'
import { codeOf } from '../../../runtime/errors.ts'
import { child } from '../../../runtime/system/child-spec.ts'
import { type AutoShutdown, supervisor } from '../../../runtime/system/supervisor.ts'
import { Crew } from './crew.ts'
import { inWorld, type World } from './world.ts'

/** Children s and t are significant, p is not. */
function significant(
  world: World,
  autoShutdown: AutoShutdown,
  restart: 'transient' | 'temporary' = 'transient',
) {
  const crew = new Crew(world)
  const children = [
    crew.child('s', { restart, isSignificant: true }),
    crew.child('t', { restart, isSignificant: true }),
    crew.child('p'),
  ]
  const ref = world.spawn(world.ctx, supervisor({ intensity: 5, autoShutdown, children }), { name: 'tree' })
  crew.news()
  return { crew, ref }
}

test(
  'any_significant: the first significant child that finishes ends the supervisor, and all that is left',
  inWorld(async (t, world) => {
    const { crew, ref } = significant(world, 'any_significant')
    await crew.order('tree/s', 'finish')
    t.deepEqual(crew.news(), ['-s', '-p', '-t'])
    t.false(ref.isAlive)
    t.is(world.told('stopped').at(-1), 'tree done "s" has ended')
  }),
)

test(
  'all_significant: the last significant child that finishes does',
  inWorld(async (t, world) => {
    const { crew, ref } = significant(world, 'all_significant')
    await crew.order('tree/s', 'finish')
    t.true(ref.isAlive)
    await crew.order('tree/t', 'finish')
    t.false(ref.isAlive)
    t.deepEqual(crew.news(), ['-s', '-t', '-p'])
  }),
)

for (const [why, autoShutdown, restart] of [
  ['never shuts itself down, which is the default', 'never', 'transient'],
  ['keeps the child for ever', 'any_significant', 'permanent'],
] as const) {
  test(
    `a significant child of a supervisor that ${why}, is a mistake`,
    inWorld(async (t, world) => {
      const children = [new Crew(world).child('s', { restart, isSignificant: true })]
      const ref = world.spawn(world.ctx, supervisor({ autoShutdown, children }), { name: 'tree' })
      const { reason } = await world.result(ref.watch())
      t.is(reason.kind === 'failed' && codeOf(reason.error), 'SPAWN_OPTION_INVALID')
    }),
  )
}

test(
  'a significant transient child that fails is restarted; a temporary one ends the supervisor by that too',
  inWorld(async (t, world) => {
    const transient = significant(world, 'any_significant', 'transient')
    await transient.crew.order('tree/s', 'fail')
    t.true(transient.ref.isAlive)
    transient.ref.stop()
    const temporary = significant(world, 'any_significant', 'temporary')
    await temporary.crew.order('tree/s', 'fail')
    t.false(temporary.ref.isAlive)
  }),
)

test(
  'the end of a significant child that somebody else brought about does not count',
  inWorld(async (t, world) => {
    const { crew, ref } = significant(world, 'any_significant')
    const stopping = ref.ask(world.ctx, { type: 'stopChild', name: 's' })
    t.is(await world.result(stopping), 'stopped')
    crew.ref('tree/t').stop()
    await world.settle()
    t.true(ref.isAlive)
  }),
)

test(
  'a significant temporary child that goes down with a sibling does not count',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = [crew.child('p'), crew.child('s', { restart: 'temporary', isSignificant: true })]
    const tree = supervisor({ strategy: 'one_for_all', autoShutdown: 'any_significant', children })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    await crew.order('tree/p', 'fail')
    t.true(ref.isAlive)
    t.false(crew.isAlive('tree/s'))
  }),
)

test(
  'a supervisor that shuts itself down is a significant child that has ended, to its own supervisor',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const leaf = crew.child('s', { restart: 'transient', isSignificant: true })
    const low = supervisor({ autoShutdown: 'any_significant', children: [leaf] })
    const children = [child('low', low, { restart: 'transient', isSignificant: true }), crew.child('p')]
    const ref = world.spawn(world.ctx, supervisor({ autoShutdown: 'any_significant', children }), {
      name: 'top',
    })
    await crew.order('top/low/s', 'finish')
    t.false(crew.isAlive('top/low'))
    t.false(ref.isAlive)
  }),
)

test(
  'a permanent supervisor that shuts itself down is restarted by its own',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const leaf = crew.child('s', { restart: 'transient', isSignificant: true })
    const low = supervisor({ autoShutdown: 'any_significant', children: [leaf] })
    world.spawn(world.ctx, supervisor({ children: [child('low', low)] }), { name: 'top' })
    await crew.order('top/low/s', 'finish')
    t.true(crew.isAlive('top/low'))
    t.deepEqual(crew.news(), ['+s', '-s', '+s'])
  }),
)
