/** Law: what is accepted is handled once, in each sender's order; what is not delivered is a dead letter with its reason. */
import test from 'ava'
import fc from 'fast-check'
import type { Offer } from '../../../runtime/mailbox/refusal.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import { inWorld, nameOf } from './world.ts'

interface Item {
  readonly from: string
  readonly number: number
}

/** Takes notes of what it gets. */
function createNotebook() {
  const notes: string[] = []
  const notebook = behaviour({
    name: 'notebook',
    initial: 'open',
    states: {
      open: {
        item: ({ sender }, { from, number }: Item) => {
          notes.push(`${from} ${number}`)
          return sender === undefined ? 'nobody' : nameOf(sender)
        },
      },
    },
  })
  return { notes, notebook }
}

const item = (number: number, from = 'me') => ({ type: 'item', from, number }) as const

test(
  'each sender’s messages arrive in its order, however their turns interleave',
  inWorld(async (t, world) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 60 }), async (sends) => {
        const { notes, notebook } = createNotebook()
        const to = world.spawn(world.ctx, notebook)
        const talker = behaviour({
          initial: 'on',
          states: {
            on: {
              tell: ({ self }, { number }: { number: number }, ctx) => {
                to.send(ctx, item(number, nameOf(self)))
              },
            },
          },
        })
        const talkers = new Map(
          ['a', 'b', 'c'].map((name) => [name, world.spawn(world.ctx, talker, { name })] as const),
        )
        for (const [number, name] of sends.entries()) {
          talkers.get(name)?.send(world.ctx, { type: 'tell', number })
          if (number % 7 === 0) world.turn()
        }
        world.turns()
        for (const name of talkers.keys()) {
          const expected = sends.flatMap((sender, number) => (sender === name ? [`${name} ${number}`] : []))
          t.deepEqual(
            notes.filter((note) => note.startsWith(name)),
            expected,
          )
        }
        for (const ref of [to, ...talkers.values()]) ref.stop()
      }),
      { numRuns: 50 },
    )
  }),
)

test(
  'a handler knows who sent it, if the sender told',
  inWorld(async (t, world) => {
    const { notebook } = createNotebook()
    const to = world.spawn(world.ctx, notebook)
    const sender = world.spawn(world.ctx, notebook, { name: 'ann' }) as Ref
    t.is(await world.result(to.ask(world.ctx, item(1), { sender })), 'ann')
    t.is(await world.result(to.ask(world.ctx, item(2))), 'nobody')
  }),
)

test(
  'mail sent by a handler is handled in the same turn, after the mail that was there',
  inWorld((t, world) => {
    const { notes, notebook } = createNotebook()
    const to = world.spawn(world.ctx, notebook)
    const relay = behaviour({
      initial: 'on',
      states: { on: { tell: (_, _event, ctx) => void to.send(ctx, item(1)) } },
    })
    world.spawn(world.ctx, relay).send(world.ctx, { type: 'tell' })
    to.send(world.ctx, item(0))
    const turn = world.turn()
    t.deepEqual(notes, ['me 0', 'me 1'])
    t.is(turn.envelopes, 3)
  }),
)

const policies = [
  {
    overflow: 'refuse',
    answers: ['accepted', 'accepted', 'full'],
    kept: ['me 1', 'me 2'],
    lost: 'item full',
  },
  {
    overflow: 'drop-newest',
    answers: ['accepted', 'accepted', 'accepted'],
    kept: ['me 1', 'me 2'],
    lost: 'item dropped',
  },
  {
    overflow: 'drop-oldest',
    answers: ['accepted', 'accepted', 'accepted'],
    kept: ['me 2', 'me 3'],
    lost: 'item dropped',
  },
] as const

