/** Law: what a machine invokes or spawns is below it in our tree, and never outlives it, however it ends. */
import test from 'ava'
import fc from 'fast-check'
import {
  type AnyActorLogic,
  assign,
  createMachine,
  fromCallback,
  fromPromise,
  raise,
  sendParent,
  sendTo,
  setup,
  spawnChild,
} from 'xstate'
import type { Ref } from '../../../runtime/system/ref.ts'
import type { Delivered } from '../../../runtime/system/xstate-messages.ts'
import { inWorld, nameOf, World } from './world.ts'

type Plain = { readonly type: string; readonly [field: string]: unknown }

function spawn(world: World, logic: object, options: object = {}): Ref<Plain> {
  return world.spawn(world.ctx, logic as never, options as never) as Ref as Ref<Plain>
}

function boom(): never {
  throw new Error('boom')
}

/** Finds the actor that was last spawned by a name, if any: machines do not hand out the refs of their children. */
function people(world: World): Map<string, Ref<Plain>> {
  const all = new Map<string, Ref<Plain>>()
  world.system.events.on('spawned', ({ ref }) => void all.set(nameOf(ref), ref as Ref as Ref<Plain>))
  return all
}

function found(all: Map<string, Ref<Plain>>, name: string): Ref<Plain> {
  const ref = all.get(name)
  if (ref === undefined) throw new Error(`nobody is called ${name}`)
  return ref
}

/** Counts who is up: each `leaf` is a callback that says when it begins and when it is cleaned up. */
class Leaves {
  readonly log: string[] = []

  leaf(name: string): AnyActorLogic {
    return fromCallback(({ receive }) => {
      this.log.push(`+${name}`)
      receive(({ type }) => void this.log.push(`${name} ${type}`))
      return () => void this.log.push(`-${name}`)
    })
  }

  get up(): string[] {
    const up: string[] = []
    for (const line of this.log) {
      if (line.startsWith('+')) up.push(line.slice(1))
      else if (line.startsWith('-')) up.splice(up.indexOf(line.slice(1)), 1)
    }
    return up.sort()
  }

  /** How often each was cleaned up. */
  get cleanUps(): Record<string, number> {
    const counts: Record<string, number> = {}
    for (const line of this.log) if (line.startsWith('-')) counts[line] = (counts[line] ?? 0) + 1
    return counts
  }
}

/** A machine with children of all kinds, and of theirs, that can end in all ways. */
function house(leaves: Leaves) {
  const room = setup({ actors: { lamp: leaves.leaf('lamp') }, actions: { boom } }).createMachine({
    id: 'room',
    initial: 'on',
    states: {
      on: { invoke: { src: 'lamp', id: 'lamp' }, on: { fail: { actions: 'boom' }, close: 'off' } },
      off: { type: 'final' },
    },
  })
  return setup({
    actors: {
      room,
      door: leaves.leaf('door'),
      cat: leaves.leaf('cat'),
      dog: leaves.leaf('dog'),
      never: fromPromise(() => new Promise<void>(() => {})),
    },
    actions: { boom },
    guards: { boom },
  }).createMachine({
    id: 'house',
    // biome-ignore lint/suspicious/noExplicitAny: the machine's own type is not known yet
    context: ({ spawn: give }: any) => ({ cat: give('cat', { id: 'cat' }) }),
    entry: spawnChild('dog'),
    // One more that has no id: xstate forgets the first.
    on: { dog: { actions: spawnChild('dog') } },
    invoke: [
      { src: 'room', id: 'room' },
      { src: 'door', id: 'door' },
      { src: 'never', id: 'never' },
    ],
    initial: 'open',
    states: {
      open: {
        after: { 50: { actions: 'boom' } },
        on: {
          failAction: { actions: 'boom' },
          failGuard: { guard: 'boom', actions: 'boom' },
          failRaised: { actions: raise({ type: 'failAction' }) },
          failChild: { actions: sendTo('room', { type: 'fail' }) },
          finish: 'closed',
        },
      },
      closed: { type: 'final' },
    },
  })
}

const everybody = ['cat', 'dog', 'dog', 'door', 'lamp']
const ends: Record<string, (world: World, ref: Ref<Plain>) => unknown> = {
  'an action that throws': (world, ref) => ref.send(world.ctx, { type: 'failAction' }),
  'a guard that throws': (world, ref) => ref.send(world.ctx, { type: 'failGuard' }),
  'an action that throws over a raised event': (world, ref) => ref.send(world.ctx, { type: 'failRaised' }),
  'a child’s failure that it does not handle': (world, ref) => ref.send(world.ctx, { type: 'failChild' }),
  'an action that throws after a delay': (world) => world.advance(50),
  'its final state': (world, ref) => ref.send(world.ctx, { type: 'finish' }),
  'a stop': (_world, ref) => ref.stop(),
  'the end of the system': (world) => world.look(world.system.stop()),
}

