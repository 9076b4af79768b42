/** Law: with a backoff restarts wait, twice as long each time up to a bound, until it has been quiet for a while. */
import test from 'ava'
import { createSeededRandom } from '../../../runtime/context/random.ts'
import type { BackoffOptions } from '../../../runtime/system/options.ts'
import { Restarts } from '../../../runtime/system/restarts.ts'
import type { Strategy } from '../../../runtime/system/supervision.ts'
import { supervisor } from '../../../runtime/system/supervisor.ts'
import { Crew } from './crew.ts'
import { ignore, inWorld, type World } from './world.ts'

const STEADY: BackoffOptions = { minMs: 100, maxMs: 400, jitter: 0 }

/** Children a, b and c under one backoff. */
function create(world: World, strategy: Strategy, backoff: BackoffOptions = STEADY) {
  const crew = new Crew(world)
  const children = ['a', 'b', 'c'].map((name) => crew.child(name))
  const ref = world.spawn(world.ctx, supervisor({ strategy, backoff, children }), { name: 'tree' })
  crew.news()
  return { crew, ref }
}

/** Milliseconds until `path` runs again. Whoever it waits for has ended by now. */
async function downMs(world: World, crew: Crew, path: string): Promise<number> {
  const startMs = world.clock.nowMs()
  const answer = crew.ref(path).ask(world.ctx, { type: 'hello' }, { timeoutMs: 100_000 })
  let ms = startMs
  answer.listen(() => {
    ms = world.clock.nowMs()
  }, ignore)
  while (answer.isPending) await world.advance(world.clock.nextDueMs - world.clock.nowMs())
  return ms - startMs
}

async function delays(world: World, crew: Crew, path: string, count: number): Promise<number[]> {
  const waited: number[] = []
  for (let i = 0; i < count; i++) {
    await crew.order(path, 'fail')
    waited.push(await downMs(world, crew, path))
  }
  return waited
}

for (const strategy of ['one_for_one', 'one_for_all', 'rest_for_one'] as const) {
  test(
    `${strategy}: the delay doubles from minMs to maxMs`,
    inWorld(async (t, world) => {
      const { crew } = create(world, strategy)
      t.deepEqual(await delays(world, crew, 'tree/b', 5), [100, 200, 400, 400, 400])
    }),
  )

  test(
    `${strategy}: after a quiet time it begins at minMs again, and not before`,
    inWorld(async (t, world) => {
      const { crew } = create(world, strategy, { ...STEADY, quietMs: 1_000 })
      t.deepEqual(await delays(world, crew, 'tree/b', 2), [100, 200])
      await world.advance(999)
      t.deepEqual(await delays(world, crew, 'tree/b', 1), [400])
      await world.advance(1_000)
      t.deepEqual(await delays(world, crew, 'tree/b', 2), [100, 200])
    }),
  )
}

test(
  'one_for_one: each child has a delay of its own, and runs while others wait',
  inWorld(async (t, world) => {
    const { crew } = create(world, 'one_for_one')
    await delays(world, crew, 'tree/a', 2)
    crew.news()
    await crew.order('tree/a', 'fail')
    await crew.order('tree/b', 'fail')
    await world.advance(100)
    t.deepEqual(crew.news(), ['-a', '-b', '+b'])
    await world.advance(300)
    t.deepEqual(crew.news(), ['+a'])
  }),
)

test(
  'a group is taken down at once, and started together when the delay is over',
  inWorld(async (t, world) => {
    const { crew } = create(world, 'one_for_all')
    await crew.order('tree/a', 'fail')
    t.deepEqual(crew.news(), ['-a', '-c', '-b'])
    await world.advance(99)
    t.deepEqual(crew.news(), [])
    await world.advance(1)
    t.deepEqual(crew.news(), ['+a', '+b', '+c'])
  }),
)

test(
  'a start that fails waits longer, as any failure in a row',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = [crew.child('a', {}, { badStarts: [2, 3] })]
    world.spawn(world.ctx, supervisor({ backoff: STEADY, children }), { name: 'tree' })
    await crew.order('tree/a', 'fail')
    await world.advance(100)
    t.deepEqual(crew.news(), ['+a', '-a', '!a'])
    await world.advance(200)
    t.deepEqual(crew.news(), ['!a'])
    await world.advance(399)
    t.deepEqual(crew.news(), [])
    await world.advance(1)
    t.deepEqual(crew.news(), ['+a'])
  }),
)

test(
  'jitter adds up to its fraction of the delay, drawn from the system’s random source',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const backoff = { minMs: 100, maxMs: 100, jitter: 0.5 }
    world.spawn(world.ctx, supervisor({ backoff, children: [crew.child('a')] }), { name: 'tree' })
    const waited = await delays(world, crew, 'tree/a', 20)
    t.true(waited.every((ms) => ms >= 100 && ms <= 150))
    t.true(new Set(waited).size > 10, 'they are spread')
  }),
)

test('the same seed gives the same delays, another one gives others', (t) => {
  const draw = (seed: number) => {
    const restarts = new Restarts({
      intensity: Number.POSITIVE_INFINITY,
      periodMs: 1,
      backoff: { minMs: 100, maxMs: 10_000, jitter: 1, quietMs: 10_000 },
    })
    const random = createSeededRandom(seed)
    return Array.from({ length: 5 }, () => restarts.delayMs(0, random))
  }
  t.deepEqual(draw(1), draw(1))
  t.notDeepEqual(draw(1), draw(2))
  for (const [index, ms] of draw(3).entries()) t.true(ms >= 100 * 2 ** index && ms <= 200 * 2 ** index)
})

