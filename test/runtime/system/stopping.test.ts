/** Law: a system that stops finishes what is in flight, the youngest first, within its grace time; then nothing is left. */
import test from 'ava'
import { silentLog } from '../../../runtime/context/log.ts'
import { codeOf, UsageError } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { receiving } from '../../../runtime/system/receiving.ts'
import { createSystem } from '../../../runtime/system/system.ts'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'
import { endOf, inWorld } from './world.ts'

const idle = behaviour({ initial: 'on', states: { on: {} } })

test(
  'what was started last ends first, and what it needed is still there',
  inWorld(async (t, world) => {
    const store = behaviour({ initial: 'on', states: { on: { save: ({ state }) => state } } })
    const log: unknown[] = []
    const below = world.spawn(world.ctx, store, { name: 'store' })
    const user = behaviour({
      initial: 'on',
      states: {
        on: {
          drain: async ({ stop }, _event, ctx) => {
            log.push(await below.ask(ctx, { type: 'save' }))
            stop('saved')
          },
        },
      },
    })
    world.spawn(world.ctx, user, { name: 'user' })
    await world.result(world.system.stop())
    t.deepEqual(log, ['on'])
    t.deepEqual(world.told('stopped'), ['user stopped saved', 'store stopped drained'])
  }),
)

test(
  'mail that was accepted before the stop is handled; an actor without a drain handler ends when it has none left',
  inWorld(async (t, world) => {
    const seen: number[] = []
    const worker = behaviour({
      initial: 'on',
      states: { on: { job: (_, { n }: { n: number }) => void seen.push(n) } },
    })
    const ref = world.spawn(world.ctx, worker, { name: 'worker' })
    for (let n = 0; n < 1_000; n++) ref.send(world.ctx, { type: 'job', n })
    await world.result(world.system.stop())
    t.is(seen.length, 1_000)
    t.deepEqual(world.told('stopped'), ['worker stopped drained'])
  }),
)

test(
  'answers that are still being worked on are given',
  inWorld(async (t, world) => {
    const slow = behaviour({
      initial: 'on',
      states: { on: { work: (_, _event, ctx) => ctx.after(50).then(() => 'worked') } },
    })
    const question = world.spawn(world.ctx, slow).ask(world.ctx, { type: 'work' })
    const waiter = receiving(function* ({ receive, wait }) {
      const { reply } = yield* receive('work')
      yield* wait(world.ctx.after(70))
      reply('waited')
      yield* receive('never')
    })
    const other = world.spawn(world.ctx, waiter).ask(world.ctx, { type: 'work' })
    await world.settle()
    const stopping = world.system.stop()
    await world.advance(70)
    t.deepEqual(await world.outcomes(question, other), ['worked', 'waited'])
    t.is(stopping.status, 'fulfilled')
    t.is(world.clock.nowMs(), 70)
  }),
)

test(
  'a drain handler decides when its actor ends; drain overtakes the mail',
  inWorld(async (t, world) => {
    const seen: string[] = []
    const careful = behaviour({
      initial: 'on',
      states: {
        on: {
          job: () => void seen.push('job'),
          drain: async ({ stop }, _event, ctx) => {
            seen.push('drain')
            await ctx.after(30)
            stop('finished')
          },
        },
      },
    })
    const ref = world.spawn(world.ctx, careful)
    ref.send(world.ctx, { type: 'job' })
    const stopping = world.system.stop()
    await world.settle()
    t.deepEqual(seen, ['drain', 'job'])
    t.true(ref.isAlive)
    await world.advance(29)
    t.is(stopping.status, 'pending')
    await world.advance(1)
    t.is(stopping.status, 'fulfilled')
  }),
)

test(
  'a generator that receives drain is told; one that does not is stopped when idle',
  inWorld(async (t, world) => {
    const seen: string[] = []
    const told = receiving(function* ({ receive }) {
      const { event } = yield* receive('drain', 'other')
      seen.push(event.type)
    })
    const untold = receiving(function* ({ receive }) {
      try {
        yield* receive('other')
      } finally {
        seen.push('stopped')
      }
    })
    world.spawn(world.ctx, told, { name: 'told' })
    world.spawn(world.ctx, untold, { name: 'untold' })
    await world.result(world.system.stop())
    t.deepEqual(seen, ['stopped', 'drain'])
    t.deepEqual(world.told('stopped'), ['untold stopped drained', 'told done undefined'])
  }),
)

