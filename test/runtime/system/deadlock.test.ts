/** Law: a question that would wait for itself fails at once and names the circle; no other question does, and all settle. */
import test from 'ava'
import type { Context } from '../../../runtime/context/context.ts'
import { codeOf } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { DeadlockError } from '../../../runtime/system/errors.ts'
import type { Logic } from '../../../runtime/system/logic.ts'
import { type Received, receiving } from '../../../runtime/system/receiving.ts'
import type { AskOptions, Ref } from '../../../runtime/system/ref.ts'
import { ignore, inWorld, type World } from './world.ts'

/** A question that is passed on along a route. The last one answers `arrived`. */
interface Hop {
  readonly type: 'hop'
  readonly route: readonly Ref<Hop>[]
  readonly options?: AskOptions
}

/** The ways to ask on: what is asked is the reply, or waited for after an await; and so for generators. */
const WAYS = ['returned', 'async', 'received', 'replied'] as const
type Way = (typeof WAYS)[number]

/** Actors that pass questions on, and what those have failed with: the innermost first. */
class Hops {
  readonly failures: unknown[] = []
  private readonly world: World

  constructor(world: World) {
    this.world = world
  }

  spawn(way: Way, ...names: string[]): Ref<Hop>[] {
    return names.map((name) => this.world.spawn(this.world.ctx, this.logics[way], { name }))
  }

  readonly passOn = (route: readonly Ref<Hop>[], ctx: Context, options?: AskOptions): unknown => {
    const [next, ...rest] = route
    if (next === undefined) return 'arrived'
    const question = next.ask(ctx, { type: 'hop', route: rest, ...(options && { options }) }, options)
    question.listen(ignore, (error) => void this.failures.push(error))
    return question
  }

  private get logics(): Readonly<Record<Way, Logic<Hop>>> {
    const { passOn } = this
    return {
      returned: behaviour({
        initial: 'on',
        states: { on: { hop: (_scope, { route, options }: Hop, ctx) => passOn(route, ctx, options) } },
      }),
      async: behaviour({
        initial: 'on',
        states: {
          on: {
            hop: async (_scope, { route, options }: Hop, ctx) => {
              await ctx.after(1)
              const answer = await passOn(route, ctx.withTimeout(1_000), options)
              return answer
            },
          },
        },
      }),
      received: receiving<Hop>(function* ({ receive, wait }) {
        for (;;) {
          const { event, ctx, reply }: Received<Hop, never> = yield* receive('hop')
          reply(yield* wait(passOn(event.route, ctx, event.options)))
        }
      }),
      replied: receiving<Hop>(function* ({ receive }) {
        for (;;) {
          const { event, ctx, reply }: Received<Hop, never> = yield* receive('hop')
          reply(passOn(event.route, ctx, event.options))
        }
      }),
    }
  }
}

/** The first DeadlockError below an error. */
function deadlockIn(error: unknown): DeadlockError | undefined {
  if (error instanceof DeadlockError || error === undefined) return error
  return deadlockIn((error as Error).cause)
}

