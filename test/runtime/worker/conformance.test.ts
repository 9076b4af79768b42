/** Law: an actor on a thread answers as it does at home. The same actors, spawned on both sides, under one table. */
import test, { type ExecutionContext } from 'ava'
import { codeOf, OverloadError } from '../../../runtime/errors.ts'
import { child } from '../../../runtime/system/child-spec.ts'
import { ActorFailedError } from '../../../runtime/system/errors.ts'
import type { SpawnOptions } from '../../../runtime/system/options.ts'
import { supervisor } from '../../../runtime/system/supervisor.ts'
import type { ActorSystem } from '../../../runtime/system/system.ts'
import { onThread } from '../../../runtime/worker/on-thread.ts'
import { Locale, needing, Store, session, Tenant, table, toggle } from './actors.ts'
import { actors, flags, raised, withThreads } from './threaded.ts'

const sides = {
  'at home': { table, session, toggle, needing },
  'on a thread': {
    table: onThread(actors, 'table'),
    session: onThread(actors, 'session'),
    toggle: onThread(actors, 'toggle') as unknown as typeof toggle,
    needing: onThread(actors, 'needing'),
  },
} as const

type Logics = (typeof sides)['at home']

/** Says the same of both sides. */
function law(
  what: string,
  body: (t: ExecutionContext, system: ActorSystem, logics: Logics) => Promise<void>,
): void {
  for (const [where, logics] of Object.entries(sides)) {
    test.serial(
      `${where}: ${what}`,
      withThreads((t, system) => body(t, system, logics as unknown as Logics)),
    )
  }
}

const spawn = (system: ActorSystem, { table }: Logics, options: SpawnOptions = {}) =>
  system.spawn(system.ctx, table, { name: 'table', input: { start: 10 }, ...options })

law('it has its path, its input, and answers', async (t, system, logics) => {
  const ref = spawn(system, logics)
  const { ctx } = system
  t.is(ref.path, 'greenroom/table')
  t.is(await ref.ask(ctx, { type: 'add', n: 1 }), 11)
  t.is(await ref.ask(ctx, { type: 'later', n: 1 }), 12)
  t.is(await ref.ask(ctx, { type: 'add', n: 1 }), 12)
})

law('messages of one sender are handled in their order', async (t, system, logics) => {
  const ref = spawn(system, logics)
  const { ctx } = system
  const all = Array.from({ length: 500 }, (_, n) => n)
  for (const n of all) t.is(ref.send(ctx, { type: 'tell', n }), 'accepted')
  t.deepEqual(await ref.ask(ctx, { type: 'told' }), all)
})

law(
  'what it does not understand in its state is unhandled, a question and what is told',
  async (t, system, logics) => {
    const dead: string[] = []
    system.events.on('deadLetter', ({ event, reason, path }) => dead.push(`${path} ${event.type} ${reason}`))
    const ref = spawn(system, logics)
    const { ctx } = system
    ref.send(ctx, { type: 'close' })
    const error = await t.throwsAsync(async () => ref.ask(ctx, { type: 'add', n: 1 }))
    t.like(error, { name: 'AskError', code: 'ASK_UNHANDLED', path: 'greenroom/table' })
    ref.send(ctx, { type: 'tell', n: 1 })
    await ref.ask(ctx, { type: 'told' }).catch(() => {})
    t.true(dead.includes('greenroom/table tell unhandled'))
  },
)

law(
  'a handler that throws fails its question with the actor’s failure, its code, cause and stack',
  async (t, system, logics) => {
    const ref = spawn(system, logics)
    const down = ref.watch()
    const error = await t.throwsAsync(async () => ref.ask(system.ctx, { type: 'fail' }))
    t.true(error instanceof ActorFailedError)
    t.like(error, { code: 'ACTOR_FAILED', path: 'greenroom/table' })
    const cause = error?.cause as Error
    t.true(cause instanceof RangeError)
    t.is(cause.message, 'it broke')
    t.regex(cause.stack ?? '', /actors\.ts/)
    t.is((cause.cause as Error).message, 'deep down')
    t.like((await down).reason, { kind: 'failed' })
  },
)