for (const [title, end] of Object.entries(ends)) {
  test(
    `a machine that ends by ${title} has nothing below it, and everything was cleaned up once`,
    inWorld(async (t, world) => {
      const leaves = new Leaves()
      const ref = spawn(world, house(leaves), { name: 'house' })
      ref.send(world.ctx, { type: 'dog' })
      world.turns()
      t.deepEqual(leaves.up, everybody)
      t.is(world.system.actors, 1 + everybody.length + ['room', 'never'].length)
      await end(world, ref)
      await world.settle()
      t.false(ref.isAlive)
      t.deepEqual(leaves.up, [])
      t.deepEqual(leaves.cleanUps, { '-cat': 1, '-dog': 2, '-door': 1, '-lamp': 1 })
      t.is(world.system.actors, 0)
      t.is(world.told('stopped').at(-1)?.split(' ')[0], 'house', 'children end before their parent')
    }),
  )
}

test(
  'a restart ends what was below, and brings it all to life again, once',
  inWorld((t, world) => {
    const leaves = new Leaves()
    const ref = spawn(world, house(leaves), { name: 'house', restart: { policy: 'transient', intensity: 9 } })
    const before = world.system.actors
    const alone = everybody.toSpliced(everybody.indexOf('dog'), 1)
    for (let life = 1; life <= 3; life++) {
      ref.send(world.ctx, { type: 'failAction' })
      world.turns()
      t.deepEqual(leaves.up, alone)
      t.is(leaves.cleanUps['-lamp'], life)
      t.is(world.system.actors, before)
    }
    ref.stop()
    t.deepEqual(leaves.up, [])
  }),
)

test(
  'where a machine handles the failure of one that it invoked, what was below that one has ended, and it goes on',
  inWorld(async (t, world) => {
    const all = people(world)
    const leaves = new Leaves()
    const inner = setup({ actors: { leaf: leaves.leaf('inner') }, actions: { boom } }).createMachine({
      invoke: { src: 'leaf', id: 'leaf' },
      on: { fail: { actions: 'boom' } },
    })
    const middle = setup({ actors: { inner, leaf: leaves.leaf('middle') }, actions: { boom } }).createMachine(
      {
        invoke: [
          { src: 'inner', id: 'inner' },
          { src: 'leaf', id: 'leaf' },
        ],
        on: { fail: { actions: 'boom' } },
      },
    )
    const outer = setup({ actors: { middle } }).createMachine({
      initial: 'trying',
      states: {
        trying: { invoke: { src: 'middle', id: 'middle', onError: 'failed' } },
        failed: { on: { again: 'trying' } },
      },
    })
    const ref = spawn(world, outer, { name: 'outer' })
    // The failure may be its own, or one that it has of what it invoked.
    for (const name of ['outer/middle', 'outer/middle/inner']) {
      t.deepEqual(leaves.up, ['inner', 'middle'])
      found(all, name).send(world.ctx, { type: 'fail' })
      world.turns()
      t.true(world.told('stopped').includes('outer/middle failed boom'))
      t.deepEqual(leaves.up, [])
      t.is(world.system.actors, 1)
      t.is((ref.actor.getSnapshot() as { value: unknown }).value, 'failed')
      ref.send(world.ctx, { type: 'again' })
      world.turns()
    }
    t.deepEqual(world.told('failed'), [], 'a failure that a machine handles is no failure of ours')
  }),
)

test(
  'one that fails, or is done, as it begins leaves nothing behind',
  inWorld((t, world) => {
    const leaves = new Leaves()
    const broken = setup({ actors: { leaf: leaves.leaf('leaf') }, actions: { boom } }).createMachine({
      invoke: { src: 'leaf', id: 'leaf' },
      initial: 'on',
      states: { on: { entry: 'boom' } },
    })
    const brief = setup({ actors: { leaf: leaves.leaf('leaf') } }).createMachine({
      invoke: { src: 'leaf', id: 'leaf' },
      initial: 'off',
      states: { off: { type: 'final' } },
      output: 'brief',
    })
    const outer = setup({ actors: { broken, brief } }).createMachine({
      initial: 'first',
      states: {
        first: { invoke: { src: 'broken', id: 'broken', onError: 'second' } },
        second: { invoke: { src: 'brief', id: 'brief', onDone: 'third' } },
        third: {},
      },
    })
    const ref = spawn(world, outer, { name: 'outer' })
    t.is((ref.actor.getSnapshot() as { value: unknown }).value, 'third')
    t.deepEqual(leaves.up, [])
    t.is(world.system.actors, 1)
    t.true(world.told('stopped').includes('outer/broken failed boom'))
    t.true(world.told('stopped').includes('outer/brief done brief'))
    t.false(spawn(world, broken, { name: 'broken' }).isAlive)
    t.deepEqual(leaves.up, [])
  }),
)

