/** Law: any xstate logic is an actor like the others: spawned, told, asked, supervised, and on the system's clock. */
import test from 'ava'
import {
  assign,
  createMachine,
  fromCallback,
  fromPromise,
  fromTransition,
  setup,
  type EventObject as XstateEvent,
} from 'xstate'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import type { Delivered } from '../../../runtime/system/xstate-messages.ts'
import { endOf, inWorld, type World } from './world.ts'

type Plain = { readonly type: string; readonly [field: string]: unknown }

function spawn(world: World, logic: object, options: object = {}): Ref<Plain> {
  return world.spawn(world.ctx, logic as never, options as never) as Ref as Ref<Plain>
}

/** What a machine's action gets of an event of ours. */
function delivered(event: XstateEvent): Delivered<XstateEvent> {
  return event as Delivered<XstateEvent>
}

const light = createMachine({
  id: 'light',
  initial: 'red',
  states: {
    red: { on: { go: 'green' } },
    green: { after: { 30: 'red' }, on: { end: 'off' } },
    off: { type: 'final' },
  },
  output: 'dark',
})

const state = (ref: Ref) => (ref.actor.getSnapshot() as { value: unknown }).value

test(
  'a machine takes events; what its state does not know leaves it as it was',
  inWorld((t, world) => {
    const ref = spawn(world, light)
    t.is(state(ref as Ref), 'red')
    ref.send(world.ctx, { type: 'end' })
    world.turns()
    t.is(state(ref as Ref), 'red')
    ref.send(world.ctx, { type: 'go' })
    world.turns()
    t.is(state(ref as Ref), 'green')
    t.deepEqual(world.told('failed'), [])
  }),
)

test(
  'delays run on the system’s clock, and go with the actor',
  inWorld(async (t, world) => {
    const ref = spawn(world, light)
    ref.send(world.ctx, { type: 'go' })
    await world.advance(29)
    t.is(state(ref as Ref), 'green')
    await world.advance(1)
    t.is(state(ref as Ref), 'red')
    ref.send(world.ctx, { type: 'go' })
    world.turns()
    t.is(world.clock.pending, 1)
    ref.stop()
    t.is(world.clock.pending, 0)
  }),
)

test(
  'a machine that reaches its end is done, with its output',
  inWorld(async (t, world) => {
    const ref = spawn(world, light)
    const watch = ref.watch(world.ctx)
    ref.send(world.ctx, { type: 'go' })
    ref.send(world.ctx, { type: 'end' })
    t.is(endOf((await world.result(watch)).reason), 'done dark')
  }),
)

test(
  'an event carries its context, its sender and, for a question, a reply',
  inWorld(async (t, world) => {
    const seen: unknown[] = []
    const clerk = setup({
      actions: {
        answer: ({ event }) => {
          const { ctx, sender, reply } = delivered(event)
          seen.push(ctx.remainingMs, sender?.path, typeof reply)
          reply?.('answered')
        },
      },
    }).createMachine({ on: { ask: { actions: 'answer' } } })
    const ref = spawn(world, clerk, { name: 'clerk' })
    const question = ref.ask(world.ctx.withTimeout(50), { type: 'ask' }, { sender: ref as Ref })
    t.is(await world.result(question), 'answered')
    ref.send(world.ctx, { type: 'ask' })
    world.turns()
    t.deepEqual(seen, [50, 'greenroom/clerk', 'function', Infinity, undefined, 'undefined'])
  }),
)

test(
  'a question that a machine leaves unanswered times out, or ends with the machine',
  inWorld(async (t, world) => {
    const ref = spawn(world, createMachine({}))
    const late = ref.ask(world.ctx, { type: 'ask' }, { timeoutMs: 10 })
    const open = ref.ask(world.ctx, { type: 'ask' })
    world.look(late, open)
    await world.advance(10)
    ref.stop()
    t.deepEqual(await world.outcomes(late, open), ['ASK_TIMEOUT', 'ASK_ACTOR_ENDED'])
  }),
)

