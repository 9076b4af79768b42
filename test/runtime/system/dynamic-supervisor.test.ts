/** Law: a dynamic supervisor keeps children that come and go, no more than may, as Elixir’s `DynamicSupervisor` does. */
import test from 'ava'
import { codeOf } from '../../../runtime/errors.ts'
import { child } from '../../../runtime/system/child-spec.ts'
import { dynamicSupervisor } from '../../../runtime/system/dynamic-supervisor.ts'
import { receiving } from '../../../runtime/system/receiving.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import { supervisor } from '../../../runtime/system/supervisor.ts'
import { Crew, type Task } from './crew.ts'
import { inWorld, type World } from './world.ts'

function createPool(world: World, config: Omit<Parameters<typeof dynamicSupervisor>[0], 'logic'> = {}) {
  const crew = new Crew(world)
  const ref = world.spawn(world.ctx, dynamicSupervisor({ logic: crew.worker('w'), ...config }), {
    name: 'pool',
  })
  const start = (name?: string) =>
    world.result(ref.ask(world.ctx, { type: 'startChild', ...(name === undefined ? {} : { name }) }))
  const list = async () =>
    (await world.result(ref.ask(world.ctx, { type: 'children' }))).map(
      ({ name, phase }) => `${name} ${phase}`,
    )
  return { crew, ref, start, list }
}

test(
  'a dynamic supervisor starts no child by itself, and one for each time that it is told to',
  inWorld(async (t, world) => {
    const { crew, start, list } = createPool(world)
    t.deepEqual(await list(), [])
    t.deepEqual(await start('a'), { outcome: 'started', ref: crew.ref('pool/a') as never })
    t.is((await start()).outcome, 'started')
    t.is((await start('b')).outcome, 'started')
    const names = await list()
    t.is(names.length, 3)
    t.deepEqual([names[0], names[2]], ['a running', 'b running'])
  }),
)

test(
  'no more live than may: one more is refused, and there is room again after an end',
  inWorld(async (t, world) => {
    const { crew, start } = createPool(world, { childrenMax: 2, restart: 'temporary' })
    await start('a')
    await start('b')
    t.deepEqual(await start('c'), { outcome: 'full', childrenMax: 2 })
    t.deepEqual(crew.news(), ['+w', '+w'], 'nothing was started')
    await crew.order('pool/a', 'finish')
    t.is((await start('c')).outcome, 'started')
    t.deepEqual(await start('d'), { outcome: 'full', childrenMax: 2 })
  }),
)

test(
  'the limit childrenMax is the default',
  inWorld(
    async (t, world) => {
      const { start } = createPool(world)
      await start()
      t.deepEqual(await start(), { outcome: 'full', childrenMax: 1 })
    },
    { limits: { childrenMax: 1 } },
  ),
)

test(
  'a name that lives is taken, and free after its end',
  inWorld(async (t, world) => {
    const { ref, crew, start } = createPool(world)
    await start('a')
    t.deepEqual(await start('a'), { outcome: 'taken' })
    t.is(await world.result(ref.ask(world.ctx, { type: 'stopChild', name: 'a' })), 'stopped')
    t.false(crew.isAlive('pool/a'))
    t.is(await world.result(ref.ask(world.ctx, { type: 'stopChild', name: 'a' })), 'unknown')
    t.is((await start('a')).outcome, 'started')
  }),
)

test(
  'each is restarted by itself; restarts of all count together, and one too many fails the dynamic supervisor',
  inWorld(async (t, world) => {
    const { ref, crew, start } = createPool(world, { intensity: 2 })
    for (const name of ['a', 'b', 'c']) await start(name)
    crew.news()
    await crew.order('pool/a', 'fail')
    t.deepEqual(crew.news(), ['-w', '+w'])
    await crew.order('pool/b', 'fail')
    await crew.order('pool/c', 'fail')
    t.false(ref.isAlive)
    t.regex(world.told('stopped').at(-1)!, /^pool failed greenroom\/pool was given up: more than 2 restarts/)
  }),
)

test(
  'a child that does not start is an outcome, and takes no place',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const logic = crew.worker('w', { badStarts: [1, 2, 3] })
    const ref = world.spawn(world.ctx, dynamicSupervisor({ logic, childrenMax: 1 }))
    for (let i = 0; i < 3; i++) {
      const start = await world.result(ref.ask(world.ctx, { type: 'startChild' }))
      t.is(start.outcome === 'failed' && codeOf(start.error), 'CHILD_START_FAILED')
    }
    t.true(ref.isAlive)
    t.deepEqual(await world.result(ref.ask(world.ctx, { type: 'children' })), [])
  }),
)

test(
  'a child that has finished by the time that it is started was started all the same',
  inWorld(async (t, world) => {
    const brief = receiving<Task>(function* () {})
    const pool = dynamicSupervisor({ logic: brief, restart: 'transient' })
    const ref = world.spawn(world.ctx, pool)
    const start = await world.result(ref.ask(world.ctx, { type: 'startChild' }))
    t.is(start.outcome, 'started')
    t.deepEqual(await world.result(ref.ask(world.ctx, { type: 'children' })), [])
  }),
)

test(
  'when a dynamic supervisor is restarted its children are gone: nobody has told it to start them',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const pool = dynamicSupervisor({ logic: crew.worker('w'), intensity: 0 })
    world.spawn(world.ctx, supervisor({ children: [child('pool', pool)] }), { name: 'tree' })
    const ref = crew.ref('tree/pool') as Ref as Ref<{ type: 'startChild'; name?: string }>
    for (const name of ['a', 'b']) await world.result(ref.ask(world.ctx, { type: 'startChild', name }))
    crew.news()
    await crew.order('tree/pool/a', 'fail')
    t.deepEqual(crew.news(), ['-w', '-w'])
    t.true(ref.isAlive)
  }),
)