test(
  'a child has a path, tells of its birth and its end, and is told and asked like any other',
  inWorld(async (t, world) => {
    const all = people(world)
    const clerk = setup({
      actions: {
        answer: ({ event }) =>
          (event as Delivered<Plain>).reply?.((event as Delivered<Plain>).ctx.remainingMs),
      },
    }).createMachine({
      initial: 'on',
      states: {
        on: { on: { ask: { actions: 'answer' }, fail: { actions: boom }, end: 'off' } },
        off: { type: 'final' },
      },
      output: 'closed',
    })
    const shop = setup({ actors: { clerk, work: fromPromise(async () => 42) } }).createMachine({
      initial: 'open',
      states: {
        open: {
          invoke: [
            { src: 'clerk', id: 'a/b', onDone: {}, onError: {} },
            { src: 'work', id: 'work' },
          ],
          on: { close: 'closed' },
        },
        closed: { on: { open: 'open' } },
      },
    })
    const ref = spawn(world, shop, { name: 'shop' })
    const name = 'shop/a%2Fb'
    t.deepEqual(world.told('spawned'), ['shop', name, 'shop/work'])
    const child = found(all, name)
    t.is(await world.result(child.ask(world.ctx.withTimeout(30), { type: 'ask' })), 30)
    t.deepEqual(world.told('stopped'), ['shop/work done 42'])
    ref.send(world.ctx, { type: 'close' })
    ref.send(world.ctx, { type: 'open' })
    world.turns()
    t.deepEqual(world.told('stopped').slice(1), [`${name} stopped its machine has stopped it`])
    t.false(child.isAlive)
    const next = found(all, name)
    t.true(next.isAlive)
    t.is(await world.failure(next.ask(world.ctx, { type: 'fail' })), 'ACTOR_FAILED')
    t.is(world.told('stopped').at(-1), `${name} failed boom`)
    ref.send(world.ctx, { type: 'close' })
    ref.send(world.ctx, { type: 'open' })
    world.turns()
    found(all, name).send(world.ctx, { type: 'end' })
    world.turns()
    t.is(world.told('stopped').at(-1), `${name} done closed`)
    t.deepEqual(world.told('failed'), [])
  }),
)

test(
  'who stops a machine’s child ends what is below that, and tells the machine nothing',
  inWorld((t, world) => {
    const all = people(world)
    const leaves = new Leaves()
    const ref = spawn(world, house(leaves), { name: 'house' })
    found(all, 'house/room').stop('enough')
    t.deepEqual(leaves.up, ['cat', 'dog', 'door'])
    t.deepEqual(world.told('stopped'), [
      'house/room/lamp stopped its parent has ended',
      'house/room stopped enough',
    ])
    t.true(ref.isAlive)
    t.is((found(all, 'house/room').actor.getSnapshot() as { status: string }).status, 'stopped')
  }),
)

test(
  'a cleanup that throws is told of, and keeps nobody from ending',
  inWorld((t, world) => {
    const machine = setup({
      actors: { sour: fromCallback(() => boom), sweet: fromCallback(() => {}) },
    }).createMachine({
      invoke: [
        { src: 'sweet', id: 'sweet' },
        { src: 'sour', id: 'sour' },
      ],
      on: { fail: { actions: boom } },
    })
    spawn(world, machine, { name: 'one' }).stop()
    t.deepEqual(world.told('failed'), ['one/sour stopping boom'])
    spawn(world, machine, { name: 'other' }).send(world.ctx, { type: 'fail' })
    world.turns()
    t.deepEqual(world.told('failed').slice(1), ['other handling boom', 'other/sour stopping boom'])
    t.is(world.system.actors, 0)
  }),
)

test(
  'one that is stopped as soon as its birth is told has never been a child of ours, and was stopped',
  inWorld((t, world) => {
    const leaves = new Leaves()
    world.system.events.on('spawned', ({ ref }) => {
      if (nameOf(ref) === 'house/door') ref.stop()
    })
    const ref = spawn(world, house(leaves), { name: 'house' })
    t.deepEqual(leaves.up, ['cat', 'dog', 'lamp'])
    t.true(ref.isAlive)
  }),
)

