/** Law: a restart is in place, a stop is final, and a bug of ours is never restarted away. */
import test from 'ava'
import { assign, setup } from 'xstate'
import { codeOf, InvariantError } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { child } from '../../../runtime/system/child-spec.ts'
import { dynamicSupervisor } from '../../../runtime/system/dynamic-supervisor.ts'
import { actorName } from '../../../runtime/system/names.ts'
import { receiving } from '../../../runtime/system/receiving.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import { type SupervisorEvent, supervisor } from '../../../runtime/system/supervisor.ts'
import { Crew, type Task } from './crew.ts'
import { endOf, inWorld } from './world.ts'

const OFTEN = { intensity: 100 }

// ── What outlives a restart ──────────────────────────────────────────────────────────────────────────────────────────

test(
  'a restarted child has the same ref, the same name and its mail; whoever watches it is told nothing',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    world.spawn(world.ctx, supervisor({ children: [crew.child('a')] }), { name: 'tree' })
    const ref = crew.ref('tree/a')
    const down = ref.watch(world.ctx)
    ref.send(world.ctx, { type: 'fail' })
    const question = ref.ask(world.ctx, { type: 'hello' })
    t.is(await world.result(question), 2)
    t.is(crew.ref('tree/a'), ref)
    t.true(ref.isAlive && down.isPending)
  }),
)

test(
  'the question that it failed over fails, with what it threw; those that waited are for the next life',
  inWorld(async (t, world) => {
    const picky = behaviour({
      initial: 'on',
      states: {
        on: {
          bad: (): number => {
            throw new Error('boom')
          },
          good: () => 1,
        },
      },
    })
    const pool = world.spawn(world.ctx, dynamicSupervisor({ logic: picky }))
    const start = await world.result(pool.ask(world.ctx, { type: 'startChild' }))
    if (start.outcome !== 'started') return t.fail(start.outcome)
    const questions = [start.ref.ask(world.ctx, { type: 'bad' }), start.ref.ask(world.ctx, { type: 'good' })]
    t.deepEqual(await world.outcomes(...questions), ['ACTOR_FAILED', 1])
  }),
)

test(
  'a supervisor that is restarted makes its children anew, from its input',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    let calls = 0
    const low = supervisor({
      intensity: 0,
      children: (names: readonly string[]) => {
        calls += 1
        return names.map((name) => crew.child(name))
      },
    })
    const tree = supervisor({ children: [child('low', low, { input: ['a', 'b'] })] })
    world.spawn(world.ctx, tree, { name: 'tree' })
    const [before, lowRef] = [crew.ref('tree/low/a'), crew.ref('tree/low')]
    await crew.order('tree/low/b', 'fail')
    t.is(calls, 2)
    t.is(crew.ref('tree/low'), lowRef, 'the supervisor is the same')
    t.not(crew.ref('tree/low/a'), before, 'its children are not')
    t.false(before.isAlive)
    t.deepEqual(crew.news(), ['+a', '+b', '-b', '-a', '+a', '+b'])
  }),
)

test(
  'a name in the registry stays with a child over its restarts, also while it is down, and goes with its end',
  inWorld(async (t, world) => {
    const Name = actorName<Task>('a')
    const { registry } = world.system
    const crew = new Crew(world)
    const children = [child('a', crew.worker('a'), { as: Name })]
    const backoff = { minMs: 100, maxMs: 100, jitter: 0 }
    const ref = world.spawn(world.ctx, supervisor({ backoff, children }), { name: 'tree' })
    const before = registry.find(Name)
    await crew.order('tree/a', 'fail')
    t.is(registry.find(Name), before)
    await world.advance(100)
    t.is(registry.find(Name), before)
    ref.stop()
    t.is(registry.find(Name), undefined)
  }),
)

test(
  'a name in the registry leads to the new child when the supervisor is restarted',
  inWorld(async (t, world) => {
    const Name = actorName<Task>('a')
    const { registry } = world.system
    const crew = new Crew(world)
    const low = supervisor({ intensity: 0, children: [child('a', crew.worker('a'), { as: Name })] })
    world.spawn(world.ctx, supervisor({ children: [child('low', low)] }), { name: 'tree' })
    const before = registry.find(Name)
    await crew.order('tree/low/a', 'fail')
    t.is(registry.find(Name), crew.ref('tree/low/a') as never)
    t.not(registry.find(Name), before)
  }),
)

