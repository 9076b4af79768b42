/** Law: a question is settled once, by the first of reply, refusal, failure, end, timeout and cancellation. */
import test from 'ava'
import type { Context } from '../../../runtime/context/context.ts'
import { race } from '../../../runtime/deferred/combinators.ts'
import { Deferred } from '../../../runtime/deferred/deferred.ts'
import { CancelledError, codeOf, DeadlineError } from '../../../runtime/errors.ts'
import type { DeadReason } from '../../../runtime/mailbox/refusal.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { ActorFailedError, AskError } from '../../../runtime/system/errors.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import { createSystem } from '../../../runtime/system/system.ts'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'
import { ignore, inWorld } from './world.ts'

const boom = new Error('boom')

/** Anything with a type: more than the actor says it understands. */
type Plain = { readonly type: string }

function plain(ref: Ref): Ref<Plain> {
  return ref as Ref<Plain>
}

/** Answers in every way there is. */
function createOracle() {
  const later = new Deferred<string>()
  const cancelled: unknown[] = []
  const endless = new Deferred<string>((reason) => void cancelled.push(reason))
  const oracle = behaviour({
    name: 'oracle',
    initial: 'on',
    states: {
      on: {
        value: () => 'now',
        nothing: () => {},
        deferred: () => later,
        promise: async () => 'promised',
        thenable: () => Promise.resolve(later),
        refused: async (): Promise<string> => {
          throw boom
        },
        failed: (): string => {
          throw boom
        },
        endless: () => endless,
        last: ({ stop }) => {
          stop('enough')
          return 'last words'
        },
      },
    },
  })
  return { later, endless, cancelled, oracle }
}

for (const { type, reply } of [
  { type: 'value', reply: 'now' },
  { type: 'nothing', reply: undefined },
  { type: 'deferred', reply: 'later' },
  { type: 'promise', reply: 'promised' },
  { type: 'thenable', reply: 'later' },
  { type: 'last', reply: 'last words' },
] as const) {
  test(
    `the reply is what the handler gives: ${type}`,
    inWorld(async (t, world) => {
      const { later, oracle } = createOracle()
      const question = world.spawn(world.ctx, oracle).ask(world.ctx, { type })
      await world.settle()
      later.resolve('later')
      t.is((await world.result(question as Deferred<string | undefined>)) as string | undefined, reply)
    }),
  )
}

test(
  'a reply that is there is given within the turn',
  inWorld((t, world) => {
    const question = world.spawn(world.ctx, createOracle().oracle).ask(world.ctx, { type: 'value' })
    t.is(question.status, 'pending')
    world.turn()
    t.is(question.status, 'fulfilled')
    t.is(world.clock.pending, 0, 'it never had a timer')
  }),
)

test(
  'an actor that fails over a question fails the question, and its cause is told',
  inWorld(async (t, world) => {
    const error = await world.error(
      world.spawn(world.ctx, createOracle().oracle).ask(world.ctx, { type: 'failed' }),
    )
    t.true(error instanceof ActorFailedError)
    t.like(error as ActorFailedError, { code: 'ACTOR_FAILED', path: 'greenroom/1', cause: boom })
  }),
)

test(
  'work that fails fails the question alone, with its own error',
  inWorld(async (t, world) => {
    const ref = world.spawn(world.ctx, createOracle().oracle)
    t.is(await world.error(ref.ask(world.ctx, { type: 'refused' })), boom)
    t.true(ref.isAlive)
  }),
)

const refusals: readonly {
  readonly title: string
  readonly refusal: DeadReason
  readonly code: string
  readonly ask: (ref: Ref<Plain>, ctx: Context) => Deferred<unknown>
}[] = [
  {
    title: 'a full mailbox',
    refusal: 'full',
    code: 'ASK_REFUSED',
    ask: (ref, ctx) => {
      ref.send(ctx, { type: 'value' })
      return ref.ask(ctx, { type: 'value' })
    },
  },
  {
    title: 'an actor that has ended',
    refusal: 'closed',
    code: 'ASK_REFUSED',
    ask: (ref, ctx) => {
      ref.stop()
      return ref.ask(ctx, { type: 'value' })
    },
  },
  {
    title: 'an actor that ends while the question waits',
    refusal: 'closed',
    code: 'ASK_REFUSED',
    ask: (ref, ctx) => {
      const question = ref.ask(ctx, { type: 'value' })
      ref.stop()
      return question
    },
  },
  {
    title: 'a context that has ended',
    refusal: 'expired',
    code: 'ASK_REFUSED',
    ask: (ref, ctx) => ref.ask(ctx.withTimeout(0), { type: 'value' }),
  },
]