test(
  'a child whose machine enters its state again, over what the child itself says, makes room for the next',
  inWorld(async (t, world) => {
    const all = people(world)
    const leaves = new Leaves()
    const inner = setup({ actors: { leaf: leaves.leaf('leaf') } }).createMachine({
      invoke: { src: 'leaf', id: 'leaf' },
      on: { again: { actions: sendParent({ type: 'again' }) } },
    })
    const outer = setup({ actors: { inner } }).createMachine({
      initial: 'on',
      states: {
        on: { invoke: { src: 'inner', id: 'inner' }, on: { again: { target: 'on', reenter: true } } },
      },
    })
    spawn(world, outer, { name: 'outer' })
    for (let time = 1; time <= 3; time++) {
      const before = found(all, 'outer/inner')
      before.send(world.ctx, { type: 'again' })
      await world.settle()
      t.false(before.isAlive)
      t.true(found(all, 'outer/inner').isAlive)
      t.deepEqual(leaves.up, ['leaf'])
      t.is(leaves.cleanUps['-leaf'], time)
      t.is(world.system.actors, 3)
    }
  }),
)

test(
  'delays of an invoked machine run on the system’s clock, and go with it',
  inWorld(async (t, world) => {
    const inner = createMachine({
      initial: 'waiting',
      states: { waiting: { after: { 30: 'over' } }, over: { type: 'final' } },
    })
    const outer = setup({ actors: { inner } }).createMachine({
      initial: 'on',
      states: {
        on: {
          invoke: { src: 'inner', id: 'inner', onDone: 'off' },
          on: { again: { target: 'on', reenter: true } },
        },
        off: {},
      },
    })
    const ref = spawn(world, outer, { name: 'outer' })
    await world.advance(29)
    ref.send(world.ctx, { type: 'again' })
    await world.advance(29)
    t.is((ref.actor.getSnapshot() as { value: unknown }).value, 'on')
    t.is(world.clock.pending, 1)
    await world.advance(1)
    t.is((ref.actor.getSnapshot() as { value: unknown }).value, 'off')
    const other = spawn(world, outer)
    other.stop()
    t.is(world.clock.pending, 0)
  }),
)

test(
  'a machine below a machine, and so on: all are in the tree, and end with the first',
  inWorld((t, world) => {
    const depth = 200
    const leaves = new Leaves()
    let logic: AnyActorLogic = leaves.leaf('leaf')
    for (let level = 1; level < depth; level++) {
      logic = setup({ actors: { below: logic as typeof logic } }).createMachine({
        invoke: { src: 'below', id: 'below' },
        on: { fail: { actions: boom } },
      }) as unknown as AnyActorLogic
    }
    const ref = spawn(world, logic, { name: 'top' })
    t.is(world.system.actors, depth)
    ref.send(world.ctx, { type: 'fail' })
    world.turns()
    t.is(world.system.actors, 0)
    t.deepEqual(leaves.cleanUps, { '-leaf': 1 })
  }),
)

/** What may happen to a machine that keeps others, which keep others. */
const commands = [
  'enter',
  'leave',
  'spawn',
  'fail',
  'failInner',
  'stopInner',
  'stopLeaf',
  'wait',
  'restart',
] as const

test('whatever happens, what xstate runs is what stands in our tree', async (t) => {
  const program = fc.array(fc.constantFrom(...commands), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(program, fc.boolean(), async (steps, isHandled) => {
      const leaves = new Leaves()
      const inner = setup({ actors: { leaf: leaves.leaf('leaf') }, actions: { boom } }).createMachine({
        invoke: { src: 'leaf', id: 'leaf' },
        on: { failInner: { actions: 'boom' } },
        after: { 15: { actions: 'boom' } },
      })
      const outer = setup({ actors: { inner, leaf: leaves.leaf('leaf') }, actions: { boom } }).createMachine({
        initial: 'in',
        on: {
          spawn: { actions: assign({ last: ({ spawn: give }) => give('leaf') }) },
          fail: { actions: 'boom' },
        },
        states: {
          in: {
            invoke: { src: 'inner', id: 'inner', ...(isHandled ? { onError: 'out' } : {}) },
            on: {
              leave: 'out',
              enter: { target: 'in', reenter: true },
              failInner: { actions: sendTo('inner', { type: 'failInner' }) },
            },
          },
          out: { on: { enter: 'in' } },
        },
      })
      const world = new World()
      const all = people(world)
      const ref = spawn(world, outer, { name: 'outer', restart: { policy: 'transient', intensity: 5 } })
      for (const step of steps) {
        if (step === 'wait') await world.advance(10)
        else if (step === 'stopInner') all.get('outer/inner')?.stop()
        else if (step === 'stopLeaf') all.get('outer/inner/leaf')?.stop()
        else ref.send(world.ctx, { type: step })
        await world.settle()
        const { actors } = world.system.snapshot()
        t.is(actors.filter(({ logic }) => logic === 'leaf').length, leaves.up.length, `after ${step}`)
      }
      ref.stop()
      t.deepEqual(leaves.up, [])
      await world.end(t)
    }),
    { numRuns: 60 },
  )
})
