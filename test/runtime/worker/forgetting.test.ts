/** Law: home holds an actor for a thread for as long as somebody there holds its ref, and at most 10,000 of them. */
import { setImmediate as roundOfNode } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import test from 'ava'
import {
  type AnyEvent,
  behaviour,
  type EventOf,
  OverloadError,
  onThread,
  type Ref,
  threadModule,
} from 'greenroom'
import { REFS_MAX } from '../../../runtime/worker/home-desk.ts'
import type { forgetful } from './forgetful.ts'
import { atHome, failureOf, type Home, outcomes } from './home.ts'
import { flags, raise, raised } from './threaded.ts'

const module = threadModule<typeof import('./forgetful.ts')>(new URL('./forgetful.ts', import.meta.url))

const host = behaviour({
  initial: 'on',
  data: () => ({ notes: [] as unknown[] }),
  states: {
    on: {
      note: ({ data }, { value }: { value: unknown }) => void data.notes.push(value),
      notes: ({ data }) => data.notes,
    },
  },
})

type Forgetful = Ref<EventOf<typeof forgetful>>

async function started({ spawn, ctx }: Home): Promise<Forgetful> {
  const ref = spawn(ctx, onThread(module, 'forgetful', { credits: 20_000 }), {
    mailbox: { capacity: 20_000 },
    restart: { policy: 'permanent', intensity: 20 },
  })
  await ref.ask(ctx, { type: 'collect' })
  return ref
}

const hosts = ({ spawn, ctx }: Home, count: number) => Array.from({ length: count }, () => spawn(ctx, host))

/** Asks once for each of `senders`, in its name. */
function askAs(
  ref: Forgetful,
  { ctx }: Home,
  type: 'glance' | 'hold' | 'watch' | 'look',
  senders: readonly Ref<never>[],
) {
  return outcomes(
    senders.map((sender) => ref.ask(ctx, { type }, { sender: sender as Ref, timeoutMs: 60_000 })),
  )
}

test.serial(
  'as many as may be held are; one more fails its question, and is a dead letter where nobody asked',
  atHome(async (t, home) => {
    const { ctx, spawn } = home
    const ref = await started(home)
    const held = await askAs(ref, home, 'hold', hosts(home, REFS_MAX))
    t.is(held.at(-1), REFS_MAX)
    const [sender] = hosts(home, 1)
    const refused = await failureOf(ref.ask(ctx, { type: 'hold' }, { sender: sender as Ref }))
    t.true(refused instanceof OverloadError)
    t.is((refused as OverloadError).code, 'THREAD_REFS_FULL')
    ref.send(ctx, { type: 'glance' }, sender as Ref)
    t.is(await ref.ask(ctx, { type: 'hold' }), REFS_MAX + 1, 'others cross')
    t.is(home.told('deadLetter').length, 1)
    // And there is room again for those that are forgotten.
    await ref.ask(ctx, { type: 'forget' }, { timeoutMs: 60_000 })
    const again = spawn(ctx, host)
    t.deepEqual(await askAs(ref, home, 'hold', [again]), [1])
  }),
)

test.serial(
  'many more than that cross, one after another, where nobody holds them',
  atHome(async (t, home) => {
    const ref = await started(home)
    for (let round = 0; round < 5; round++) {
      const answers = await askAs(ref, home, 'glance', hosts(home, REFS_MAX / 4))
      t.true(answers.every((answer) => answer === undefined))
      await ref.ask(home.ctx, { type: 'forget' }, { timeoutMs: 60_000 })
    }
  }),
)

test.serial(
  'one that is held, or named again while it is forgotten, leads home all the same',
  atHome(async (t, home) => {
    const { ctx } = home
    const ref = await started(home)
    const [kept, named] = hosts(home, 2) as [Ref<AnyEvent>, Ref<AnyEvent>]
    await askAs(ref, home, 'hold', [kept as never])
    for (let value = 0; value < 20; value++) {
      // It is collected there just when it is on its way again, or is not.
      ref.send(ctx, { type: 'glance' }, named as Ref)
      const collected = ref.ask(ctx, { type: 'collect' })
      if (value % 2 === 0) await collected
      await askAs(ref, home, 'hold', [named as never])
      const offers = await ref.ask(ctx, { type: 'tellHeld', value })
      t.true(offers.every((offer) => offer === 'accepted'))
      await collected
      await ref.ask(ctx, { type: 'forget' })
      await askAs(ref, home, 'hold', [kept as never])
    }
    const values = Array.from({ length: 20 }, (_, value) => value)
    t.deepEqual(await kept.ask(ctx, { type: 'notes' } as never), values)
    t.deepEqual(await named.ask(ctx, { type: 'notes' } as never), values)
  }),
)

test.serial(
  'many more than that cross, one after another, where they end, though nothing is collected',
  atHome(async (t, home) => {
    const ref = await started(home)
    const wave = REFS_MAX / 10
    for (let count = 0; count < 2 * REFS_MAX; count += wave) {
      const senders = hosts(home, wave)
      const answers = await askAs(ref, home, 'glance', senders)
      t.true(answers.every((answer) => answer === undefined))
      for (const sender of senders) void sender.stop()
    }
  }),
)