for (const { title, refusal, code, ask } of refusals) {
  test(
    `a question is refused by ${title}: ${refusal}`,
    inWorld(async (t, world) => {
      const ref = world.spawn(world.ctx, createOracle().oracle, { mailbox: { capacity: 1 } })
      const error = await world.error(ask(plain(ref), world.ctx))
      t.true(error instanceof AskError)
      t.like(error as AskError, { code, refusal, path: ref.path })
    }),
  )
}

test(
  'an event that is not understood is ASK_UNHANDLED, and a dead letter',
  inWorld(async (t, world) => {
    const ref = world.spawn(world.ctx, createOracle().oracle, { name: 'oracle' })
    t.is(await world.failure(plain(ref).ask(world.ctx, { type: 'riddle' })), 'ASK_UNHANDLED')
    t.deepEqual(world.told('deadLetter'), ['oracle riddle unhandled'])
  }),
)

test(
  'an actor that ends before it has answered: ASK_ACTOR_ENDED, and the work is cancelled',
  inWorld(async (t, world) => {
    const { oracle, cancelled } = createOracle()
    const ref = world.spawn(world.ctx, oracle)
    const question = ref.ask(world.ctx, { type: 'endless' })
    await world.settle()
    ref.stop()
    t.is(await world.failure(question), 'ASK_ACTOR_ENDED')
    t.is(codeOf(cancelled[0]), 'ASK_ACTOR_ENDED')
  }),
)

test(
  'an actor that is restarted before it has answered: ASK_ACTOR_ENDED; what waited is asked of its successor',
  inWorld(async (t, world) => {
    const { oracle } = createOracle()
    const ref = world.spawn(world.ctx, oracle, { restart: 'transient' })
    const open = ref.ask(world.ctx, { type: 'endless' })
    const failing = ref.ask(world.ctx, { type: 'failed' })
    const next = ref.ask(world.ctx, { type: 'value' })
    t.deepEqual(await world.outcomes(open, failing, next), ['ASK_ACTOR_ENDED', 'ACTOR_FAILED', 'now'])
  }),
)

test(
  'without an answer it times out, at the system’s limit or at its own, not before',
  inWorld(
    async (t, world) => {
      const { oracle } = createOracle()
      const ref = world.spawn(world.ctx, oracle, { name: 'oracle' })
      const byLimit = ref.ask(world.ctx, { type: 'endless' })
      const byOption = ref.ask(world.ctx, { type: 'endless' }, { timeoutMs: 40 })
      world.look(byLimit, byOption)
      await world.advance(39)
      t.is(byOption.status, 'pending')
      await world.advance(1)
      t.is(await world.failure(byOption), 'ASK_TIMEOUT')
      await world.advance(59)
      t.is(byLimit.status, 'pending')
      await world.advance(1)
      const error = await world.error(byLimit)
      t.regex((error as Error).message, /greenroom\/oracle did not answer within 100 ms/)
    },
    { limits: { askTimeoutMs: 100 } },
  ),
)

test(
  'a question at which nobody looks is reported when it fails, whoever works on it',
  inWorld(async (t, world) => {
    world.spawn(world.ctx, createOracle().oracle).ask(world.ctx, { type: 'endless' }, { timeoutMs: 10 })
    await world.advance(10)
    t.deepEqual(world.unobserved.splice(0).map(codeOf), ['ASK_TIMEOUT'])
  }),
)

test(
  'a thenable that is a function is waited for like any other, and times out like any other',
  inWorld(async (t, world) => {
    // biome-ignore lint/suspicious/noThenProperty: it is to be a thenable.
    const endless = Object.assign(() => {}, { then: () => {} }) as unknown as PromiseLike<never>
    const actor = behaviour({ initial: 'on', states: { on: { ask: () => endless } } })
    const ref = world.spawn(world.ctx, actor)
    const [late, open] = [
      ref.ask(world.ctx, { type: 'ask' }, { timeoutMs: 10 }),
      ref.ask(world.ctx, { type: 'ask' }),
    ]
    world.look(late, open)
    await world.advance(10)
    ref.stop()
    t.deepEqual(await world.outcomes(late, open), ['ASK_TIMEOUT', 'ASK_ACTOR_ENDED'])
  }),
)

test(
  'a question behind more mail than a turn handles times out while it waits, or ends with its context',
  inWorld(
    async (t, world) => {
      const ref = world.spawn(world.ctx, createOracle().oracle)
      for (let i = 0; i < 5; i++) ref.send(world.ctx, { type: 'value' })
      const [ctx, cancel] = world.ctx.withCancel()
      const late = ref.ask(world.ctx, { type: 'value' }, { timeoutMs: 10 })
      const left = ref.ask(ctx, { type: 'value' })
      world.look(late, left)
      for (let i = 0; i < 3; i++) world.turn()
      t.deepEqual([late.status, left.status], ['pending', 'pending'])
      cancel('client left')
      t.is(left.status, 'rejected')
      world.clock.advance(10)
      world.turn()
      t.deepEqual(await world.outcomes(late, left), ['ASK_TIMEOUT', 'CANCELLED'])
    },
    { limits: { stepEnvelopes: 1, turnEnvelopes: 1 } },
  ),
)

