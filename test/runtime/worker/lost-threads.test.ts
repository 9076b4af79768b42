/**
 * Law: a thread that is lost, of whatever it may be, fails its actor with what became of it, and every question under way
 * with `THREAD_LOST`, once; watchers get one Down, and nothing of the thread is left.
 */
import test from 'ava'
import {
  type AnyEvent,
  codeOf,
  type Deferred,
  onThread,
  type Ref,
  ThreadError,
  ThreadLostError,
  type ThreadOptions,
  threadModule,
} from 'greenroom'
import { atHome, endOf, failureOf, ignore, outcomes } from './home.ts'

const module = threadModule<typeof import('./faulty.ts')>(new URL('./faulty.ts', import.meta.url))

interface Fault {
  readonly code: string
  readonly exitCode?: number
  /** Of what the thread ended of. */
  readonly cause?: string
  readonly options?: ThreadOptions
}

const faults: Readonly<Record<string, Fault>> = {
  exit: { code: 'THREAD_EXITED', exitCode: 7 },
  throwLater: { code: 'THREAD_FAILED', exitCode: 1, cause: 'LATER' },
  rejectLater: { code: 'THREAD_FAILED', exitCode: 1, cause: 'UNKNOWN' },
  breakLoop: { code: 'THREAD_FAILED', exitCode: 1, cause: 'BROKEN' },
  hoard: {
    code: 'THREAD_OUT_OF_MEMORY',
    exitCode: 1,
    cause: 'ERR_WORKER_OUT_OF_MEMORY',
    options: { resourceLimits: { maxOldGenerationSizeMb: 48, maxYoungGenerationSizeMb: 4 } },
  },
}

for (const [type, { code, exitCode, cause, options }] of Object.entries(faults)) {
  test.serial(
    `${type}: the actor fails with ${code}, its question with THREAD_LOST`,
    atHome(async (t, { spawn, ctx }) => {
      const ref = spawn(ctx, onThread(module, 'faulty', options))
      t.is(await ref.ask(ctx, { type: 'add', n: 1 }), 1)
      const down = ref.watch()
      const error = await failureOf((ref as Ref<AnyEvent>).ask(ctx, { type, code: 7 }))
      t.true(error instanceof ThreadLostError)
      t.like(error, { code: 'THREAD_LOST', path: ref.path, hasBegun: true })
      const lost = (error as ThreadLostError).cause as ThreadError
      t.true(lost instanceof ThreadError)
      t.like(lost, { code, exitCode, path: ref.path })
      if (cause !== undefined) t.is(codeOf(lost.cause), cause)
      t.is(endOf((await down).reason), `failed ${code}`)
      t.deepEqual(await outcomes([ref.ask(ctx, { type: 'add', n: 1 })]), ['ASK_REFUSED'])
    }),
  )
}

test.serial(
  'a thread that exits between questions fails its actor as well',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(module, 'faulty'))
    const down = ref.watch()
    t.is(await ref.ask(ctx, { type: 'exitLater' }), 'soon')
    const { reason } = await down
    t.is(endOf(reason), 'failed THREAD_EXITED')
    t.is(((reason as { error?: ThreadError }).error as ThreadError).exitCode, 3)
  }),
)

test.serial(
  'whoever watches is told once, and each question is settled once, by a thread that dies in the middle of many',
  atHome(async (t, home) => {
    const { spawn, ctx } = home
    const ref = spawn(ctx, onThread(module, 'faulty', { credits: 8 }))
    const downs: unknown[] = []
    for (let i = 0; i < 3; i++) ref.watch().listen((down) => void downs.push(down), ignore)
    const settled = new Map<number, number>()
    const results: (Promise<unknown> | Deferred<unknown>)[] = []
    for (let i = 0; i < 20; i++) {
      const note = (): void => void settled.set(i, (settled.get(i) ?? 0) + 1)
      const answer = i === 4 ? ref.ask(ctx, { type: 'exit', code: 1 }) : ref.ask(ctx, { type: 'add', n: 1 })
      answer.listen(note, note)
      results.push(answer.then(String, (error) => (error instanceof ThreadLostError ? error : codeOf(error))))
    }
    const all = await Promise.all(results)
    const text = all.map((result) => (result instanceof ThreadLostError ? `lost ${result.hasBegun}` : result))
    t.deepEqual(text.slice(4, 8), ['lost true', 'lost false', 'lost false', 'lost false'])
    // Answers before it may have been on their way, and then others have crossed; what has not, a dead actor refuses.
    for (const early of text.slice(0, 4)) t.regex(String(early), /^(\d|lost true)$/)
    t.regex(text.slice(8).join(), /^(lost false,){0,4}(ASK_REFUSED,?)+$/)
    t.deepEqual(
      [...settled.values()],
      results.map(() => 1),
    )
    t.is(downs.length, 3)
    t.deepEqual(home.told('failed'), ['1 THREAD_EXITED'])
    t.deepEqual(home.told('stopped'), ['1 failed THREAD_EXITED'])
  }),
)

test.serial(
  'mail that has not crossed is kept for the next life, and what was told and not begun as well',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(module, 'faulty', { credits: 4 }), { restart: 'permanent' })
    const early = ref.ask(ctx, { type: 'exit', code: 1 })
    ref.send(ctx, { type: 'add', n: 1 })
    ref.send(ctx, { type: 'add', n: 2 })
    const crossed = ref.ask(ctx, { type: 'add', n: 4 })
    const kept = ref.ask(ctx, { type: 'add', n: 8 })
    t.deepEqual(await outcomes([early, crossed, kept]), ['THREAD_LOST', 'THREAD_LOST', 11])
  }),
)

test.serial(
  'more losses than the intensity allows end the actor, and no thread is left',
  atHome(async (t, home) => {
    const { spawn, ctx } = home
    const ref = spawn(ctx, onThread(module, 'faulty'), { restart: { policy: 'transient', intensity: 1 } })
    const down = ref.watch()
    for (let i = 0; i < 2; i++) await failureOf(ref.ask(ctx, { type: 'exit', code: 1 }))
    t.is(endOf((await down).reason), 'failed RESTART_INTENSITY')
    t.deepEqual(home.told('restarted'), ['1 1'])
  }),
)
