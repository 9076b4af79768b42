/**
 * Law: a ref that crosses to a thread leads home. What is said through it is handled at home as if it had been said there,
 * in the context that it came of; what comes of it crosses back.
 */
import test, { type ExecutionContext } from 'ava'
import {
  type AnyEvent,
  behaviour,
  type Context,
  Deferred,
  type EventOf,
  key,
  onThread,
  type Ref,
  threadModule,
} from 'greenroom'
import { type envoy, Home as HomeKey } from './envoy.ts'
import { atHome, failureOf, type Home, ignore, outcomes, sharedHome } from './home.ts'

const module = threadModule<typeof import('./envoy.ts')>(new URL('./envoy.ts', import.meta.url))

/** Local: it has no codec, and cannot cross. */
const Desk = key<string, 'desk'>('desk')

const host = behaviour({
  initial: 'on',
  data: () => ({ notes: [] as unknown[], calledOff: new Deferred<unknown>(), hasBegun: false }),
  states: {
    on: {
      note: ({ data }, { value }: { value: unknown }) => void data.notes.push(value),
      notes: ({ data }) => data.notes,
      double: (_, { n }: { n: number }) => 2 * n,
      desk: (_, _event: object, ctx: Context) => ctx.find(Desk),
      trace: (_, _event: object, ctx: Context) => ctx.trace.traceId,
      remaining: (_, _event: object, ctx: Context) => ctx.remainingMs,
      fail: (): number => {
        throw Object.assign(new RangeError('broken at home'), { code: 'BROKEN' })
      },
      secret: (): unknown => () => 'secret',
      /** Work without an end, that says when it is called off. */
      work: ({ data }) => {
        data.hasBegun = true
        return new Deferred<number>((reason) => data.calledOff.resolve(reason))
      },
      hasBegun: ({ data }) => data.hasBegun,
      calledOff: ({ data }) => data.calledOff,
      finish: ({ stop }) => stop('over'),
    },
  },
})

interface Scene extends Home {
  readonly at: Ref<EventOf<typeof host>>
  readonly envoy: Ref<EventOf<typeof envoy>>
  /** Where the ref stands in. */
  readonly own: Home['ctx']
}

const shared = sharedHome(test)
let sharedEnvoy: Scene['envoy'] | undefined

/** A scene with a host of its own, and the envoy that others have as well. */
function scene(body: (t: ExecutionContext, scene: Scene) => Promise<void>) {
  return async (t: ExecutionContext) => {
    const at = shared.spawn(shared.ctx, host)
    const own = shared.ctx.with(HomeKey, at as Ref<AnyEvent>).with(Desk, 'here')
    sharedEnvoy ??= shared.spawn(own, onThread(module, 'envoy'), { name: 'envoy' })
    shared.log.length = 0
    await body(t, Object.assign(Object.create(shared), { at, envoy: sharedEnvoy, own, ctx: own }))
    await at.stop()
  }
}

/** A scene with a home, and an envoy, of its own, in the context of which the host is. */
function ownScene(body: (t: ExecutionContext, scene: Scene) => Promise<void>, options = {}) {
  return atHome(async (t, home) => {
    const at = home.spawn(home.ctx, host, { name: 'host' })
    const own = home.ctx.with(HomeKey, at as Ref<AnyEvent>).with(Desk, 'spawned')
    const envoy = home.spawn(own, onThread(module, 'envoy', options), { name: 'envoy' })
    await body(t, Object.assign(Object.create(home), { at, envoy, own }))
  })
}

test.serial(
  'it has its path, and what is told through it arrives in its order',
  scene(async (t, { envoy, at, ctx }) => {
    t.is(await envoy.ask(ctx, { type: 'path' }), at.path)
    t.deepEqual(await envoy.ask(ctx, { type: 'sendMany', count: 3 }), ['accepted', 'accepted', 'accepted'])
    t.deepEqual(await at.ask(ctx, { type: 'notes' }), [0, 1, 2])
  }),
)

