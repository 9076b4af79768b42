/** Law: what is postponed comes again, before other mail and in its order, once the state has changed; it is bounded, settles in time, and is not lost by a restart. */
import test from 'ava'
import { codeOf } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { child } from '../../../runtime/system/child-spec.ts'
import { postpone } from '../../../runtime/system/postpone.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import { supervisor } from '../../../runtime/system/supervisor.ts'
import { Crew } from './crew.ts'
import { inWorld, type World } from './world.ts'

interface Job {
  readonly n: number
}

/** Takes jobs while open, the even ones while half open, none while shut; and says which, in which order. */
function createDoor() {
  const done: number[] = []
  const take = (_scope: unknown, { n }: Job) => done.push(n) > 0 && n
  const moves = {
    open: ({ become }: Moves) => become('open'),
    half: ({ become }: Moves) => become('half'),
    shut: ({ become }: Moves) => become('shut'),
    fail: (): void => {
      throw new Error('boom')
    },
  }
  const door = behaviour({
    initial: 'shut',
    states: {
      shut: { job: postpone, ...moves },
      half: { job: (_scope, { n }: Job) => (n % 2 === 0 ? take(_scope, { n }) : postpone()), ...moves },
      open: { job: take, ...moves },
    },
  })
  return { door, done }
}

interface Moves {
  readonly become: (state: string) => void
}

type DoorEvent =
  | { readonly type: 'job'; readonly n: number }
  | { readonly type: 'open' | 'half' | 'shut' | 'fail' }

/** A door that has been told these, in order: a number stands for a job. */
function spawnDoor(world: World, ...mail: readonly (number | 'open' | 'half' | 'shut' | 'fail')[]) {
  const { door, done } = createDoor()
  const ref = world.spawn(world.ctx, door, { name: 'door', restart: 'transient' }) as Ref as Ref<DoorEvent>
  const tell = (...more: typeof mail) => {
    for (const what of more) {
      ref.send(world.ctx, typeof what === 'number' ? { type: 'job', n: what } : { type: what })
    }
    world.turns()
  }
  tell(...mail)
  return { ref, done, tell }
}

const programs: readonly (readonly [string, Parameters<typeof spawnDoor>[1][], readonly number[]])[] = [
  ['it waits while the state stays', [1, 2], []],
  ['it comes again in its order, before other mail', [1, 2, 'open', 3], [1, 2, 3]],
  ['what is postponed again keeps its place', [1, 2, 3, 4, 'half', 'open', 5], [2, 4, 1, 3, 5]],
  ['what came later goes behind it', [1, 'half', 2, 3, 'open', 4], [2, 1, 3, 4]],
  ['it may come back to where it was not wanted', [1, 'half', 'shut', 2, 'half', 'open'], [2, 1]],
  ['entering the state that one is in is no change', [1, 'shut', 'shut', 2, 'half'], [2]],
  ['a restart brings it back before other mail', [1, 2, 'fail', 3, 'open'], [1, 2, 3]],
  [
    'a restart in the middle of what came again loses nothing',
    [1, 2, 3, 'half', 'fail', 4, 'open'],
    [2, 1, 3, 4],
  ],
]

for (const [title, mail, expected] of programs) {
  test(
    `${title}: ${mail.join(' ')}`,
    inWorld((t, world) => {
      const { done } = spawnDoor(world, ...mail)
      t.deepEqual(done, expected)
      t.deepEqual(world.told('deadLetter'), [])
    }),
  )
}

test(
  'a message that is postponed by the handler that changes the state comes again at once',
  inWorld((t, world) => {
    const seen: string[] = []
    const lazy = behaviour({
      initial: 'asleep',
      states: {
        asleep: {
          '*': ({ become }, { type }: { type: string }) => {
            seen.push(`asleep ${type}`)
            become('awake')
            return postpone()
          },
        },
        awake: { '*': (_scope, { type }: { type: string }) => void seen.push(`awake ${type}`) },
      },
    })
    const ref = world.spawn(world.ctx, lazy)
    for (const type of ['a', 'b']) ref.send(world.ctx, { type })
    world.turns()
    t.deepEqual(seen, ['asleep a', 'awake a', 'awake b'])
  }),
)

