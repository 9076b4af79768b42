/**
 * Law: a pool is one actor with several threads. Each message goes to the thread with the least under way; `full` means that
 * all of them are; the loss of one costs what it was at, and nothing else.
 */
import { setImmediate as roundOfNode } from 'node:timers/promises'
import test from 'ava'
import { type EventOf, type Ref, ThreadLostError, threadModule, threadPool } from 'greenroom'
import { atHome, endOf, failureOf, type Home, ignore, outcomes, threadsAlive } from './home.ts'
import type { member } from './member.ts'
import { flags, raise, raised } from './threaded.ts'

const module = threadModule<typeof import('./member.ts')>(new URL('./member.ts', import.meta.url))

/** A pool, all of whose members have answered once. */
async function started({ spawn, ctx }: Home, options: object = {}, spawnOptions: object = {}) {
  const logic = threadPool(module, 'member', { size: 2, ...options })
  const ref = spawn(ctx, logic, { name: 'pool', ...spawnOptions })
  for (let seen = new Set<number>(); seen.size < 2; ) {
    seen = new Set(await Promise.all([1, 2].map(() => ref.ask(ctx, { type: 'which' }))))
  }
  return ref
}

/** Keeps one member from anything else, until it is let go. */
async function hold(ref: Ref<EventOf<typeof member>>, { ctx }: Home) {
  const of = flags()
  const hasBegun = raised(of, 0)
  const held = ref.ask(ctx, { type: 'hold', of })
  held.listen(ignore, ignore)
  await hasBegun
  return { held, letGo: () => raise(of, 1) }
}

test.serial(
  'messages go to the thread that is free',
  atHome(async (t, home) => {
    const { ctx, system } = home
    const ref = await started(home)
    const { held, letGo } = await hold(ref, home)
    const others: unknown[] = []
    for (let i = 0; i < 4; i++) others.push(await ref.ask(ctx, { type: 'which' }))
    t.is(new Set(others).size, 1)
    letGo()
    t.false(others.includes(await held))
    t.is(system.snapshot().actors.find(({ path }) => path === ref.path)?.state, '2 of 2 running')
  }),
)

test.serial(
  'what comes at once is spread',
  atHome(async (t, home) => {
    const ref = await started(home)
    const members = await Promise.all(Array.from({ length: 20 }, () => ref.ask(home.ctx, { type: 'which' })))
    const [first, second] = [...new Set(members)].map(
      (id) => members.filter((member) => member === id).length,
    )
    t.deepEqual([first, second], [10, 10])
  }),
)

test.serial(
  'it is full when all are, and takes messages again when one has room',
  atHome(async (t, home) => {
    const { ctx } = home
    const ref = await started(home, { credits: 1 }, { mailbox: { capacity: 2 } })
    const [first, second] = [await hold(ref, home), await hold(ref, home)]
    const waiting = [1, 2].map(() => ref.ask(ctx, { type: 'which' }))
    t.is(ref.send(ctx, { type: 'which' }), 'full')
    t.deepEqual(await outcomes([ref.ask(ctx, { type: 'which' })]), ['ASK_REFUSED'])
    first.letGo()
    const free = await first.held
    t.deepEqual(await Promise.all(waiting), [free, free])
    t.is(ref.send(ctx, { type: 'which' }), 'accepted')
    second.letGo()
    await second.held
  }),
)

test.serial(
  'what it accepts its members take, however small the mailboxes of others are',
  atHome(
    async (t, home) => {
      const { spawn, ctx } = home
      const ref = spawn(ctx, threadPool(module, 'member', { size: 1 }), { mailbox: { capacity: 1_000 } })
      await ref.ask(ctx, { type: 'which' })
      const sent = Array.from({ length: 200 }, () => ref.send(ctx, { type: 'count' }))
      const asked = Array.from({ length: 200 }, () => ref.ask(ctx, { type: 'echo', value: 5 }))
      t.deepEqual(new Set(sent), new Set(['accepted']))
      t.deepEqual(new Set(await outcomes(asked)), new Set([5]))
      t.is(await ref.ask(ctx, { type: 'count' }), 201)
      t.deepEqual(home.told('deadLetter'), [])
    },
    { limits: { mailboxCapacity: 16, askTimeoutMs: 60_000 } },
  ),
)

test.serial(
  'a question that waits is withdrawn when it is called off, and when its time is over',
  atHome(async (t, home) => {
    const { ctx } = home
    const ref = await started(home, { credits: 1 })
    const [first, second] = [await hold(ref, home), await hold(ref, home)]
    const late = ref.ask(ctx, { type: 'count' }, { timeoutMs: 10 })
    const withdrawn = ref.ask(ctx, { type: 'count' })
    withdrawn.cancel('never mind')
    t.deepEqual(await outcomes([late, withdrawn]), ['ASK_TIMEOUT', 'CANCELLED'])
    first.letGo()
    second.letGo()
    await Promise.all([first.held, second.held])
    t.deepEqual(await Promise.all([1, 2].map(() => ref.ask(ctx, { type: 'count' }))), [1, 1])
  }),
)

test.serial(
  'the loss of a thread costs what it was at; the others go on, and it comes back',
  atHome(async (t, home) => {
    const { ctx } = home
    const ref = await started(home, { restart: { backoff: { minMs: 1, maxMs: 1 } } })
    const { held, letGo } = await hold(ref, home)
    // It goes to the one that is free.
    const lost = await failureOf(ref.ask(ctx, { type: 'exit' }))
    t.true(lost instanceof ThreadLostError)
    t.true(ref.isAlive)
    const answer = ref.ask(ctx, { type: 'count' })
    letGo()
    await held
    t.true((await answer) > 0)
    if (home.told('restarted').length === 0) await home.next('restarted')
    for (let seen = new Set<number>(); seen.size < 2; ) {
      seen = new Set(await Promise.all([1, 2].map(() => ref.ask(ctx, { type: 'which' }))))
    }
    t.deepEqual(
      home.told('failed').map((line) => line.replace(/\d/, 'n')),
      ['pool/n THREAD_EXITED'],
    )
  }),
)

