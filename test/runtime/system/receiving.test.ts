/** Law: a receiving generator gets what it asks for, in order; the rest waits, within a bound; its cleaning up always runs. */
import test from 'ava'
import fc from 'fast-check'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { CancelledError } from '../../../runtime/errors.ts'
import { receiving, type Wait } from '../../../runtime/system/receiving.ts'
import type { Ask } from '../../../runtime/system/ref.ts'
import { ignore, inWorld } from './world.ts'

test(
  'receives what it names; the rest is stashed, and offered first to the next receive, in order',
  inWorld((t, world) => {
    const seen: string[] = []
    const actor = receiving(function* ({ receive }) {
      for (const types of [['c'], ['b', 'd'], [], [], []]) {
        const { event } = yield* receive(...types)
        seen.push(event.type)
      }
    })
    const ref = world.spawn(world.ctx, actor)
    for (const type of ['a', 'b', 'c', 'd', 'e']) ref.send(world.ctx, { type })
    world.turns()
    t.deepEqual(seen, ['c', 'b', 'a', 'd', 'e'])
    t.false(ref.isAlive)
  }),
)

test(
  'whatever is sent and asked for, the oldest that fits is received',
  inWorld(async (t, world) => {
    const type = fc.constantFrom('a', 'b', 'c')
    const asked = fc.array(fc.uniqueArray(type, { maxLength: 2 }), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(fc.array(type, { maxLength: 24 }), asked, async (sent, wants) => {
        const seen: string[] = []
        const actor = receiving(function* ({ receive }) {
          for (const types of wants) seen.push((yield* receive(...types)).event.type)
        })
        const ref = world.spawn(world.ctx, actor)
        for (const [index, name] of sent.entries()) {
          ref.send(world.ctx, { type: name })
          if (index % 5 === 0) world.turn()
        }
        world.turns()
        // The law, written out: of what was sent, the first that fits, again and again.
        const left = [...sent]
        const expected: string[] = []
        for (const types of wants) {
          const index = left.findIndex((name) => types.length === 0 || types.includes(name))
          if (index < 0) break
          expected.push(...left.splice(index, 1))
        }
        t.deepEqual(seen, expected)
        ref.stop()
      }),
      { numRuns: 100 },
    )
  }),
)

test(
  'the stash is bounded: one event too many fails the actor, and what was stashed is dead',
  inWorld(
    async (t, world) => {
      const stubborn = receiving(function* ({ receive }) {
        yield* receive('never', 'ever')
      })
      const ref = world.spawn(world.ctx, stubborn, { name: 'stubborn' })
      ref.send(world.ctx, { type: 'a' })
      const stashed = ref.ask(world.ctx, { type: 'b' })
      const tooMany = ref.ask(world.ctx, { type: 'c' })
      t.deepEqual(await world.outcomes(stashed, tooMany), ['ASK_REFUSED', 'ACTOR_FAILED'])
      t.deepEqual(world.told('failed'), [
        'stubborn handling "c" was to be set aside where 2 of 2 events were already, waiting for never, ever',
      ])
      t.deepEqual(world.told('deadLetter'), ['stubborn a closed', 'stubborn b closed'])
    },
    { limits: { stashCapacity: 2 } },
  ),
)

test(
  'what expires in the stash is not received',
  inWorld((t, world) => {
    const seen: string[] = []
    const actor = receiving(function* ({ receive }) {
      yield* receive('go')
      for (;;) seen.push((yield* receive()).event.type)
    })
    const ref = world.spawn(world.ctx, actor, { name: 'actor' })
    const [ctx, cancel] = world.ctx.withCancel()
    ref.send(ctx, { type: 'gone' })
    ref.send(world.ctx, { type: 'here' })
    world.turns()
    cancel('client left')
    ref.send(world.ctx, { type: 'go' })
    world.turns()
    t.deepEqual(seen, ['here'])
    t.deepEqual(world.told('deadLetter'), ['actor gone expired'])
  }),
)