/** Opens once it is loaded, after `ms`. */
function createLoader(ms: number) {
  const seen: number[] = []
  const loader = behaviour({
    initial: 'loading',
    start: ({ become }, ctx) => {
      ctx.after(ms).then(
        () => become('ready'),
        () => {},
      )
    },
    states: {
      loading: { job: postpone },
      ready: {
        job: (_scope, { n }: Job) => {
          seen.push(n)
          return n
        },
      },
    },
  })
  return { loader, seen }
}

test(
  'a state that is entered after an await brings it back as well, in a step of its own',
  inWorld(async (t, world) => {
    const { loader, seen } = createLoader(50)
    const ref = world.spawn(world.ctx, loader)
    const questions = [1, 2].map((n) => ref.ask(world.ctx, { type: 'job', n }))
    await world.advance(49)
    t.true(questions.every(({ isPending }) => isPending))
    await world.advance(1)
    t.deepEqual(await world.outcomes(...questions), [1, 2])
    t.deepEqual(seen, [1, 2])
  }),
)

test(
  'the context and the sender of a message are the same when it comes again',
  inWorld((t, world) => {
    const seen: unknown[] = []
    const curious = behaviour({
      initial: 'shut',
      states: {
        shut: { job: postpone, open: ({ become }) => become('open') },
        open: { job: ({ sender }, _event: Job, ctx) => void seen.push(sender, ctx) },
      },
    })
    const ref = world.spawn(world.ctx, curious)
    const sender = world.spawn(world.ctx, curious)
    const ctx = world.ctx.withTrace()
    ref.send(ctx, { type: 'job', n: 1 }, sender)
    ref.send(world.ctx, { type: 'open' })
    world.turns()
    t.is(seen[0], sender)
    t.is(seen[1], ctx)
  }),
)

// ── Questions ────────────────────────────────────────────────────────────────────────────────────────────────────────

test(
  'a question keeps its timeout meanwhile, and does not come again after it',
  inWorld(async (t, world) => {
    const { loader, seen } = createLoader(50)
    const ref = world.spawn(world.ctx, loader, { name: 'loader' })
    const questions = [30, 60].map((timeoutMs, n) => ref.ask(world.ctx, { type: 'job', n }, { timeoutMs }))
    world.look(...questions)
    await world.advance(29)
    t.true(questions[0]!.isPending)
    await world.advance(1)
    t.is(questions[0]!.status, 'rejected')
    await world.advance(20)
    t.deepEqual(await world.outcomes(...questions), ['ASK_TIMEOUT', 1])
    t.deepEqual(seen, [1])
    t.deepEqual(world.told('deadLetter'), ['loader job expired'])
  }),
)

test(
  'a question that is called off, or whose context ends, does not come again',
  inWorld(async (t, world) => {
    const { loader, seen } = createLoader(50)
    const ref = world.spawn(world.ctx, loader, { name: 'loader' })
    const [ctx, cancel] = world.ctx.withCancel()
    const questions = [ref.ask(world.ctx, { type: 'job', n: 1 }), ref.ask(ctx, { type: 'job', n: 2 })]
    ref.send(ctx, { type: 'job', n: 3 })
    world.look(...questions)
    await world.settle()
    questions[0]!.cancel('never mind')
    cancel('over')
    await world.advance(50)
    t.deepEqual(await world.outcomes(...questions), ['CANCELLED', 'CANCELLED'])
    t.deepEqual(seen, [])
    t.deepEqual(world.told('deadLetter'), Array(3).fill('loader job expired'))
  }),
)

test(
  'a question is answered over a restart',
  inWorld(async (t, world) => {
    const { ref, done, tell } = spawnDoor(world)
    const question = ref.ask(world.ctx, { type: 'job', n: 1 })
    tell('fail')
    t.true(question.isPending)
    tell('open')
    t.deepEqual(await world.outcomes(question), [1])
    t.deepEqual(done, [1])
  }),
)

test(
  'at the end all that is postponed is undelivered, in its order, and questions are told',
  inWorld(async (t, world) => {
    const { ref } = spawnDoor(world, 1, 2)
    const question = ref.ask(world.ctx, { type: 'job', n: 3 })
    world.look(question)
    world.turns()
    ref.stop()
    t.deepEqual(await world.outcomes(question), ['ASK_REFUSED'])
    t.deepEqual(world.told('deadLetter'), Array(3).fill('door job closed'))
  }),
)