test(
  'a question that cannot be waited for fails, and harms no other',
  inWorld(async (t, world) => {
    const clock = createManualClock()
    const other = createSystem({ clock })
    await other.stop()
    clock.close()
    const ref = world.spawn(world.ctx, createOracle().oracle)
    t.is(await world.failure(ref.ask(other.ctx, { type: 'endless' })), 'CLOCK_CLOSED')
    t.is(await world.result(ref.ask(world.ctx, { type: 'value' })), 'now')
  }),
)

test(
  'the longest timeout is one at any instant, a fraction of a millisecond included',
  inWorld(async (t, world) => {
    const ref = world.spawn(world.ctx, createOracle().oracle)
    await world.advance(2.155)
    const question = ref.ask(world.ctx, { type: 'endless' }, { timeoutMs: 2 ** 31 - 1 })
    await world.settle()
    t.is(question.status, 'pending')
    question.cancel()
  }),
)

test(
  'an earlier deadline of the context comes first, a later one does not prolong the wait',
  inWorld(async (t, world) => {
    const ref = world.spawn(world.ctx, createOracle().oracle)
    const earlier = ref.ask(world.ctx.withTimeout(10), { type: 'endless' }, { timeoutMs: 20 })
    const later = ref.ask(world.ctx.withTimeout(30), { type: 'endless' }, { timeoutMs: 20 })
    world.look(earlier, later)
    await world.advance(10)
    t.true((await world.error(earlier)) instanceof DeadlineError)
    await world.advance(10)
    t.is(await world.failure(later), 'ASK_TIMEOUT')
  }),
)

test(
  'a context that is cancelled settles its questions with the reason, and their work is cancelled',
  inWorld(async (t, world) => {
    const { oracle, cancelled } = createOracle()
    const ref = world.spawn(world.ctx, oracle)
    const [ctx, cancel] = world.ctx.withCancel()
    const question = ref.ask(ctx, { type: 'endless' })
    await world.settle()
    cancel('client left')
    const error = await world.error(question)
    t.true(error instanceof CancelledError)
    t.is((error as CancelledError).reason, 'client left')
    t.is(cancelled[0], error)
  }),
)

test(
  'a context that is cancelled before the turn refuses: the question is not handled',
  inWorld(async (t, world) => {
    const ref = world.spawn(world.ctx, createOracle().oracle, { name: 'oracle' })
    const [ctx, cancel] = world.ctx.withCancel()
    const question = ref.ask(ctx, { type: 'value' })
    cancel('client left')
    t.is(await world.failure(question), 'ASK_REFUSED')
    t.deepEqual(world.told('deadLetter'), ['oracle value expired'])
  }),
)

test(
  'cancelling withdraws a question that waits: it is not handled, and its place is free',
  inWorld(async (t, world) => {
    const ref = world.spawn(world.ctx, createOracle().oracle, { mailbox: { capacity: 1 } })
    const question = ref.ask(world.ctx, { type: 'failed' })
    t.is(ref.send(world.ctx, { type: 'value' }), 'full')
    t.true(question.cancel('changed my mind'))
    t.is(ref.send(world.ctx, { type: 'value' }), 'accepted')
    t.is(await world.failure(question), 'CANCELLED')
    t.true(ref.isAlive)
    t.is(world.log.filter((line) => line.startsWith('failed')).length, 0)
  }),
)

test(
  'cancelling what was derived from a question withdraws it as well',
  inWorld(async (t, world) => {
    const ref = world.spawn(world.ctx, createOracle().oracle, { mailbox: { capacity: 2 } })
    const [first, second] = [1, 2].map(() => ref.ask(world.ctx, { type: 'failed' }))
    const derived = [first!.then(String), second!.then(String).then(Number)]
    t.is(ref.send(world.ctx, { type: 'value' }), 'full')
    for (const each of derived) t.true(each.cancel('changed my mind'))
    t.is(ref.send(world.ctx, { type: 'value' }), 'accepted')
    t.is(ref.send(world.ctx, { type: 'value' }), 'accepted')
    for (const each of derived) t.is(await world.failure(each), 'CANCELLED')
    t.is(world.log.filter((line) => line.startsWith('failed')).length, 0)
  }),
)

