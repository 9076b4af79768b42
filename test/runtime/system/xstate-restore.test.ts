/** Law: a machine that fails may begin again where it was before; a snapshot that was kept is as good as having been there. */
import test from 'ava'
import { assign, createActor, createMachine, fromCallback, fromPromise, sendTo, setup } from 'xstate'
import type { Ref } from '../../../runtime/system/ref.ts'
import { reply } from '../../../runtime/system/xstate-actions.ts'
import { inWorld, type World } from './world.ts'

type Plain = { readonly type: string; readonly [field: string]: unknown }

function spawn(world: World, logic: object, options: object = {}): Ref<Plain> {
  return world.spawn(world.ctx, logic as never, options as never) as Ref as Ref<Plain>
}

const fromSnapshot = { policy: 'transient', from: 'snapshot', intensity: 9 } as const

function boom(): never {
  throw new Error('boom')
}

function state(ref: Ref<Plain>): unknown {
  const { value, context } = ref.actor.getSnapshot() as { value: unknown; context: unknown }
  return [value, context]
}

const counter = setup({
  types: { context: {} as { count: number }, events: {} as Plain },
  actions: { boom, add: assign({ count: ({ context }) => context.count + 1 }) },
}).createMachine({
  context: { count: 0 },
  initial: 'even',
  on: { fail: { actions: ['add', 'boom'] }, ask: { actions: reply(({ context }) => context.count) } },
  states: {
    even: { on: { add: { target: 'odd', actions: 'add' } } },
    odd: {
      on: { add: { target: 'even', actions: 'add' } },
      after: { 40: { target: 'even', actions: 'boom' } },
    },
  },
})

test(
  'from: snapshot: it begins again before the event that failed; from: start: anew',
  inWorld(async (t, world) => {
    const kept = spawn(world, counter, { name: 'kept', restart: fromSnapshot })
    const anew = spawn(world, counter, { name: 'anew', restart: { policy: 'transient', intensity: 9 } })
    for (const ref of [kept, anew]) {
      for (const type of ['add', 'add', 'add', 'fail']) ref.send(world.ctx, { type })
    }
    world.turns()
    t.deepEqual(state(kept), ['odd', { count: 3 }])
    t.deepEqual(state(anew), ['even', { count: 0 }])
    kept.send(world.ctx, { type: 'fail' })
    world.turns()
    t.deepEqual(state(kept), ['odd', { count: 3 }])
    t.deepEqual(world.told('restarted'), ['kept 1', 'anew 1', 'kept 2'])
    t.is(await world.result(kept.ask(world.ctx, { type: 'ask' })), 3)
  }),
)

test(
  'from: snapshot: before the delay that failed',
  inWorld(async (t, world) => {
    const ref = spawn(world, counter, { restart: fromSnapshot })
    ref.send(world.ctx, { type: 'add' })
    await world.advance(40)
    t.is(world.told('restarted').length, 1)
    t.deepEqual(state(ref), ['odd', { count: 1 }])
    ref.stop()
    t.is(world.clock.pending, 0)
  }),
)

test(
  'from: snapshot: what it had invoked begins again, also what it failed over, and what was stopped with that',
  inWorld(async (t, world) => {
    const log: string[] = []
    let tries = 0
    const inner = setup({
      actors: {
        leaf: fromCallback(() => {
          log.push('up')
          return () => void log.push('down')
        }),
      },
    }).createMachine({
      initial: 'first',
      invoke: { src: 'leaf', id: 'leaf' },
      states: { first: { on: { next: 'second' } }, second: {} },
    })
    const loader = setup({
      types: { events: {} as Plain },
      actors: {
        inner,
        load: fromPromise(async ({ input }: { input: string }) => {
          tries += 1
          if (tries < 3) throw new Error(`${input} is away`)
          return `${input} at the ${tries}rd try`
        }),
      },
      actions: { boom },
    }).createMachine({
      context: { loaded: '' },
      invoke: { src: 'inner', id: 'inner' },
      initial: 'idle',
      on: { fail: { actions: 'boom' }, next: { actions: sendTo('inner', { type: 'next' }) } },
      states: {
        idle: { on: { load: 'loading' } },
        loading: {
          invoke: {
            src: 'load',
            id: 'load',
            input: 'the file',
            onDone: { target: 'loaded', actions: assign({ loaded: ({ event }) => event.output }) },
          },
        },
        loaded: {},
      },
    })
    const ref = spawn(world, loader, { name: 'loader', restart: fromSnapshot })
    ref.send(world.ctx, { type: 'next' })
    ref.send(world.ctx, { type: 'load' })
    await world.settle()
    t.deepEqual(world.told('restarted'), ['loader 1', 'loader 2'])
    t.deepEqual(state(ref), ['loaded', { loaded: 'the file at the 3rd try' }])
    const { children } = ref.actor.getSnapshot() as { children: Record<string, { getSnapshot(): unknown }> }
    t.like(children.inner?.getSnapshot(), { status: 'active', value: 'second' })
    t.deepEqual(log, ['up', 'down', 'up', 'down', 'up'])
    ref.send(world.ctx, { type: 'fail' })
    await world.settle()
    t.deepEqual(state(ref), ['loaded', { loaded: 'the file at the 3rd try' }])
    t.is(tries, 3, 'what was done is not done again')
    t.deepEqual(log.slice(5), ['down', 'up'])
  }),
)

