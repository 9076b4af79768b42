/** Law: what a machine says over a message, it says in that message's context and as itself; what it asks comes to it as mail. */
import test from 'ava'
import { createMachine, forwardTo, fromCallback, raise, sendTo, setup } from 'xstate'
import { key } from '../../../runtime/context/key.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { postpone } from '../../../runtime/system/postpone.ts'
import type { AnyEvent, Ref } from '../../../runtime/system/ref.ts'
import { askFor, reply, tell } from '../../../runtime/system/xstate-actions.ts'
import { inWorld, type World } from './world.ts'

type Plain = { readonly type: string; readonly [field: string]: unknown }

const Tenant = key<string, 'tenant'>('tenant')

function spawn(world: World, logic: object, options: object = {}): Ref<Plain> {
  return world.spawn(world.ctx, logic as never, options as never) as Ref as Ref<Plain>
}

/** An actor that notes what it is told: the event, the tenant in its context, and who has sent it. */
function noting(world: World, name = 'notes') {
  const seen: unknown[][] = []
  const actor = behaviour({
    initial: 'on',
    states: {
      on: {
        '*': ({ sender }, { type }, ctx) =>
          void seen.push([type, ctx.find(Tenant) ?? '-', sender?.path ?? '-']),
      },
    },
  })
  return { ref: world.spawn(world.ctx, actor, { name }) as unknown as Ref<AnyEvent>, seen }
}

const MACHINE = 'greenroom/machine'

test(
  'tell: in the context of the message, also where it was raised or handed down; after a delay, in the actor’s own',
  inWorld(async (t, world) => {
    const { ref: notes, seen } = noting(world)
    const below = setup({ actions: { note: tell(notes, ({ event }) => ({ type: `below ${event.type}` })) } })
    const inner = below.createMachine({ entry: 'note', on: { '*': { actions: 'note' } } })
    const machine = setup({
      actors: { inner },
      actions: { note: tell(notes, ({ event }) => ({ type: event.type })) },
    }).createMachine({
      invoke: { src: 'inner', id: 'inner' },
      initial: 'on',
      states: {
        on: {
          on: {
            direct: { actions: 'note' },
            raise: { actions: raise({ type: 'raised' }) },
            raised: { actions: 'note' },
            forward: { actions: forwardTo('inner') },
            send: { actions: sendTo('inner', { type: 'sent' }) },
            wait: 'waiting',
          },
        },
        waiting: { after: { 20: 'over' } },
        over: { entry: 'note' },
      },
    })
    const ref = spawn(world, machine, { name: 'machine' })
    const ctx = world.ctx.with(Tenant, 'acme')
    for (const type of ['direct', 'raise', 'forward', 'send', 'wait']) ref.send(ctx, { type })
    await world.advance(20)
    t.deepEqual(seen, [
      ['below xstate.init', '-', `${MACHINE}/inner`],
      ['direct', 'acme', MACHINE],
      ['raised', 'acme', MACHINE],
      ['below forward', 'acme', `${MACHINE}/inner`],
      ['below sent', 'acme', `${MACHINE}/inner`],
      ['xstate.after.20.(machine).waiting', '-', MACHINE],
    ])
  }),
)

test(
  'tell: to an actor that the machine keeps, what it finds in its data, with an action’s parameters',
  inWorld((t, world) => {
    const { ref: notes, seen } = noting(world)
    const machine = setup({
      types: {
        context: {} as { readonly notes: Ref<AnyEvent>; readonly name: string },
        input: {} as Ref<AnyEvent>,
        events: {} as { type: 'greet' },
      },
      actions: {
        greet: tell(
          ({ context }) => context.notes,
          ({ context }, { mood }: { mood: string }) => ({ type: `${context.name} ${mood}` }),
        ),
      },
    }).createMachine({
      context: ({ input }) => ({ notes: input, name: 'ann' }),
      on: {
        greet: { actions: [{ type: 'greet', params: { mood: 'glad' } }, tell(notes, { type: 'inline' })] },
      },
    })
    world.spawn(world.ctx, machine, { name: 'machine', input: notes }).send(world.ctx, { type: 'greet' })
    world.turns()
    t.deepEqual(seen, [
      ['ann glad', '-', MACHINE],
      ['inline', '-', MACHINE],
    ])
  }),
)