law(
  'a handler whose promise fails fails its question alone, with its own error',
  async (t, system, logics) => {
    const ref = spawn(system, logics)
    const error = await t.throwsAsync(async () => ref.ask(system.ctx, { type: 'failLater' }))
    t.true(error instanceof OverloadError, 'it is of the kind that it was')
    t.is(codeOf(error), 'TOO_MUCH')
    t.is(await ref.ask(system.ctx, { type: 'add', n: 1 }), 11)
  },
)

law('a question that is cancelled calls off the work on it', async (t, system, logics) => {
  const ref = spawn(system, logics)
  const of = flags()
  const begun = raised(of, 0)
  const called = raised(of, 1)
  const question = ref.ask(system.ctx, { type: 'flag', of })
  await begun
  question.cancel('no more')
  t.is(await question.catch(codeOf), 'CANCELLED')
  await called
  t.pass()
})

law('the end of its context reaches the handler’s context', async (t, system, logics) => {
  const ref = spawn(system, logics)
  const of = flags()
  const begun = raised(of, 0)
  const called = raised(of, 1)
  const [ctx, cancel] = system.ctx.withCancel()
  const question = ref.ask(ctx, { type: 'flagContext', of })
  await begun
  cancel('the client has left')
  t.is(await question.catch(codeOf), 'CANCELLED')
  await called
  t.pass()
})

law('a question has a timeout of its own, and its context’s deadline', async (t, system, logics) => {
  const ref = spawn(system, logics)
  const { ctx } = system
  await ref.ask(ctx, { type: 'add', n: 0 })
  const slow = ref.ask(ctx, { type: 'flag', of: flags() }, { timeoutMs: 30 })
  const late = ref.ask(ctx.withTimeout(30), { type: 'flag', of: flags() })
  t.is(await slow.catch(codeOf), 'ASK_TIMEOUT')
  t.is(await late.catch(codeOf), 'DEADLINE_EXCEEDED')
  const remaining = await ref.ask(ctx.withTimeout(60_000), { type: 'remaining' })
  t.true(remaining > 0 && remaining <= 60_000)
  t.is(await ref.ask(ctx, { type: 'remaining' }), Number.POSITIVE_INFINITY)
})

law('a context that has ended is refused at the door', async (t, system, logics) => {
  const ref = spawn(system, logics)
  const [ctx, cancel] = system.ctx.withCancel()
  cancel()
  t.is(ref.send(ctx, { type: 'tell', n: 1 }), 'expired')
  t.is(await ref.ask(ctx, { type: 'told' }).catch(codeOf), 'ASK_REFUSED')
})

