/** Law: what OTP's documentation of `supervisor` promises to who builds on it holds here, but where a title says otherwise. */
import test from 'ava'
import { codeOf } from '../../../runtime/errors.ts'
import { child } from '../../../runtime/system/child-spec.ts'
import type { Restart } from '../../../runtime/system/options.ts'
import type { EndReason } from '../../../runtime/system/ref.ts'
import type { Strategy } from '../../../runtime/system/supervision.ts'
import { supervisor } from '../../../runtime/system/supervisor.ts'
import { Crew } from './crew.ts'
import { endOf, inWorld } from './world.ts'

const STRATEGIES: readonly Strategy[] = ['one_for_one', 'one_for_all', 'rest_for_one']
const OFTEN = { intensity: 100 }

// ── Starting and stopping ────────────────────────────────────────────────────────────────────────────────────────────

test(
  'children start in the order of the list and end in reverse, before their supervisor does',
  inWorld((t, world) => {
    const crew = new Crew(world)
    const tree = supervisor({ children: [crew.child('a'), crew.child('b'), crew.child('c')] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    t.deepEqual(crew.news(), ['+a', '+b', '+c'])
    ref.stop('enough')
    t.deepEqual(crew.news(), ['-c', '-b', '-a'])
    t.deepEqual(world.told('spawned'), ['tree', 'tree/a', 'tree/b', 'tree/c'])
    t.deepEqual(world.told('stopped'), [
      'tree/c stopped its parent has ended',
      'tree/b stopped its parent has ended',
      'tree/a stopped its parent has ended',
      'tree stopped enough',
    ])
  }),
)

test(
  'a supervisor of supervisors starts each subtree whole before the next, and ends them in reverse',
  inWorld((t, world) => {
    const crew = new Crew(world)
    const left = supervisor({ children: [crew.child('a'), crew.child('b')] })
    const right = supervisor({ children: [crew.child('c'), crew.child('d')] })
    const tree = supervisor({ children: [child('left', left), child('right', right)] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    ref.stop()
    t.deepEqual(crew.news(), ['+a', '+b', '+c', '+d', '-d', '-c', '-b', '-a'])
    t.is(world.told('stopped').at(-1), 'tree stopped no reason given')
  }),
)

test(
  'a child that fails over its first start ends those before it, in reverse, and fails its supervisor’s start',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const bad = crew.child('c', {}, { badStarts: [1, 2] })
    const tree = supervisor({ children: [crew.child('a'), crew.child('b'), bad, crew.child('d')] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    t.false(ref.isAlive)
    t.deepEqual(crew.news(), ['+a', '+b', '!c', '-b', '-a'])
    const { reason } = await world.result(ref.watch())
    t.is(codeOf(errorOf(reason)), 'CHILD_START_FAILED')
    t.is((errorOf(reason) as Error).message, 'greenroom/tree/c did not start: c cannot start')
    t.is(((errorOf(reason) as Error).cause as Error).message, 'c cannot start')
    t.is(reason.kind === 'failed' && reason.phase, 'starting')
  }),
)

test(
  'a supervisor below that cannot start fails the start of all above it',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const low = supervisor({ children: [crew.child('b'), crew.child('c', {}, { badStarts: [1] })] })
    const tree = supervisor({ children: [crew.child('a'), child('low', low)] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    t.deepEqual(crew.news(), ['+a', '+b', '!c', '-b', '-a'])
    const { reason } = await world.result(ref.watch())
    t.is(
      endOf(reason),
      'failed greenroom/tree/low did not start: greenroom/tree/low/c did not start: c cannot start',
    )
  }),
)

test(
  'two children of one name are a mistake that fails the start',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const tree = supervisor({ children: [crew.child('a'), crew.child('a')] })
    const { reason } = await world.result(world.spawn(world.ctx, tree, { name: 'tree' }).watch())
    t.is(codeOf(errorOf(reason)), 'CHILD_NAME_TAKEN')
    t.deepEqual(crew.news(), ['+a', '-a'])
  }),
)

test(
  'a supervisor without children lives',
  inWorld((t, world) => {
    t.true(world.spawn(world.ctx, supervisor({ children: [] })).isAlive)
  }),
)

// ── Strategies ───────────────────────────────────────────────────────────────────────────────────────────────────────

const restarted: Readonly<Record<Strategy, readonly string[]>> = {
  one_for_one: ['-b', '+b'],
  one_for_all: ['-b', '-d', '-c', '-a', '+a', '+b', '+c', '+d'],
  rest_for_one: ['-b', '-d', '-c', '+b', '+c', '+d'],
}

for (const strategy of STRATEGIES) {
  for (const how of ['fail', 'finish'] as const) {
    test(
      `${strategy}: when a permanent child is to ${how}, ${restarted[strategy].join(' ')}`,
      inWorld(async (t, world) => {
        const crew = new Crew(world)
        const children = ['a', 'b', 'c', 'd'].map((name) => crew.child(name))
        world.spawn(world.ctx, supervisor({ strategy, ...OFTEN, children }), { name: 'tree' })
        crew.news()
        await crew.order('tree/b', how)
        t.deepEqual(crew.news(), restarted[strategy])
        const again = restarted[strategy].filter((line) => line.startsWith('+'))
        t.deepEqual(
          world.told('restarted'),
          again.map((line) => `tree/${line.slice(1)} 1`),
        )
        t.deepEqual(world.told('stopped'), [], 'nobody has ended for good')
      }),
    )
  }
}

test(
  'one_for_one is the default',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    world.spawn(world.ctx, supervisor({ children: [crew.child('a'), crew.child('b')] }), { name: 'tree' })
    crew.news()
    await crew.order('tree/a', 'fail')
    t.deepEqual(crew.news(), ['-a', '+a'])
  }),
)

