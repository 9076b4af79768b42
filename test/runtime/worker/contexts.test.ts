/**
 * Law: with a message cross the values that somebody there asks for, and nothing else; a value that does not cross costs
 * its own message alone. What a thread logs comes out of the log at home.
 */
import test, { type ExecutionContext } from 'ava'
import { codeOf, type EventOf, onThread, type Ref, threadModule } from 'greenroom'
import { Desk, Locale, Picky, Store, type seer, Tenant, Unasked } from './contexts.ts'
import { atHome, endOf, failureOf, type Home, ignore, outcomes, sharedHome } from './home.ts'
import { flags, raised } from './threaded.ts'

const module = threadModule<typeof import('./contexts.ts')>(new URL('./contexts.ts', import.meta.url))

type Body = (t: ExecutionContext, home: Home, ref: Ref<EventOf<typeof seer>>) => Promise<void>

function spawnSeer({ spawn, ctx }: Home): Ref<EventOf<typeof seer>> {
  return spawn(ctx.with(Tenant, 'spawned').with(Desk, 'here'), onThread(module, 'seer'), { name: 'seer' })
}

const shared = sharedHome(test)
let sharedSeer: Ref<EventOf<typeof seer>> | undefined

/** With the actor that others have as well. */
function scene(body: Body) {
  return async (t: ExecutionContext) => {
    sharedSeer ??= spawnSeer(shared)
    shared.log.length = 0
    shared.lines.length = 0
    await body(t, shared, sharedSeer)
  }
}

/** With an actor of its own. */
function ownScene(body: Body) {
  return atHome((t, home) => body(t, home, spawnSeer(home)))
}

test.serial(
  'needs and threadKeys cross, a need from the actor’s own context where the message has none; the rest stays',
  scene(async (t, { ctx }, ref) => {
    t.deepEqual(await ref.ask(ctx, { type: 'see' }), ['spawned', undefined, undefined, undefined, 'opened'])
    const own = ctx
      .with(Tenant, 'asked')
      .with(Locale, 'fr')
      .with(Unasked, 'left')
      .with(Desk, 'left')
      .with(Store, 'at home')
    t.deepEqual(await ref.ask(own, { type: 'see' }), ['asked', 'fr', undefined, undefined, 'opened'])
  }),
)

test.serial(
  'each of many contexts brings its own, also when more have crossed than are kept',
  scene(async (t, { ctx }, ref) => {
    const contexts = Array.from({ length: 150 }, (_, n) => ctx.with(Tenant, `${n}`))
    for (let round = 0; round < 2; round++) {
      const seen = await Promise.all(contexts.map((own) => ref.ask(own, { type: 'see' })))
      t.deepEqual(
        seen.map(([tenant]) => tenant),
        contexts.map((_, n) => `${n}`),
      )
    }
  }),
)

test.serial(
  'a value that its codec does not take fails its question with that, and is a dead letter where nobody asked',
  scene(async (t, home, ref) => {
    const { ctx } = home
    const refused = ctx.with(Picky, 'refused')
    const asked = [
      ref.ask(ctx.with(Picky, 'good'), { type: 'picky' }),
      ref.ask(refused, { type: 'picky' }),
      ref.ask(ctx, { type: 'picky' }),
    ]
    ref.send(refused, { type: 'picky' })
    t.deepEqual(await outcomes(asked), ['good', 'NOT_ENCODED', undefined])
    await ref.ask(ctx, { type: 'picky' })
    t.deepEqual(home.told('deadLetter'), ['seer picky uncloneable'])
  }),
)

test.serial(
  'one that its codec does not read there fails its question, and harms no other',
  ownScene(async (t, { ctx }, ref) => {
    await ref.ask(ctx, { type: 'picky' })
    const asked = [ctx.with(Picky, 'good'), ctx.with(Picky, 'unfit'), ctx].map((own) =>
      ref.ask(own, { type: 'picky' }, { timeoutMs: 1_000 }),
    )
    t.deepEqual(await outcomes(asked), ['good', 'CONTEXT_WIRE_INVALID', undefined])
  }),
)

test.serial(
  'an actor that needs what its context does not have, and its thread does not bring, fails',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx as never, onThread(module, 'seer'))
    t.is(endOf((await ref.watch()).reason), 'failed CONTEXT_KEY_MISSING')
  }),
)

test.serial(
  'the end of its context aborts the signal there, with a reason',
  scene(async (t, { ctx }, ref) => {
    const of = flags()
    const [hasBegun, isAborted] = [raised(of, 0), raised(of, 1)]
    const [own, cancel] = ctx.withCancel()
    const asked = ref.ask(own, { type: 'signal', of })
    asked.listen(ignore, ignore)
    await hasBegun
    cancel('the client has left')
    await isAborted
    t.is(Atomics.load(of, 1), 1)
    t.is(codeOf(await failureOf(asked)), 'CANCELLED')
  }),
)

test.serial(
  'a line of log comes out at home, with its level, its text and its fields',
  scene(async (t, home, ref) => {
    for (const level of ['info', 'warn'] as const) {
      await ref.ask(home.ctx, { type: 'log', level })
      const [at, text, fields] = home.lines.find(([, said]) => said === 'said') ?? []
      t.is(at, level)
      t.is(text, 'said')
      t.like(fields, { level, nested: { a: [1] } })
      t.is(typeof fields?.f, 'string')
      t.true(fields?.error instanceof RangeError)
      t.is(codeOf(fields?.error), 'TOLD')
      home.lines.length = 0
    }
  }),
)

test.serial(
  'the last line of a thread that exits is not lost',
  ownScene(async (t, home, ref) => {
    await failureOf(ref.ask(home.ctx, { type: 'logAndExit' }))
    t.true(home.lines.some(([level, text]) => level === 'warn' && text === 'last words'))
  }),
)

test.serial(
  'a child there that fails is logged, once; so is the actor itself',
  ownScene(async (t, home, ref) => {
    const failures = () =>
      home.lines.filter(([level]) => level === 'error').map(([, , { actor, code }]) => `${actor} ${code}`)
    ref.send(home.ctx, { type: 'failChild' })
    while (failures().length === 0) await ref.ask(home.ctx, { type: 'see' })
    t.deepEqual(failures(), ['greenroom/seer/child CHILD'])
    const down = ref.watch()
    await failureOf(ref.ask(home.ctx, { type: 'fail' }))
    await down
    t.deepEqual(failures(), ['greenroom/seer/child CHILD', 'greenroom/seer FAILED'])
  }),
)
