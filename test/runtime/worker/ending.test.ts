/**
 * Law: nobody waits for a thread for longer than its limits say. One that is busy with what nobody wants any more is ended
 * after `stuckMs`, one that does not end by itself after `endMs`; work that somebody waits for takes as long as it likes.
 */
import test from 'ava'
import { codeOf, onThread, ThreadLostError, threadModule } from 'greenroom'
import { atHome, endOf, failureOf, ignore, outcomes, threadsAlive } from './home.ts'
import { flags, raised } from './threaded.ts'

const faulty = threadModule<typeof import('./faulty.ts')>(new URL('./faulty.ts', import.meta.url))
const endless = threadModule<typeof import('./endless.ts')>(new URL('./endless.ts', import.meta.url))

const leave = {
  'its timeout': { options: { timeoutMs: 10 }, code: 'ASK_TIMEOUT' },
  'the deadline of its context': { deadlineMs: 10, code: 'DEADLINE_EXCEEDED' },
  'the cancellation of its context': { isCancelled: true, code: 'CANCELLED' },
  'its own cancellation': { isWithdrawn: true, code: 'CANCELLED' },
}

for (const [what, { code, ...how }] of Object.entries(leave)) {
  test.serial(
    `a handler that loops is ended stuckMs after ${what}: THREAD_STUCK`,
    atHome(async (t, { spawn, ctx }) => {
      const ref = spawn(ctx, onThread(faulty, 'faulty', { stuckMs: 40 }))
      await ref.ask(ctx, { type: 'add', n: 1 })
      const of = flags()
      const hasBegun = raised(of, 0)
      const spin = () => {
        const [own, cancel] = ('deadlineMs' in how ? ctx.withTimeout(how.deadlineMs) : ctx).withCancel()
        const question = ref.ask(own, { type: 'spin', of }, 'options' in how ? how.options : {})
        return { question, cancel, code: question.then(String, codeOf) }
      }
      let { question, cancel, code: outcome } = spin()
      // Where time is up before it has begun, it is never begun, and asked again.
      while (Atomics.load(of, 0) === 0) {
        await Promise.race([hasBegun, outcome])
        if (Atomics.load(of, 0) === 0) ({ question, cancel, code: outcome } = spin())
      }
      const behind = ref.ask(ctx, { type: 'add', n: 1 })
      if ('isCancelled' in how) cancel('the client has left')
      if ('isWithdrawn' in how) question.cancel('never mind')
      t.is(await outcome, code)
      const lost = await failureOf(behind)
      t.true(lost instanceof ThreadLostError)
      t.false((lost as ThreadLostError).hasBegun)
      t.is(endOf((await ref.watch()).reason), 'failed THREAD_STUCK')
    }),
  )
}

test.serial(
  'a message that was only told is called off with its context, and its thread ended',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(faulty, 'faulty', { stuckMs: 40 }))
    await ref.ask(ctx, { type: 'add', n: 1 })
    const [own, cancel] = ctx.withCancel()
    const of = flags()
    const hasBegun = raised(of, 0)
    ref.send(own, { type: 'spin', of })
    const answers = outcomes([ref.ask(ctx, { type: 'add', n: 1 })])
    await hasBegun
    cancel('no more')
    t.deepEqual(await answers, ['THREAD_LOST'])
    t.is(endOf((await ref.watch()).reason), 'failed THREAD_STUCK')
  }),
)

test.serial(
  'so is one that loops in what it has waited in, whoever was answered in between',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(faulty, 'faulty', { stuckMs: 40 }))
    const of = flags()
    const hasBegun = raised(of, 0)
    const question = ref.ask(ctx, { type: 'spinLater', of })
    question.listen(ignore, ignore)
    await outcomes([ref.ask(ctx, { type: 'add', n: 1 }, { timeoutMs: 1_000 })])
    await hasBegun
    question.cancel('never mind')
    t.is(endOf((await ref.watch()).reason), 'failed THREAD_STUCK')
  }),
)