for (const { title, options, graceMs } of [
  { title: 'its own grace time', options: { graceMs: 40 }, graceMs: 40 },
  { title: 'the system’s', options: {}, graceMs: 100 },
]) {
  test(
    `whatever does not end within ${title} is ended`,
    inWorld(
      async (t, world) => {
        const stubborn = behaviour({ initial: 'on', states: { on: { drain: () => {} } } })
        world.spawn(world.ctx, idle, { name: 'idle' })
        world.spawn(world.ctx, stubborn, { name: 'stubborn' })
        const stopping = world.system.stop(options)
        await world.advance(graceMs - 1)
        t.is(stopping.status, 'pending')
        await world.advance(1)
        t.is(stopping.status, 'fulfilled')
        t.deepEqual(world.told('stopped'), [
          'stubborn stopped the grace time is over',
          'idle stopped the grace time is over',
        ])
      },
      { limits: { graceMs: 100 } },
    ),
  )
}

test(
  'while it stops nothing new is spawned at the top; below it may be',
  inWorld(async (t, world) => {
    let child = false
    const parent = behaviour({
      initial: 'on',
      states: {
        on: {
          drain: ({ spawn, stop }, _event, ctx) => {
            child = spawn(ctx, idle).isAlive
            stop()
          },
        },
      },
    })
    world.spawn(world.ctx, parent)
    const stopping = world.system.stop()
    t.true(world.system.isStopping)
    const error = t.throws(() => world.spawn(world.ctx, idle), { instanceOf: UsageError })
    t.is(codeOf(error), 'SYSTEM_STOPPING')
    await world.result(stopping)
    t.true(child)
    t.throws(() => world.spawn(world.ctx, idle), { instanceOf: UsageError })
  }),
)

test(
  'stop may be called again, from anywhere, and gives the same deferred',
  inWorld(async (t, world) => {
    const inside: unknown[] = []
    const quitter = behaviour({
      initial: 'on',
      states: { on: { quit: () => void inside.push(world.system.stop()) } },
    })
    const ref = world.spawn(world.ctx, quitter)
    ref.send(world.ctx, { type: 'quit' })
    await world.settle()
    t.is(inside[0], world.system.stop())
    t.is(world.system.stop().status, 'fulfilled')
  }),
)

test(
  'an actor that fails while it drains ends, and the others go on; it is not a way to live on',
  inWorld(async (t, world) => {
    const fragile = behaviour({
      initial: 'on',
      states: {
        on: {
          drain: () => {
            throw new Error('boom')
          },
        },
      },
    })
    world.spawn(world.ctx, idle, { name: 'idle' })
    world.spawn(world.ctx, fragile, { name: 'fragile' })
    await world.result(world.system.stop())
    t.deepEqual(world.told('stopped'), ['fragile failed boom', 'idle stopped drained'])
  }),
)

test(
  'an actor that is restarted while it drains still ends without waiting for the grace time',
  inWorld(async (t, world) => {
    const fragile = behaviour({
      initial: 'on',
      states: {
        on: {
          job: () => {
            throw new Error('boom')
          },
          drain: ({ stop }) => stop('drained by hand'),
        },
      },
    })
    const lasting = behaviour({
      initial: 'on',
      states: {
        on: {
          job: () => {
            throw new Error('boom')
          },
        },
      },
    })
    const options = { restart: 'permanent' } as const
    for (const logic of [fragile, lasting])
      world.spawn(world.ctx, logic, options).send(world.ctx, { type: 'job' })
    await world.result(world.system.stop())
    t.is(world.clock.nowMs(), 0)
  }),
)

test(
  'a life that begins in the midst of a drain is told of it too, or ends once nothing is in flight',
  inWorld(async (t, world) => {
    const told: string[] = []
    let lives = 0
    const retrying = behaviour({
      initial: 'on',
      states: {
        on: {
          drain: ({ stop }) => {
            lives += 1
            told.push(`life ${lives}`)
            if (lives === 1) throw new Error('boom')
            stop()
          },
        },
      },
    })
    const late = behaviour({
      initial: 'on',
      states: {
        on: {
          job: async (_self, _event, ctx) => {
            await ctx.after(10)
            throw new Error('boom')
          },
        },
      },
    })
    world.spawn(world.ctx, retrying, { restart: 'transient' })
    world.spawn(world.ctx, late, { restart: 'transient' }).send(world.ctx, { type: 'job' })
    await world.settle()
    const stopping = world.system.stop()
    await world.advance(10)
    t.is(stopping.status, 'fulfilled')
    t.deepEqual(told, ['life 1', 'life 2'])
  }),
)

