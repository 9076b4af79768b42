/** Law: children come, go and are looked at by questions to their supervisor, as OTP’s documentation has it. */
import test from 'ava'
import { codeOf } from '../../../runtime/errors.ts'
import { child } from '../../../runtime/system/child-spec.ts'
import type { ChildStart, ChildStatus } from '../../../runtime/system/children.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import {
  type SupervisorConfig,
  type SupervisorEvent,
  supervisor,
} from '../../../runtime/system/supervisor.ts'
import { Crew, type Task } from './crew.ts'
import { inWorld, type World } from './world.ts'

/** A supervisor, with the questions that one may ask it. */
class Boss {
  readonly ref: Ref<SupervisorEvent>
  private readonly world: World

  constructor(world: World, config: SupervisorConfig<never, undefined>) {
    this.world = world
    this.ref = world.spawn(world.ctx, supervisor(config), { name: 'tree' })
  }

  start(spec: ReturnType<Crew['child']>): Promise<ChildStart> {
    return this.world.result(this.ref.ask(this.world.ctx, { type: 'startChild', child: spec }))
  }

  stop(name: string): Promise<string> {
    return this.world.result(this.ref.ask(this.world.ctx, { type: 'stopChild', name }))
  }

  restart(name: string): Promise<ChildStart> {
    return this.world.result(this.ref.ask(this.world.ctx, { type: 'restartChild', name }))
  }

  delete(name: string): Promise<string> {
    return this.world.result(this.ref.ask(this.world.ctx, { type: 'deleteChild', name }))
  }

  /** One text a child: `a running 0`. */
  async list(): Promise<string[]> {
    return (await this.statuses()).map(({ name, phase, restarts }) => `${name} ${phase} ${restarts}`)
  }

  statuses(): Promise<readonly ChildStatus[]> {
    return this.world.result(this.ref.ask(this.world.ctx, { type: 'children' }))
  }
}

function create(world: World, config: Omit<SupervisorConfig<never, undefined>, 'children'> = {}) {
  const crew = new Crew(world)
  const children = [crew.child('a'), crew.child('b', { restart: 'transient' })]
  const boss = new Boss(world, { ...config, children } as unknown as SupervisorConfig<never, undefined>)
  crew.news()
  return { crew, boss }
}

test(
  'children: the list in the order of starting, with ref, phase, policy and restarts of each',
  inWorld(async (t, world) => {
    const { crew, boss } = create(world, { intensity: 5 })
    await crew.order('tree/a', 'fail')
    await crew.order('tree/a', 'fail')
    await crew.order('tree/b', 'finish')
    t.deepEqual(await boss.statuses(), [
      { name: 'a', ref: crew.ref('tree/a'), phase: 'running', restart: 'permanent', restarts: 2 },
      { name: 'b', ref: undefined, phase: 'ended', restart: 'transient', restarts: 0 },
    ])
  }),
)

test(
  'startChild: started behind the others, and kept as they are',
  inWorld(async (t, world) => {
    const { crew, boss } = create(world, { strategy: 'rest_for_one' })
    const start = await boss.start(crew.child('c'))
    t.deepEqual(start, { outcome: 'started', ref: crew.ref('tree/c') })
    t.deepEqual(await boss.list(), ['a running 0', 'b running 0', 'c running 0'])
    crew.news()
    await crew.order('tree/b', 'fail')
    t.deepEqual(crew.news(), ['-b', '-c', '+b', '+c'])
  }),
)

test(
  'startChild: a name that is in the list is taken, whether its child lives or not',
  inWorld(async (t, world) => {
    const { crew, boss } = create(world)
    t.deepEqual(await boss.start(crew.child('a')), { outcome: 'taken' })
    await boss.stop('a')
    t.deepEqual(await boss.start(crew.child('a')), { outcome: 'taken' })
    t.deepEqual(crew.news(), ['-a'])
  }),
)

test(
  'startChild: one that fails over its start is not kept, and harms nobody',
  inWorld(async (t, world) => {
    const { crew, boss } = create(world, { strategy: 'one_for_all', intensity: 0 })
    const start = await boss.start(crew.child('c', {}, { badStarts: [1] }))
    t.is(start.outcome, 'failed')
    t.is(codeOf((start as { error: unknown }).error), 'CHILD_START_FAILED')
    t.deepEqual(crew.news(), ['!c'])
    t.deepEqual(await boss.list(), ['a running 0', 'b running 0'])
    t.is((await boss.start(crew.child('c'))).outcome, 'started', 'its name is free')
  }),
)

test(
  'startChild: options that cannot be are an outcome, not a failure of the supervisor',
  inWorld(async (t, world) => {
    const { crew, boss } = create(world)
    for (const options of [{ shutdownMs: -1 }, { restart: 'always' }, { shutDownMs: 5 }]) {
      const start = await boss.start(crew.child('c', options as never))
      t.is(start.outcome, 'failed')
      t.is(codeOf((start as { error: unknown }).error), 'SPAWN_OPTION_INVALID')
    }
    t.deepEqual(await boss.list(), ['a running 0', 'b running 0'])
  }),
)

