/** Law: what is said to an actor on a thread fares as at home: its order, its refusals, its dead letters, its answers. */
import { ActorFailedError, actorName, codeOf, type EventOf } from 'greenroom'
import type { citizen } from './citizens.ts'
import { failureOf, outcomes } from './home.ts'
import { law } from './sides.ts'

law('a question that nobody understands is a dead letter as well, once', async (t, home, { citizen }) => {
  const ref = home.spawn(home.ctx, citizen, { name: 'citizen' })
  ref.send(home.ctx, { type: 'shut' })
  t.deepEqual(await outcomes([ref.ask(home.ctx, { type: 'notes' })]), ['ASK_UNHANDLED'])
  ref.send(home.ctx, { type: 'note', value: 1 })
  await ref.ask(home.ctx, { type: 'late' })
  t.deepEqual(home.told('deadLetter'), ['citizen notes unhandled', 'citizen note unhandled'])
})

law(
  'a question that is called off while it waits is never handled',
  async (t, { spawn, ctx }, { citizen }) => {
    const ref = spawn(ctx, citizen)
    await ref.ask(ctx, { type: 'path' })
    const [own, cancel] = ctx.withCancel()
    const asked = [
      ref.ask(own, { type: 'note', value: 'context' }),
      ref.ask(ctx, { type: 'note', value: 'question' }),
      ref.ask(ctx, { type: 'note', value: 'kept' }),
    ]
    const settled = outcomes(asked)
    asked[1]?.cancel('never mind')
    cancel('the client has left')
    t.deepEqual(await settled, ['ASK_REFUSED', 'CANCELLED', undefined])
    t.deepEqual(await ref.ask(ctx, { type: 'notes' }), ['kept'])
  },
)

law('a question asked of a name is one asked of its actor', async (t, { spawn, ctx, system }, logics) => {
  const Citizen = actorName<EventOf<typeof citizen>>('citizen')
  const ref = spawn(ctx, logics.citizen, { as: Citizen })
  t.is(system.registry.get(Citizen).path, ref.path)
  t.is(await system.registry.get(Citizen).ask(ctx, { type: 'echo', value: 5 }), 5)
  await ref.stop()
  t.is(system.registry.find(Citizen), undefined)
})

law('answers are what they were, whatever they are', async (t, { spawn, ctx }, { citizen }) => {
  const ref = spawn(ctx, citizen)
  const values = [
    ...[undefined, null, 0, Number.NaN, -0, 10n, '', 'text', true],
    ...[[], [undefined, [1]], { a: { b: [1, 2] } }, new Map([[{ a: 1 }, new Set([1])]]), new Date(5), /a/g],
    ...[new Uint8Array([1, 2]), new Array(3)],
  ]
  for (const type of ['echo', 'echoLater'] as const) {
    const answers = await Promise.all(values.map((value) => ref.ask(ctx, { type, value })))
    t.deepEqual(answers, values)
  }
})

law(
  'a message that a handler sends to itself comes behind what waits',
  async (t, { spawn, ctx }, { citizen }) => {
    const ref = spawn(ctx, citizen)
    ref.send(ctx, { type: 'selfish' })
    ref.send(ctx, { type: 'note', value: 'next' })
    await ref.ask(ctx, { type: 'path' })
    t.deepEqual(await ref.ask(ctx, { type: 'notes' }), ['next', 'mine'])
  },
)

law('a handler may wait for time', async (t, { spawn, ctx }, { citizen }) => {
  t.is(await spawn(ctx, citizen).ask(ctx, { type: 'after', ms: 1 }), 'later')
})

law('what is thrown and no error crosses as it is', async (t, home, { citizen }) => {
  const { spawn, ctx } = home
  const ref = spawn(ctx, citizen)
  t.is(await failureOf(ref.ask(ctx, { type: 'rejectText' })), 'text')
  const error = await failureOf(ref.ask(ctx, { type: 'throwText' }))
  t.true(error instanceof ActorFailedError)
  t.is((error as Error).cause, 'text')
  t.deepEqual((await ref.watch()).reason.kind, 'failed')
})

law('a handler whose promise fails fails the actor, where nobody asked', async (t, home, { citizen }) => {
  const { spawn, ctx } = home
  const ref = spawn(ctx, citizen)
  ref.send(ctx, { type: 'failLater' })
  const { reason } = await ref.watch()
  t.is(reason.kind === 'failed' && codeOf(reason.error), 'LATE')
})

law('a machine answers', async (t, { spawn, ctx }, { light }) => {
  const ref = spawn(ctx, light)
  t.is(await ref.ask(ctx, { type: 'look' }), 'red')
  ref.send(ctx, { type: 'go' })
  t.is(await ref.ask(ctx, { type: 'look' }), 'green')
})

law('what is postponed waits for its state', async (t, { spawn, ctx }, { citizen }) => {
  const ref = spawn(ctx, citizen)
  const late = ref.ask(ctx, { type: 'late' })
  ref.send(ctx, { type: 'shut' })
  t.is(await late, 'at last')
})

law('what is postponed is handled by the next life', async (t, { spawn, ctx }, { citizen }) => {
  const ref = spawn(ctx, citizen, { restart: 'permanent' })
  const settled = outcomes([
    ref.ask(ctx, { type: 'late' }),
    ref.ask(ctx, { type: 'throwText' }),
    ref.ask(ctx, { type: 'shut' }),
  ])
  t.deepEqual(await settled, ['at last', 'ACTOR_FAILED', undefined])
})

law('so is what was told, and in its order', async (t, { spawn, ctx }, { citizen }) => {
  const ref = spawn(ctx, citizen, { restart: 'permanent' })
  for (const value of [1, 2]) ref.send(ctx, { type: 'lateNote', value })
  await failureOf(ref.ask(ctx, { type: 'throwText' }))
  ref.send(ctx, { type: 'lateNote', value: 3 })
  ref.send(ctx, { type: 'shut' })
  t.deepEqual(await ref.ask(ctx, { type: 'noted' }), [1, 2, 3])
})

law(
  'what another has refused is the answer of the one that asked it',
  async (t, { spawn, ctx }, { citizen }) => {
    const ref = spawn(ctx, citizen)
    t.deepEqual(await outcomes([ref.ask(ctx, { type: 'askDead' })]), ['ASK_REFUSED'])
  },
)

law('full is answered when as many wait as may', async (t, { spawn, ctx }, { citizen }) => {
  const ref = spawn(ctx, citizen, { mailbox: { capacity: 2 } })
  await ref.ask(ctx, { type: 'path' })
  const offers = [1, 2, 3].map((value) => ref.send(ctx, { type: 'note', value }))
  t.deepEqual(offers, ['accepted', 'accepted', 'full'])
  t.deepEqual(await ref.ask(ctx, { type: 'notes' }).catch(codeOf), 'ASK_REFUSED')
})