test(
  'a message has its context, its sender and a reply; the first answer counts',
  inWorld(async (t, world) => {
    const later = new Deferred<string>()
    const actor = receiving<Ask<{ type: 'ask'; now: boolean }, string>>(function* ({ receive }) {
      for (;;) {
        const { event, reply, sender, ctx } = yield* receive('ask')
        reply(event.now ? `${sender?.path} ${ctx.remainingMs}` : later)
        reply('too late')
      }
    })
    const ref = world.spawn(world.ctx, actor, { name: 'actor' })
    const now = ref.ask(world.ctx.withTimeout(70), { type: 'ask', now: true }, { sender: ref as never })
    const after = ref.ask(world.ctx, { type: 'ask', now: false })
    ref.send(world.ctx, { type: 'ask', now: true })
    await world.settle()
    later.resolve('later')
    t.deepEqual(await world.outcomes(now, after), ['greenroom/actor 70', 'later'])
    t.true(ref.isAlive)
  }),
)

test(
  'wait gives a value, of a deferred, a promise or at once; mail waits meanwhile',
  inWorld(async (t, world) => {
    const seen: unknown[] = []
    const deferred = new Deferred<string>()
    const actor = receiving(function* ({ receive, wait }) {
      seen.push(yield* wait('plain'), yield* wait(Promise.resolve('promise')), yield* wait(deferred))
      for (;;) seen.push((yield* receive()).event.type)
    })
    const ref = world.spawn(world.ctx, actor)
    ref.send(world.ctx, { type: 'mail' })
    await world.settle()
    t.deepEqual(seen, [])
    deferred.resolve('deferred')
    await world.settle()
    t.deepEqual(seen, ['plain', 'promise', 'deferred', 'mail'])
  }),
)

test(
  'wait throws a failure where it stands: it can be caught there, else it fails the actor',
  inWorld(async (t, world) => {
    const seen: string[] = []
    const actor = receiving(function* ({ wait }) {
      try {
        yield* wait(Promise.reject(new Error('first')))
      } catch (error) {
        seen.push((error as Error).message)
      }
      yield* wait(Promise.reject(new Error('second')))
    })
    const ref = world.spawn(world.ctx, actor, { name: 'actor' })
    await world.settle()
    t.deepEqual(seen, ['first'])
    t.false(ref.isAlive)
    t.deepEqual(world.told('stopped'), ['actor failed second'])
  }),
)

test(
  'what it waits for is cancelled when it is stopped, and a late result changes nothing',
  inWorld(async (t, world) => {
    const reasons: unknown[] = []
    const work = new Deferred<void>((reason) => void reasons.push(reason))
    let resolve: (value: string) => void = ignore
    const promise = new Promise<string>((settle) => {
      resolve = settle
    })
    const waiters = [work, promise].map((source: PromiseLike<unknown>) =>
      world.spawn(
        world.ctx,
        receiving(function* ({ wait }) {
          yield* wait(source)
        }),
      ),
    )
    await world.settle()
    for (const ref of waiters) ref.stop()
    resolve('late')
    await world.settle()
    t.is(reasons.length, 1)
    t.is(await world.failure(work), 'CANCELLED')
    t.deepEqual(world.told('failed'), [])
  }),
)

test(
  'a cancelled context ends a wait that is tied to it',
  inWorld(async (t, world) => {
    const seen: unknown[] = []
    const [ctx, cancel] = world.ctx.withCancel()
    const actor = receiving(function* ({ wait }) {
      try {
        yield* wait(ctx.after(1_000))
      } catch (error) {
        seen.push(error instanceof CancelledError && error.reason)
      }
    })
    world.spawn(world.ctx, actor)
    await world.settle()
    cancel('client left')
    await world.settle()
    t.deepEqual(seen, ['client left'])
  }),
)

