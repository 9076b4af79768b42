/** Law: a snapshot is the tree as it stands, in plain data that nothing changes afterwards, and as text a line an actor. */
import test from 'ava'
import { createMachine } from 'xstate'
import { codeOf } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { child } from '../../../runtime/system/child-spec.ts'
import { postpone } from '../../../runtime/system/postpone.ts'
import { type ActorSnapshot, formatTree, type SystemSnapshot } from '../../../runtime/system/snapshot.ts'
import { supervisor } from '../../../runtime/system/supervisor.ts'
import { Crew } from './crew.ts'
import { inWorld, type World } from './world.ts'

const idle = behaviour({ name: 'idle', initial: 'on', states: { on: {} } })

/** One actor of the snapshot, by its path without the system's name. */
function at(world: World, path: string): ActorSnapshot {
  const actor = world.system.snapshot().actors.find((actor) => actor.path === `greenroom/${path}`)
  if (actor === undefined) throw new Error(`nobody is at ${path}`)
  return actor
}

test(
  'a system without actors has a name, an instant and nothing else',
  inWorld(
    async (t, world) => {
      await world.advance(25)
      const snapshot = world.system.snapshot()
      t.deepEqual(snapshot, { name: 'empty', atMs: 25, actors: [], omitted: 0 })
      t.is(formatTree(snapshot), 'empty')
    },
    { name: 'empty' },
  ),
)

test(
  'every actor that lives is there, parents before their children, the older before the younger',
  inWorld((t, world) => {
    const crew = new Crew(world)
    const low = supervisor({ children: [crew.child('b'), crew.child('c')] })
    world.spawn(world.ctx, supervisor({ children: [crew.child('a'), child('low', low), crew.child('d')] }), {
      name: 'tree',
    })
    world.spawn(world.ctx, idle, { name: 'other' })
    world.spawn(world.ctx, idle, { name: 'gone' }).stop()
    t.deepEqual(
      world.system.snapshot().actors.map(({ path, name, depth }) => [path, name, depth]),
      [
        ['greenroom/tree', 'tree', 1],
        ['greenroom/tree/a', 'a', 2],
        ['greenroom/tree/low', 'low', 2],
        ['greenroom/tree/low/b', 'b', 3],
        ['greenroom/tree/low/c', 'c', 3],
        ['greenroom/tree/d', 'd', 2],
        ['greenroom/other', 'other', 1],
      ],
    )
    t.is(world.system.snapshot().actors.length, world.system.actors)
  }),
)

test(
  'a depth counts actors, whatever the system is called',
  inWorld(
    (t, world) => {
      world.spawn(world.ctx, idle, { name: 'a' })
      t.is(world.system.snapshot().actors[0]!.depth, 1)
    },
    { name: 'a/b' },
  ),
)

test(
  'what an actor runs, its state, and its mailbox',
  inWorld((t, world) => {
    world.spawn(world.ctx, idle, { name: 'idle', mailbox: { capacity: 5 } })
    t.deepEqual(at(world, 'idle'), {
      path: 'greenroom/idle',
      name: 'idle',
      depth: 1,
      logic: 'idle',
      phase: 'running',
      state: 'on',
      mail: { depth: 0, capacity: 5, postponed: 0, oldestMs: undefined },
      restarts: 0,
    })
  }),
)

test(
  'the state of each kind: a behaviour’s name, what a generator waits for, a machine’s value',
  inWorld(async (t, world) => {
    const machine = createMachine({
      initial: 'one',
      states: { one: { initial: 'two', states: { two: {} } } },
    })
    const crew = new Crew(world)
    world.spawn(world.ctx, idle, { name: 'behaviour' })
    world.spawn(world.ctx, crew.worker('w'), { name: 'generator' })
    world.spawn(world.ctx, machine, { name: 'machine' })
    world.spawn(world.ctx, supervisor({ children: [] }), { name: 'supervisor' })
    t.deepEqual(
      world.system.snapshot().actors.map(({ state }) => state),
      ['on', 'receiving anything', { one: 'two' }, 'supervising'],
    )
    crew.tell('generator', { type: 'work', ms: 10 })
    await world.settle()
    t.is(at(world, 'generator').state, 'waiting')
    await world.advance(10)
  }),
)

