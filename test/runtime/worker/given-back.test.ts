/**
 * Law: what had crossed and was not begun when its actor ended, or was ended, is home's again, and fares there as if it had
 * never crossed: it is handled once, by the next life, or is a dead letter; and a question in it has the time that it had.
 */
import test from 'ava'
import { type AnyEvent, child, codeOf, onThread, type Ref, supervisor, transfer } from 'greenroom'
import { atHome, type Home, outcomes, threadsAlive } from './home.ts'
import { citizens, law } from './sides.ts'
import { flags, raise, raised } from './threaded.ts'

law(
  'questions that the next life gets end with their time, and with their contexts',
  async (t, home, { citizen }) => {
    const { spawn, ctx } = home
    const ref = spawn(ctx, citizen, { restart: 'permanent' })
    await ref.ask(ctx, { type: 'path' })
    const [own, cancel] = ctx.withCancel()
    const asked = [
      ref.ask(ctx, { type: 'throwText' }),
      ref.ask(ctx, { type: 'never' }, { timeoutMs: 200 }),
      ref.ask(own, { type: 'never' }),
      ref.ask(ctx.withTimeout(250), { type: 'never' }),
      ref.ask(ctx, { type: 'never' }, { timeoutMs: 100_000 }),
    ]
    const settled = outcomes(asked)
    await ref.ask(ctx, { type: 'path' })
    cancel('the client has left')
    asked[4]?.cancel('never mind')
    t.deepEqual(await settled, ['ACTOR_FAILED', 'ASK_TIMEOUT', 'CANCELLED', 'DEADLINE_EXCEEDED', 'CANCELLED'])
  },
)

/** Ten messages, the first of which is being handled when `end` is called. @returns how often each was handled. */
async function endWithin({ ctx }: Home, ref: Ref<AnyEvent>, end: () => unknown): Promise<number[]> {
  await ref.ask(ctx, { type: 'path' })
  const of = flags()
  const marks = new Int32Array(new SharedArrayBuffer(40))
  const hasBegun = raised(of, 0)
  for (let at = 0; at < 10; at++) ref.send(ctx, { type: 'mark', of, at, marks })
  await hasBegun
  const ended = end()
  raise(of, 1)
  await ended
  await outcomes([ref.ask(ctx, { type: 'path' })])
  return [...marks]
}

test.serial(
  'by an actor that is stopped each is handled, or a dead letter, and never both',
  atHome(async (t, home) => {
    const ref = home.spawn(home.ctx, onThread(citizens, 'citizen'), { name: 'citizen' }) as Ref<AnyEvent>
    const marks = await endWithin(home, ref, () => ref.stop())
    t.deepEqual(marks, [1, 0, 0, 0, 0, 0, 0, 0, 0, 0])
    const dead = home.told('deadLetter').filter((line) => line === 'citizen mark closed')
    t.is(dead.length, 9)
  }),
)

test.serial(
  'by one that is restarted for its sibling’s sake each is handled once',
  atHome(async (t, home) => {
    const { spawn, ctx } = home
    const children = [
      child('worker', onThread(citizens, 'citizen'), { shutdownMs: 0 }),
      child('sibling', onThread(citizens, 'citizen')),
    ]
    const parent = spawn(ctx, supervisor({ strategy: 'one_for_all', children }))
    const [worker, sibling] = (await parent.ask(ctx, { type: 'children' })).map(
      ({ ref }) => ref as Ref<AnyEvent>,
    )
    await sibling?.ask(ctx, { type: 'path' })
    const marks = await endWithin(home, worker as Ref<AnyEvent>, async () => {
      await outcomes([(sibling as Ref<AnyEvent>).ask(ctx, { type: 'throwText' })])
    })
    t.deepEqual(marks, [1, 1, 1, 1, 1, 1, 1, 1, 1, 1])
  }),
)

test.serial(
  'what it has handed over is gone: such a question fails, and what was told is a dead letter',
  atHome(async (t, home) => {
    const { spawn, ctx } = home
    const ref = spawn(ctx, onThread(citizens, 'citizen'), { name: 'citizen', restart: 'permanent' })
    await ref.ask(ctx, { type: 'path' })
    const handedOver = () => {
      const value = new ArrayBuffer(8)
      return transfer({ type: 'note' as const, value }, [value])
    }
    const asked = outcomes([ref.ask(ctx, { type: 'throwText' }), ref.ask(ctx, handedOver())])
    ref.send(ctx, handedOver())
    t.deepEqual(await asked, ['ACTOR_FAILED', 'ASK_ACTOR_ENDED'])
    t.deepEqual(await ref.ask(ctx, { type: 'notes' }), [])
    t.deepEqual(home.told('deadLetter'), ['citizen note uncloneable'])
  }),
)

test.serial(
  'an actor that ends while it waits for its next life leaves no thread',
  atHome(async (t, { spawn, ctx }) => {
    const restart = { policy: 'permanent', backoff: { minMs: 60_000, maxMs: 60_000 } } as const
    const ref = spawn(ctx, onThread(citizens, 'citizen'), { restart })
    await outcomes([ref.ask(ctx, { type: 'throwText' })])
    t.is(threadsAlive(), 1)
    await ref.stop()
    t.is(threadsAlive(), 0)
    t.is(await ref.ask(ctx, { type: 'path' }).catch(codeOf), 'ASK_REFUSED')
  }),
)

test.serial(
  'what is passed on to one that has ended takes no credit for ever',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(citizens, 'citizen', { credits: 2 }))
    for (let i = 0; i < 5; i++) ref.send(ctx, { type: 'forward' })
    t.is(await ref.ask(ctx, { type: 'echo', value: 5 }), 5)
  }),
)
