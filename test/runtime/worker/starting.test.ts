/**
 * Law: a thread whose module cannot be used fails its actor with a typed error that says why, as does one that is never
 * ready; whoever asked meanwhile is told, and nothing is left.
 */
import { setImmediate as roundOfNode } from 'node:timers/promises'
import test from 'ava'
import { type AnyEvent, codeOf, type Logic, onThread, ThreadError, threadModule, threadPool } from 'greenroom'
import { atHome, endOf, failureOf, outcomes, threadsAlive } from './home.ts'

type Exports = { readonly actor: Logic<AnyEvent> }
const source = (text: string) => threadModule<Exports>(`data:text/javascript,${encodeURIComponent(text)}`)
const logic = 'export const actor = { needs: [], create: () => ({ receive() {} }) };'
const missing = new URL('./is-not-there.ts', import.meta.url)
const good = source(logic)

interface Case {
  readonly module: ReturnType<typeof source>
  readonly code?: string
  /** Found in the cause's message. */
  readonly says: RegExp
  /** The code of the cause. */
  readonly cause?: string
}

const cases: Readonly<Record<string, Case>> = {
  'throws while it loads': {
    module: source('throw Object.assign(new RangeError("no database"), { code: "NO_DB" })'),
    says: /no database/,
    cause: 'NO_DB',
  },
  'throws what is no error': { module: source('throw "no"'), says: /^no$/, cause: 'UNKNOWN' },
  'is not there': {
    module: threadModule<Exports>(missing),
    says: /is-not-there/,
    cause: 'ERR_MODULE_NOT_FOUND',
  },
  'cannot be parsed': { module: source('export const = 1'), says: /Unexpected token/ },
  'exports no such name': {
    module: source('export const other = 1'),
    says: /exports other$/,
    cause: EXPORT(),
  },
  'exports nothing': { module: source(''), says: /exports nothing$/, cause: EXPORT() },
  'exports something else under that name': {
    module: source('export const actor = { create: 5 }'),
    says: /exports actor$/,
    cause: EXPORT(),
  },
  'has a threadContext that fails': {
    module: source(
      `${logic} export const threadContext = async () => { throw Object.assign(new Error("shut"), { code: "SHUT" }) }`,
    ),
    says: /shut/,
    cause: 'SHUT',
  },
  'is left by process.exit while it loads': { module: source('process.exit(0)'), says: /exit code 0/ },
  'throws beside its load': {
    module: source('queueMicrotask(() => { throw new Error("beside") }); await new Promise(() => {})'),
    says: /beside/,
  },
}

function EXPORT(): string {
  return 'THREAD_EXPORT_MISSING'
}

for (const [what, { module, says, cause }] of Object.entries(cases)) {
  test.serial(
    `a module that ${what}: THREAD_START_FAILED`,
    atHome(async (t, { spawn, ctx }) => {
      const ref = spawn(ctx, onThread(module, 'actor'))
      const question = ref.ask(ctx, { type: 'any' })
      const { reason } = await ref.watch()
      t.is(endOf(reason), 'failed THREAD_START_FAILED')
      const error = (reason as { error?: unknown }).error as ThreadError
      t.true(error instanceof ThreadError)
      t.is(error.path, ref.path)
      t.regex(error.cause === undefined ? error.message : messageOf(error.cause), says)
      if (cause !== undefined) t.is(codeOf(error.cause), cause)
      t.is(codeOf(await failureOf(question)), 'ASK_REFUSED')
    }),
  )
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

test.serial(
  'a module that never loads is given startMs',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(source('await new Promise(() => {})'), 'actor', { startMs: 20 }))
    const question = ref.ask(ctx, { type: 'any' })
    t.is(endOf((await ref.watch()).reason), 'failed THREAD_START_TIMEOUT')
    t.deepEqual(await outcomes([question]), ['ASK_REFUSED'])
  }),
)