test(
  'children that were added are forgotten when the supervisor is itself restarted',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const low = supervisor({ intensity: 0, children: [crew.child('a')] })
    world.spawn(world.ctx, supervisor({ children: [child('low', low)] }), { name: 'top' })
    const boss = crew.ref('top/low') as Ref as Ref<SupervisorEvent>
    await world.result(boss.ask(world.ctx, { type: 'startChild', child: crew.child('b') }))
    crew.news()
    await crew.order('top/low/a', 'fail')
    t.deepEqual(crew.news(), ['-a', '-b', '+a'])
  }),
)

test(
  'stopChild: answers when the child has ended, which has its time; it stays in the list and is not restarted',
  inWorld(async (t, world) => {
    const { crew, boss } = create(world)
    crew.tell('tree/a', { type: 'work', ms: 30 })
    await world.settle()
    const stopping = boss.ref.ask(world.ctx, { type: 'stopChild', name: 'a' })
    await world.advance(29)
    t.true(stopping.isPending)
    t.deepEqual(await boss.list(), ['a running 0', 'b running 0'], 'it answers others meanwhile')
    await world.advance(1)
    t.is(await world.result(stopping), 'stopped')
    t.deepEqual(crew.news(), ['=a', '-a'])
    t.deepEqual(await boss.list(), ['a ended 0', 'b running 0'])
  }),
)

test(
  'stopChild: unknown for a name that is none, and for a child that has ended',
  inWorld(async (t, world) => {
    const { boss } = create(world)
    t.is(await boss.stop('x'), 'unknown')
    t.is(await boss.stop('a'), 'stopped')
    t.is(await boss.stop('a'), 'unknown')
  }),
)

test(
  'a temporary child leaves the list with its end, however it comes',
  inWorld(async (t, world) => {
    for (const how of ['fail', 'finish', 'stop', 'stopChild'] as const) {
      const { crew, boss } = create(world)
      await boss.start(crew.child('c', { restart: 'temporary' }))
      if (how === 'stopChild') t.is(await boss.stop('c'), 'stopped')
      else await crew.order('tree/c', how)
      t.deepEqual(await boss.list(), ['a running 0', 'b running 0'])
      t.deepEqual(await boss.restart('c'), { outcome: 'unknown' })
      boss.ref.stop()
    }
  }),
)

test(
  'restartChild: starts one that has ended anew, as another actor',
  inWorld(async (t, world) => {
    const { crew, boss } = create(world)
    const before = crew.ref('tree/b')
    await crew.order('tree/b', 'finish')
    const start = await boss.restart('b')
    t.deepEqual(start, { outcome: 'started', ref: crew.ref('tree/b') })
    t.not(crew.ref('tree/b'), before)
    t.false(before.isAlive)
    t.deepEqual(crew.news(), ['-b', '+b'])
  }),
)

test(
  'restartChild: it has its old place, so that what stands on it is restarted with it, and not the other way round',
  inWorld(async (t, world) => {
    const { crew, boss } = create(world, { strategy: 'rest_for_one', intensity: 5 })
    await boss.stop('a')
    await boss.restart('a')
    crew.news()
    await crew.order('tree/b', 'fail')
    t.deepEqual(crew.news(), ['-b', '+b'])
    await crew.order('tree/a', 'fail')
    t.deepEqual(crew.news(), ['-a', '-b', '+a', '+b'])
  }),
)

test(
  'startChild: what is no specification is an outcome, and harms nobody',
  inWorld(async (t, world) => {
    const { boss } = create(world)
    for (const strange of [undefined, null, {}, { name: 'x' }]) {
      const start = await boss.start(strange as never)
      t.is(start.outcome === 'failed' && codeOf(start.error), 'CHILD_SPEC_INVALID')
    }
    t.deepEqual(await boss.list(), ['a running 0', 'b running 0'])
  }),
)

test(
  'restartChild: taken while it lives, unknown where it is not in the list',
  inWorld(async (t, world) => {
    const { boss } = create(world)
    t.deepEqual(await boss.restart('a'), { outcome: 'taken' })
    t.deepEqual(await boss.restart('x'), { outcome: 'unknown' })
  }),
)

test(
  'restartChild: one that fails over its start stays in the list, to be started once more',
  inWorld(async (t, world) => {
    const { crew, boss } = create(world)
    await boss.start(crew.child('c', {}, { badStarts: [2] }))
    await boss.stop('c')
    t.is((await boss.restart('c')).outcome, 'failed')
    t.deepEqual(await boss.list(), ['a running 0', 'b running 0', 'c ended 0'])
    t.is((await boss.restart('c')).outcome, 'started')
  }),
)

test(
  'deleteChild: takes one that has ended off the list, and none that runs',
  inWorld(async (t, world) => {
    const { crew, boss } = create(world)
    t.is(await boss.delete('a'), 'running')
    await boss.stop('a')
    t.is(await boss.delete('a'), 'deleted')
    t.is(await boss.delete('a'), 'unknown')
    t.deepEqual(await boss.list(), ['b running 0'])
    t.is((await boss.start(crew.child('a'))).outcome, 'started', 'its name is free')
  }),
)

test(
  'what a supervisor does not understand is a dead letter, and a question of that kind is told so',
  inWorld(async (t, world) => {
    const { boss } = create(world)
    const question = (boss.ref as Ref as Ref<Task>).ask(world.ctx, { type: 'hello' })
    t.is(await world.failure(question), 'ASK_UNHANDLED')
    t.deepEqual(world.told('deadLetter'), ['tree hello unhandled'])
  }),
)
