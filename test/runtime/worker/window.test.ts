/**
 * Law: no more than `credits` are under way to a thread. What comes then waits in the mailbox at home, and there fares as in
 * any mailbox: it is ranked, called off, dropped, refused.
 */
import test, { type ExecutionContext } from 'ava'
import { type EventOf, type MailboxOptions, onThread, type Ref, threadModule } from 'greenroom'
import { atHome, type Home, ignore, outcomes } from './home.ts'
import type { member } from './member.ts'
import { flags, raise, raised } from './threaded.ts'

const module = threadModule<typeof import('./member.ts')>(new URL('./member.ts', import.meta.url))

interface Scene extends Home {
  readonly ref: Ref<EventOf<typeof member>>
  /** The thread is held up by its one credit's message, until this is called. */
  letGo(): void
}

/** An actor with one credit, whose thread is at a message. */
function scene(mailbox: MailboxOptions, body: (t: ExecutionContext, scene: Scene) => Promise<void>) {
  return atHome(async (t, home) => {
    const { spawn, ctx } = home
    const ref = spawn(ctx, onThread(module, 'member', { credits: 1 }), { name: 'member', mailbox })
    const of = flags()
    const hasBegun = raised(of, 0)
    const held = ref.ask(ctx, { type: 'hold', of }, { timeoutMs: 60_000 })
    held.listen(ignore, ignore)
    await hasBegun
    try {
      await body(t, Object.assign(Object.create(home), { ref, letGo: () => raise(of, 1) }))
    } finally {
      raise(of, 1)
    }
    await outcomes([held])
  })
}

test.serial(
  'one credit and a mailbox for one: the first is under way, the second waits, the third is refused',
  scene({ capacity: 1 }, async (t, { ref, ctx, letGo }) => {
    const waits = ref.ask(ctx, { type: 'count' })
    t.is(ref.send(ctx, { type: 'count' }), 'full')
    t.deepEqual(await outcomes([ref.ask(ctx, { type: 'count' })]), ['ASK_REFUSED'])
    letGo()
    t.is(await waits, 1)
    t.is(await ref.ask(ctx, { type: 'count' }), 2, 'none of those that were refused had crossed')
  }),
)

for (const how of ['timeout', 'cancelled'] as const) {
  test.serial(
    `a drain does not wait for what nobody waits for any more: ${how}`,
    scene({}, async (t, { ref, ctx, system, letGo }) => {
      const waits = ref.ask(ctx, { type: 'count' }, { timeoutMs: how === 'timeout' ? 20 : 60_000 })
      const code = outcomes([waits])
      const down = ref.watch()
      const stopped = system.stop({ graceMs: 60_000 })
      if (how === 'cancelled') waits.cancel('never mind')
      t.deepEqual(await code, [how === 'timeout' ? 'ASK_TIMEOUT' : 'CANCELLED'])
      letGo()
      await stopped
      t.like((await down).reason, { kind: 'stopped', reason: 'drained' })
    }),
  )
}

test.serial(
  'what waits is dropped as its mailbox says, and is a dead letter',
  scene({ capacity: 2, overflow: 'drop-oldest' }, async (t, scene) => {
    const { ref, ctx, letGo } = scene
    const [oldest, next] = [1, 2].map((value) => ref.ask(ctx, { type: 'echo', value }))
    t.is(ref.send(ctx, { type: 'echo', value: 3 }), 'accepted')
    t.deepEqual(await outcomes([oldest as never]), ['ASK_REFUSED'])
    letGo()
    t.deepEqual(await outcomes([next as never]), [2])
    t.deepEqual(scene.told('deadLetter'), ['member echo dropped'])
  }),
)

test.serial(
  'what waits goes by its priority, and by its order in that',
  scene({ priorities: [['count']] }, async (t, { ref, ctx, letGo }) => {
    const order: string[] = []
    const asked = ['echo 1', 'count 1', 'echo 2', 'count 2'].map((name) => {
      const event = name.startsWith('echo') ? { type: 'echo' as const, value: 0 } : { type: 'count' as const }
      return ref.ask(ctx, event as { type: 'count' }).then(() => void order.push(name))
    })
    letGo()
    await Promise.all(asked)
    t.deepEqual(order, ['count 1', 'count 2', 'echo 1', 'echo 2'])
  }),
)

test.serial(
  'what is called off while it waits never crosses: a question, its context, its time, and what was told',
  scene({}, async (t, scene) => {
    const { ref, ctx, letGo } = scene
    const [own, cancel] = ctx.withCancel()
    const late = ref.ask(ctx, { type: 'count' }, { timeoutMs: 1 })
    const withdrawn = ref.ask(ctx, { type: 'count' })
    const left = ref.ask(own, { type: 'count' })
    t.is(ref.send(own, { type: 'exit' }), 'accepted')
    const overdue = ref.ask(ctx.withTimeout(1), { type: 'count' })
    left.listen(ignore, ignore)
    withdrawn.cancel('never mind')
    cancel('the client has left')
    t.deepEqual(await outcomes([late, withdrawn, left, overdue]), [
      ...['ASK_TIMEOUT', 'CANCELLED', 'CANCELLED', 'DEADLINE_EXCEEDED'],
    ])
    letGo()
    t.is(await ref.ask(ctx, { type: 'count' }), 1, 'it is the first to be counted')
    t.true(scene.told('deadLetter').includes('member exit expired'))
  }),
)

test.serial(
  'what waits when the actor is stopped is refused, and what was told is a dead letter',
  scene({}, async (t, scene) => {
    const { ref, ctx, letGo } = scene
    const waits = outcomes([ref.ask(ctx, { type: 'count' })])
    ref.send(ctx, { type: 'exit' })
    const stopped = ref.stop()
    letGo()
    await stopped
    t.deepEqual(await waits, ['ASK_REFUSED'])
    t.deepEqual(scene.told('deadLetter'), ['member count closed', 'member exit closed'])
  }),
)

test.serial(
  'thousands cross by a window of three, in their order, each once',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(module, 'member', { credits: 3 }), { mailbox: { capacity: 3_000 } })
    const asked = Array.from({ length: 3_000 }, () => ref.ask(ctx, { type: 'count' }, { timeoutMs: 60_000 }))
    t.deepEqual(
      await Promise.all(asked),
      asked.map((_, at) => at + 1),
    )
  }),
)