test.serial(
  'a question is answered; the nearest ref of the message’s own context is asked',
  ownScene(async (t, { envoy, spawn, ctx, own }) => {
    t.is(await envoy.ask(ctx, { type: 'ask', event: { type: 'double', n: 21 } }), 42)
    const other = spawn(ctx, host, { name: 'other' })
    t.is(await envoy.ask(own.with(HomeKey, other as Ref<AnyEvent>), { type: 'path' }), other.path)
  }),
)

test.serial(
  'it is handled in the context that it came of: with what cannot cross, its trace, and no more time',
  scene(async (t, { envoy, own, ctx }) => {
    const traced = own
      .with(Desk, 'asked')
      .withTrace('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
    t.is(await envoy.ask(traced, { type: 'ask', event: { type: 'desk' } }), 'asked')
    t.is(
      await envoy.ask(traced, { type: 'ask', event: { type: 'trace' } }),
      '0af7651916cd43dd8448eb211c80319c',
    )
    const remaining = (await envoy.ask(own.withTimeout(60_000), {
      type: 'ask',
      event: { type: 'remaining' },
    })) as number
    t.true(remaining > 0 && remaining <= 60_000)
    t.is(await envoy.ask(ctx, { type: 'ask', event: { type: 'remaining' } }), Number.POSITIVE_INFINITY)
  }),
)

const failures: Readonly<Record<string, readonly [event: AnyEvent, code: string, cause: string]>> = {
  'its failure': [{ type: 'fail' }, 'ACTOR_FAILED', 'BROKEN'],
  'that it does not understand': [{ type: 'unheard of' }, 'ASK_UNHANDLED', 'UNKNOWN'],
  'that its answer cannot be cloned': [{ type: 'secret' }, 'REPLY_NOT_CLONEABLE', 'UNKNOWN'],
}

for (const [what, [event, code, cause]] of Object.entries(failures)) {
  test.serial(
    `a question through it fails with ${what}`,
    scene(async (t, { envoy, ctx }) => {
      t.like(await envoy.ask(ctx, { type: 'askCode', event }), { code, cause })
    }),
  )
}

test.serial(
  'what cannot be cloned fails its question, and harms no other',
  scene(async (t, { envoy, at, ctx }) => {
    const asked = [
      envoy.ask(ctx, { type: 'send', event: { type: 'note', value: 1 } }),
      envoy.ask(ctx, { type: 'sendSecret' }),
      envoy.ask(ctx, { type: 'askSecret' }),
      envoy.ask(ctx, { type: 'send', event: { type: 'note', value: 2 } }),
    ]
    t.deepEqual(await outcomes(asked), ['accepted', 'accepted', 'MESSAGE_NOT_CLONEABLE', 'accepted'])
    t.deepEqual(await at.ask(ctx, { type: 'notes' }), [1, 2])
  }),
)

test.serial(
  'a question through it has its own timeout, and the work at home is called off',
  scene(async (t, { envoy, at, ctx }) => {
    const asked = envoy.ask(ctx, { type: 'ask', event: { type: 'work' }, timeoutMs: 5 })
    t.deepEqual(await outcomes([asked]), ['ASK_TIMEOUT'])
    t.truthy(await at.ask(ctx, { type: 'calledOff' }))
  }),
)

for (const how of ['question', 'context', 'deadline'] as const) {
  test.serial(
    `the end of the ${how} that it is asked for calls off the work at home`,
    scene(async (t, { envoy, at, ctx, own }) => {
      await envoy.ask(ctx, { type: 'none' })
      const [asking, cancel] = (how === 'deadline' ? own.withTimeout(100) : own).withCancel()
      const asked = envoy.ask(asking, { type: 'ask', event: { type: 'work' } })
      asked.listen(ignore, ignore)
      await envoy.ask(ctx, { type: 'none' })
      if (how === 'question') asked.cancel('never mind')
      if (how === 'context') cancel('the client has left')
      t.deepEqual(await outcomes([asked]), [how === 'deadline' ? 'DEADLINE_EXCEEDED' : 'CANCELLED'])
      // A machine that is very slow may not have begun before the deadline.
      if (await at.ask(ctx, { type: 'hasBegun' })) t.truthy(await at.ask(ctx, { type: 'calledOff' }))
    }),
  )
}

test.serial(
  'who asks through it is told when its thread is lost, and so is the one that is asked',
  ownScene(async (t, { envoy, at, ctx }) => {
    const asked = envoy.ask(ctx, { type: 'ask', event: { type: 'work' } })
    asked.listen(ignore, ignore)
    await envoy.ask(ctx, { type: 'none' })
    await failureOf(envoy.ask(ctx, { type: 'exit' }))
    t.deepEqual(await outcomes([asked]), ['THREAD_LOST'])
    t.truthy(await at.ask(ctx, { type: 'calledOff' }))
  }),
)

const ends: Readonly<Record<string, (at: Scene['at'], ctx: Context) => unknown>> = {
  stopped: (at) => at.stop('enough'),
  failed: (at, ctx) => failureOf(at.ask(ctx, { type: 'fail' })),
}

for (const [kind, end] of Object.entries(ends)) {
  test.serial(
    `its end is told to those who watch it, also when it is over: ${kind}`,
    ownScene(async (t, { envoy, at, ctx }) => {
      const early = envoy.ask(ctx, { type: 'watch' })
      await envoy.ask(ctx, { type: 'watchFor' })
      t.true(await envoy.ask(ctx, { type: 'isAlive' }))
      await end(at, ctx)
      t.like(await early, { kind })
      t.like(await envoy.ask(ctx, { type: 'watch' }), { kind })
      t.is(await envoy.ask(ctx, { type: 'downs' }), kind)
      t.false(await envoy.ask(ctx, { type: 'isAlive' }))
      t.is(await envoy.ask(ctx, { type: 'send', event: { type: 'note' } }), 'closed')
    }),
  )
}

test.serial(
  'it can be stopped through it, with a reason',
  scene(async (t, { envoy, at, ctx }) => {
    await envoy.ask(ctx, { type: 'stop', reason: 'from afar' })
    t.deepEqual((await at.watch()).reason, { kind: 'stopped', reason: 'from afar' })
  }),
)

test.serial(
  'a message’s sender is a ref to home',
  scene(async (t, { envoy, at, ctx }) => {
    envoy.send(ctx, { type: 'answer' }, at as Ref)
    await envoy.ask(ctx, { type: 'none' })
    t.deepEqual(await at.ask(ctx, { type: 'notes' }), ['back'])
  }),
)

test.serial(
  'full is answered when as many are under way as there are credits; then there is room again',
  ownScene(
    async (t, { envoy, at, ctx }) => {
      const offers = (await envoy.ask(ctx, { type: 'sendMany', count: 6 })) as string[]
      t.deepEqual(offers, ['accepted', 'accepted', 'accepted', 'accepted', 'full', 'full'])
      t.deepEqual(await at.ask(ctx, { type: 'notes' }), [0, 1, 2, 3])
      t.is(await envoy.ask(ctx, { type: 'send', event: { type: 'note', value: 4 } }), 'accepted')
    },
    { credits: 4 },
  ),
)

test.serial(
  'ends that are watched take no room from messages',
  ownScene(
    async (t, { envoy, ctx }) => {
      for (let i = 0; i < 3; i++) await envoy.ask(ctx, { type: 'watchOnly' })
      t.deepEqual(await envoy.ask(ctx, { type: 'sendMany', count: 2 }), ['accepted', 'accepted'])
    },
    { credits: 2 },
  ),
)

test.serial(
  'what is asked late, when many other contexts have crossed, is handled in the context that it came of',
  ownScene(async (t, { envoy, own, ctx }) => {
    const late = envoy.ask(own.with(Desk, 'kept'), { type: 'askLater', event: { type: 'desk' } })
    for (let i = 0; i < 100; i++) await envoy.ask(ctx.with(Desk, `${i}`), { type: 'none' })
    await envoy.ask(ctx, { type: 'goOn' })
    t.is(await late, 'kept')
  }),
)

test.serial(
  'what is only told through it and cannot be cloned is a dead letter',
  ownScene(async (t, home) => {
    t.is(await home.envoy.ask(home.ctx, { type: 'sendSecret' }), 'accepted')
    await home.envoy.ask(home.ctx, { type: 'none' })
    t.deepEqual(home.told('deadLetter'), ['host note uncloneable'])
  }),
)
