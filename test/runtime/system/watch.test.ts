/** Law: who watches is told of the end exactly once, whatever the end and however late the question. */
import test from 'ava'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { receiving } from '../../../runtime/system/receiving.ts'
import type { Down, Ref } from '../../../runtime/system/ref.ts'
import { endOf, ignore, inWorld, type World } from './world.ts'

const mortal = receiving<{ type: 'return' } | { type: 'throw' }>(function* ({ receive }) {
  const { event } = yield* receive()
  if (event.type === 'throw') throw new Error('boom')
  return 5
})

type Mortal = Ref<{ type: 'return' } | { type: 'throw' }>

const ends: Readonly<Record<string, (ref: Mortal, world: World) => void>> = {
  'done 5': (ref, { ctx }) => void ref.send(ctx, { type: 'return' }),
  'stopped enough': (ref) => void ref.stop('enough'),
  'failed boom': (ref, { ctx }) => void ref.send(ctx, { type: 'throw' }),
}

for (const [end, cause] of Object.entries(ends)) {
  test(
    `one down to each who watched, before or after: ${end}`,
    inWorld(async (t, world) => {
      const ref = world.spawn(world.ctx, mortal)
      const downs: Down[] = []
      const watch = () => ref.watch(world.ctx).listen((down) => void downs.push(down), ignore)
      watch()
      watch()
      await world.settle()
      t.deepEqual(downs, [])
      cause(ref, world)
      await world.settle()
      t.deepEqual(
        downs.map(({ reason }) => endOf(reason)),
        [end, end],
      )
      watch()
      t.is(downs.length, 3)
      ref.stop('again')
      await world.settle()
      t.is(downs.length, 3)
      t.is(downs[2]!.ref, ref)
      t.is(endOf(downs[2]!.reason), end)
    }),
  )
}

test(
  'a watch that is cancelled, itself or by its context, is not told and leaves nothing behind',
  inWorld(async (t, world) => {
    const ref = world.spawn(world.ctx, mortal)
    const [ctx, cancel] = world.ctx.withCancel()
    const byContext = ref.watch(ctx)
    const byItself = ref.watch(world.ctx)
    const kept = ref.watch(world.ctx)
    cancel('client left')
    byItself.cancel()
    ref.stop('enough')
    t.deepEqual(
      (await world.outcomes(byContext, byItself, kept)).map((outcome) => (outcome as Down).type ?? outcome),
      ['CANCELLED', 'CANCELLED', 'down'],
    )
  }),
)

const guardian = behaviour({
  initial: 'on',
  data: (log: string[]) => ({ log }),
  states: {
    on: {
      guard: ({ watch }, { whom }: { whom: Ref }) => watch(whom),
      down: ({ data }, { reason }: Down) => void data.log.push(endOf(reason)),
      fail: () => {
        throw new Error('asleep')
      },
    },
  },
})

test(
  'an actor that watches gets one event, also for one that is gone already',
  inWorld(async (t, world) => {
    const log: string[] = []
    const ref = world.spawn(world.ctx, guardian, { input: log })
    const first = world.spawn(world.ctx, mortal)
    const second = world.spawn(world.ctx, mortal)
    second.stop('long ago')
    ref.send(world.ctx, { type: 'guard', whom: first as Ref })
    ref.send(world.ctx, { type: 'guard', whom: second as Ref })
    await world.settle()
    t.deepEqual(log, ['stopped long ago'])
    first.send(world.ctx, { type: 'return' })
    await world.settle()
    t.deepEqual(log, ['stopped long ago', 'done 5'])
  }),
)

test(
  'a restart forgets what the actor watched, and is no end to those who watch it',
  inWorld(async (t, world) => {
    const log: string[] = []
    const ref = world.spawn(world.ctx, guardian, { input: log, restart: 'permanent' })
    const whom = world.spawn(world.ctx, mortal)
    const watch = ref.watch(world.ctx)
    ref.send(world.ctx, { type: 'guard', whom: whom as Ref })
    ref.send(world.ctx, { type: 'fail' })
    await world.settle()
    t.is(watch.status, 'pending')
    whom.stop()
    await world.settle()
    t.deepEqual(log, [])
    ref.stop('enough')
    t.is(endOf((await world.result(watch)).reason), 'stopped enough')
  }),
)

test(
  'when a watcher is told, the actor is gone: its name is free, its children have ended',
  inWorld((t, world) => {
    const parent = behaviour({
      initial: 'on',
      start: ({ spawn }, ctx) => void spawn(ctx, mortal, { name: 'child' }),
      states: { on: {} },
    })
    const ref = world.spawn(world.ctx, parent, { name: 'parent' })
    let seen: unknown[] = []
    ref.watch(world.ctx).listen(() => {
      seen = [ref.isAlive, world.system.actors, world.spawn(world.ctx, mortal, { name: 'parent' }).isAlive]
    }, ignore)
    ref.stop()
    t.deepEqual(seen, [false, 0, true])
  }),
)

test(
  'stop gives a deferred that settles with the end, and at once after it',
  inWorld(async (t, world) => {
    const ref = world.spawn(world.ctx, mortal)
    await world.result(ref.stop())
    await world.result(ref.stop())
    t.false(ref.isAlive)
  }),
)

test(
  'who watches more actors than its mailbox has room for is told of every end, also if all end at once',
  inWorld(async (t, world) => {
    let downs = 0
    const watching = behaviour({
      initial: 'on',
      states: {
        on: {
          watch({ watch }, { refs }: { type: 'watch'; refs: Ref[] }) {
            for (const ref of refs) watch(ref)
          },
          down: () => {
            downs += 1
          },
        },
      },
    })
    const watcher = world.spawn(world.ctx, watching, { mailbox: { capacity: 1 } })
    const refs = Array.from({ length: 3_000 }, () => world.spawn(world.ctx, mortal))
    watcher.send(world.ctx, { type: 'watch', refs })
    await world.settle()
    for (const ref of refs) ref.stop()
    await world.settle()
    t.is(downs, refs.length)
  }),
)
