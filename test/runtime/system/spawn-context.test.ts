/** Law: what was spawned for a context ends with it, whatever its policy, and others live on. */
import test from 'ava'
import { createMachine } from 'xstate'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { dynamicSupervisor } from '../../../runtime/system/dynamic-supervisor.ts'
import { supervisor } from '../../../runtime/system/supervisor.ts'
import { Crew } from './crew.ts'
import { inWorld } from './world.ts'

const machine = createMachine({})

test(
  'a child that was started for a context ends with it, whatever its policy, and others live on',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const pool = world.spawn(world.ctx, dynamicSupervisor({ logic: crew.worker('w') }), { name: 'pool' })
    const [ctx, cancel] = world.ctx.withCancel()
    await world.result(pool.ask(world.ctx, { type: 'startChild', name: 'mine', ctx }))
    await world.result(pool.ask(world.ctx, { type: 'startChild', name: 'other' }))
    cancel('over')
    t.false(crew.isAlive('pool/mine'))
    await world.settle()
    t.true(crew.isAlive('pool/other'))
    t.deepEqual(world.told('restarted'), [])
    t.is(world.told('stopped').length, 1)
  }),
)

test(
  'a child that waits for its restart ends with its context, and so does one that finishes its work',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const backoff = { minMs: 100, maxMs: 100 }
    const pool = world.spawn(world.ctx, dynamicSupervisor({ logic: crew.worker('w'), backoff }), {
      name: 'pool',
    })
    const [ctx, cancel] = world.ctx.withCancel()
    for (const name of ['a', 'b']) await world.result(pool.ask(world.ctx, { type: 'startChild', name, ctx }))
    await crew.order('pool/a', 'fail')
    crew.tell('pool/b', { type: 'work', ms: 50 })
    const stopping = pool.ask(world.ctx, { type: 'stopChild', name: 'b' })
    await world.settle()
    cancel('over')
    t.false(crew.isAlive('pool/a') || crew.isAlive('pool/b'))
    t.is(await world.result(stopping), 'stopped')
  }),
)

test(
  'a deadline is such an end too',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    world.spawn(world.ctx.withTimeout(50), crew.worker('a'), { name: 'a', restart: 'permanent' })
    await world.advance(49)
    t.true(crew.isAlive('a'))
    await world.advance(1)
    t.false(crew.isAlive('a'))
  }),
)

test(
  'plain actors, machines and whole trees end with the context that they were spawned under',
  inWorld((t, world) => {
    const crew = new Crew(world)
    const [ctx, cancel] = world.ctx.withCancel()
    world.spawn(ctx, crew.worker('a'), { name: 'a', restart: 'permanent' })
    world.spawn(ctx, machine, { name: 'machine' })
    world.spawn(ctx, supervisor({ children: [crew.child('b'), crew.child('c')] }), { name: 'tree' })
    crew.news()
    cancel('over')
    t.is(world.system.actors, 0)
    t.deepEqual(crew.news().sort(), ['-a', '-b', '-c'])
    t.deepEqual(
      world.told('stopped').filter((line) => line.startsWith('tree')),
      [
        'tree/c stopped its parent has ended',
        'tree/b stopped its parent has ended',
        'tree stopped cancelled: over',
      ],
    )
  }),
)

test(
  'what is spawned under a context that is over never runs, and is told as spawned and stopped',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const [ctx, cancel] = world.ctx.withCancel()
    cancel('over')
    const ref = world.spawn(ctx, crew.worker('a'), { name: 'a', restart: 'permanent' })
    t.false(ref.isAlive)
    t.deepEqual(crew.life, [])
    t.deepEqual(
      world.log.map((line) => line.split(' ')[0]),
      ['spawned', 'stopped'],
    )
    t.is((await world.result(ref.watch())).reason.kind, 'stopped')
  }),
)

test(
  'an actor whose context ends while its code runs ends right after',
  inWorld(async (t, world) => {
    const [ctx, cancel] = world.ctx.withCancel()
    const seen: string[] = []
    const suicidal = behaviour({
      initial: 'on',
      states: {
        on: {
          end: ({ self }) => {
            cancel('over')
            seen.push(String(self.isAlive))
          },
          other: () => void seen.push('other'),
        },
      },
    })
    const ref = world.spawn(ctx, suicidal, { restart: 'permanent' })
    for (const type of ['end', 'other'] as const) ref.send(world.ctx, { type })
    await world.settle()
    t.deepEqual(seen, ['true'])
    t.false(ref.isAlive)
  }),
)

test(
  'an actor that has ended listens to its context no more',
  inWorld((t, world) => {
    const crew = new Crew(world)
    const [ctx, cancel] = world.ctx.withCancel()
    for (let i = 0; i < 3; i++) world.spawn(ctx, crew.worker('a')).stop('enough')
    cancel('over')
    t.is(world.told('stopped').length, 3)
  }),
)