test(
  'from: snapshot: what was done when it failed over that is done again; what somebody has stopped is not',
  inWorld(async (t, world) => {
    let runs = 0
    const machine = setup({
      types: { events: {} as Plain },
      actors: {
        load: fromPromise(async () => {
          runs += 1
          return runs
        }),
        leaf: fromCallback(() => {}),
      },
      actions: { boom },
    }).createMachine({
      invoke: { src: 'leaf', id: 'leaf' },
      on: { fail: { actions: 'boom' }, ok: {} },
      initial: 'on',
      states: {
        on: {
          invoke: {
            src: 'load',
            id: 'load',
            onDone: [{ guard: ({ event }) => event.output > 2, target: 'off' }, { actions: 'boom' }],
          },
        },
        off: {},
      },
    })
    let leaf: Ref | undefined
    world.system.events.on('spawned', ({ ref, path }) => {
      if (path.endsWith('/leaf')) leaf = ref
    })
    const ref = spawn(world, machine, { name: 'machine', restart: fromSnapshot })
    await world.settle()
    t.is(runs, 3)
    t.is((state(ref) as unknown[])[0], 'off')
    leaf?.stop()
    const before = world.told('spawned').length
    ref.send(world.ctx, { type: 'fail' })
    await world.settle()
    t.is(world.told('spawned').length, before)
    t.is(runs, 3)
  }),
)

for (const over of ['a message', 'a delay'] as const) {
  test(
    `from: snapshot: one that was done in the very transition, over ${over}, is as it was before too`,
    inWorld(async (t, world) => {
      let failures = 0
      const inner = createMachine({
        initial: 'on',
        states: { on: { on: { finish: 'off' } }, off: { type: 'final' } },
      })
      const outer = setup({ types: { events: {} as Plain }, actors: { inner } }).createMachine({
        initial: 'waiting',
        invoke: {
          src: 'inner',
          id: 'inner',
          onDone: {
            actions: () => {
              failures += 1
              if (failures === 1) throw new Error('boom')
            },
            target: '.off',
          },
        },
        states: {
          waiting: { on: { go: { actions: sendTo('inner', { type: 'finish' }) } }, after: { 20: 'late' } },
          late: { entry: sendTo('inner', { type: 'finish' }) },
          off: {},
        },
      })
      const ref = spawn(world, outer, { restart: fromSnapshot })
      if (over === 'a message') ref.send(world.ctx, { type: 'go' })
      await world.advance(over === 'a delay' ? 20 : 0)
      t.is(world.told('restarted').length, 1)
      t.is((state(ref) as unknown[])[0], over === 'a delay' ? 'late' : 'waiting')
      const { children } = ref.actor.getSnapshot() as { children: Record<string, { getSnapshot(): unknown }> }
      t.like(children.inner?.getSnapshot(), { status: 'active', value: 'on' })
      if (over === 'a delay') return
      ref.send(world.ctx, { type: 'go' })
      await world.settle()
      t.is((state(ref) as unknown[])[0], 'off')
    }),
  )
}