for (const way of WAYS) {
  for (const [names, chain] of [
    [['a'], 'greenroom/a asks greenroom/a'],
    [['a', 'b'], 'greenroom/a asks greenroom/b asks greenroom/a'],
    [['a', 'b', 'c'], 'greenroom/a asks greenroom/b asks greenroom/c asks greenroom/a'],
  ] as const) {
    test(
      `${way}: ${chain}: fails at once, and with it all questions that wait for it`,
      inWorld(async (t, world) => {
        const hops = new Hops(world)
        const [first, ...others] = hops.spawn(way, ...names)
        const question = first!.ask(world.ctx, { type: 'hop', route: [...others, first!] })
        world.look(question)
        await world.settle()
        // Only the awaits themselves take time.
        await world.advance(way === 'async' ? names.length : 0)
        t.is(question.status, 'rejected')
        const [innermost] = hops.failures as DeadlockError[]
        t.true(innermost instanceof DeadlockError)
        t.is(codeOf(innermost), 'ASK_DEADLOCK')
        t.is(innermost!.message, `this question would wait for itself: ${chain}`)
        t.deepEqual(innermost!.chain, chain.split(' asks '))
        t.is(hops.failures.length, names.length, 'each of the chain is told')
        t.deepEqual(world.told('deadLetter'), [], 'the question was never delivered')
      }),
    )
  }

  test(
    `${way}: a circle that leaves out the first one is seen too`,
    inWorld(async (t, world) => {
      const hops = new Hops(world)
      const [a, b, c] = hops.spawn(way, 'a', 'b', 'c') as [Ref<Hop>, Ref<Hop>, Ref<Hop>]
      world.look(a.ask(world.ctx, { type: 'hop', route: [b, c, b] }))
      await world.advance(3)
      t.deepEqual((hops.failures[0] as DeadlockError).chain, ['greenroom/b', 'greenroom/c', 'greenroom/b'])
    }),
  )

  test(
    `${way}: no circle, no failure: long chains, and two ways to the same actor`,
    inWorld(async (t, world) => {
      const [a, b, c, d] = new Hops(world).spawn(way, 'a', 'b', 'c', 'd') as [
        Ref<Hop>,
        Ref<Hop>,
        Ref<Hop>,
        Ref<Hop>,
      ]
      const questions = [
        a.ask(world.ctx, { type: 'hop', route: [b, c, d] }),
        a.ask(world.ctx, { type: 'hop', route: [d] }),
        b.ask(world.ctx, { type: 'hop', route: [d] }),
        c.ask(world.ctx, { type: 'hop', route: [d] }),
        d.ask(world.ctx, { type: 'hop', route: [] }),
      ]
      await world.advance(20)
      t.deepEqual(await world.outcomes(...questions), Array(5).fill('arrived'))
    }),
  )
}

for (const way of ['returned', 'async', 'replied'] as const) {
  test(
    `${way}: isReentrant asks all the same, and is answered by one that takes mail meanwhile`,
    inWorld(async (t, world) => {
      const [a, b] = new Hops(world).spawn(way, 'a', 'b') as [Ref<Hop>, Ref<Hop>]
      const options = { isReentrant: true }
      const question = a.ask(world.ctx, { type: 'hop', route: [b, a, b, a, a], options }, options)
      await world.advance(20)
      t.deepEqual(await world.outcomes(question), ['arrived'])
    }),
  )
}

test(
  'isReentrant where the actor does take no mail: its timeout tells',
  inWorld(async (t, world) => {
    const hops = new Hops(world)
    const [a, b] = hops.spawn('received', 'a', 'b') as [Ref<Hop>, Ref<Hop>]
    const options = { isReentrant: true, timeoutMs: 50 }
    world.look(a.ask(world.ctx, { type: 'hop', route: [b, a], options }))
    await world.advance(50)
    t.is(codeOf(hops.failures[0]), 'ASK_TIMEOUT')
  }),
)

test(
  'a chain that is asked in reentrantly is watched on: a second round without leave fails',
  inWorld(async (t, world) => {
    const hops = new Hops(world)
    const back = behaviour({
      initial: 'on',
      states: {
        on: {
          hop: (_scope, { route }: Hop, ctx) =>
            hops.passOn(route, ctx, route.length === 2 ? { isReentrant: true } : undefined),
        },
      },
    })
    const [a, b] = ['a', 'b'].map((name) => world.spawn(world.ctx, back, { name })) as [Ref<Hop>, Ref<Hop>]
    // a, b (asks a with leave), a (asks b without).
    world.look(a.ask(world.ctx, { type: 'hop', route: [b, a, b] }))
    await world.settle()
    t.deepEqual((hops.failures[0] as DeadlockError).chain, ['greenroom/b', 'greenroom/a', 'greenroom/b'])
  }),
)