test(
  'mail that waits, and for how long: since the end of the turn in which it came',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const ref = world.spawn(world.ctx, crew.worker('w'), { name: 'w' })
    ref.send(world.ctx, { type: 'work', ms: 100 })
    t.deepEqual([at(world, 'w').mail.depth, at(world, 'w').mail.oldestMs], [1, 0])
    await world.settle()
    t.deepEqual([at(world, 'w').mail.depth, at(world, 'w').mail.oldestMs], [0, undefined])
    ref.send(world.ctx, { type: 'work', ms: 0 })
    await world.advance(40)
    ref.send(world.ctx, { type: 'work', ms: 0 })
    await world.advance(20)
    t.deepEqual([at(world, 'w').mail.depth, at(world, 'w').mail.oldestMs], [2, 60])
    await world.advance(40)
    t.is(at(world, 'w').mail.depth, 0)
  }),
)

test(
  'what is postponed is counted apart, and may be given back',
  inWorld((t, world) => {
    const door = behaviour({
      initial: 'shut',
      states: { shut: { job: postpone, open: ({ become }) => become('open') }, open: { job: () => {} } },
    })
    const ref = world.spawn(world.ctx, door, { name: 'door' })
    for (let i = 0; i < 3; i++) ref.send(world.ctx, { type: 'job' } as never)
    world.turns()
    t.deepEqual([at(world, 'door').mail.depth, at(world, 'door').mail.postponed], [0, 3])
    ref.send(world.ctx, { type: 'open' })
    world.turns()
    t.is(at(world, 'door').mail.postponed, 0)
  }),
)

test(
  'restarts, and the phases of a life: running, down, restarting, ending',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const backoff = { minMs: 100, maxMs: 100, jitter: 0 }
    const low = supervisor({ intensity: 0, children: [crew.child('b'), crew.child('c')] })
    const tree = supervisor({ backoff, children: [crew.child('a'), child('low', low)] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    const phases = () =>
      world.system.snapshot().actors.map(({ name, phase, restarts }) => `${name} ${phase} ${restarts}`)
    await crew.order('tree/a', 'fail')
    crew.tell('tree/low/c', { type: 'work', ms: 30 })
    await crew.order('tree/low/b', 'fail')
    t.deepEqual(phases(), ['tree running 0', 'a down 0', 'low restarting 0', 'c running 0'])
    t.is(at(world, 'tree/a').state, undefined)
    await world.advance(30)
    t.deepEqual(phases(), ['tree running 0', 'a down 0', 'low down 0'])
    await world.advance(100)
    t.deepEqual(phases(), ['tree running 0', 'a running 1', 'low running 1', 'b running 0', 'c running 0'])
    crew.tell('tree/low/c', { type: 'work', ms: 30 })
    await world.settle()
    ref.stop()
    t.deepEqual(phases(), ['tree ending 0', 'a running 1', 'low ending 1', 'b running 0', 'c running 0'])
    await world.advance(30)
    t.deepEqual(phases(), [])
  }),
)

test(
  'it may be taken by an actor, about itself as well',
  inWorld((t, world) => {
    let taken: SystemSnapshot | undefined
    const curious = behaviour({
      initial: 'on',
      states: {
        on: {
          look: () => {
            taken = world.system.snapshot()
          },
        },
      },
    })
    const ref = world.spawn(world.ctx, curious, { name: 'curious' })
    ref.send(world.ctx, { type: 'look' })
    world.turns()
    t.deepEqual(
      taken!.actors.map(({ name, phase }) => `${name} ${phase}`),
      ['curious running'],
    )
  }),
)

test(
  'it is a copy: what happens afterwards does not change it, and it can be sent',
  inWorld((t, world) => {
    const ref = world.spawn(world.ctx, idle, { name: 'a' })
    const snapshot = world.system.snapshot()
    const copy = structuredClone(snapshot)
    ref.stop()
    t.deepEqual(snapshot, copy)
    t.deepEqual(world.system.snapshot().actors, [])
  }),
)