test.serial(
  'one that was watched by somebody who waits no longer is forgotten',
  atHome(async (t, home) => {
    const { ctx } = home
    const ref = await started(home)
    const ways = ['cancelled', 'ended', 'over'] as const
    for (let round = 0; round < 2; round++) {
      const asked = hosts(home, REFS_MAX).map((sender, i) =>
        ref.ask(ctx, { type: 'watchInVain', how: ways[i % 3] as 'over' }, { sender, timeoutMs: 60_000 }),
      )
      t.true((await outcomes(asked)).every((answer) => answer === 'rejected'))
      await ref.ask(ctx, { type: 'forget' }, { timeoutMs: 60_000 })
    }
  }),
)

test.serial(
  'one that is watched is not forgotten, though nobody holds it',
  atHome(async (t, home) => {
    const { ctx } = home
    const ref = await started(home)
    const [watched] = hosts(home, 1) as readonly Ref<never>[] as readonly [Ref<never>]
    await askAs(ref, home, 'watch', [watched])
    await ref.ask(ctx, { type: 'forget' })
    await ref.ask(ctx, { type: 'forget' })
    await watched.stop()
    t.deepEqual(await ref.ask(ctx, { type: 'downs' }), ['stopped'])
  }),
)

for (const isHeld of [true, false]) {
  test.serial(
    `one that has ended is seen as it is, also by who ${isHeld ? 'holds it since it lived' : 'has not heard of it before'}`,
    atHome(async (t, home) => {
      const ref = await started(home)
      const [sender] = hosts(home, 1) as readonly Ref<never>[] as readonly [Ref<never>]
      if (isHeld) await askAs(ref, home, 'hold', [sender])
      await sender.stop('enough')
      const seen = {
        isAlive: false,
        offer: 'closed',
        code: 'ASK_REFUSED',
        reason: { kind: 'stopped', reason: 'enough' },
        isHeld,
      }
      t.deepEqual(await askAs(ref, home, 'look', [sender, sender]), [seen, seen])
    }),
  )
}

test.serial(
  'what is asked of those that end meanwhile is answered, or refused, and none waits',
  atHome(async (t, home) => {
    const ref = await started(home)
    const codes = new Set<string>()
    for (let round = 0; round < 20; round++) {
      const senders = hosts(home, 100)
      const looks = askAs(ref, home, 'look', senders)
      for (const sender of senders.slice(0, 50)) void sender.stop()
      await askAs(ref, home, 'glance', senders.slice(0, 1))
      for (const sender of senders.slice(50, 75)) void sender.stop()
      for (const look of await looks) codes.add((look as { code: string }).code)
      for (const sender of senders) void sender.stop()
    }
    codes.delete('ASK_ACTOR_ENDED')
    t.deepEqual([...codes].sort(), ['ASK_REFUSED', 'answered'])
  }),
)

const collectHere = (() => {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc') as () => void
})()

/** What is said in the name of one that ends then, in ways of which not all arrive. */
const said: Readonly<Record<string, (ref: Forgetful, home: Home, sender: Ref) => unknown>> = {
  'is handled': (ref, { ctx }, sender) => outcomes([ref.ask(ctx, { type: 'glance' }, { sender })]),
  'cannot be cloned': (ref, { ctx }, sender) =>
    outcomes([ref.ask(ctx, { type: 'glance', why: () => 5 } as never, { sender })]),
  'comes there after its actor has failed': async (ref, { ctx }, sender) => {
    const of = flags()
    const hasBegun = raised(of, 0)
    const failed = outcomes([ref.ask(ctx, { type: 'failLater', of })])
    await hasBegun
    const glanced = outcomes([ref.ask(ctx, { type: 'glance' }, { sender })])
    await roundOfNode()
    raise(of, 1)
    await failed
    await glanced
  },
}

for (const [what, say] of Object.entries(said)) {
  test.serial(
    `an actor that has ended is held by no thread, also where what was said in its name ${what}`,
    atHome(async (t, home) => {
      const { ctx, spawn } = home
      const ref = await started(home)
      const ended: WeakRef<Ref>[] = []
      for (let i = 0; i < 10; i++) {
        const sender = spawn(ctx, host) as Ref
        await say(ref, home, sender)
        await sender.stop()
        ended.push(new WeakRef(sender))
      }
      let held = ended.length
      // The last may still stand on a stack, or in an envelope that was the last.
      for (let round = 0; round < 20 && held > 1; round++) {
        await ref.ask(ctx, { type: 'forget' })
        await ref.ask(ctx, { type: 'glance' })
        await roundOfNode()
        collectHere()
        held = ended.filter((one) => one.deref() !== undefined).length
      }
      t.true(held <= 1, `${held} are held`)
    }),
  )
}
