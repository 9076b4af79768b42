/**
 * Law: what one side says, however malformed, harms whom it is said to, as it would at home, and never the loop on which
 * others live as well.
 */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import test from 'ava'
import { type AnyEvent, behaviour, onThread, type Ref, threadModule } from 'greenroom'
import { Home as HomeKey } from './envoy.ts'
import { atHome, endOf, type Home, outcomes } from './home.ts'

const run = promisify(execFile)
const envoys = threadModule<typeof import('./envoy.ts')>(new URL('./envoy.ts', import.meta.url))
const echoes = threadModule<typeof import('./echo.ts')>(new URL('./echo.ts', import.meta.url))

const host = behaviour({
  initial: 'on',
  data: () => ({ notes: [] as unknown[] }),
  states: {
    on: {
      note: ({ data }, { value }: { value: unknown }) => void data.notes.push(value),
      notes: ({ data }) => data.notes,
    },
  },
})

/** Threads take their time to start where much else runs. */
const PATIENT = { timeoutMs: 60_000 }

/** None of these is an event; plain JavaScript may send it all the same. */
const malformed: readonly unknown[] = [null, undefined, 'note', 5]

function scene({ spawn, ctx }: Home) {
  const at = spawn(ctx, host, { name: 'host', restart: { policy: 'permanent', intensity: 20 } })
  const envoy = spawn(ctx.with(HomeKey, at as Ref<AnyEvent>), onThread(envoys, 'envoy'), { name: 'envoy' })
  return { at, envoy }
}

async function sayAll(home: Home, envoy: Ref<AnyEvent>, at: Ref<AnyEvent>): Promise<unknown[]> {
  const { ctx } = home
  for (const event of malformed) {
    await outcomes([
      envoy.ask(ctx, { type: 'send', event }, PATIENT),
      envoy.ask(ctx, { type: 'ask', event, ...PATIENT }, PATIENT),
    ])
  }
  // Both loops turn.
  return outcomes([at.ask(ctx, { type: 'notes' }, PATIENT), envoy.ask(ctx, { type: 'none' }, PATIENT)])
}

test.serial(
  'what a thread says to an actor at home that is no event',
  atHome(async (t, home) => {
    const { at, envoy } = scene(home)
    t.deepEqual(await sayAll(home, envoy as Ref<AnyEvent>, at as Ref<AnyEvent>), [[], 0])
  }),
)

test.serial(
  'what home says to an actor on a thread that is no event',
  atHome(async (t, home) => {
    const { spawn, ctx } = home
    const restart = { policy: 'permanent', intensity: 20 } as const
    const ref = spawn(ctx, onThread(echoes, 'echo'), { name: 'echo', restart }) as Ref<AnyEvent>
    await ref.ask(ctx, { type: 'bytes' })
    for (const event of malformed) {
      ref.send(ctx, event as never)
      await outcomes([ref.ask(ctx, event as never, PATIENT)])
    }
    t.is(await ref.ask(ctx, { type: 'echo', value: 5 }, PATIENT), 5)
  }),
)

// A mailbox that ranks mail throws over what is no event, and so may a log over a line: within home's turn.
for (const what of ['no event, to a mailbox that ranks', 'a line over which the log throws']) {
  test.serial(`a thread that says ${what} does not end home’s loop`, async (t) => {
    const program = fileURLToPath(new URL('./blunt-program.ts', import.meta.url))
    const { stdout } = await run(process.execPath, ['--import=tsx', program, what], { timeout: 60_000 })
    t.deepEqual(stdout.trim().split('\n'), ['pong', 'told'])
  })
}

// Cannot be cloned; and home's turn, which says so, names them.
test.serial('what home says to a thread with a type that is no text fails alone', async (t) => {
  const program = fileURLToPath(new URL('./blunt-program.ts', import.meta.url))
  const args = ['--import=tsx', program, 'messages whose type is no text']
  const { stdout } = await run(process.execPath, args, { timeout: 60_000 })
  const [came] = stdout.trim().split('\n')
  t.is(came, 'MESSAGE_NOT_CLONEABLE 1 MESSAGE_NOT_CLONEABLE 2 3 uncloneable uncloneable')
})

test.serial(
  'and so does what a thread says to an actor at home',
  atHome(async (t, home) => {
    const { at, envoy } = scene(home)
    const { ctx } = home
    t.deepEqual(await outcomes([envoy.ask(ctx, { type: 'sayNameless' }, PATIENT)]), [
      ['MESSAGE_NOT_CLONEABLE "x" to', 'MESSAGE_NOT_CLONEABLE "a message" to'],
    ])
    t.deepEqual(home.told('deadLetter'), ['host x uncloneable', 'host a message uncloneable'])
    t.deepEqual(await outcomes([at.ask(ctx, { type: 'notes' }, PATIENT)]), [[1]])
    t.deepEqual(home.told('failed'), [])
  }),
)

test.serial(
  'names that mean something to the runtime are events like any, where a user says them',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(echoes, 'echo'), { name: 'echo' }) as Ref<AnyEvent>
    for (const type of ['down', 'stop', '__proto__', 'constructor', 'toString', 'xstate.stop', '']) {
      t.deepEqual(await outcomes([ref.ask(ctx, { type })]), ['ASK_UNHANDLED'], type)
    }
    t.is(await ref.ask(ctx, { type: 'echo', value: 5 }), 5)
    await ref.stop()
    t.is(endOf((await ref.watch()).reason), 'stopped')
  }),
)