const endings = ['return', 'throw', 'stop', 'stopWhileWaiting', 'system'] as const
for (const ending of endings) {
  test(
    `finally blocks run, inside first: ${ending}`,
    inWorld(async (t, world) => {
      const seen: string[] = []
      const actor = receiving(function* ({ receive, wait }) {
        try {
          try {
            const { event } = yield* receive()
            if (event.type === 'throw') throw new Error('boom')
            if (event.type === 'return') return
            if (event.type === 'stopWhileWaiting') yield* wait(new Deferred())
            yield* receive('never')
          } finally {
            seen.push('inner')
          }
        } finally {
          seen.push('outer')
        }
      })
      const ref = world.spawn(world.ctx, actor)
      ref.send(world.ctx, { type: ending })
      await world.settle()
      if (ending === 'system') await world.result(world.system.stop())
      else ref.stop()
      t.deepEqual(seen, ['inner', 'outer'])
    }),
  )
}

test(
  'a finally block that throws is reported, and the actor ends all the same',
  inWorld((t, world) => {
    const actor = receiving(function* ({ receive }) {
      try {
        yield* receive('never')
      } finally {
        // biome-ignore lint/correctness/noUnsafeFinally: what is tested
        throw new Error('unclean')
      }
    })
    const ref = world.spawn(world.ctx, actor, { name: 'actor' })
    ref.stop('enough')
    t.deepEqual(world.told('failed'), ['actor stopping unclean'])
    t.deepEqual(world.told('stopped'), ['actor stopped enough'])
  }),
)

test(
  'a strange yield fails the actor with RECEIVING_YIELD, and its finally blocks run',
  inWorld((t, world) => {
    for (const strange of [5, undefined, { types: ['a'] }, Promise.resolve()]) {
      const errors: unknown[] = []
      world.system.events.once('failed', ({ error }) => void errors.push((error as { code: string }).code))
      let isClean = false
      const actor = receiving(function* () {
        try {
          yield strange as unknown as Wait
        } finally {
          isClean = true
        }
      })
      t.false(world.spawn(world.ctx, actor).isAlive)
      t.deepEqual(errors, ['RECEIVING_YIELD'])
      t.true(isClean)
    }
  }),
)

test(
  'the output of a generator that returns is its end’s',
  inWorld(async (t, world) => {
    // biome-ignore lint/correctness/useYield: it has nothing to wait for
    const actor = receiving<{ type: 'never' }, number>(function* ({ input }) {
      return input * 2
    })
    const { reason } = await world.result(world.spawn(world.ctx, actor, { input: 21 }).watch(world.ctx))
    t.deepEqual(reason, { kind: 'done', output: 42 })
  }),
)

test(
  'a busy generator yields its step like any actor: mail it has received is not lost when it waits',
  inWorld(async (t, world) => {
    const seen: number[] = []
    const actor = receiving<{ type: 'n'; n: number }>(function* ({ receive, wait }) {
      for (;;) {
        const { event } = yield* receive('n')
        if (event.n % 3 === 0) yield* wait(world.ctx.after(1))
        seen.push(event.n)
      }
    })
    const ref = world.spawn(world.ctx, actor)
    const all = Array.from({ length: 20 }, (_, n) => n)
    for (const n of all) ref.send(world.ctx, { type: 'n', n })
    await world.advance(10)
    t.deepEqual(seen, all)
  }),
)

test(
  'what two of them wait for is not called off by the end of one',
  inWorld(async (t, world) => {
    const shared = new Deferred<string>()
    const seen: string[] = []
    const actor = receiving(function* ({ wait }) {
      seen.push(yield* wait(shared))
    })
    const [first] = [world.spawn(world.ctx, actor), world.spawn(world.ctx, actor)]
    world.turns()
    first.stop()
    t.true(shared.isPending)
    shared.resolve('there')
    await world.settle()
    t.deepEqual(seen, ['there'])

    const alone = new Deferred<string>()
    const last = world.spawn(
      world.ctx,
      receiving(function* ({ wait }) {
        yield* wait(alone)
      }),
    )
    world.turns()
    last.stop()
    t.is(alone.status, 'rejected')
  }),
)