const answers: Record<string, [actions: object, outcome: unknown]> = {
  'a value': [reply(5), 5],
  'what it finds': [reply(({ event }) => event.type), 'ask'],
  'a promise': [reply(() => Promise.resolve('later')), 'later'],
  'a promise that fails': [reply(() => Promise.reject(new Error('no'))), 'UNKNOWN'],
  'the first of two answers': [[reply(1), reply(2)] as object, 1],
}

for (const [title, [actions, outcome]] of Object.entries(answers)) {
  test(
    `reply: ${title}`,
    inWorld(async (t, world) => {
      const ref = spawn(world, createMachine({ on: { ask: { actions: actions as never } } }))
      t.deepEqual(await world.outcomes(ref.ask(world.ctx, { type: 'ask' })), [outcome])
    }),
  )
}

test(
  'reply: over a raised event it answers the question, over what is no question nobody',
  inWorld(async (t, world) => {
    const machine = createMachine({
      on: {
        ask: { actions: [raise({ type: 'raised' }), raise({ type: 'raised' })] },
        raised: { actions: reply('answered') },
        tell: { actions: reply('nobody asked') },
      },
    })
    const ref = spawn(world, machine)
    const question = ref.ask(world.ctx, { type: 'ask' })
    ref.send(world.ctx, { type: 'tell' })
    t.is(await world.result(question), 'answered')
    t.true(ref.isAlive)
  }),
)

const library = behaviour({
  initial: 'open',
  states: {
    open: {
      find: (_self, { title }: { readonly title?: string }, ctx) => `${title} for ${ctx.find(Tenant)}`,
      fail: () => {
        throw new Error('lost')
      },
      wait: () => new Promise<string>(() => {}),
    },
  },
})

/** A machine that asks the library over each `go`, and notes what comes of it. */
function reader(of: Ref<AnyEvent>, notes: Ref<AnyEvent>, isHandling = true) {
  const noted = tell(notes, ({ event }) => ({
    type: `${event.type} ${'output' in event ? event.output : ''}`.trim(),
  }))
  return setup({ types: { events: {} as Plain }, actions: { noted } }).createMachine({
    on: {
      go: {
        actions: askFor({
          of,
          event: ({ event }) => ({ type: event.what as string, title: 'Emma' }),
          onDone: 'found',
          ...(isHandling ? { onError: 'missed' } : {}),
          timeoutMs: 30,
        }),
      },
      found: { actions: 'noted' },
      missed: { actions: 'noted' },
    },
  })
}

test(
  'askFor: the outcome comes as an event, in the same context, from who was asked',
  inWorld(async (t, world) => {
    const { ref: notes, seen } = noting(world)
    const of = world.spawn(world.ctx, library, { name: 'library' }) as unknown as Ref<AnyEvent>
    const ref = spawn(world, reader(of, notes), { name: 'machine' })
    const ctx = world.ctx.with(Tenant, 'acme')
    ref.send(ctx, { type: 'go', what: 'find' })
    ref.send(ctx, { type: 'go', what: 'wait' })
    await world.advance(30)
    t.deepEqual(seen, [
      ['found Emma for acme', 'acme', MACHINE],
      ['missed', 'acme', MACHINE],
    ])
    // The context of the message has ended before the answer: the machine is told all the same.
    ref.send(ctx.withTimeout(10), { type: 'go', what: 'wait' })
    await world.advance(10)
    t.deepEqual(seen.at(-1), ['missed', '-', MACHINE])
  }),
)

test(
  'askFor: a failure that is not handled fails the machine',
  inWorld(async (t, world) => {
    const { ref: notes } = noting(world)
    const of = world.spawn(world.ctx, library, { restart: 'permanent' }) as unknown as Ref<AnyEvent>
    const ref = spawn(world, reader(of, notes, false), { name: 'machine' })
    ref.send(world.ctx, { type: 'go', what: 'fail' })
    await world.settle()
    t.false(ref.isAlive)
    t.deepEqual(
      world.told('failed').filter((line) => line.startsWith('machine')),
      ['machine running greenroom/1 failed: lost'],
    )
  }),
)