test(
  'rest_for_one: the failure of the last takes nobody along, that of the first takes all',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = ['a', 'b', 'c'].map((name) => crew.child(name))
    world.spawn(world.ctx, supervisor({ strategy: 'rest_for_one', ...OFTEN, children }), { name: 'tree' })
    crew.news()
    await crew.order('tree/c', 'fail')
    t.deepEqual(crew.news(), ['-c', '+c'])
    await crew.order('tree/a', 'fail')
    t.deepEqual(crew.news(), ['-a', '-c', '-b', '+a', '+b', '+c'])
  }),
)

// ── Policies ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const policies: Readonly<Record<Restart, Readonly<Record<'fail' | 'finish', boolean>>>> = {
  permanent: { fail: true, finish: true },
  transient: { fail: true, finish: false },
  temporary: { fail: false, finish: false },
}

for (const restart of ['permanent', 'transient', 'temporary'] as const) {
  for (const how of ['fail', 'finish'] as const) {
    const isRestarted = policies[restart][how]
    test(
      `a ${restart} child that is to ${how} is ${isRestarted ? 'restarted' : 'gone, and its siblings are left alone'}`,
      inWorld(async (t, world) => {
        for (const strategy of STRATEGIES) {
          const crew = new Crew(world)
          const children = [crew.child('a'), crew.child('b', { restart }), crew.child('c')]
          world.spawn(world.ctx, supervisor({ strategy, ...OFTEN, children }), { name: strategy })
          crew.news()
          await crew.order(`${strategy}/b`, how)
          t.is(crew.isAlive(`${strategy}/b`), isRestarted)
          if (!isRestarted) t.deepEqual(crew.news(), ['-b'])
          t.true(crew.isAlive(`${strategy}/a`) && crew.isAlive(`${strategy}/c`))
        }
      }),
    )
  }
}

test(
  'a temporary child is never restarted, also not when a sibling’s failure takes it down',
  inWorld(async (t, world) => {
    for (const strategy of ['one_for_all', 'rest_for_one'] as const) {
      const crew = new Crew(world)
      const children = [crew.child('a'), crew.child('b', { restart: 'temporary' }), crew.child('c')]
      world.spawn(world.ctx, supervisor({ strategy, ...OFTEN, children }), { name: strategy })
      crew.news()
      await crew.order(`${strategy}/a`, 'fail')
      t.deepEqual(crew.news(), ['-a', '-c', '-b', '+a', '+c'])
      t.false(crew.isAlive(`${strategy}/b`))
    }
  }),
)