test(
  'those outside of the circle get their answers',
  inWorld(async (t, world) => {
    const [a, b] = new Hops(world).spawn('returned', 'a', 'b') as [Ref<Hop>, Ref<Hop>]
    const circle = a.ask(world.ctx, { type: 'hop', route: [b, a] })
    const others = [a, b].map((ref) => ref.ask(world.ctx, { type: 'hop', route: [] }))
    t.deepEqual(await world.outcomes(circle, ...others), ['ASK_DEADLOCK', 'arrived', 'arrived'])
    t.true(a.isAlive && b.isAlive, 'one that returns a question that fails does not fail itself')
  }),
)

test(
  'a generator that waits for a circle can catch it, and goes on',
  inWorld(async (t, world) => {
    const caught: unknown[] = []
    const careful = receiving<Hop>(function* ({ receive, wait, self }) {
      for (;;) {
        const { ctx, reply }: Received<Hop, never> = yield* receive('hop')
        try {
          yield* wait((self as Ref as Ref<Hop>).ask(ctx, { type: 'hop', route: [] }))
        } catch (error) {
          caught.push(codeOf(error))
        }
        reply('caught')
      }
    })
    const ref = world.spawn(world.ctx, careful)
    const questions = [1, 2].map(() => ref.ask(world.ctx, { type: 'hop', route: [] }))
    t.deepEqual(await world.outcomes(...questions), ['caught', 'caught'])
    t.deepEqual(caught, ['ASK_DEADLOCK', 'ASK_DEADLOCK'])
  }),
)

test(
  'an actor that fails over a circle tells it as the cause',
  inWorld(async (t, world) => {
    const failing = behaviour({
      initial: 'on',
      states: {
        on: {
          hop: async ({ self }, _event: Hop, ctx) => {
            await (self as Ref as Ref<Hop>).ask(ctx, { type: 'hop', route: [] })
          },
        },
      },
    })
    const [ref, above] = [
      world.spawn(world.ctx, failing, { name: 'a' }),
      new Hops(world).spawn('received', 'above')[0]!,
    ]
    const error = await world.error(above.ask(world.ctx, { type: 'hop', route: [ref as Ref as Ref<Hop>] }))
    t.is(codeOf(error), 'ASK_ACTOR_ENDED')
    t.deepEqual(deadlockIn(error)?.chain, ['greenroom/a', 'greenroom/a'])
    t.deepEqual(world.told('failed'), [
      'above handling this question would wait for itself: greenroom/a asks greenroom/a',
    ])
  }),
)

// ── No part of a chain ───────────────────────────────────────────────────────────────────────────────────────────────

test(
  'a question that was answered already holds up nobody',
  inWorld(async (t, world) => {
    const log: unknown[] = []
    const polite = receiving<Hop>(function* ({ receive, wait }) {
      const { event, ctx, reply }: Received<Hop, never> = yield* receive('hop')
      reply('early')
      log.push(yield* wait(event.route[0]!.ask(ctx, { type: 'hop', route: [] })))
      yield* receive()
    })
    const b = world.spawn(world.ctx, polite, { name: 'b' })
    const [a] = new Hops(world).spawn('received', 'a')
    const question = a!.ask(world.ctx, { type: 'hop', route: [b, a!] })
    t.deepEqual(await world.outcomes(question), ['early'])
    t.deepEqual(log, ['arrived'])
  }),
)

test(
  'what was only told is no part of the answer: who is told may ask back',
  inWorld(async (t, world) => {
    const answers: unknown[] = []
    const [a] = new Hops(world).spawn('returned', 'a')
    const told = behaviour({
      initial: 'on',
      states: {
        on: {
          note: async (_scope, _event: object, ctx) => {
            answers.push(await a!.ask(ctx, { type: 'hop', route: [] }))
          },
        },
      },
    })
    const c = world.spawn(world.ctx, told, { name: 'c' })
    const teller = behaviour({
      initial: 'on',
      states: {
        on: {
          hop: (_scope, _event: Hop, ctx) => {
            c.send(ctx, { type: 'note' })
            return ctx.after(10).then(() => 'late')
          },
        },
      },
    })
    const b = world.spawn(world.ctx, teller, { name: 'b' })
    const question = a!.ask(world.ctx, { type: 'hop', route: [b as Ref as Ref<Hop>] })
    await world.settle()
    t.deepEqual(answers, ['arrived'], 'while the first question is open')
    await world.advance(10)
    t.deepEqual(await world.outcomes(question), ['late'])
  }),
)

