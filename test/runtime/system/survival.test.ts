/** Law: what was found by trying to break it stays whole. Each of these once did not. */
import test from 'ava'
import { createMachine } from 'xstate'
import type { Context } from '../../../runtime/context/context.ts'
import { codeOf } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { child } from '../../../runtime/system/child-spec.ts'
import { dynamicSupervisor } from '../../../runtime/system/dynamic-supervisor.ts'
import type { EventOf } from '../../../runtime/system/logic.ts'
import { actorName } from '../../../runtime/system/names.ts'
import type { AnyEvent, Ref } from '../../../runtime/system/ref.ts'
import { supervisor } from '../../../runtime/system/supervisor.ts'
import { inWorld } from './world.ts'

const fragile = behaviour({
  initial: 'on',
  states: {
    on: {
      hello: () => 'hi',
      boom: () => {
        throw new Error('boom')
      },
    },
  },
})

test(
  'a system whose actors all wait for a restart stops at once, however many they are',
  inWorld(async (t, world) => {
    const restart = { policy: 'permanent', backoff: { minMs: 60_000, maxMs: 60_000 } } as const
    for (let n = 0; n < 3_000; n++) {
      world.spawn(world.ctx, fragile, { restart }).send(world.ctx, { type: 'boom' })
    }
    world.turns()
    const stopped = world.system.stop()
    world.turns()
    t.is(stopped.status, 'fulfilled')
  }),
)

for (const strategy of ['one_for_all', 'rest_for_one'] as const) {
  test(
    `${strategy}: one that fails while its group goes down for another's failure is no restart of its own`,
    inWorld(async (t, world) => {
      const children = ['a', 'b', 'c'].map((name) => child(name, fragile))
      const ref = world.spawn(world.ctx, supervisor({ strategy, intensity: 2, children }), { name: 'tree' })
      const statuses = await world.result(ref.ask(world.ctx, { type: 'children' }))
      // The third has mail, and so does not go down at once: meanwhile the second fails. What the third was told waits for
      // its next life, and is a failure of that.
      for (const { ref: each } of statuses) each?.send(world.ctx, { type: 'boom' })
      await world.settle()
      t.true(ref.isAlive)
      t.deepEqual(
        world.told('failed'),
        ['tree/a', 'tree/b', 'tree/c'].map((path) => `${path} handling boom`),
      )
    }),
  )
}

test(
  'an answer comes back through a chain of questions of any length',
  inWorld(async (t, world) => {
    interface Pass {
      readonly left: readonly Ref<AnyEvent>[]
    }
    const link = behaviour({
      initial: 'on',
      states: {
        on: {
          pass: (_scope, { left }: Pass, ctx: Context) =>
            left[0] === undefined ? 'end' : left[0].ask(ctx, { type: 'pass', left: left.slice(1) }),
        },
      },
    })
    const links = Array.from(
      { length: 3_000 },
      () => world.spawn(world.ctx, link) as unknown as Ref<AnyEvent>,
    )
    const [first, ...left] = links
    t.is(await world.result(first!.ask(world.ctx, { type: 'pass', left })), 'end')
  }),
)

test(
  'a name that looks like a number is one name: what is drawn passes it over, and what is drawn is taken',
  inWorld(async (t, world) => {
    const ref = world.spawn(world.ctx, dynamicSupervisor({ logic: fragile, childrenMax: 4 }), {
      name: 'tree',
    })
    const start = async (name?: string) => {
      const event = { type: 'startChild', ...(name === undefined ? {} : { name }) } as const
      const started = await world.result(ref.ask(world.ctx, event))
      return started.outcome === 'started' ? started.ref.path : started.outcome
    }
    const drawn = Number((await start()).slice('greenroom/tree/'.length))
    t.is(await start(`${drawn + 1}`), `greenroom/tree/${drawn + 1}`)
    t.is(await start(), `greenroom/tree/${drawn + 2}`)
    t.is(await start(`${drawn}`), 'taken')
  }),
)

test(
  'an actor that is ended as soon as its name is known has never begun',
  inWorld(async (t, world) => {
    const Name = actorName<EventOf<typeof fragile>>('name')
    world.system.registry.whenRegistered(world.ctx, Name).listen(
      (ref) => void ref.stop(),
      () => {},
    )
    t.false(world.spawn(world.ctx, fragile, { name: 'x', as: Name }).isAlive)
    t.deepEqual(world.told('spawned'), [])
  }),
)