test(
  'askFor: in an invoked machine such a failure is the machine’s above it',
  inWorld(async (t, world) => {
    const { ref: notes, seen } = noting(world)
    const of = world.spawn(world.ctx, library, {
      name: 'library',
      restart: 'permanent',
    }) as unknown as Ref<AnyEvent>
    const inner = createMachine({
      entry: askFor({ of, event: { type: 'fail' }, onDone: 'found' }),
    })
    const outer = setup({ actors: { inner } }).createMachine({
      initial: 'on',
      states: {
        on: { invoke: { src: 'inner', id: 'inner', onError: 'off' } },
        off: { entry: tell(notes, { type: 'off' }) },
      },
    })
    const ref = spawn(world, outer, { name: 'machine' })
    await world.settle()
    t.true(ref.isAlive)
    t.deepEqual(seen, [['off', '-', MACHINE]])
    t.deepEqual(world.told('stopped').filter((line) => line.startsWith('machine/inner failed')).length, 1)
  }),
)

for (const [title, end] of Object.entries<(world: World, ref: Ref<Plain>) => unknown>({
  ends: (_world, ref) => ref.stop(),
  'is restarted': (world, ref) => ref.send(world.ctx, { type: 'boom' }),
})) {
  test(
    `askFor: the question of a machine that ${title} is cancelled, and nothing is told of it`,
    inWorld(async (t, world) => {
      const { ref: notes, seen } = noting(world)
      let wasCancelled = false
      const slow = behaviour({
        initial: 'on',
        states: {
          on: {
            wait: (_self, _event, ctx) =>
              ctx.deferred<string>(() => {
                wasCancelled = true
              }),
          },
        },
      })
      const of = world.spawn(world.ctx, slow) as unknown as Ref<AnyEvent>
      const machine = createMachine({
        on: {
          boom: {
            actions: () => {
              throw new Error('boom')
            },
          },
          go: { actions: askFor({ of, event: { type: 'wait' }, onDone: 'found', onError: 'missed' }) },
          '*': { actions: tell(notes, { type: 'heard' }) },
        },
      })
      const ref = spawn(world, machine, { restart: 'transient' })
      ref.send(world.ctx, { type: 'go' })
      await world.settle()
      t.false(wasCancelled)
      end(world, ref)
      await world.settle()
      t.true(wasCancelled)
      t.deepEqual(seen, [])
    }),
  )
}

test(
  'askFor: an outcome that the mailbox has no room for fails the machine',
  inWorld(async (t, world) => {
    const { ref: notes } = noting(world)
    const answer = new Deferred<string>()
    const slow = behaviour({ initial: 'on', states: { on: { wait: () => answer } } })
    const of = world.spawn(world.ctx, slow) as unknown as Ref<AnyEvent>
    const ref = spawn(world, reader(of, notes), { name: 'machine', mailbox: { capacity: 1 } })
    ref.send(world.ctx, { type: 'go', what: 'wait' })
    world.turns()
    ref.send(world.ctx, { type: 'other' })
    answer.resolve('late')
    t.false(ref.isAlive)
    t.deepEqual(world.told('failed'), [
      'machine running greenroom/machine could not take its own "found": full',
    ])
  }),
)

/** A machine that takes `query` only once it is ready, and by `how` becomes so. */
function store(notes: Ref<AnyEvent>) {
  const note = tell(notes, ({ event }) => ({ type: `${event.type} ${(event as Plain).id ?? ''}`.trim() }))
  return setup({
    types: { events: {} as Plain },
    actors: {
      opening: fromCallback(({ sendBack, receive }) => {
        receive(() => sendBack({ type: 'opened' }))
      }),
    },
    actions: { note, postpone },
  }).createMachine({
    initial: 'loading',
    states: {
      loading: {
        invoke: { src: 'opening', id: 'opening' },
        initial: 'first',
        states: { first: { on: { step: 'second' } }, second: { after: { 20: '#ready' } } },
        on: {
          query: { actions: 'postpone' },
          ready: '#ready',
          same: { target: '.first', reenter: true },
          open: { actions: sendTo('opening', { type: 'open' }) },
          opened: '#ready',
          readyToo: { target: '#ready', actions: 'postpone' },
        },
      },
      ready: {
        id: 'ready',
        on: {
          query: { actions: ['note', reply(({ event }) => event.id)] },
          readyToo: { actions: 'note' },
          other: { actions: 'note' },
        },
      },
    },
  })
}