test(
  'what an actor does beside the question that it answers may ask back',
  inWorld(async (t, world) => {
    const [a] = new Hops(world).spawn('returned', 'a')
    const busy = behaviour({
      initial: 'on',
      states: {
        on: {
          hop: (_scope, _event: Hop, ctx) => ctx.after(10).then(() => 'late'),
          look: (_scope, _event: object, ctx) => a!.ask(ctx, { type: 'hop', route: [] }),
        },
      },
    })
    const b = world.spawn(world.ctx, busy, { name: 'b' })
    const question = a!.ask(world.ctx, { type: 'hop', route: [b as Ref as Ref<Hop>] })
    await world.settle()
    const other = b.ask(world.ctx, { type: 'look' })
    t.deepEqual(await world.outcomes(other), ['arrived'])
    await world.advance(10)
    t.deepEqual(await world.outcomes(question), ['late'])
  }),
)

test(
  'an actor that is spawned over a question may ask who waits for that: it is no part of the answer',
  inWorld(async (t, world) => {
    const answers: unknown[] = []
    const [a] = new Hops(world).spawn('returned', 'a')
    const curious = receiving(function* ({ wait, ctx }) {
      answers.push(yield* wait(a!.ask(ctx, { type: 'hop', route: [] })))
    })
    const parent = behaviour({
      initial: 'on',
      states: {
        on: {
          hop: ({ spawn }, _event: Hop, ctx) => {
            spawn(ctx, curious)
            return ctx.after(10).then(() => 'late')
          },
        },
      },
    })
    const b = world.spawn(world.ctx, parent, { name: 'b' })
    const question = a!.ask(world.ctx, { type: 'hop', route: [b as Ref as Ref<Hop>] })
    await world.advance(10)
    t.deepEqual(await world.outcomes(question), ['late'])
    t.deepEqual(answers, ['arrived'])
  }),
)

test(
  'a question that was cancelled, or has timed out, holds up nobody',
  inWorld(async (t, world) => {
    const answers: unknown[] = []
    const [a] = new Hops(world).spawn('returned', 'a')
    const late = behaviour({
      initial: 'on',
      states: {
        on: {
          hop: async (_scope, _event: Hop, ctx) => {
            await ctx.after(10)
            answers.push(await a!.ask(ctx, { type: 'hop', route: [] }))
          },
        },
      },
    })
    const b = world.spawn(world.ctx, late, { name: 'b' }) as Ref as Ref<Hop>
    const options = { timeoutMs: 5 }
    const question = a!.ask(world.ctx, { type: 'hop', route: [b], options })
    world.look(question)
    await world.advance(20)
    t.deepEqual(await world.outcomes(question), ['ASK_TIMEOUT'])
    t.deepEqual(answers, ['arrived'])
  }),
)

test(
  'who listens to an answer, a failure or the events of a system is nobody’s actor, on whosever stack that is',
  inWorld(async (t, world) => {
    const outcomes: string[] = []
    const friendly = behaviour({
      initial: 'on',
      states: {
        on: {
          hello: () => 'hi',
          fail: () => {
            throw new Error('boom')
          },
        },
      },
    })
    const ref = world.spawn(world.ctx, friendly, { restart: { policy: 'transient', intensity: 5 } })
    const askAgain = () => {
      ref.ask(world.ctx, { type: 'hello' }).listen(
        (answer) => outcomes.push(answer),
        (error) => outcomes.push(codeOf(error)),
      )
    }
    ref.ask(world.ctx, { type: 'hello' }).listen(askAgain, askAgain)
    world.turns()
    t.deepEqual(outcomes, ['hi'])
    world.system.events.once('failed', askAgain)
    ref.ask(world.ctx, { type: 'fail' }).listen(askAgain, askAgain)
    world.turns()
    t.deepEqual(outcomes, ['hi', 'hi', 'hi'])
  }),
)
