/** Law: a question to many gives one answer for each, in their order, of those who answered in time and of those who did not. */
import test from 'ava'
import { codeOf } from '../../../runtime/errors.ts'
import { type Answer, askAll } from '../../../runtime/system/ask-all.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import { inWorld, type World } from './world.ts'

interface Question {
  readonly type: 'question'
  readonly n: number
}

const oracle = behaviour({
  initial: 'wise',
  data: (afterMs: number) => ({ afterMs }),
  states: {
    wise: {
      question: async ({ data, ctx }, { n }: Question) => {
        if (data.afterMs < 0) throw new Error('no idea')
        if (data.afterMs > 0) await ctx.after(data.afterMs)
        return n * 2
      },
    },
  },
})

function oracles({ spawn, ctx }: World, ...delays: readonly number[]) {
  return delays.map((input) => spawn(ctx, oracle, { input }))
}

/** `10`, or the code of a failure, or its name where it has none. */
function shown(answers: readonly Answer<number, Question>[]): (number | string)[] {
  return answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : codeOf(answer.reason)))
}

test(
  'answers come in the order of the refs, whoever was first; failures stand where they belong',
  inWorld(async (t, world) => {
    const refs = oracles(world, 20, 0, -1, 10)
    refs[1]?.stop()
    const asked = askAll(world.ctx, refs, { type: 'question', n: 5 })
    await world.advance(20)
    const answers = await world.result(asked)
    t.deepEqual(shown(answers), [10, 'ASK_REFUSED', 'UNKNOWN', 10])
    t.deepEqual(
      answers.map(({ ref }) => ref),
      refs as Ref<Question>[],
    )
  }),
)

test(
  'at its timeout it gives what has arrived, and withdraws what has not',
  inWorld(async (t, world) => {
    const asked = askAll(world.ctx, oracles(world, 5, 50, 10), { type: 'question', n: 1 }, { timeoutMs: 20 })
    await world.advance(20)
    t.deepEqual(shown(await world.result(asked)), [2, 'ASK_TIMEOUT', 2])
  }),
)

test(
  'so it does at the deadline of its context',
  inWorld(async (t, world) => {
    const asked = askAll(world.ctx.withTimeout(20), oracles(world, 5, 50), { type: 'question', n: 1 })
    await world.advance(20)
    t.deepEqual(shown(await world.result(asked)), [2, 'DEADLINE_EXCEEDED'])
  }),
)

test(
  'it fails where its context is cancelled, and with it all questions that are open',
  inWorld(async (t, world) => {
    const [ctx, cancel] = world.ctx.withCancel()
    const asked = askAll(ctx, oracles(world, 5, 50), { type: 'question', n: 1 })
    await world.advance(10)
    cancel('enough')
    t.is(await world.failure(asked), 'CANCELLED')
  }),
)

test(
  'cancelling it takes the questions out of the mailboxes',
  inWorld(async (t, world) => {
    const refs = oracles(world, 0, 0)
    const asked = askAll(world.ctx, refs, { type: 'question', n: 1 })
    asked.cancel()
    t.deepEqual(
      world.system.snapshot().actors.map(({ mail }) => mail.depth),
      [0, 0],
    )
    t.is(await world.failure(asked), 'CANCELLED')
  }),
)

test(
  'asking nobody is answered at once',
  inWorld(async (t, world) => {
    const nobody: Ref<Question>[] = []
    t.deepEqual(await world.result(askAll(world.ctx, nobody, { type: 'question', n: 1 })), [])
  }),
)