for (const [title, change] of Object.entries<(world: World, ref: Ref<Plain>) => unknown>({
  'over a message': (world, ref) => ref.send(world.ctx, { type: 'ready' }),
  'over a delay, and states within states': async (world, ref) => {
    ref.send(world.ctx, { type: 'step' })
    await world.advance(20)
  },
  'over what one that it invoked says': (world, ref) => ref.send(world.ctx, { type: 'open' }),
})) {
  test(
    `postpone: what was set aside comes again, before other mail and in order, when the state has changed ${title}`,
    inWorld(async (t, world) => {
      const { ref: notes, seen } = noting(world)
      const ref = spawn(world, store(notes))
      const question = ref.ask(world.ctx, { type: 'query', id: 1 })
      ref.send(world.ctx, { type: 'query', id: 2 })
      ref.send(world.ctx, { type: 'same' })
      await world.settle()
      t.deepEqual(seen, [])
      await change(world, ref)
      if (title.startsWith('over a message')) ref.send(world.ctx, { type: 'other' })
      await world.advance(20)
      const heard = seen.map(([type]) => type)
      t.deepEqual(heard.slice(0, 2), ['query 1', 'query 2'])
      t.deepEqual(heard.slice(2), title.startsWith('over a message') ? ['other'] : [])
      t.is(await world.result(question), 1)
    }),
  )
}

test(
  'postpone: a message that is set aside by the very transition that changes the state comes again at once',
  inWorld(async (t, world) => {
    const { ref: notes, seen } = noting(world)
    spawn(world, store(notes)).send(world.ctx, { type: 'readyToo' })
    await world.settle()
    t.deepEqual(
      seen.map(([type]) => type),
      ['readyToo'],
    )
  }),
)

test(
  'postpone: a message is set aside once, however many actions do it',
  inWorld((t, world) => {
    const { ref: notes, seen } = noting(world)
    const machine = createMachine({
      initial: 'off',
      states: {
        off: { on: { query: { actions: [postpone, postpone] }, on: 'on' } },
        on: { on: { query: { actions: tell(notes, { type: 'query' }) } } },
      },
    })
    const ref = spawn(world, machine)
    for (const type of ['query', 'on']) ref.send(world.ctx, { type })
    world.turns()
    t.is(seen.length, 1)
  }),
)

test(
  'postpone: one too many fails the machine, and so does what was no message',
  inWorld(async (t, world) => {
    const { ref: notes } = noting(world)
    const ref = spawn(world, store(notes), { name: 'full' })
    for (let id = 0; id <= world.system.limits.stashCapacity; id++) ref.send(world.ctx, { type: 'query', id })
    spawn(world, createMachine({ initial: 'a', states: { a: { after: { 5: { actions: postpone } } } } }), {
      name: 'late',
    })
    await world.advance(5)
    t.deepEqual(
      world.told('failed').map((line) => line.split(' ')[0]),
      ['full', 'late'],
    )
    t.regex(world.told('failed')[1] ?? '', /can postpone what came through its mailbox/)
  }),
)

test(
  'an action of a machine that nobody has spawned here says so',
  inWorld((t, world) => {
    const { ref: notes } = noting(world)
    const args = { self: { sessionId: 'x:1' }, system: {}, event: { type: 'go' }, context: {} }
    const error = t.throws(() => tell(notes, { type: 'hello' })(args as never, undefined))
    t.is((error as { code?: string }).code, 'ACTION_WITHOUT_ACTOR')
  }),
)