test(
  'a machine may keep the reply and answer later',
  inWorld(async (t, world) => {
    const clerk = setup({
      types: { context: {} as { replies: Delivered<XstateEvent>['reply'][] } },
      actions: {
        keep: assign({ replies: ({ context, event }) => [...context.replies, delivered(event).reply] }),
        answer: ({ context }) => {
          for (const [index, reply] of context.replies.entries()) reply?.(index)
        },
      },
    }).createMachine({
      context: { replies: [] },
      on: { ask: { actions: 'keep' }, answer: { actions: 'answer' } },
    })
    const ref = spawn(world, clerk)
    const questions = [1, 2].map(() => ref.ask(world.ctx, { type: 'ask' }))
    await world.settle()
    t.true(questions.every(({ isPending }) => isPending))
    ref.send(world.ctx, { type: 'answer' })
    t.deepEqual(await world.outcomes(...(questions as Deferred<unknown>[])), [0, 1])
  }),
)

test(
  'a machine may answer with a promise: the question times out meanwhile, or ends with the machine; one answer counts',
  inWorld(async (t, world) => {
    const endless = new Promise<number>(() => {})
    const clerk = setup({
      actions: {
        promise: ({ event }) => {
          delivered(event).reply?.(endless)
          delivered(event).reply?.(2)
        },
        number: ({ event }) => delivered(event).reply?.(Promise.resolve(1)),
      },
    }).createMachine({ on: { wait: { actions: 'promise' }, ask: { actions: 'number' } } })
    const ref = spawn(world, clerk)
    const late = ref.ask(world.ctx, { type: 'wait' }, { timeoutMs: 10 })
    const open = ref.ask(world.ctx, { type: 'wait' })
    const answered = ref.ask(world.ctx, { type: 'ask' })
    world.look(late, open, answered)
    await world.advance(10)
    ref.stop()
    t.deepEqual(await world.outcomes(late, open, answered), ['ASK_TIMEOUT', 'ASK_ACTOR_ENDED', 1])
  }),
)

test(
  'input reaches a machine; a restart makes it anew with the same',
  inWorld(async (t, world) => {
    const counter = setup({
      types: { context: {} as { count: number }, input: {} as { from: number } },
      actions: {
        add: assign({ count: ({ context }) => context.count + 1 }),
        tell: ({ context, event }) => delivered(event).reply?.(context.count),
        fail: () => {
          throw new Error('boom')
        },
      },
    }).createMachine({
      context: ({ input }) => ({ count: input.from }),
      on: { add: { actions: 'add' }, tell: { actions: 'tell' }, fail: { actions: 'fail' } },
    })
    const ref = spawn(world, counter, { name: 'counter', input: { from: 5 }, restart: 'transient' })
    ref.send(world.ctx, { type: 'add' })
    t.is(await world.result(ref.ask(world.ctx, { type: 'tell' })), 6)
    const failing = ref.ask(world.ctx, { type: 'fail' })
    const after = ref.ask(world.ctx, { type: 'tell' })
    t.deepEqual(await world.outcomes(failing, after), ['ACTOR_FAILED', 5])
    t.deepEqual(world.told('failed'), ['counter handling boom'])
    t.deepEqual(world.told('restarted'), ['counter 1'])
  }),
)

test(
  'a machine that fails on its own account, in a delay, fails its actor',
  inWorld(async (t, world) => {
    const bomb = setup({
      actions: {
        explode: () => {
          throw new Error('boom')
        },
      },
    }).createMachine({
      initial: 'on',
      states: { on: { after: { 20: { actions: 'explode', target: 'off' } } }, off: {} },
    })
    const ref = spawn(world, bomb, { name: 'bomb' })
    await world.advance(20)
    t.false(ref.isAlive)
    t.deepEqual(world.told('failed'), ['bomb running boom'])
    t.deepEqual(world.told('stopped'), ['bomb failed boom'])
  }),
)