for (const { overflow, answers, kept, lost } of policies) {
  test(
    `a full mailbox with policy ${overflow} loses one message and tells so`,
    inWorld((t, world) => {
      const { notes, notebook } = createNotebook()
      const ref = world.spawn(world.ctx, notebook, { name: 'notebook', mailbox: { capacity: 2, overflow } })
      const offers: Offer[] = [1, 2, 3].map((number) => ref.send(world.ctx, item(number)))
      t.deepEqual(offers, [...answers])
      world.turns()
      t.deepEqual(notes, [...kept])
      t.deepEqual(world.told('deadLetter'), [`notebook ${lost}`])
      t.deepEqual(world.told('refused'), overflow === 'refuse' ? ['notebook item full'] : [])
      t.is(ref.send(world.ctx, item(4)), 'accepted')
    }),
  )
}

test(
  'an actor that has ended answers closed, a context that has ended expired; neither throws',
  inWorld((t, world) => {
    const { notes, notebook } = createNotebook()
    const ref = world.spawn(world.ctx, notebook, { name: 'notebook' })
    const [cancelled, cancel] = world.ctx.withCancel()
    cancel('gone')
    t.is(ref.send(cancelled, item(1)), 'expired')
    t.is(ref.send(world.ctx.withTimeout(0), item(2)), 'expired')
    ref.stop()
    t.is(ref.send(world.ctx, item(3)), 'closed')
    t.deepEqual(world.told('deadLetter'), [
      'notebook item expired',
      'notebook item expired',
      'notebook item closed',
    ])
    t.deepEqual(world.told('refused'), world.told('deadLetter'))
    t.deepEqual(notes, [])
  }),
)

test(
  'what expires while it waits is not handled',
  inWorld(async (t, world) => {
    const { notes, notebook } = createNotebook()
    const ref = world.spawn(world.ctx, notebook, { name: 'notebook' })
    const [ctx, cancel] = world.ctx.withCancel()
    ref.send(ctx, item(1))
    ref.send(world.ctx.withTimeout(5), item(2))
    ref.send(world.ctx, item(3))
    cancel('client left')
    world.clock.advance(5)
    world.turns()
    t.deepEqual(notes, ['me 3'])
    t.deepEqual(world.told('deadLetter'), ['notebook item expired', 'notebook item expired'])
    t.deepEqual(world.told('refused'), [], 'both were accepted when they were sent')
  }),
)

test(
  'what waits when its actor ends is dead, reason closed',
  inWorld((t, world) => {
    const { notes, notebook } = createNotebook()
    const ref = world.spawn(world.ctx, notebook, { name: 'notebook' })
    ref.send(world.ctx, item(1))
    ref.send(world.ctx, item(2))
    ref.stop()
    world.turns()
    t.deepEqual(notes, [])
    t.deepEqual(world.told('deadLetter'), ['notebook item closed', 'notebook item closed'])
    t.deepEqual(world.told('refused'), [])
  }),
)

test(
  'a dead letter tells event, context, sender and reason',
  inWorld((t, world) => {
    const { notebook } = createNotebook()
    const ref = world.spawn(world.ctx, notebook)
    const sender = world.spawn(world.ctx, notebook) as Ref
    const letters: object[] = []
    world.system.events.on('deadLetter', (letter) => void letters.push(letter))
    const [ctx] = world.ctx.withCancel()
    const event = { type: 'unknown' }
    ;(ref as unknown as Ref<{ type: string }>).send(ctx, event, sender)
    world.turns()
    t.deepEqual(letters.length, 1)
    t.like(letters[0], { ref, event, ctx, sender, reason: 'unhandled' })
  }),
)

test(
  'the news of an end overtakes the mail',
  inWorld((t, world) => {
    const seen: string[] = []
    const watcher = behaviour({
      initial: 'on',
      states: {
        on: {
          begin: ({ watch }, { whom }: { whom: Ref }) => watch(whom),
          item: (_, { number }: Item) => void seen.push(`item ${number}`),
          down: () => void seen.push('down'),
        },
      },
    })
    const { notebook } = createNotebook()
    const whom = world.spawn(world.ctx, notebook) as Ref
    const ref = world.spawn(world.ctx, watcher)
    ref.send(world.ctx, { type: 'begin', whom })
    world.turns()
    ref.send(world.ctx, item(1))
    ref.send(world.ctx, item(2))
    whom.stop()
    world.turns()
    t.deepEqual(seen, ['down', 'item 1', 'item 2'])
  }),
)