test(
  'no more than actorsMax are looked at; the rest is counted',
  inWorld((t, world) => {
    for (let i = 0; i < 5; i++) world.spawn(world.ctx, idle, { name: `a${i}` })
    const few = world.system.snapshot({ actorsMax: 2 })
    t.deepEqual(
      few.actors.map(({ name }) => name),
      ['a0', 'a1'],
    )
    t.is(few.omitted, 3)
    t.is(formatTree(few), 'greenroom\n├── a0: on\n└── a1: on\nand 3 more')
    t.is(world.system.snapshot({ actorsMax: 0 }).omitted, 5)
    t.is(world.system.snapshot({ actorsMax: Number.POSITIVE_INFINITY }).omitted, 0)
  }),
)

test(
  'ten thousand actors are the default',
  inWorld((t, world) => {
    for (let i = 0; i < 10_001; i++) world.spawn(world.ctx, idle)
    const { actors, omitted } = world.system.snapshot()
    t.deepEqual([actors.length, omitted], [10_000, 1])
  }),
)

for (const actorsMax of [-1, Number.NaN]) {
  test(
    `actorsMax of ${actorsMax} is a mistake`,
    inWorld((t, world) => {
      t.is(codeOf(t.throws(() => world.system.snapshot({ actorsMax }))), 'SNAPSHOT_INVALID')
    }),
  )
}

test(
  'as text: the tree, with what is worth knowing of each',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const backoff = { minMs: 100, maxMs: 100 }
    const low = supervisor({ intensity: 5, children: [crew.child('b'), crew.child('c')] })
    const tree = supervisor({ backoff, children: [crew.child('a'), child('low', low), crew.child('d')] })
    world.spawn(world.ctx, tree, { name: 'tree' })
    world.spawn(
      world.ctx,
      createMachine({ initial: 'one', states: { one: { initial: 'x', states: { x: {} } } } }),
      {
        name: 'machine',
      },
    )
    await crew.order('tree/low/b', 'fail')
    for (let i = 0; i < 2; i++) await crew.order('tree/low/c', 'fail')
    await crew.order('tree/d', 'fail')
    crew.tell('tree/a', { type: 'work', ms: 50 })
    await world.settle()
    for (let i = 0; i < 2; i++) crew.tell('tree/a', { type: 'work', ms: 0 })
    await world.advance(10)
    t.is(
      formatTree(world.system.snapshot()),
      [
        'greenroom',
        '├── tree: supervising',
        '│   ├── a: waiting, 2 of 1024 in its mailbox, the oldest for 10 ms',
        '│   ├── low: supervising',
        '│   │   ├── b: receiving anything, 1 restart',
        '│   │   └── c: receiving anything, 2 restarts',
        '│   └── d: down',
        '└── machine: {"one":"x"}',
      ].join('\n'),
    )
    await world.advance(50)
  }),
)

test('as text: what is deeper than its younger relatives, and the last of all', (t) => {
  const actor = (path: string): ActorSnapshot => ({
    path: `s/${path}`,
    name: path.split('/').at(-1)!,
    depth: path.split('/').length,
    logic: 'idle',
    phase: 'running',
    state: 'on',
    mail: { depth: 0, capacity: 1, postponed: path === 'b' ? 4 : 0, oldestMs: undefined },
    restarts: 0,
  })
  const actors = ['a', 'a/b', 'a/b/c', 'a/b/c/d', 'a/e', 'b', 'b/f', 'b/f/g'].map(actor)
  t.is(
    formatTree({ name: 's', atMs: 0, actors, omitted: 0 }),
    [
      's',
      '├── a: on',
      '│   ├── b: on',
      '│   │   └── c: on',
      '│   │       └── d: on',
      '│   └── e: on',
      '└── b: on, 4 postponed',
      '    └── f: on',
      '        └── g: on',
    ].join('\n'),
  )
})
