/** Law: every actor, however it was written, is an xstate actor to whoever looks; looking changes nothing. */
import test, { type ExecutionContext } from 'ava'
import { type AnyActorRef, createMachine, type InspectionEvent } from 'xstate'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { receiving } from '../../../runtime/system/receiving.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import { inWorld, World } from './world.ts'

const kinds = {
  behaviour: behaviour({
    initial: 'off',
    data: () => ({ switched: 0 }),
    states: {
      off: {
        switch: ({ data, become }) => {
          data.switched += 1
          become('on')
        },
      },
      on: { switch: ({ become }) => become('off') },
    },
  }),
  generator: receiving(function* ({ receive }) {
    for (;;) yield* receive('switch')
  }),
  machine: createMachine({
    initial: 'off',
    states: { off: { on: { switch: 'on' } }, on: { on: { switch: 'off' } } },
  }),
}

function spawn(world: World, kind: keyof typeof kinds, name: string): Ref<{ type: string }> {
  return world.spawn(world.ctx, kinds[kind] as never, { name } as never) as Ref as Ref<{ type: string }>
}

/** What an inspector saw of the actor of a name. */
function recorder() {
  const seen: {
    readonly type: string
    readonly id: string
    readonly event: string
    readonly value: unknown
  }[] = []
  const inspect = (inspection: InspectionEvent) => {
    const { type } = inspection
    if (type === '@xstate.action' || type === '@xstate.microstep') return
    const snapshot = type === '@xstate.snapshot' ? (inspection.snapshot as { value?: unknown }) : undefined
    const event = type === '@xstate.actor' ? '' : inspection.event.type
    seen.push({ type, id: (inspection.actorRef as AnyActorRef).id, event, value: snapshot?.value })
  }
  const of = (id: string) =>
    seen
      .filter((entry) => entry.id === id && !entry.event.startsWith('xstate.'))
      .map(({ type, event }) => `${type} ${event}`.trim())
  return { seen, inspect, of }
}

for (const kind of ['behaviour', 'generator', 'machine'] as const) {
  test(`an inspector that was there from the first sees the life of a ${kind}`, async (t) => {
    const { inspect, of } = recorder()
    const world = new World({ inspect })
    const ref = spawn(world, kind, 'lamp')
    ref.send(world.ctx, { type: 'switch' })
    ref.send(world.ctx, { type: 'switch' })
    world.turns()
    t.deepEqual(of('lamp'), [
      '@xstate.actor',
      '@xstate.event switch',
      '@xstate.snapshot switch',
      '@xstate.event switch',
      '@xstate.snapshot switch',
    ])
    await world.end(t)
  })

  test(
    `an inspector that comes late sees what happens to a ${kind} from then on, until it leaves`,
    inWorld((t, world) => {
      const { inspect, of } = recorder()
      const ref = spawn(world, kind, 'lamp')
      ref.send(world.ctx, { type: 'switch' })
      world.turns()
      const subscription = world.system.inspect(inspect)
      ref.send(world.ctx, { type: 'switch' })
      world.turns()
      t.deepEqual(
        of('lamp').filter((entry) => entry !== '@xstate.actor'),
        ['@xstate.event switch', '@xstate.snapshot switch'],
      )
      subscription.unsubscribe()
      const before = of('lamp').length
      ref.send(world.ctx, { type: 'switch' })
      world.turns()
      t.is(of('lamp').length, before)
    }),
  )

  test(
    `an inspector that throws harms no ${kind}, and is told of`,
    inWorld((t, world) => {
      world.system.inspect(() => {
        throw new Error('blind')
      })
      const { inspect, of } = recorder()
      world.system.inspect(inspect)
      const ref = spawn(world, kind, 'lamp')
      for (let i = 0; i < 3; i++) ref.send(world.ctx, { type: 'switch' })
      world.turns()
      t.true(ref.isAlive)
      t.is(of('lamp').filter((entry) => entry === '@xstate.snapshot switch').length, 3)
      ref.stop()
      world.listenerFailures.length = 0
      world.system.events.removeAllListeners('listenerFailed')
    }),
  )

  test(
    `the actor of a ${kind} can be subscribed to, and is stopped at the end`,
    inWorld((t, world) => {
      const ref = spawn(world, kind, 'lamp')
      const { actor } = ref
      t.is(ref.actor, actor)
      const seen: string[] = []
      const read = () => (actor.getSnapshot() as { value?: unknown; status: string }).status
      actor.subscribe({ next: () => void seen.push('next'), complete: () => void seen.push('complete') })
      t.is(read(), 'active')
      ref.send(world.ctx, { type: 'switch' })
      world.turns()
      ref.stop()
      t.is(read(), 'stopped')
      t.deepEqual(seen.slice(0, 1), ['next'])
      t.is(seen.at(-1), 'complete')
    }),
  )

  test(
    `the actor of a ${kind} that has ended is one that is stopped`,
    inWorld((t, world) => {
      const ref = spawn(world, kind, 'lamp')
      ref.stop()
      t.is((ref.actor.getSnapshot() as { status: string }).status, 'stopped')
    }),
  )
}