test('a delay is a number of milliseconds, however often in a row', (t) => {
  const random = createSeededRandom(1)
  for (const minMs of [0, 1, 1_000]) {
    const backoff = { minMs, maxMs: 1_000, jitter: 0, quietMs: 1_000 }
    const restarts = new Restarts({ intensity: Number.POSITIVE_INFINITY, periodMs: 1, backoff })
    let ms = 0
    for (let i = 0; i < 1_100; i++) ms = restarts.delayMs(0, random)
    t.is(ms, minMs === 0 ? 0 : 1_000)
  }
})

test(
  'with a backoff the intensity has no bound, unless one is given',
  inWorld(async (t, world) => {
    const { crew, ref } = create(world, 'one_for_one', { minMs: 1, maxMs: 1 })
    await delays(world, crew, 'tree/a', 50)
    t.true(ref.isAlive)
    const children = [crew.child('d')]
    const bounded = supervisor({ intensity: 2, backoff: { minMs: 1, maxMs: 1 }, children })
    const other = world.spawn(world.ctx, bounded, { name: 'bounded' })
    await delays(world, crew, 'bounded/d', 2)
    await crew.order('bounded/d', 'fail')
    t.false(other.isAlive)
  }),
)

test(
  'mail waits for the next life meanwhile, and is not lost',
  inWorld(async (t, world) => {
    const { crew } = create(world, 'one_for_all')
    await crew.order('tree/b', 'fail')
    const questions = ['tree/a', 'tree/b', 'tree/c'].map((path) =>
      crew.ref(path).ask(world.ctx, { type: 'hello' }),
    )
    await world.settle()
    t.true(questions.every(({ isPending }) => isPending))
    await world.advance(100)
    t.deepEqual(await world.outcomes(...questions), [2, 2, 2])
  }),
)

test(
  'a child that is stopped while it waits for its restart ends; the others of its group are started without it',
  inWorld(async (t, world) => {
    for (const strategy of ['one_for_one', 'one_for_all', 'rest_for_one'] as const) {
      const crew = new Crew(world)
      const children = ['a', 'b', 'c'].map((name) => crew.child(name))
      const ref = world.spawn(world.ctx, supervisor({ strategy, backoff: STEADY, children }), {
        name: strategy,
      })
      await crew.order(`${strategy}/b`, 'fail')
      const stopped = crew.ref(`${strategy}/b`).stop('enough')
      t.is(stopped.status, 'fulfilled', 'at once')
      await world.advance(1_000)
      t.deepEqual(
        ['a', 'b', 'c'].map((name) => crew.isAlive(`${strategy}/${name}`)),
        [true, false, true],
      )
      const [hello] = await world.outcomes(crew.ref(`${strategy}/c`).ask(world.ctx, { type: 'hello' }))
      t.is(hello, strategy === 'one_for_one' ? 1 : 2)
      ref.stop()
    }
  }),
)

test(
  'a supervisor that is stopped while children wait for their restart ends at once, and leaves no timer',
  inWorld(async (t, world) => {
    for (const strategy of ['one_for_one', 'one_for_all', 'rest_for_one'] as const) {
      const crew = new Crew(world)
      const children = ['a', 'b'].map((name) => crew.child(name))
      const ref = world.spawn(world.ctx, supervisor({ strategy, backoff: STEADY, children }), {
        name: strategy,
      })
      await crew.order(`${strategy}/a`, 'fail')
      ref.stop()
      t.false(ref.isAlive)
      t.is(world.clock.nextDueMs, Number.POSITIVE_INFINITY)
      t.is(world.system.actors, 0)
    }
  }),
)

test(
  'a supervisor that is stopped while its group goes down leaves no timer either',
  inWorld(async (t, world) => {
    const { crew, ref } = create(world, 'one_for_all')
    crew.tell('tree/c', { type: 'work', ms: 10 })
    await crew.order('tree/a', 'fail')
    ref.stop()
    await world.advance(10)
    t.is(world.system.actors, 0)
    t.is(world.clock.nextDueMs, Number.POSITIVE_INFINITY)
  }),
)

test(
  'a failure while a group waits widens it, and it waits anew',
  inWorld(async (t, world) => {
    const { crew } = create(world, 'rest_for_one')
    await crew.order('tree/c', 'fail')
    await world.advance(50)
    await crew.order('tree/a', 'fail')
    t.deepEqual(crew.news(), ['-c', '-a', '-b'])
    await world.advance(199)
    t.deepEqual(crew.news(), [])
    await world.advance(1)
    t.deepEqual(crew.news(), ['+a', '+b', '+c'])
  }),
)

test(
  'a child that was added while a group waits, and fails, is started again with it',
  inWorld(async (t, world) => {
    const { crew, ref } = create(world, 'rest_for_one')
    await crew.order('tree/b', 'fail')
    await world.result(ref.ask(world.ctx, { type: 'startChild', child: crew.child('d') }))
    await crew.order('tree/d', 'fail')
    await world.advance(1_000)
    const statuses = await world.result(ref.ask(world.ctx, { type: 'children' }))
    t.deepEqual(
      statuses.map(({ name, phase }) => `${name} ${phase}`),
      ['a running', 'b running', 'c running', 'd running'],
    )
  }),
)

test(
  'an actor without a supervisor has the same backoff',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const restart = { policy: 'transient', backoff: STEADY } as const
    world.spawn(world.ctx, crew.worker('a'), { name: 'a', restart })
    t.deepEqual(await delays(world, crew, 'a', 4), [100, 200, 400, 400])
    await crew.order('a', 'fail')
    crew.ref('a').stop()
    t.is(world.clock.nextDueMs, Number.POSITIVE_INFINITY)
  }),
)
