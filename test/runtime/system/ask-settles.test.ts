/**
 * Law: whatever actors and askers do, every question is settled by its deadline, once; and a system that is inspected
 * does the same as one that is not.
 */
import test from 'ava'
import fc from 'fast-check'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { codeOf } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import type { Restart } from '../../../runtime/system/options.ts'
import { type Received, receiving } from '../../../runtime/system/receiving.ts'
import type { Ref } from '../../../runtime/system/ref.ts'
import { World } from './world.ts'

interface Act {
  readonly type: 'act'
  readonly how: (typeof manners)[number]
  readonly ms: number
}

/** What an actor does with a message. */
const manners = ['reply', 'work', 'workInVain', 'wait', 'forget', 'fail', 'stop', 'stopBoth'] as const

/** Behaves as each message tells it to. */
const puppet = behaviour({
  name: 'puppet',
  initial: 'on',
  data: (master: Ref | undefined) => ({ master }),
  states: {
    on: {
      act: ({ stop, data }, { how, ms }: Act, ctx): unknown => {
        if (how === 'work') return ctx.after(ms).then(() => 'worked')
        if (how === 'workInVain') {
          return ctx.after(ms).then(() => {
            throw new Error('in vain')
          })
        }
        if (how === 'wait' || how === 'forget') return new Promise(() => {})
        if (how === 'fail') throw new Error('failed')
        if (how === 'stop') stop()
        if (how === 'stopBoth') data.master?.stop()
        return 'replied'
      },
    },
  },
})

/** The same as a generator, which may leave questions unanswered. */
const monk = receiving<Act, Ref | undefined>(function* ({ receive, wait, input }) {
  for (;;) {
    const { event, ctx, reply }: Received<Act, never> = yield* receive('act')
    const { how, ms } = event
    if (how === 'reply') reply('replied')
    if (how === 'work') reply(ctx.after(ms))
    if (how === 'wait') yield* wait(ctx.after(ms))
    if (how === 'fail') throw new Error('failed')
    if (how === 'stop') return
    if (how === 'stopBoth') input?.stop()
  }
})

/** Asks one of its children what it was asked itself. */
const household = behaviour({
  name: 'household',
  initial: 'on',
  data: () => ({ children: [] as Ref<Act>[] }),
  start: ({ data, spawn, self }, ctx) => {
    data.children.push(spawn(ctx, puppet, { input: self, restart: 'transient' }) as Ref as Ref<Act>)
    data.children.push(spawn(ctx, monk, { input: self, restart: 'permanent' }))
  },
  states: {
    on: {
      act: ({ data }, event: Act, ctx) => data.children[event.ms % 2]?.ask(ctx, event, { timeoutMs: 30 }),
    },
  },
})

const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      step: fc.constant('ask' as const),
      whom: fc.nat(2),
      how: fc.constantFrom(...manners),
      ms: fc.nat(20),
      timeoutMs: fc.integer({ min: 1, max: 40 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('stop' as const), whom: fc.nat(2) }) },
  { weight: 2, arbitrary: fc.record({ step: fc.constant('turn' as const) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('settle' as const) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('advance' as const), ms: fc.nat(10) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('cancelContext' as const) }) },
  { weight: 1, arbitrary: fc.record({ step: fc.constant('cancel' as const), which: fc.nat(20) }) },
)
const program = fc.record({
  restart: fc.constantFrom<Restart>('temporary', 'transient', 'permanent'),
  capacity: fc.integer({ min: 1, max: 4 }),
  overflow: fc.constantFrom('refuse' as const, 'drop-newest' as const, 'drop-oldest' as const),
  steps: fc.array(step, { maxLength: 40 }),
})
type Program = typeof program extends fc.Arbitrary<infer P> ? P : never

/** Runs a program to its end. @returns the outcome of each question, and what happened meanwhile. */
async function run({ restart, capacity, overflow, steps }: Program, isInspected: boolean) {
  const world = new World({ limits: { restartIntensity: 3 }, ...(isInspected ? { inspect: () => {} } : {}) })
  const { ctx, clock } = world
  const options = { restart, mailbox: { capacity, overflow } }
  const refs: readonly Ref<Act>[] = [
    world.spawn(ctx, household, { name: 'household', ...options }) as Ref as Ref<Act>,
    world.spawn(ctx, puppet, { name: 'puppet', input: undefined, ...options }) as Ref as Ref<Act>,
    world.spawn(ctx, monk, { name: 'monk', input: undefined, ...options }),
  ]
  const outcomes: string[][] = []
  const questions: Deferred<unknown>[] = []
  let [branch, cancel] = ctx.withCancel()
  for (const step of steps) {
    if (step.step === 'ask') {
      const { how, ms, timeoutMs } = step
      const outcome: string[] = []
      const question = refs[step.whom]!.ask(branch, { type: 'act', how, ms }, { timeoutMs })
      question.listen(
        (value) => void outcome.push(`${clock.nowMs()} ${String(value)}`),
        (error) => void outcome.push(`${clock.nowMs()} ${codeOf(error)}`),
      )
      outcomes.push(outcome)
      questions.push(question)
    } else if (step.step === 'stop') refs[step.whom]!.stop('enough')
    else if (step.step === 'turn') world.turn()
    else if (step.step === 'settle') await world.settle()
    else if (step.step === 'advance') await world.advance(step.ms)
    else if (step.step === 'cancel') questions[step.which]?.cancel()
    else {
      cancel('over')
      ;[branch, cancel] = ctx.withCancel()
    }
  }
  await world.advance(41)
  return { world, outcomes, log: world.log }
}

test('every question is settled once, by its deadline', async (t) => {
  await fc.assert(
    fc.asyncProperty(program, async (steps) => {
      const { world, outcomes } = await run(steps, false)
      t.deepEqual(
        outcomes.map((outcome) => outcome.length),
        outcomes.map(() => 1),
      )
      await world.end(t)
    }),
    { numRuns: 150 },
  )
})

test('a system that is inspected does the same', async (t) => {
  await fc.assert(
    fc.asyncProperty(program, async (steps) => {
      const plain = await run(steps, false)
      const inspected = await run(steps, true)
      t.deepEqual(inspected.outcomes, plain.outcomes)
      t.deepEqual(inspected.log, plain.log)
      await plain.world.end(t)
      await inspected.world.end(t)
    }),
    { numRuns: 75 },
  )
})