test.serial(
  'a thread that answers others meanwhile is not stuck, nor is one that somebody waits for',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(faulty, 'faulty', { stuckMs: 300 }))
    await ref.ask(ctx, { type: 'add', n: 1 })
    // Called off, and its work goes on for ever, but the thread is free.
    const never = ref.ask(ctx, { type: 'deaf' })
    never.cancel('no more')
    t.is(codeOf(await failureOf(never)), 'CANCELLED')
    t.is(await ref.ask(ctx, { type: 'block', ms: 700 }), 'done')
    t.is(await ref.ask(ctx, { type: 'add', n: 1 }), 2)
  }),
)

test.serial(
  'nor is one that has answered while home was busy itself',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(faulty, 'faulty', { stuckMs: 100 }))
    await ref.ask(ctx, { type: 'add', n: 1 })
    const of = flags()
    const hasBegun = raised(of, 0)
    const asked = ref.ask(ctx, { type: 'block', ms: 50, of })
    asked.listen(ignore, ignore)
    await hasBegun
    asked.cancel('never mind')
    // From a timer on, Node comes to its timers first, and to what the thread has said after that.
    await ctx.after(1)
    // Home does nothing until the thread is done, and nothing for longer than stuckMs then.
    Atomics.wait(of, 1, 0)
    Atomics.wait(flags(), 0, 0, 300)
    t.is(await ref.ask(ctx, { type: 'add', n: 1 }), 2)
  }),
)

test.serial(
  'an answer that comes after its question has ended is for nobody, and the next is right',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(faulty, 'faulty'))
    await ref.ask(ctx, { type: 'add', n: 1 })
    const late = ref.ask(ctx, { type: 'block', ms: 60 }, { timeoutMs: 10 })
    t.is(codeOf(await failureOf(late)), 'ASK_TIMEOUT')
    t.is(await ref.ask(ctx, { type: 'add', n: 1 }), 2)
    t.is(codeOf(await failureOf(late)), 'ASK_TIMEOUT')
  }),
)

test.serial(
  'a stopped actor has ended when its thread has: by itself, or by force after endMs',
  atHome(async (t, { spawn, ctx }) => {
    const own = spawn(ctx, onThread(faulty, 'faulty', { endMs: 60_000 }))
    await own.ask(ctx, { type: 'add', n: 1 })
    await own.stop()
    t.is(threadsAlive(), 0)
    const ref = spawn(ctx, onThread(endless, 'clock', { endMs: 20 }))
    t.is(await ref.ask(ctx, { type: 'tick' }), 'tock')
    await ref.stop()
    t.is(threadsAlive(), 0)
    const { reason } = await ref.watch()
    t.is(endOf(reason), 'stopped')
  }),
)

test.serial(
  'an actor whose thread loops is stopped all the same, and its question told',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(faulty, 'faulty', { endMs: 20 }))
    await ref.ask(ctx, { type: 'add', n: 1 })
    const of = flags()
    const hasBegun = raised(of, 0)
    const spinning = outcomes([ref.ask(ctx, { type: 'spin', of }), ref.ask(ctx, { type: 'add', n: 1 })])
    await hasBegun
    await ref.stop()
    t.is(threadsAlive(), 0)
    t.deepEqual(await spinning, ['ASK_ACTOR_ENDED', 'ASK_REFUSED'])
  }),
)

test.serial(
  'shutdownMs bounds what a drain waits for; then questions are told',
  atHome(async (t, { spawn, ctx, system }) => {
    const ref = spawn(ctx, onThread(faulty, 'faulty'))
    await ref.ask(ctx, { type: 'add', n: 1 })
    const never = ref.ask(ctx, { type: 'never' })
    never.listen(ignore, ignore)
    await system.stop({ graceMs: 30 })
    t.deepEqual(await outcomes([never]), ['ASK_ACTOR_ENDED'])
    t.is(threadsAlive(), 0)
  }),
)

test.serial(
  'a thread that the world outside ends is restarted, as any other that is lost',
  atHome(async (t, home) => {
    const { spawn, ctx } = home
    const ref = spawn(ctx, onThread(faulty, 'faulty'), { restart: 'permanent' })
    await ref.ask(ctx, { type: 'add', n: 1 })
    await ref.ask(ctx, { type: 'exitLater' })
    await home.next('restarted')
    t.is(await ref.ask(ctx, { type: 'add', n: 1 }), 1)
  }),
)
