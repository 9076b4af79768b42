/** Law: a system knows nothing of another in the same process; what it has is found in its context. */
import test from 'ava'
import { UsageError } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { createSystem, System } from '../../../runtime/system/system.ts'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'
import { inWorld, World } from './world.ts'

const echo = behaviour({
  initial: 'on',
  states: {
    on: {
      say: (_, { text }: { text: string }) => text,
      fail: () => {
        throw new Error('boom')
      },
    },
  },
})

test('two systems share nothing: turns, time, names, failures and ends are their own', async (t) => {
  const [first, second] = [new World({ name: 'first' }), new World({ name: 'second' })]
  const [a, b] = [first, second].map((world) => world.spawn(world.ctx, echo, { name: 'echo' }))
  t.deepEqual([a!.path, b!.path], ['first/echo', 'second/echo'])
  const question = b!.ask(second.ctx, { type: 'say', text: 'hello' })
  a!.send(first.ctx, { type: 'fail' })
  first.turns()
  t.true(question.isPending)
  await first.advance(1_000)
  t.is(second.clock.nowMs(), 0)
  t.deepEqual(second.log, ['spawned echo'])
  await first.end(t)
  t.is(await second.result(question), 'hello')
  await second.end(t)
})

test('a message from one system to another is answered in the other’s turn', async (t) => {
  const [first, second] = [new World(), new World()]
  const ref = second.spawn(second.ctx, echo)
  const asker = behaviour({
    initial: 'on',
    states: { on: { go: (_, _event, ctx) => ref.ask(ctx, { type: 'say', text: 'hello' }) } },
  })
  const answer = first.spawn(first.ctx, asker).ask(first.ctx, { type: 'go' })
  first.turns()
  t.true(answer.isPending)
  second.turns()
  t.is(answer.status, 'fulfilled')
  await first.end(t)
  await second.end(t)
})

test(
  'the system is found in its context, and so in a handler’s',
  inWorld(async (t, world) => {
    t.is(world.ctx.get(System), world.system)
    const host = behaviour({
      needs: [System],
      initial: 'on',
      states: {
        on: {
          host: (_, { name }: { name: string }, ctx) => ctx.get(System).spawn(ctx, echo, { name }).path,
        },
      },
    })
    const ref = world.spawn(world.ctx, host, { name: 'host' })
    t.is(await world.result(ref.ask(world.ctx, { type: 'host', name: 'guest' })), 'greenroom/guest')
  }),
)

test('a bound that cannot be is refused when the system is made', (t) => {
  for (const limits of [{ mailboxCapacity: 0 }, { stepEnvelopes: 10, turnEnvelopes: 5 }, { graceMs: -1 }]) {
    t.throws(() => createSystem({ run: false, clock: createManualClock(), limits }), {
      instanceOf: UsageError,
      code: 'LIMIT_INVALID',
    })
  }
})

test(
  'a system that was given a clock leaves it open',
  inWorld(async (t, world) => {
    await world.result(world.system.stop())
    t.notThrows(() => world.clock.schedule(5, () => {}).cancel())
  }),
)

test(
  'equal seeds and equal steps give equal traces',
  inWorld(async (t) => {
    const run = async () => {
      const world = new World()
      const ref = world.spawn(world.ctx, echo, { restart: 'transient' })
      for (const type of ['fail', 'say', 'fail'] as const) ref.send(world.ctx, { type, text: 'x' })
      await world.settle()
      const { traceparent } = world.ctx
      await world.end(t)
      return [...world.log, traceparent]
    }
    t.deepEqual(await run(), await run())
  }),
)