test(
  'startChild: a name in the registry that is taken is a refusal, and nothing is kept',
  inWorld(async (t, world) => {
    const Name = actorName<Task>('a')
    const crew = new Crew(world)
    const holder = world.spawn(world.ctx, crew.worker('holder'), { as: Name })
    const ref = world.spawn(world.ctx, supervisor({ children: [] }), { name: 'tree' })
    const spec = child('a', crew.worker('a'), { as: Name })
    const start = () => world.result(ref.ask(world.ctx, { type: 'startChild', child: spec }))
    t.deepEqual(await start(), { outcome: 'taken' })
    t.deepEqual(await world.result(ref.ask(world.ctx, { type: 'children' })), [])
    holder.stop()
    t.is((await start()).outcome, 'started')
  }),
)

test(
  'a child whose name in the registry is taken fails the supervisor’s start, with that',
  inWorld(async (t, world) => {
    const Name = actorName<Task>('a')
    const crew = new Crew(world)
    world.spawn(world.ctx, crew.worker('holder'), { as: Name })
    const tree = supervisor({ children: [child('a', crew.worker('a'), { as: Name })] })
    const { reason } = await world.result(world.spawn(world.ctx, tree, { name: 'tree' }).watch())
    t.is(reason.kind === 'failed' && codeOf(reason.error), 'ACTOR_NAME_TAKEN')
  }),
)

// ── A stop from outside ──────────────────────────────────────────────────────────────────────────────────────────────

test(
  'ref.stop() on a child is final for every policy, and harms no sibling',
  inWorld(async (t, world) => {
    for (const strategy of ['one_for_one', 'one_for_all', 'rest_for_one'] as const) {
      for (const restart of ['permanent', 'transient', 'temporary'] as const) {
        const crew = new Crew(world)
        const children = [crew.child('a', { restart }), crew.child('b')]
        const ref = world.spawn(world.ctx, supervisor({ strategy, intensity: 0, children }), { name: 'tree' })
        crew.news()
        t.is(crew.ref('tree/a').stop('enough').status, 'fulfilled')
        await world.settle()
        t.deepEqual(crew.news(), ['-a'])
        ref.stop()
      }
    }
  }),
)

test(
  'a child that stops itself stays away as well, and can be started again',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const ref = world.spawn(world.ctx, supervisor({ children: [crew.child('a')] }), { name: 'tree' })
    await crew.order('tree/a', 'stop')
    t.false(crew.isAlive('tree/a'))
    const start = await world.result(ref.ask(world.ctx, { type: 'restartChild', name: 'a' }))
    t.is(start.outcome, 'started')
  }),
)

test(
  'a child may stop its supervisor over its own start',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const fatal = behaviour({
      initial: 'on',
      data: (above: { ref: Ref | undefined }) => above,
      start: ({ data }) => void data.ref?.stop('fatal'),
      states: { on: {} },
    })
    const above: { ref: Ref | undefined } = { ref: undefined }
    const tree = supervisor({ children: [crew.child('a'), child('fatal', fatal, { input: above })] })
    world.system.events.once('spawned', ({ ref }) => {
      above.ref = ref
    })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    t.false(ref.isAlive)
    t.deepEqual(crew.news(), ['+a', '-a'])
    t.is(world.told('stopped').at(-1), 'tree stopped fatal')
  }),
)

test(
  'a question to a supervisor that ends meanwhile settles',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = [crew.child('a', { shutdownMs: 1_000 })]
    const ref: Ref<SupervisorEvent> = world.spawn(world.ctx, supervisor({ children }), { name: 'tree' })
    crew.tell('tree/a', { type: 'work', ms: 50 })
    await world.settle()
    const stopping = ref.ask(world.ctx, { type: 'stopChild', name: 'a' })
    world.look(stopping)
    await world.settle()
    ref.stop()
    await world.advance(50)
    const [outcome] = await world.outcomes(stopping)
    t.true(outcome === 'stopped' || outcome === 'ASK_ACTOR_ENDED')
  }),
)

// ── Bugs ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

test(
  'a bug of ours is never restarted away: it ends all supervisors above, whatever their intensity',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const low = supervisor({ ...OFTEN, children: [crew.child('a'), crew.child('b')] })
    const tree = supervisor({ ...OFTEN, children: [crew.child('c'), child('low', low)] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree', restart: { policy: 'permanent', ...OFTEN } })
    crew.news()
    await crew.order('tree/low/a', 'bug')
    t.deepEqual(crew.news(), ['-a', '-b', '-c'])
    const { reason } = await world.result(ref.watch())
    t.true(reason.kind === 'failed' && reason.error instanceof InvariantError)
    t.is(endOf(reason), 'failed a has a bug')
    t.deepEqual(world.told('restarted'), [])
  }),
)