test(
  'a question that the state’s change has given back waits for the next life as all mail does',
  inWorld(
    async (t, world) => {
      const crew = new Crew(world)
      const lazy = behaviour({
        initial: 'asleep',
        states: {
          asleep: {
            job: ({ become }, { n }: Job) => {
              if (crew.life.includes('-a')) return n
              become('awake')
              return postpone()
            },
          },
          awake: { job: (_scope, { n }: Job) => n },
        },
      })
      const children = [crew.child('a'), child('lazy', lazy)]
      world.spawn(world.ctx, supervisor({ strategy: 'one_for_all', children }), { name: 'tree' })
      const question = (crew.ref('tree/lazy') as Ref as Ref<DoorEvent>).ask(world.ctx, { type: 'job', n: 1 })
      crew.tell('tree/a', { type: 'fail' })
      await world.settle()
      t.deepEqual(await world.outcomes(question), [1])
    },
    // One step each in turns: `a` fails when `lazy` has postponed its question and not taken it again.
    { limits: { stepEnvelopes: 1 } },
  ),
)

// ── The bound ────────────────────────────────────────────────────────────────────────────────────────────────────────

test(
  'one more than stashCapacity fails the actor; the others wait for its next life',
  inWorld(
    async (t, world) => {
      const { ref, done, tell } = spawnDoor(world, 1, 2)
      const question = ref.ask(world.ctx, { type: 'job', n: 3 })
      const error = await world.error(question)
      t.is(codeOf(error), 'ACTOR_FAILED')
      t.is(codeOf((error as Error).cause), 'STASH_FULL')
      t.is(
        ((error as Error).cause as Error).message,
        '"job" was to be set aside where 2 of 2 events were already',
      )
      t.deepEqual(world.told('restarted'), ['door 1'])
      tell('open')
      t.deepEqual(done, [1, 2])
    },
    { limits: { stashCapacity: 2 } },
  ),
)

test(
  'what nobody waits for any more takes no room',
  inWorld(
    async (t, world) => {
      const { ref, done, tell } = spawnDoor(world)
      const questions = [1, 2, 3, 4].map((n) => ref.ask(world.ctx, { type: 'job', n }, { timeoutMs: n * 10 }))
      world.look(...questions)
      world.turns()
      t.deepEqual(world.told('restarted').length, 2, 'the third and the fourth were too many')
      await world.advance(20)
      tell(5, 6)
      t.deepEqual(world.told('restarted').length, 2)
      tell('open')
      t.deepEqual(done, [5, 6])
    },
    { limits: { stashCapacity: 2, restartIntensity: 10 } },
  ),
)

test(
  'setting aside takes no place in the mailbox, and giving back needs none',
  inWorld((t, world) => {
    const { door, done } = createDoor()
    const ref = world.spawn(world.ctx, door, { mailbox: { capacity: 2 } }) as Ref as Ref<DoorEvent>
    for (let n = 1; n <= 6; n += 2) {
      t.is(ref.send(world.ctx, { type: 'job', n }), 'accepted')
      t.is(ref.send(world.ctx, { type: 'job', n: n + 1 }), 'accepted')
      world.turns()
    }
    ref.send(world.ctx, { type: 'open' })
    t.is(ref.send(world.ctx, { type: 'job', n: 7 }), 'accepted')
    world.turns()
    t.deepEqual(done, [1, 2, 3, 4, 5, 6, 7])
  }),
)

test(
  'a thousand messages through many states come through once each, in order',
  inWorld(
    (t, world) => {
      const jobs = Array.from({ length: 1_000 }, (_, index) => index + 1)
      const { done, tell } = spawnDoor(world)
      for (const n of jobs) {
        tell(n)
        if (n % 100 === 0) tell('half', 'shut', 'half')
      }
      tell('open')
      t.deepEqual(
        done.filter((n) => n % 2 === 0),
        jobs.filter((n) => n % 2 === 0),
      )
      t.deepEqual(
        done.filter((n) => n % 2 === 1),
        jobs.filter((n) => n % 2 === 1),
      )
    },
    { limits: { stashCapacity: 1_000 } },
  ),
)
