/** Law: an actor on a thread lives as at home: how it starts, finishes, ends, is restarted, and who is told. */
import { type AnyEvent, child, codeOf, type Ref, supervisor } from 'greenroom'
import { endOf, failureOf, outcomes } from './home.ts'
import { law } from './sides.ts'
import { flags, raise, raised } from './threaded.ts'

law('the reason that it gives for its end is its watchers’', async (t, { spawn, ctx }, { citizen }) => {
  for (const reason of ['enough', undefined, 5, { code: 'PLAIN' }]) {
    const ref = spawn(ctx, citizen)
    ref.send(ctx, { type: 'halt', reason })
    t.deepEqual((await ref.watch()).reason, { kind: 'stopped', reason })
  }
  const ref = spawn(ctx, citizen)
  ref.send(ctx, { type: 'halt', reason: new RangeError('too far') })
  const { reason } = await ref.watch()
  t.true(reason.kind === 'stopped' && reason.reason instanceof RangeError)
})

law(
  'a promise logic is done with its value, or fails with its error',
  async (t, { spawn, ctx }, { doubled }) => {
    t.deepEqual((await spawn(ctx, doubled, { input: 21 }).watch()).reason, { kind: 'done', output: 42 })
    t.is(endOf((await spawn(ctx, doubled, { input: -1 }).watch()).reason), 'failed NEGATIVE')
  },
)

const policies = { temporary: [1], transient: [1], permanent: [1, 2] } as const

for (const [policy, lives] of Object.entries(policies)) {
  law(
    `${policy}: one that is done has ${lives.length} ${lives.length === 1 ? 'life' : 'lives'}`,
    async (t, home, { counted }) => {
      const { spawn, ctx } = home
      const restart = { policy: policy as 'permanent', intensity: 1 }
      const ref = spawn(ctx, counted, { name: 'counted', restart, input: 2 })
      for (const _life of lives)
        t.deepEqual(await outcomes([1, 2].map(() => ref.ask(ctx, { type: 'turn' }))), [1, 2])
      const { reason } = await ref.watch()
      t.deepEqual(reason, { kind: 'done', output: { turns: 2 } })
      t.is(home.told('restarted').length, lives.length - 1)
    },
  )
}

for (const policy of ['transient', 'permanent'] as const) {
  law(
    `${policy}: one that fails is made anew, with its input and without its data`,
    async (t, home, logics) => {
      const { spawn, ctx } = home
      const ref = spawn(ctx, logics.citizen, { name: 'citizen', restart: policy })
      ref.send(ctx, { type: 'note', value: 'old' })
      await failureOf(ref.ask(ctx, { type: 'throwText' }))
      t.deepEqual(await ref.ask(ctx, { type: 'notes' }), [])
      t.deepEqual(home.told('restarted'), ['citizen 1'])
      t.deepEqual(home.told('failed'), ['citizen UNKNOWN'])
    },
  )
}

law('one that cannot start fails', async (t, home, { stillborn }) => {
  const ref = home.spawn(home.ctx, stillborn, { name: 'stillborn' })
  const { reason } = await ref.watch()
  t.is(endOf(reason), 'failed NO_DATA')
  t.deepEqual(home.told('failed'), ['stillborn NO_DATA'])
})

law('what it spawns has its path there, and ends of it are told to it', async (t, home, { citizen }) => {
  const { spawn, ctx } = home
  const ref = spawn(ctx, citizen, { name: 'citizen' })
  t.is(await ref.ask(ctx, { type: 'raiseChild' }), 'greenroom/citizen/child')
  const other = spawn(ctx, citizen, { name: 'other' })
  other.send(ctx, { type: 'failChild' })
  let notes: unknown[] = []
  while (notes.length === 0) notes = await other.ask(ctx, { type: 'notes' })
  t.deepEqual(notes, ['down failed'])
})

law('a drain waits for what was asked', async (t, { spawn, ctx, system }, { citizen }) => {
  const ref = spawn(ctx, citizen)
  const of = flags()
  const hasBegun = raised(of, 0)
  const work = outcomes([ref.ask(ctx, { type: 'work', of }), ref.ask(ctx, { type: 'echo', value: 5 })])
  await hasBegun
  const stopped = system.stop()
  raise(of, 1)
  await stopped
  t.deepEqual(await work, ['worked', 5])
})

law('and for what was told', async (t, { spawn, ctx, system }, { citizen }) => {
  const ref = spawn(ctx, citizen)
  const of = flags()
  const hasBegun = raised(of, 0)
  ref.send(ctx, { type: 'work', of })
  await hasBegun
  const stopped = system.stop()
  await ref.watch(ctx.withTimeout(100)).catch(() => {})
  raise(of, 1)
  await stopped
  t.is(Atomics.load(of, 2), 1)
})

law('one that has its own way to finish is told to', async (t, { spawn, ctx, system }, { drainer }) => {
  const of = flags()
  const ref = spawn(ctx, drainer, { input: of })
  t.is(await ref.ask(ctx, { type: 'ping' }), 'pong')
  await system.stop()
  t.is(Atomics.load(of, 2), 1, 'it was told to drain')
  t.is(Atomics.load(of, 3), 1, 'and has given back what it held')
})

law(
  'also where it has a question that only that will end',
  async (t, { spawn, ctx, system }, { drainer }) => {
    const of = flags()
    const ref = spawn(ctx, drainer, { input: of, mailbox: { capacity: 8 } })
    const [never] = [ref.ask(ctx, { type: 'never' })]
    const ended = outcomes([never])
    t.is(await ref.ask(ctx, { type: 'ping' }), 'pong')
    await system.stop({ graceMs: 60_000 })
    t.is(Atomics.load(of, 2), 1)
    t.deepEqual(await ended, ['ASK_ACTOR_ENDED'])
  },
)

law('at its end it gives back what it holds', async (t, { spawn, ctx }, { drainer }) => {
  const of = flags()
  const ref = spawn(ctx, drainer, { input: of })
  t.is(await ref.ask(ctx, { type: 'ping' }), 'pong')
  await ref.stop()
  t.is(Atomics.load(of, 2), 0)
  t.is(Atomics.load(of, 3), 1)
})

law(
  'a child of a supervisor is given shutdownMs for what is in flight',
  async (t, { spawn, ctx }, { citizen }) => {
    const tree = supervisor({ children: [child('worker', citizen, { shutdownMs: 60_000 })] })
    const parent = spawn(ctx, tree, { name: 'parent' })
    const [worker] = await parent.ask(ctx, { type: 'children' })
    const ref = worker?.ref as Ref<AnyEvent>
    const of = flags()
    const hasBegun = raised(of, 0)
    const work = outcomes([ref.ask(ctx, { type: 'work', of })])
    await hasBegun
    const stopped = parent.stop()
    raise(of, 1)
    await stopped
    t.deepEqual(await work, ['worked'])
  },
)

law('what was spawned for a context ends with it', async (t, { spawn, ctx }, { citizen }) => {
  const [own, cancel] = ctx.withCancel()
  const ref = spawn(own, citizen)
  await ref.ask(ctx, { type: 'path' })
  cancel('the client has left')
  const { reason } = await ref.watch()
  t.is(reason.kind === 'stopped' && codeOf(reason.reason), 'CANCELLED')
})