law('a message brings its trace, and the values that are asked for', async (t, system, logics) => {
  const ctx = system.ctx.with(Tenant, 'acme').with(Locale, 'fr').with(Store, { name: 'opened on the thread' })
  const ref = system.spawn(ctx, logics.needing, { name: 'needing' })
  t.is(await ref.ask(ctx.with(Tenant, 'other'), { type: 'who' }), 'other, opened on the thread')
  t.is(await ref.ask(system.ctx, { type: 'who' }), 'acme, opened on the thread')
  const table = spawn(system, logics)
  const traced = system.ctx.withTrace('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
  t.is(await table.ask(traced, { type: 'trace' }), '0af7651916cd43dd8448eb211c80319c')
  const [, locale] = await table.ask(ctx, { type: 'values' })
  t.is(locale, 'fr')
})

law('it ends by itself, by its ref, or by failing, and its watchers know why', async (t, system, logics) => {
  const { ctx } = system
  const own = spawn(system, logics)
  own.send(ctx, { type: 'stop' })
  t.deepEqual((await own.watch()).reason, { kind: 'stopped', reason: 'it was told to' })
  t.is(own.send(ctx, { type: 'tell', n: 1 }), 'closed')
  t.is(await own.ask(ctx, { type: 'told' }).catch(codeOf), 'ASK_REFUSED')
  const stopped = spawn(system, logics)
  const down = stopped.watch()
  await stopped.stop('enough')
  t.deepEqual((await down).reason, { kind: 'stopped', reason: 'enough' })
})

law('a restart makes it anew, behind the same ref, as its policy says', async (t, system, logics) => {
  const { ctx } = system
  const ref = spawn(system, logics, { restart: { policy: 'permanent', intensity: 3 } })
  t.is(await ref.ask(ctx, { type: 'add', n: 5 }), 15)
  await ref.ask(ctx, { type: 'fail' }).catch(() => {})
  t.is(await ref.ask(ctx, { type: 'add', n: 1 }), 11)
  for (let failures = 0; failures < 3; failures++) await ref.ask(ctx, { type: 'fail' }).catch(() => {})
  const { reason } = await ref.watch()
  t.is(reason.kind === 'failed' && codeOf(reason.error), 'RESTART_INTENSITY')
})

law('mail that waits while it fails is handled in its next life', async (t, system, logics) => {
  const { ctx } = system
  const ref = spawn(system, logics, { restart: { policy: 'transient', intensity: 3 } })
  const failed = ref.ask(ctx, { type: 'fail' }).catch(codeOf)
  const next = ref.ask(ctx, { type: 'add', n: 1 })
  t.is(await failed, 'ACTOR_FAILED')
  t.is(await next, 11)
})

law('a supervisor keeps it as any child', async (t, system, logics) => {
  const { ctx } = system
  const tree = supervisor({
    strategy: 'one_for_all',
    intensity: 5,
    children: [
      child('first', logics.table, { input: { start: 1 } }),
      child('second', logics.table, { input: { start: 2 } }),
    ],
  })
  const parent = system.spawn(ctx, tree, { name: 'parent' })
  const children = await parent.ask(ctx, { type: 'children' })
  const [first, second] = children.map(({ ref }) => ref as ReturnType<typeof spawn>)
  t.is(await second?.ask(ctx, { type: 'add', n: 1 }), 3)
  t.is(await first?.ask(ctx, { type: 'fail' }).catch(codeOf), 'ACTOR_FAILED')
  t.is(await first?.ask(ctx, { type: 'add', n: 1 }), 2)
  t.is(await second?.ask(ctx, { type: 'add', n: 1 }), 3, 'its state was that of a new one')
})

law('a generator that receives stashes, answers, and ends with its output', async (t, system, logics) => {
  const { ctx } = system
  const ref = system.spawn(ctx, logics.session, { name: 'session' })
  const answer = ref.ask(ctx, { type: 'say', text: 'hello' })
  ref.send(ctx, { type: 'login', name: 'ann' })
  t.is(await answer, 'ann: hello')
  ref.send(ctx, { type: 'leave' })
  t.is((await ref.watch()).reason.kind, 'done')
})

law('a machine takes its events, and is done with its output', async (t, system, logics) => {
  const { ctx } = system
  const ref = system.spawn(ctx, logics.toggle, { name: 'toggle' })
  for (const type of ['toggle', 'toggle', 'toggle', 'end'] as const) ref.send(ctx, { type })
  t.deepEqual((await ref.watch()).reason, { kind: 'done', output: { ended: true } })
})

law(
  'it finishes what is in flight within its time, and is drained by its system',
  async (t, system, logics) => {
    const { ctx } = system
    const ref = spawn(system, logics, { shutdownMs: 60_000 })
    const answers = Promise.all([1, 2, 3].map((n) => ref.ask(ctx, { type: 'later', n })))
    await system.stop()
    t.deepEqual(await answers, [11, 12, 13])
  },
)