test(
  'the end of one that an earlier life watched is not told to the next, which has watched for itself',
  inWorld(async (t, world) => {
    const downs: string[] = []
    const watched = world.spawn(world.ctx, fragile)
    const watcher = behaviour({
      initial: 'on',
      start: ({ watch }) => watch(watched),
      states: {
        on: {
          go: () => {
            watched.stop()
            throw new Error('boom')
          },
          down: ({ self }) => void downs.push(self.path),
        },
      },
    })
    const ref = world.spawn(world.ctx, watcher, { name: 'watcher', restart: 'permanent' })
    ref.send(world.ctx, { type: 'go' })
    await world.settle()
    t.deepEqual(downs, ['greenroom/watcher'])
  }),
)

test(
  'an event that xstate would take for its own is none of an actor’s',
  inWorld(async (t, world) => {
    const machine = world.spawn(world.ctx, createMachine({ id: 'm', initial: 'on', states: { on: {} } }))
    const asked = machine.ask(world.ctx, { type: 'xstate.stop' })
    t.is(await world.failure(asked), 'ASK_UNHANDLED')
    t.is((machine.actor.getSnapshot() as { status: string }).status, 'active')
    const shown = world.spawn(world.ctx, fragile)
    void shown.actor
    shown.send(world.ctx, { type: 'xstate.stop' } as never)
    t.is(await world.result(shown.ask(world.ctx, { type: 'hello' })), 'hi')
  }),
)

test(
  'what is no context and no specification is told so, and leaves nothing behind',
  inWorld(async (t, world) => {
    t.is(codeOf(t.throws(() => world.spawn(5 as never, fragile), { any: true })), 'SPAWN_CONTEXT')
    const pool = world.spawn(world.ctx, dynamicSupervisor({ logic: fragile }))
    const start = await world.result(pool.ask(world.ctx, { type: 'startChild', ctx: 5 as never }))
    t.is(start.outcome === 'failed' && codeOf(start.error), 'SPAWN_CONTEXT')
    t.is(world.system.actors, 1)
    for (const children of [5, undefined, [null]]) {
      const ref = world.spawn(world.ctx, supervisor({ children: () => children as never }))
      const { reason } = await world.result(ref.watch())
      const codes = ['SPAWN_OPTION_INVALID', 'CHILD_SPEC_INVALID']
      t.true(reason.kind === 'failed' && codes.includes(codeOf(reason.error)))
    }
  }),
)

test(
  'one that comes to a state with a word on draining, while it finishes for its group, lives on after it',
  inWorld(async (t, world) => {
    const late = behaviour({
      initial: 'busy',
      states: {
        busy: {
          work: async ({ ctx, become }) => {
            await ctx.after(10)
            become('listening')
          },
        },
        listening: { drain: ({ stop }) => stop('drained') },
      },
    })
    const tree = supervisor({ strategy: 'one_for_all', children: [child('a', fragile), child('late', late)] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    const [a, other] = await world.result(ref.ask(world.ctx, { type: 'children' }))
    other?.ref?.send(world.ctx, { type: 'work' })
    world.turns()
    a?.ref?.send(world.ctx, { type: 'boom' })
    await world.advance(10)
    t.deepEqual(world.told('restarted'), ['tree/a 1', 'tree/late 1'])
    t.true(other?.ref?.isAlive)
  }),
)

test(
  'what asks for a snapshot of an actor that has none is refused, not ignored',
  inWorld(async (t, world) => {
    const refused = (spawn: () => unknown) => codeOf(t.throws(spawn, { any: true }))
    const { spawn, ctx } = world
    t.is(
      refused(() => spawn(ctx, fragile, { snapshot: {} })),
      'SPAWN_OPTION_INVALID',
    )
    const restart = { policy: 'permanent', from: 'snapshot' } as const
    t.is(
      refused(() => spawn(ctx, fragile, { restart })),
      'SPAWN_OPTION_INVALID',
    )
    const ref = spawn(ctx, supervisor({ children: [child('a', fragile, { from: 'snapshot' })] }))
    const { reason } = await world.result(ref.watch())
    t.is(reason.kind === 'failed' && codeOf(reason.error), 'SPAWN_OPTION_INVALID')
  }),
)
