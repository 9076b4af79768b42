/** Law: a thread is given what its options and its system say, and a module in JavaScript is one as good as in TypeScript. */
import test from 'ava'
import { type AnyEvent, type Logic, onThread, type Ref, threadModule, threadPool } from 'greenroom'
import { atHome, outcomes } from './home.ts'

type Exports = { readonly actor: Logic<AnyEvent> }

/** Plain JavaScript, which needs nothing to be registered on any Node. */
const plain = threadModule<Exports>(
  `data:text/javascript,${encodeURIComponent(`
    import { resourceLimits, threadId } from 'node:worker_threads'
    export const actor = {
      needs: [],
      create: (host) => ({
        receive: (envelope) => host.answer(envelope, {
          id: threadId,
          env: { ...process.env },
          argv: process.argv.slice(2),
          mb: resourceLimits.maxOldGenerationSizeMb,
          limits: host.limits,
          mail: host.mail.capacity,
        }),
        release() {},
      }),
    }`)}`,
)

interface Seen {
  readonly id: number
  readonly env: Readonly<Record<string, string>>
  readonly argv: readonly string[]
  readonly mb: number
  readonly limits: Readonly<Record<string, number>>
  readonly mail: number
}

const PATIENT = { limits: { askTimeoutMs: 60_000 } }

test.serial(
  'env, argv and resourceLimits are its own',
  atHome(async (t, { spawn, ctx }) => {
    const options = {
      env: { ONLY: 'this' },
      argv: ['--quiet', '5'],
      resourceLimits: { maxOldGenerationSizeMb: 77 },
    }
    for (const logic of [
      onThread(plain, 'actor', options),
      threadPool(plain, 'actor', { size: 1, ...options }),
    ]) {
      const ref = spawn(ctx, logic) as Ref<AnyEvent>
      const { id, env, argv, mb } = (await ref.ask(ctx, { type: 'see' })) as Seen
      t.true(id > 0)
      t.deepEqual(env, { ONLY: 'this' })
      t.deepEqual(argv, ['--quiet', '5'])
      t.is(mb, 77)
    }
  }, PATIENT),
)

test.serial(
  'without any it has a copy of this process’s environment and arguments',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, onThread(plain, 'actor')) as Ref<AnyEvent>
    const { env, argv } = (await ref.ask(ctx, { type: 'see' })) as Seen
    t.is(env.PATH, process.env.PATH)
    t.deepEqual(argv, process.argv.slice(2))
  }, PATIENT),
)

test.serial(
  'the limits of its system are those at home; its mailbox holds what has crossed',
  atHome(
    async (t, { spawn, ctx, system }) => {
      const ref = spawn(ctx, onThread(plain, 'actor', { credits: 7 }), {
        mailbox: { capacity: 3 },
      }) as Ref<AnyEvent>
      const { limits, mail } = (await ref.ask(ctx, { type: 'see' })) as Seen
      t.deepEqual(limits, { ...system.limits })
      t.is(limits.mailboxCapacity, 77)
      t.is(mail, 7)
    },
    { limits: { mailboxCapacity: 77, askTimeoutMs: 60_000 } },
  ),
)

test.serial(
  'each actor has a thread of its own, also of one logic',
  atHome(async (t, { spawn, ctx }) => {
    const logic = onThread(plain, 'actor')
    const refs = [1, 2, 3].map(() => spawn(ctx, logic) as Ref<AnyEvent>)
    const seen = (await outcomes(refs.map((ref) => ref.ask(ctx, { type: 'see' })))) as Seen[]
    t.is(new Set(seen.map(({ id }) => id)).size, 3)
  }, PATIENT),
)

test.serial(
  'a module in JavaScript may import TypeScript that its options name',
  atHome(async (t, { spawn, ctx }) => {
    const url = new URL('./adding.ts', import.meta.url)
    const importing = threadModule<Exports>(
      `data:text/javascript,${encodeURIComponent(`
        export const actor = {
          needs: [],
          create: (host) => ({
            receive: (envelope) => host.answer(envelope, import(envelope.event.url).then(({ add }) => add(40, 2))),
            release() {},
          }),
        }`)}`,
    )
    const ref = spawn(ctx, onThread(importing, 'actor', { imports: [url] })) as Ref<AnyEvent>
    t.is(await ref.ask(ctx, { type: 'import', url: url.href }), 42)
  }, PATIENT),
)