test(
  'a transient child that a sibling’s failure takes down is restarted',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = [crew.child('a'), crew.child('b', { restart: 'transient' })]
    world.spawn(world.ctx, supervisor({ strategy: 'one_for_all', children }), { name: 'tree' })
    crew.news()
    await crew.order('tree/a', 'fail')
    t.deepEqual(crew.news(), ['-a', '-b', '+a', '+b'])
  }),
)

test(
  'other than there: a child that had ended for good is not brought back by a sibling’s failure',
  inWorld(async (t, world) => {
    for (const strategy of ['one_for_all', 'rest_for_one'] as const) {
      const crew = new Crew(world)
      const children = [crew.child('a'), crew.child('b', { restart: 'transient' }), crew.child('c')]
      world.spawn(world.ctx, supervisor({ strategy, ...OFTEN, children }), { name: strategy })
      await crew.order(`${strategy}/b`, 'finish')
      crew.ref(`${strategy}/c`).stop()
      crew.news()
      await crew.order(`${strategy}/a`, 'fail')
      t.deepEqual(crew.news(), ['-a', '+a'])
    }
  }),
)

// ── Shutdown ─────────────────────────────────────────────────────────────────────────────────────────────────────────

test(
  'a child gets its shutdown time to finish, and not more; those before it wait meanwhile',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = [
      crew.child('a'),
      crew.child('slow', { shutdownMs: 50 }),
      crew.child('quick', { shutdownMs: 50 }),
    ]
    const ref = world.spawn(world.ctx, supervisor({ children }), { name: 'tree' })
    crew.tell('tree/slow', { type: 'work', ms: 100 })
    crew.tell('tree/quick', { type: 'work', ms: 20 })
    await world.settle()
    crew.news()
    ref.stop('enough')
    t.deepEqual(crew.news(), [])
    await world.advance(20)
    t.deepEqual(crew.news(), ['=quick', '-quick'])
    await world.advance(49)
    t.deepEqual(crew.news(), [])
    await world.advance(1)
    t.deepEqual(crew.news(), ['-slow', '-a'])
    t.deepEqual(world.told('stopped'), [
      'tree/quick stopped its parent has ended',
      'tree/slow stopped it did not finish within 50 ms',
      'tree/a stopped its parent has ended',
      'tree stopped enough',
    ])
  }),
)

test(
  'a shutdown time of zero ends a child over its work; the default is five seconds',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = [crew.child('usual'), crew.child('brutal', { shutdownMs: 0 })]
    const ref = world.spawn(world.ctx, supervisor({ children }), { name: 'tree' })
    for (const path of ['tree/usual', 'tree/brutal']) crew.tell(path, { type: 'work', ms: 60_000 })
    await world.settle()
    crew.news()
    ref.stop()
    t.deepEqual(crew.news(), ['-brutal'])
    await world.advance(4_999)
    t.deepEqual(crew.news(), [])
    await world.advance(1)
    t.deepEqual(crew.news(), ['-usual'])
  }),
)

test(
  'a child that may take for ever is waited for, and so is a subtree below it',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const patient = { shutdownMs: Number.POSITIVE_INFINITY }
    const low = supervisor({ children: [crew.child('a', patient)] })
    const tree = supervisor({ children: [child('low', low, patient)] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    crew.tell('tree/low/a', { type: 'work', ms: 3_600_000 })
    await world.settle()
    ref.stop()
    crew.news()
    await world.advance(3_599_999)
    t.deepEqual(crew.news(), [])
    await world.advance(1)
    t.deepEqual(crew.news(), ['=a', '-a'])
    t.is(world.told('stopped').at(-1), 'tree stopped no reason given')
  }),
)

function errorOf(reason: EndReason): unknown {
  return reason.kind === 'failed' ? reason.error : undefined
}