test.serial(
  'an actor that is stopped, or killed with its system, while its thread starts leaves none',
  atHome(async (t, { spawn, ctx, system }) => {
    const ref = spawn(ctx, onThread(good, 'actor'))
    const answers = outcomes([ref.ask(ctx, { type: 'any' })])
    await roundOfNode()
    t.is(threadsAlive(), 1)
    await ref.stop('changed my mind')
    t.is(threadsAlive(), 0)
    t.deepEqual(await answers, ['ASK_REFUSED'])
    const other = spawn(ctx, onThread(source('await new Promise(() => {})'), 'actor'))
    await system.stop({ graceMs: 0 })
    t.is(threadsAlive(), 0)
    t.is(endOf((await other.watch()).reason), 'stopped')
  }),
)

test.serial(
  'a system that stops while a thread starts does not wait for what nobody waits for any more',
  atHome(async (t, { spawn, ctx, system }) => {
    const silent = 'export const actor = { needs: [], create: () => ({ receive() {}, release() {} }) }'
    const ref = spawn(ctx, onThread(source(silent), 'actor'))
    const down = ref.watch()
    const late = outcomes([ref.ask(ctx, { type: 'any' }, { timeoutMs: 1 })])
    await system.stop({ graceMs: 60_000 })
    t.deepEqual(await late, ['ASK_TIMEOUT'])
    t.like((await down).reason, { kind: 'stopped', reason: 'drained' })
  }),
)

test.serial(
  'a system that stops while a thread starts waits for it, and for what it was asked',
  atHome(async (t, { spawn, ctx, system }) => {
    const answering =
      'export const actor = { needs: [], create: (host) => ({ receive: (envelope) => host.answer(envelope, 5), release() {} }) }'
    const ref = spawn(ctx, onThread(source(answering), 'actor'))
    const question = ref.ask(ctx, { type: 'any' })
    await system.stop()
    t.deepEqual(await outcomes([question]), [5])
  }),
)

test.serial(
  'an actor that is stopped while it waits for its next start leaves no thread',
  atHome(async (t, home) => {
    const { spawn, ctx } = home
    const restart = { policy: 'permanent', backoff: { minMs: 60_000, maxMs: 60_000 } } as const
    const ref = spawn(ctx, onThread(source('throw new Error("never")'), 'actor'), { restart })
    const question = ref.ask(ctx, { type: 'any' })
    await home.next('failed')
    t.true(ref.isAlive)
    await ref.stop()
    t.is(threadsAlive(), 0)
    t.deepEqual(await outcomes([question]), ['ASK_REFUSED'])
  }),
)

const misused: Readonly<Record<string, readonly [code: string, () => unknown]>> = {
  'no limit is 0 credits': ['THREAD_LIMIT_INVALID', () => onThread(good, 'actor', { credits: 0 })],
  'none is a fraction': ['THREAD_LIMIT_INVALID', () => onThread(good, 'actor', { stuckMs: 1.5 })],
  'none is longer than a timer takes': [
    'THREAD_LIMIT_INVALID',
    () => onThread(good, 'actor', { startMs: 2 ** 31 }),
  ],
  'no option is misspelt': ['THREAD_OPTION_INVALID', () => onThread(good, 'actor', { credit: 5 } as never)],
  'a module comes from threadModule': [
    'THREAD_MODULE_INVALID',
    () => onThread({} as never, 'actor' as never),
  ],
  'its URL is absolute': ['THREAD_MODULE_INVALID', () => threadModule('./actor.ts')],
  'it is no URL of the network': [
    'THREAD_MODULE_INVALID',
    () => threadModule('https://example.org/actor.js'),
  ],
  'no pool is empty': ['THREAD_POOL_SIZE', () => threadPool(good, 'actor', { size: 0 })],
  'nor a fraction': ['THREAD_POOL_SIZE', () => threadPool(good, 'actor', { size: 1.5 })],
  'nor larger than 1,024': ['THREAD_POOL_SIZE', () => threadPool(good, 'actor', { size: 1_025 })],
}

for (const [what, [code, misuse]] of Object.entries(misused)) {
  test.serial(`misuse is told at once, before there is a thread: ${what}`, (t) => {
    t.throws(misuse, { code })
    t.is(threadsAlive(), 0)
  })
}