test.serial(
  'what waits for any of them is not lost with all of them',
  atHome(async (t, home) => {
    const { ctx } = home
    const ref = await started(home, { credits: 1, restart: { backoff: { minMs: 1, maxMs: 1 } } })
    const exits = outcomes([ref.ask(ctx, { type: 'exit' }), ref.ask(ctx, { type: 'exit' })])
    const waiting = [1, 2, 3, 4, 5].map(() => ref.ask(ctx, { type: 'echo', value: 5 }))
    t.deepEqual(await exits, ['THREAD_LOST', 'THREAD_LOST'])
    t.deepEqual(await outcomes(waiting), [5, 5, 5, 5, 5])
  }),
)

test.serial(
  'a member that is done is made anew as well',
  atHome(async (t, { spawn, ctx }) => {
    const restart = { backoff: { minMs: 1, maxMs: 1 } }
    const ref = spawn(ctx, threadPool(module, 'once', { size: 1, restart }))
    for (let life = 0; life < 3; life++) t.is(await ref.ask(ctx, { type: 'turn' }), 1)
  }),
)

/** A pool of one, whose member has ended and waits for its next life on the thread that it has. */
async function between({ spawn, ctx, system }: Home) {
  const restart = { backoff: { minMs: 30, maxMs: 30 } }
  const ref = spawn(ctx, threadPool(module, 'once', { size: 1, restart }), { name: 'pool' })
  await ref.ask(ctx, { type: 'turn' })
  const isUp = () =>
    system.snapshot().actors.some(({ path, phase }) => path === `${ref.path}/1` && phase === 'running')
  while (isUp()) await roundOfNode()
  return ref
}

test.serial(
  'what comes between two lives of its only member is handled by the second',
  atHome(async (t, home) => {
    const ref = await between(home)
    t.deepEqual(await outcomes([ref.ask(home.ctx, { type: 'turn' })]), [1])
  }),
)

test.serial(
  'and a drain that begins there ends with the second, not with its grace time',
  atHome(async (t, home) => {
    const ref = await between(home)
    const last = outcomes([ref.ask(home.ctx, { type: 'turn' })])
    const drained = home.system.stop({ graceMs: 60_000 })
    t.deepEqual(await last, [1])
    await drained
  }),
)

test.serial(
  'one whose only member waits long for its next life ends at once where nothing waits',
  atHome(async (t, { spawn, ctx, system }) => {
    const restart = { backoff: { minMs: 60_000, maxMs: 60_000 } }
    const ref = spawn(ctx, threadPool(module, 'once', { size: 1, restart }))
    const down = ref.watch()
    await ref.ask(ctx, { type: 'turn' })
    await system.stop({ graceMs: 60_000 })
    t.is(endOf((await down).reason), 'stopped')
  }),
)

test.serial(
  'nor does one that stops itself leave its place empty',
  atHome(async (t, home) => {
    const { spawn, ctx } = home
    const restart = { backoff: { minMs: 1, maxMs: 1 } }
    const ref = spawn(ctx, threadPool(module, 'member', { size: 1, restart }))
    const isBack = home.next('restarted')
    ref.send(ctx, { type: 'quit' })
    await isBack
    t.deepEqual(await outcomes([ref.ask(ctx, { type: 'echo', value: 5 }, { timeoutMs: 1_500 })]), [5])
  }),
)

test.serial(
  'restarts that are bounded, and too many, end the pool',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, threadPool(module, 'member', { size: 1, restart: { intensity: 0 } }))
    await failureOf(ref.ask(ctx, { type: 'exit' }))
    t.is(endOf((await ref.watch(ctx.withTimeout(1_500))).reason), 'failed RESTART_INTENSITY')
  }),
)

test.serial(
  'a drain waits for what is under way on every thread; then none is left',
  atHome(async (t, home) => {
    const ref = await started(home)
    const [first, second] = [await hold(ref, home), await hold(ref, home)]
    const stopped = home.system.stop()
    first.letGo()
    second.letGo()
    await stopped
    t.is(new Set(await Promise.all([first.held, second.held])).size, 2)
    t.is(threadsAlive(), 0)
  }),
)

test.serial(
  'a drain does not wait for the next life of a member that is lost meanwhile',
  atHome(async (t, home) => {
    const ref = await started(home, { restart: { backoff: { minMs: 60_000, maxMs: 60_000 } } })
    const last = outcomes([ref.ask(home.ctx, { type: 'exit' })])
    const down = ref.watch()
    await home.system.stop({ graceMs: 60_000 })
    t.deepEqual(await last, ['THREAD_LOST'])
    t.like((await down).reason, { kind: 'stopped', reason: 'drained' })
  }),
)

test.serial(
  'a pool that is stopped while its threads start leaves none',
  atHome(async (t, { spawn, ctx }) => {
    const ref = spawn(ctx, threadPool(module, 'member', { size: 3 }))
    const asked = outcomes([1, 2, 3].map(() => ref.ask(ctx, { type: 'which' })))
    await ref.stop()
    t.is(threadsAlive(), 0)
    t.deepEqual(await asked, ['ASK_REFUSED', 'ASK_REFUSED', 'ASK_REFUSED'])
  }),
)