for (const isPersistable of [true, false]) {
  test(
    `from: snapshot: a child that has no name in its machine and can${isPersistable ? '' : 'not'} be persisted`,
    inWorld(async (t, world) => {
      const child = fromCallback(() => {})
      if (!isPersistable) child.getPersistedSnapshot = boom
      const machine = createMachine({
        initial: 'first',
        on: { spawn: { actions: assign(({ spawn: give }) => ({ child: give(child, { id: 'child' }) })) } },
        states: { first: { on: { next: 'second' } }, second: { on: { fail: { actions: boom } } } },
      })
      const ref = spawn(world, machine, { name: 'machine', restart: fromSnapshot })
      for (const type of ['next', 'spawn', 'fail']) ref.send(world.ctx, { type })
      await world.settle()
      const notKept =
        'machine running greenroom/machine restarts anew, since its snapshot cannot be persisted: boom'
      t.deepEqual(world.told('failed'), [...(isPersistable ? [] : [notKept]), 'machine handling boom'])
      t.is((state(ref) as unknown[])[0], isPersistable ? 'second' : 'first')
      t.is(world.system.actors, isPersistable ? 2 : 1)
    }),
  )
}

test(
  'from: snapshot: the life after one that was done begins anew',
  inWorld(async (t, world) => {
    const brief = createMachine({
      initial: 'first',
      states: { first: { on: { next: 'last' } }, last: { type: 'final' } },
    })
    const ref = spawn(world, brief, { restart: { policy: 'permanent', from: 'snapshot' } })
    ref.send(world.ctx, { type: 'next' })
    await world.settle()
    t.is(world.told('restarted').length, 1)
    t.is((state(ref) as unknown[])[0], 'first')
  }),
)

/** What a machine would be persisted as, elsewhere. */
function persisted(logic: typeof counter, ...types: readonly string[]): unknown {
  const actor = createActor(logic).start()
  for (const type of types) actor.send({ type })
  const snapshot = actor.getPersistedSnapshot()
  actor.stop()
  return JSON.parse(JSON.stringify(snapshot))
}

test(
  'snapshot: the first life begins from it, those after it do not',
  inWorld((t, world) => {
    const snapshot = persisted(counter, 'add', 'add', 'add')
    const ref = spawn(world, counter, { snapshot, restart: 'transient' })
    t.deepEqual(state(ref), ['odd', { count: 3 }])
    ref.send(world.ctx, { type: 'add' })
    world.turns()
    t.deepEqual(state(ref), ['even', { count: 4 }])
    ref.send(world.ctx, { type: 'fail' })
    world.turns()
    t.deepEqual(state(ref), ['even', { count: 0 }])
  }),
)

const statuses: Record<string, [fields: object, log: string[]]> = {
  done: [{ status: 'done', output: 7 }, ['spawned it', 'stopped it done 7']],
  error: [
    { status: 'error', error: new Error('boom') },
    ['spawned it', 'failed it starting boom', 'stopped it failed boom'],
  ],
  stopped: [
    { status: 'stopped' },
    ['spawned it', 'stopped it stopped it was stopped when its snapshot was taken'],
  ],
  'no state that there is': [
    { value: 'nowhere' },
    [
      'spawned it',
      "failed it starting State 'nowhere' does not exist on '(machine)'",
      "stopped it failed State 'nowhere' does not exist on '(machine)'",
    ],
  ],
}

for (const [title, [fields, log]] of Object.entries(statuses)) {
  test(
    `snapshot: one that is of ${title}`,
    inWorld((t, world) => {
      const snapshot = { ...(persisted(counter, 'add') as object), ...fields }
      t.false(spawn(world, counter, { name: 'it', snapshot }).isAlive)
      t.deepEqual(world.log, log)
    }),
  )
}

test(
  'drain: a machine whose state names it ends by its own decision; one for every event, or none, is drained',
  inWorld(async (t, world) => {
    const throwing = { drain: { guard: boom, target: 'closed' } }
    const machines: Record<string, [on: object, end: string]> = {
      names: [{ drain: 'closing' }, 'done undefined'],
      wild: [{ '*': 'closing' }, 'stopped drained'],
      none: [{ other: 'closing' }, 'stopped drained'],
      forbids: [{ drain: undefined }, 'stopped drained'],
      throws: [throwing, 'stopped drained'],
    }
    for (const [name, [on]] of Object.entries(machines)) {
      const machine = createMachine({
        initial: 'open',
        states: {
          open: { on: on as never },
          closing: { after: { 30: 'closed' } },
          closed: { type: 'final' },
        },
      })
      spawn(world, machine, { name })
    }
    const stopping = world.system.stop()
    world.look(stopping)
    await world.advance(29)
    t.is(world.told('stopped').length, 4)
    await world.advance(1)
    t.false(stopping.isPending)
    t.deepEqual(
      world.told('stopped').sort(),
      Object.entries(machines)
        .map(([name, [, end]]) => `${name} ${end}`)
        .sort(),
    )
  }),
)