test(
  'nor is the bug of a temporary child hidden',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const tree = supervisor({ ...OFTEN, children: [crew.child('a', { restart: 'temporary' })] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    await crew.order('tree/a', 'bug')
    t.false(ref.isAlive)
  }),
)

test(
  'nor is one that comes while a group goes down',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const late = receiving<Task>(function* ({ receive, wait }) {
      const { ctx } = yield* receive('hello')
      yield* wait(ctx.after(10))
      throw new InvariantError('IMPOSSIBLE', 'a bug')
    })
    const children = [crew.child('a'), child('late', late)]
    const tree = supervisor({ strategy: 'one_for_all', ...OFTEN, children })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    crew.tell('tree/late', { type: 'hello' })
    await crew.order('tree/a', 'fail')
    await world.advance(10)
    t.deepEqual(world.told('restarted'), [])
    t.false(ref.isAlive)
  }),
)

test(
  'nor is one over a start, when a supervisor is restarted',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    let starts = 0
    const buggy = receiving<Task>(function* ({ receive }) {
      starts += 1
      if (starts > 1) throw new InvariantError('IMPOSSIBLE', 'a bug')
      yield* receive()
      throw new Error('boom')
    })
    const low = supervisor({ intensity: 0, children: [child('buggy', buggy)] })
    const ref = world.spawn(world.ctx, supervisor({ ...OFTEN, children: [child('low', low)] }), {
      name: 'tree',
    })
    crew.tell('tree/low/buggy', { type: 'hello' })
    await world.settle()
    t.is(starts, 2)
    t.false(ref.isAlive)
  }),
)

test(
  'a child that does not start fails the start also where what it had spawned takes its time to end',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const listener = behaviour({ initial: 'on', states: { on: { drain: ({ stop }) => stop('drained') } } })
    const low = supervisor({
      children: [child('listener', listener), crew.child('b', {}, { badStarts: [1] })],
    })
    const tree = supervisor({ children: [child('low', low), crew.child('c')] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    await world.settle()
    t.false(ref.isAlive)
    t.deepEqual(crew.news(), ['!b'])
  }),
)

// ── Machines ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const counter = setup({
  types: { context: {} as { n: number }, events: {} as { type: 'add' } | { type: 'fail' } | { type: 'end' } },
}).createMachine({
  context: { n: 0 },
  initial: 'counting',
  states: {
    counting: {
      on: {
        add: { actions: assign({ n: ({ context }) => context.n + 1 }) },
        fail: {
          actions: () => {
            throw new Error('boom')
          },
        },
        end: 'ended',
      },
    },
    ended: { type: 'final' },
  },
})

for (const from of ['start', 'snapshot'] as const) {
  test(
    `a machine that fails is restarted from its ${from}`,
    inWorld(async (t, world) => {
      const crew = new Crew(world)
      const tree = supervisor({ ...OFTEN, children: [child('machine', counter, { from })] })
      world.spawn(world.ctx, tree, { name: 'tree' })
      const ref = crew.ref('tree/machine') as Ref as Ref<{ type: 'add' | 'fail' }>
      for (const type of ['add', 'add', 'fail', 'add'] as const) ref.send(world.ctx, { type })
      await world.settle()
      t.deepEqual(world.told('restarted'), ['tree/machine 1'])
      t.is(ref.actor.getSnapshot().context.n, from === 'start' ? 1 : 3)
    }),
  )
}

test(
  'a machine in a final state has finished: a permanent one is restarted from the start, a transient one is gone',
  inWorld(async (t, world) => {
    for (const restart of ['permanent', 'transient'] as const) {
      for (const from of ['start', 'snapshot'] as const) {
        const crew = new Crew(world)
        const tree = supervisor({ children: [child('machine', counter, { restart, from })] })
        const ref = world.spawn(world.ctx, tree, { name: 'tree' })
        const machine = crew.ref('tree/machine') as Ref as Ref<{ type: 'end' }>
        machine.send(world.ctx, { type: 'end' })
        await world.settle()
        t.is(machine.isAlive, restart === 'permanent', `${restart}, ${from}`)
        t.true(ref.isAlive)
        ref.stop()
      }
    }
  }),
)
