/** Law: a thread may have threads of its own: what is said passes through, what becomes of them is told, and all of them end. */
import test from 'ava'
import { type AnyEvent, codeOf, onThread, type Ref, threadModule } from 'greenroom'
import { atHome, failureOf, outcomes } from './home.ts'

const module = threadModule<typeof import('./nesting.ts')>(new URL('./nesting.ts', import.meta.url))

test.serial(
  'an actor on a thread has a child on another, which is restarted there',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(module, 'outer'), { name: 'outer' }) as Ref<AnyEvent>
    t.is(await ref.ask(ctx, { type: 'add', n: 1 }), 1)
    const lost = (await failureOf(ref.ask(ctx, { type: 'exit' }))) as Error
    t.is(codeOf(lost), 'THREAD_LOST')
    t.regex(lost.message, /^greenroom\/outer\/inner was lost/)
    t.is(await ref.ask(ctx, { type: 'add', n: 1 }), 1)
  }),
)

test.serial(
  'an actor on a thread is itself one on another',
  atHome(async (t, { spawn, ctx, system }) => {
    const ref = spawn(ctx, onThread(module, 'passing'), { name: 'passing' }) as Ref<AnyEvent>
    t.is(await ref.ask(ctx, { type: 'add', n: 1 }), 1)
    t.deepEqual(await outcomes([1, 2, 3].map((n) => ref.ask(ctx, { type: 'add', n }))), [2, 4, 7])
    const last = outcomes([ref.ask(ctx, { type: 'block', ms: 20 }), ref.ask(ctx, { type: 'add', n: 1 })])
    await system.stop()
    t.deepEqual(await last, ['done', 8])
  }),
)

test.serial(
  'what becomes of the last thread is told through all of them',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(module, 'passing'), { restart: 'permanent' }) as Ref<AnyEvent>
    t.deepEqual(await outcomes([ref.ask(ctx, { type: 'exit', code: 1 })]), ['THREAD_LOST'])
    t.is(await ref.ask(ctx, { type: 'add', n: 1 }), 1)
  }),
)