test(
  'a behaviour shows its state and its data, a generator what it waits for',
  inWorld((t, world) => {
    const shown = (ref: Ref) => {
      const { value, context } = ref.actor.getSnapshot() as { value: unknown; context: unknown }
      return [value, context]
    }
    const lamp = spawn(world, 'behaviour', 'lamp')
    const listener = spawn(world, 'generator', 'listener')
    t.deepEqual(shown(lamp as Ref), ['off', { switched: 0 }])
    t.deepEqual(shown(listener as Ref), ['receiving switch', { stashed: 0 }])
    lamp.send(world.ctx, { type: 'switch' })
    listener.send(world.ctx, { type: 'other' })
    world.turns()
    t.deepEqual(shown(lamp as Ref), ['on', { switched: 1 }])
    t.deepEqual(shown(listener as Ref), ['receiving switch', { stashed: 1 }])
  }),
)

test(
  'what xstate actors send to an actor’s face comes through its mailbox',
  inWorld((t, world) => {
    const lamp = spawn(world, 'behaviour', 'lamp')
    lamp.actor.send({ type: 'switch' })
    t.is((lamp.actor.getSnapshot() as { value: unknown }).value, 'off')
    world.turns()
    t.is((lamp.actor.getSnapshot() as { value: unknown }).value, 'on')
  }),
)

test('inspection shows who is whose child', async (t) => {
  const parents = new Map<string, string | undefined>()
  const world = new World({
    inspect: (inspection) => {
      if (inspection.type !== '@xstate.actor') return
      const actor = inspection.actorRef as AnyActorRef
      parents.set(actor.id, actor._parent?.id)
    },
  })
  const parent = behaviour({
    initial: 'on',
    start: ({ spawn: give }, ctx) => {
      give(ctx, kinds.behaviour, { name: 'lamp' })
      give(ctx, kinds.machine, { name: 'machine' })
    },
    states: { on: {} },
  })
  world.spawn(world.ctx, parent, { name: 'house' })
  t.is(parents.get('house'), 'greenroom')
  t.is(parents.get('lamp'), 'house')
  t.is(parents.get('machine'), 'house')
  await world.end(t)
})

test('a failure is shown to inspection, and the next life as a new actor', async (t) => {
  const { inspect, seen } = recorder()
  const world = new World({ inspect })
  const fragile = behaviour({
    initial: 'on',
    states: {
      on: {
        fail: () => {
          throw new Error('boom')
        },
      },
    },
  })
  const ref = world.spawn(world.ctx, fragile, { name: 'fragile', restart: 'transient' })
  const first = ref.actor
  const errors: unknown[] = []
  first.subscribe({ error: (error) => void errors.push((error as Error).message) })
  ref.send(world.ctx, { type: 'fail' })
  world.turns()
  t.deepEqual(errors, ['boom'])
  t.not(ref.actor, first)
  t.is(seen.filter(({ type, id }) => type === '@xstate.actor' && id === 'fragile').length, 2)
  await world.end(t)
})

/** What an actor does that talks to itself, fails in passing and is sent events with xstate's names. */
async function lifeOf(t: ExecutionContext, inspect: ((event: InspectionEvent) => void) | undefined) {
  const world = new World(inspect === undefined ? {} : { inspect })
  const seen: string[] = []
  const phases: string[] = []
  world.system.events.on('failed', ({ phase }) => void phases.push(phase))
  const actor = behaviour({
    initial: 'on',
    states: {
      on: {
        start: ({ self }) => {
          seen.push('start')
          self.actor.send({ type: 'poke' })
        },
        poke: () => void seen.push('poke'),
        fail: () => Deferred.fail(new Error('boom')),
        '*': (_self, { type }) => void seen.push(type),
      },
    },
  })
  const ref = world.spawn(world.ctx, actor, { restart: 'permanent' }) as Ref as Ref<{ type: string }>
  for (const type of ['start', 'xstate.foo', 'fail']) ref.send(world.ctx, { type })
  await world.settle()
  await world.end(t)
  return { seen, phases }
}

test('what talks to itself, fails in passing or is called as in xstate does the same when nobody looks', async (t) => {
  const unseen = await lifeOf(t, undefined)
  t.deepEqual(unseen, { seen: ['start', 'xstate.foo', 'poke'], phases: ['running'] })
  t.deepEqual(await lifeOf(t, () => {}), unseen)
})

test('a generator that fails after it waited is shown to have failed; one that ended is still there to be looked at', async (t) => {
  const world = new World({ inspect: () => {} })
  const gate = new Deferred<void>()
  const waiting = receiving(function* ({ wait }) {
    yield* wait(gate)
    throw new Error('boom')
  })
  const failed = world.spawn(world.ctx, waiting, { restart: 'temporary' }).actor
  const ended = world.spawn(world.ctx, kinds.behaviour)
  failed.subscribe({ error: () => {} })
  world.turns()
  gate.resolve()
  ended.stop()
  await world.settle()
  t.is(failed.getSnapshot().status, 'error')
  t.like(ended.actor.getSnapshot(), { status: 'stopped', value: 'off', context: { switched: 0 } })
  await world.end(t)
})
