/** Law: every actor, however it was written, is an xstate actor to whoever looks; looking changes nothing. */
import test, { type ExecutionContext } from 'ava'
import { type AnyActorRef, createActor, createMachine, type InspectionEvent, setup } from 'xstate'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { receiving } from '../../../runtime/system/receiving.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import { createXstateRoot } from '../../../runtime/system/xstate-root.ts'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'
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

test(
  'to leave twice is to leave once: another inspector goes on seeing who comes',
  inWorld((t, world) => {
    const one = recorder()
    const other = recorder()
    const subscription = world.system.inspect(one.inspect)
    world.system.inspect(other.inspect)
    for (let time = 0; time < 3; time++) subscription.unsubscribe()
    spawn(world, 'behaviour', 'lamp').send(world.ctx, { type: 'switch' })
    world.turns()
    t.deepEqual(one.of('lamp'), [])
    t.deepEqual(other.of('lamp'), ['@xstate.actor', '@xstate.event switch', '@xstate.snapshot switch'])
  }),
)

test('an inspector is told of the root, and of those that are there already', (t) => {
  const clock = createManualClock()
  const root = createXstateRoot({
    id: 'root',
    clock,
    log: () => {},
    onInspectorError: (error) => t.fail(`${error}`),
  })
  const one = createActor(kinds.machine, { id: 'one', parent: root.parent.actor } as object).start()
  const { seen, inspect } = recorder()
  root.inspect(inspect, [one])
  t.deepEqual(
    seen.map(({ type, id }) => `${type} ${id}`),
    ['@xstate.actor root', '@xstate.actor one'],
  )
  root.parent.stopChild(one)
  root.stop()
})

test(
  'an inspector that throws is reported once, for itself, and is called for what follows',
  inWorld((t, world) => {
    const calls = [0, 0]
    for (const index of calls.keys()) {
      world.system.inspect(() => {
        calls[index] = (calls[index] ?? 0) + 1
        throw new Error(`blind ${index}`)
      })
    }
    const ref = spawn(world, 'machine', 'lamp')
    for (let i = 0; i < 3; i++) ref.send(world.ctx, { type: 'switch' })
    world.turns()
    t.deepEqual(
      world.listenerFailures.splice(0).map((error) => (error as Error).message),
      ['blind 0', 'blind 1'],
    )
    t.true(calls.every((count) => count > 6))
    ref.stop()
    t.deepEqual(world.listenerFailures, [])
  }),
)

/**
 * What an adapter of `@statelyai/inspect` would send: the same selection of the same fields, as text. That package itself
 * is not used here: it waits for a timer of its own before it looks.
 */
function written(inspection: InspectionEvent): string | undefined {
  const { type, rootId } = inspection
  const actor = inspection.actorRef as AnyActorRef
  const base = { type, rootId, sessionId: actor.sessionId }
  switch (inspection.type) {
    case '@xstate.actor':
      return JSON.stringify({ ...base, parentId: actor._parent?.sessionId, name: actor.id })
    case '@xstate.event':
      return JSON.stringify({ ...base, event: inspection.event, sourceId: inspection.sourceRef?.sessionId })
    case '@xstate.snapshot':
      return JSON.stringify({ ...base, event: inspection.event, snapshot: inspection.snapshot })
    default:
      return undefined
  }
}

test('all that is seen can be written down: each actor after its parent, then what it gets, and what becomes of it', async (t) => {
  const lines: string[] = []
  const inspect = (inspection: InspectionEvent) => {
    const line = written(inspection)
    if (line !== undefined) lines.push(line)
  }
  const world = new World({ inspect })
  const inner = setup({ actors: { lamp: kinds.machine } }).createMachine({
    invoke: { src: 'lamp', id: 'bulb' },
  })
  const outer = setup({ actors: { inner } }).createMachine({
    invoke: { src: 'inner', id: 'inner' },
    on: { switch: {} },
  })
  const house = behaviour({
    initial: 'on',
    start: ({ spawn: give }, ctx) => {
      give(ctx, outer, { name: 'outer' }).send(ctx, { type: 'switch' })
      give(ctx, kinds.generator, { name: 'generator' }).send(ctx, { type: 'switch' })
    },
    states: { on: { switch: () => 'switched' } },
  })
  const ref = world.spawn(world.ctx, house, { name: 'house' })
  t.is(await world.result(ref.ask(world.ctx, { type: 'switch' })), 'switched')
  await world.end(t)
  const seen = lines.map((line) => JSON.parse(line))
  const names = new Map<string, string>()
  for (const { type, sessionId, parentId, name } of seen) {
    if (type !== '@xstate.actor') {
      t.true(names.has(sessionId), 'an actor is registered before anything is said of it')
      continue
    }
    t.is(names.has(parentId), names.size > 0, 'all but the first are below one that is registered')
    names.set(sessionId, parentId === undefined ? name : `${names.get(parentId)}/${name}`)
  }
  t.deepEqual([...names.values()].sort(), [
    'greenroom',
    'greenroom/house',
    'greenroom/house/generator',
    'greenroom/house/outer',
    'greenroom/house/outer/inner',
    'greenroom/house/outer/inner/bulb',
  ])
  for (const name of ['greenroom/house', 'greenroom/house/generator', 'greenroom/house/outer']) {
    const heard = seen.filter(
      ({ sessionId, event }) => names.get(sessionId) === name && event?.type === 'switch',
    )
    t.deepEqual(
      heard.map(({ type, event }) => [type, event]),
      [
        ['@xstate.event', { type: 'switch' }],
        ['@xstate.snapshot', { type: 'switch' }],
      ],
    )
  }
})

test('what delivery adds to a machine’s event is there for an inspector to read', async (t) => {
  const seen: unknown[] = []
  const world = new World({
    inspect: (inspection) => {
      if (inspection.type !== '@xstate.event' || inspection.event.type !== 'switch') return
      const { ctx, sender } = inspection.event as { ctx?: unknown; sender?: unknown }
      seen.push(ctx === world.ctx, sender)
    },
  })
  const ref = spawn(world, 'machine', 'lamp')
  ref.send(world.ctx, { type: 'switch' }, ref as Ref)
  world.turns()
  t.deepEqual(seen, [true, ref])
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