test(
  'cancelling withdraws that question alone: the others keep their place and order',
  inWorld(async (t, world) => {
    const { oracle } = createOracle()
    const ref = world.spawn(world.ctx, oracle)
    const questions = [1, 2, 3].map(() => ref.ask(world.ctx, { type: 'value' }))
    questions[1]!.cancel('changed my mind')
    t.is(await world.failure(questions[1]!), 'CANCELLED')
    t.deepEqual(
      questions.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled'],
    )
  }),
)

test(
  'cancelling a question that is worked on cancels the work',
  inWorld(async (t, world) => {
    const { oracle, cancelled, endless } = createOracle()
    const question = world.spawn(world.ctx, oracle).ask(world.ctx, { type: 'endless' })
    await world.settle()
    question.cancel('changed my mind')
    t.is(endless.status, 'rejected')
    t.is((cancelled[0] as CancelledError).reason, 'changed my mind')
    t.is(await world.failure(question), 'CANCELLED')
  }),
)

for (const { how, call } of [
  {
    how: 'a deferred derived from it',
    call: (question: Deferred<unknown>) => question.then(String).cancel(),
  },
  {
    how: 'a race that it lost',
    call: (question: Deferred<unknown>) => void race([question.then(String), Deferred.of('quick')]),
  },
]) {
  test(
    `cancelling ${how} cancels the work on a question, and no timer is left`,
    inWorld(async (t, world) => {
      const { oracle, endless } = createOracle()
      const question = world.spawn(world.ctx, oracle).ask(world.ctx, { type: 'endless' })
      await world.settle()
      t.is(world.clock.pending, 1)
      call(question)
      await world.settle()
      t.deepEqual([question.status, endless.status], ['rejected', 'rejected'])
      t.is(world.clock.pending, 0)
    }),
  )
}

test(
  'cancelling a question cancels the one that its answer waits for',
  inWorld(async (t, world) => {
    const { oracle, endless } = createOracle()
    const back = world.spawn(world.ctx, oracle)
    const front = world.spawn(
      world.ctx,
      behaviour({
        initial: 'on',
        states: { on: { ask: (_self, _event: Plain, ctx) => back.ask(ctx, { type: 'endless' }) } },
      }),
    )
    const question = front.ask(world.ctx, { type: 'ask' })
    await world.settle()
    question.then(String).cancel()
    t.is(endless.status, 'rejected')
    await world.settle()
    t.is(world.clock.pending, 0)
  }),
)

test(
  'work that several wait for is cancelled by the last of them',
  inWorld(async (t, world) => {
    const { oracle, endless } = createOracle()
    const ref = world.spawn(world.ctx, oracle)
    const [first, second] = [1, 2].map(() => ref.ask(world.ctx, { type: 'endless' }))
    await world.settle()
    first!.cancel()
    t.is(endless.status, 'pending')
    t.is(second!.status, 'pending')
    second!.cancel()
    t.is(endless.status, 'rejected')
  }),
)

test(
  'the refusal says how many waited',
  inWorld(async (t, world) => {
    const ref = world.spawn(world.ctx, createOracle().oracle, { name: 'oracle', mailbox: { capacity: 2 } })
    ref.send(world.ctx, { type: 'value' })
    ref.send(world.ctx, { type: 'value' })
    const error = await world.error(ref.ask(world.ctx, { type: 'value' }))
    t.is((error as Error).message, 'greenroom/oracle refused: 2 of 2 envelopes waiting')
  }),
)

test(
  'a question that failed and at which nobody looked is reported once',
  inWorld(async (t, world) => {
    const ref = world.spawn(world.ctx, createOracle().oracle)
    ref.ask(world.ctx, { type: 'failed' })
    await world.settle()
    t.deepEqual(world.unobserved.splice(0).map(codeOf), ['ACTOR_FAILED'])
    const seen = world.spawn(world.ctx, createOracle().oracle).ask(world.ctx, { type: 'failed' })
    seen.listen(ignore, ignore)
    await world.settle()
  }),
)

for (const timeoutMs of [Number.NaN, -5, 2 ** 31, Number.POSITIVE_INFINITY]) {
  test(
    `a timeout of ${timeoutMs} ms is refused, and nothing is asked`,
    inWorld(async (t, world) => {
      const ref = world.spawn(
        world.ctx,
        behaviour({ initial: 'on', states: { on: { hello: () => 'hello' } } }),
      )
      t.throws(() => ref.ask(world.ctx, { type: 'hello' }, { timeoutMs }), {
        code: 'ASK_TIMEOUT_INVALID',
        message: /from 0 to 2147483647 ms/,
      })
      const answer = ref.ask(world.ctx, { type: 'hello' })
      await world.settle()
      t.is(await answer, 'hello')
    }),
  )
}