test(
  'sends after the end are answered closed, asks refused',
  inWorld(async (t, world) => {
    const ref = world.spawn(world.ctx, behaviour({ initial: 'on', states: { on: { a: () => 1 } } }))
    await world.result(world.system.stop())
    t.is(ref.send(world.ctx, { type: 'a' }), 'closed')
    t.is(await world.failure(ref.ask(world.ctx, { type: 'a' })), 'ASK_REFUSED')
  }),
)

test(
  'ten thousand actors at the top stop in a few turns',
  inWorld(async (t, world) => {
    for (let i = 0; i < 10_000; i++) world.spawn(world.ctx, idle)
    const stopping = world.system.stop()
    let turns = 0
    while (stopping.isPending) {
      world.turn()
      turns += 1
    }
    t.true(turns < 10, `${turns} turns`)
  }),
)

test('await using stops the system, which drains', async (t) => {
  const log: string[] = []
  {
    await using system = createSystem({ log: silentLog })
    system.events.on('stopped', ({ ref, reason }) => void log.push(`${ref.path} ${endOf(reason)}`))
    system.spawn(system.ctx, idle, { name: 'first' })
    system.spawn(system.ctx, idle, { name: 'second' })
  }
  t.deepEqual(log, ['greenroom/second stopped drained', 'greenroom/first stopped drained'])
})

test('a system whose wrapper has ended the loop still stops', async (t) => {
  const system = createSystem({
    *run(turns) {
      for (const turn of turns) {
        yield turn
        return
      }
    },
  })
  const ref = system.spawn(system.ctx, behaviour({ initial: 'on', states: { on: {} } }))
  await system.stop()
  t.false(ref.isAlive)
  t.is(system.actors, 0)
})

test('whoever waits in the context of a system is told when that has stopped', async (t) => {
  const system = createSystem({ log: silentLog })
  const { ctx } = system
  const waiting = ctx.after(60_000)
  const heard: unknown[] = []
  ctx.onCancel(({ reason }) => heard.push(reason))
  waiting.listen(
    () => {},
    (error) => heard.push(codeOf(error)),
  )
  await system.stop()
  t.deepEqual(heard.sort(), ['CANCELLED', 'the system has stopped'])
  t.true(ctx.isCancelled)
})

test('nor does a wrapper that ends the loop, or fails, in the midst of the stop keep a system from its end', async (t) => {
  for (const isFailing of [false, true]) {
    const system = createSystem({
      log: silentLog,
      *run(turns) {
        for (const turn of turns) {
          yield turn
          if (!system.isStopping) continue
          if (isFailing) throw new Error('boom')
          return
        }
      },
    })
    const stubborn = behaviour({ initial: 'on', states: { on: { drain: () => {} } } })
    const ref = system.spawn(system.ctx, stubborn)
    await system.stop({ graceMs: 20 })
    t.false(ref.isAlive)
  }
})

test('a grace time that is none is refused, and the system goes on; a shorter one may follow a longer', async (t) => {
  const clock = createManualClock()
  const system = createSystem({ clock, run: false })
  for (const graceMs of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
    t.throws(() => system.stop({ graceMs }), { instanceOf: UsageError, code: 'GRACE_INVALID' })
  }
  t.false(system.isStopping)
  const stubborn = behaviour({ initial: 'on', states: { on: { drain: () => {} } } })
  const ref = system.spawn(system.ctx, stubborn)
  const turns = system.turns()
  const stopped = system.stop({ graceMs: 10_000 })
  t.is(system.stop({ graceMs: 20 }), stopped)
  turns.next()
  clock.advance(19)
  turns.next()
  t.true(ref.isAlive)
  clock.advance(1)
  turns.next()
  t.false(ref.isAlive)
  await stopped
  t.is(clock.pending, 0)
})