test(
  'an invoked promise that fails is the machine’s to handle; unhandled, it fails the actor',
  inWorld(async (t, world) => {
    const fetching = (isHandled: boolean) =>
      setup({
        actors: {
          fetch: fromPromise(async () => {
            throw new Error('no answer')
          }),
        },
      }).createMachine({
        initial: 'fetching',
        states: {
          fetching: { invoke: { src: 'fetch', ...(isHandled ? { onError: 'failed' } : {}) } },
          failed: {},
        },
      })
    const handled = spawn(world, fetching(true), { name: 'handled' })
    const unhandled = spawn(world, fetching(false), { name: 'unhandled' })
    await world.settle()
    t.is(state(handled as Ref), 'failed')
    t.false(unhandled.isAlive)
    t.deepEqual(world.told('failed'), ['unhandled running no answer'])
  }),
)

test(
  'a machine that fails while it starts has not started',
  inWorld((t, world) => {
    const broken = createMachine({
      entry: () => {
        throw new Error('boom')
      },
    })
    t.false(spawn(world, broken, { name: 'broken' }).isAlive)
    t.deepEqual(world.log, ['spawned broken', 'failed broken starting boom', 'stopped broken failed boom'])
  }),
)

test(
  'fromPromise: its value is the output, its failure the actor’s, its signal the stop',
  inWorld(async (t, world) => {
    const good = spawn(
      world,
      fromPromise(async ({ input }: { input: number }) => input * 2),
      { input: 21 },
    )
    const bad = spawn(
      world,
      fromPromise(async () => {
        throw new Error('boom')
      }),
    )
    let wasAborted = false
    const endless = spawn(
      world,
      fromPromise(({ signal }) => {
        signal.addEventListener('abort', () => {
          wasAborted = true
        })
        return new Promise(() => {})
      }),
    )
    const downs = await Promise.all(
      [good, bad, endless].map((ref) => {
        if (ref === endless) void world.settle().then(() => ref.stop('enough'))
        return ref.watch(world.ctx)
      }),
    )
    t.deepEqual(
      downs.map(({ reason }) => endOf(reason)),
      ['done 42', 'failed boom', 'stopped enough'],
    )
    t.true(wasAborted)
  }),
)

test(
  'fromCallback: receives events, cleans up at its end',
  inWorld((t, world) => {
    const seen: string[] = []
    const ref = spawn(
      world,
      fromCallback(({ receive }) => {
        receive((event) => void seen.push(event.type))
        return () => void seen.push('cleaned up')
      }),
    )
    ref.send(world.ctx, { type: 'hello' })
    world.turns()
    ref.stop()
    t.deepEqual(seen, ['hello', 'cleaned up'])
  }),
)

test(
  'fromTransition: a reducer',
  inWorld((t, world) => {
    const ref = spawn(
      world,
      fromTransition((count: number, event: XstateEvent) => count + event.type.length, 0),
    )
    for (const type of ['a', 'bb', 'ccc']) ref.send(world.ctx, { type })
    world.turns()
    t.is((ref.actor.getSnapshot() as { context: number }).context, 6)
  }),
)

test(
  'machines have bounded mailboxes like all others, and dead letters',
  inWorld((t, world) => {
    const ref = spawn(world, light, { name: 'light', mailbox: { capacity: 1 } })
    t.is(ref.send(world.ctx, { type: 'go' }), 'accepted')
    t.is(ref.send(world.ctx, { type: 'go' }), 'full')
    t.deepEqual(world.told('deadLetter'), ['light go full'])
  }),
)

test(
  'a machine below an actor of ours ends with it',
  inWorld((t, world) => {
    let below: Ref | undefined
    const parent = behaviour({
      initial: 'on',
      start: ({ spawn: give }, ctx) => {
        below = give(ctx, light as never) as Ref
      },
      states: { on: {} },
    })
    const ref = world.spawn(world.ctx, parent)
    ;(below as Ref as Ref<Plain>).send(world.ctx, { type: 'go' })
    world.turns()
    const { actor } = below as Ref
    ref.stop()
    t.is((actor.getSnapshot() as { status: string }).status, 'stopped')
    t.is(world.clock.pending, 0)
  }),
)
