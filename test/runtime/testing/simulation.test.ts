/**
 * Laws: nothing runs but when it is told to; what runs runs in one order, so that a seed gives one trace; and what would
 * hang or run for ever fails instead, saying where and with which seed.
 */
import test from 'ava'
import fc from 'fast-check'
import { UsageError } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { SimulationError } from '../../../runtime/testing/errors.ts'
import { TRACE_LINES_MAX } from '../../../runtime/testing/limits.ts'
import { createSimulation, type SimulationOptions } from '../../../runtime/testing/simulation.ts'
import { address, echoServer } from './echo-server.ts'

const DAY_MS = 86_400_000

/** Notes what it is told, and sends itself the next smaller number. */
function countdown(notes: string[]) {
  return behaviour({
    initial: 'counting',
    states: {
      counting: {
        count: ({ self }, { from }: { type: 'count'; from: number }, ctx) => {
          notes.push(`turn ${from}`)
          void Promise.resolve()
            .then(() => {})
            .then(() => notes.push(`async ${from}`))
          // From a timer that is due at once, hence in the next turn.
          if (from > 1) ctx.after(0).then(() => self.send(ctx, { type: 'count', from: from - 1 }))
        },
      },
    },
  })
}

test('nothing happens by itself, whatever is awaited', async (t) => {
  const { system, ctx, turn } = createSimulation()
  const notes: string[] = []
  system.spawn(ctx, countdown(notes)).send(ctx, { type: 'count', from: 1 })
  for (let i = 0; i < 10; i++) await null
  t.deepEqual(notes, [])
  t.is(turn.length, 0)
})

test('a turn by hand is one turn, and asynchronous code runs when the test awaits', async (t) => {
  const simulation = createSimulation()
  const { system, ctx } = simulation
  const notes: string[] = []
  system.spawn(ctx, countdown(notes)).send(ctx, { type: 'count', from: 1 })
  t.is(simulation.turn().envelopes, 1)
  t.deepEqual(notes, ['turn 1'])
  for (let i = 0; i < 10; i++) await null
  t.deepEqual(notes, ['turn 1', 'async 1'])
  t.true(simulation.turn().isIdle)
})

test('settling runs a turn, then what asynchronous code makes of it, then the next turn, and no time passes', async (t) => {
  const simulation = createSimulation()
  const { system, ctx, clock } = simulation
  const notes: string[] = []
  system.spawn(ctx, countdown(notes)).send(ctx, { type: 'count', from: 3 })
  await simulation.settle()
  t.deepEqual(notes, ['turn 3', 'async 3', 'turn 2', 'async 2', 'turn 1', 'async 1'])
  t.is(clock.nowMs(), 0)
})

test('settling waits for chains of promises, however long', async (t) => {
  const simulation = createSimulation()
  const { system, ctx } = simulation
  const patient = behaviour({
    initial: 'ready',
    states: {
      ready: {
        work: async () => {
          for (let i = 0; i < 100_000; i++) await null
          return 'done'
        },
      },
    },
  })
  const reply = system.spawn(ctx, patient).ask(ctx, { type: 'work' })
  await simulation.settle()
  t.is(reply.status, 'fulfilled')
})

test('advancing gives each timer its own instant, and those that come of it theirs', async (t) => {
  const simulation = createSimulation()
  const { ctx, clock } = simulation
  const at: number[] = []
  const note = () => at.push(clock.nowMs())
  ctx.after(10).then(async () => {
    note()
    await ctx.after(2.5)
    note()
  })
  ctx.after(11).then(note)
  ctx.after(20.5).then(note)
  await simulation.advance(20)
  t.deepEqual(at, [10, 11, 12.5])
  t.is(clock.nowMs(), 20)
  await simulation.advance(0.5)
  t.deepEqual(at, [10, 11, 12.5, 20.5])
})

test('a day of one timer a minute takes no day', async (t) => {
  const simulation = createSimulation()
  const { ctx, clock } = simulation
  let minutes = 0
  const tick = () => {
    minutes += 1
    ctx.after(60_000).then(tick)
  }
  ctx.after(60_000).then(tick)
  await simulation.advance(DAY_MS)
  t.is(minutes, 1_440)
  t.is(clock.nowMs(), DAY_MS)
})

for (const ms of [-1, Number.NaN, Infinity]) {
  test(`refuses to advance by ${ms} ms`, async (t) => {
    await t.throwsAsync(createSimulation().advance(ms), { instanceOf: UsageError, code: 'CLOCK_BAD_ADVANCE' })
  })
}

test('waits for a result as long as it takes, and not longer', async (t) => {
  const simulation = createSimulation()
  const { ctx, clock } = simulation
  t.is(await simulation.waitFor(ctx.after(250).then(() => 'here')), 'here')
  t.is(clock.nowMs(), 250)
  t.is(await simulation.waitFor(Promise.resolve('already')), 'already')
  t.is(clock.nowMs(), 250)
})

test('what is waited for may fail', async (t) => {
  const simulation = createSimulation()
  const failing = simulation.ctx.after(5).then(() => {
    throw new Error('no luck')
  })
  await t.throwsAsync(simulation.waitFor(failing), { message: 'no luck' })
})

test('what cannot come any more is not waited for', async (t) => {
  const simulation = createSimulation({ seed: 7 })
  const never = new Promise(() => {})
  await simulation.advance(5)
  await t.throwsAsync(simulation.waitFor(never), {
    instanceOf: SimulationError,
    code: 'SIMULATION_STUCK',
    message: /^simulation at 5 ms \(seed 7\): nothing is left to do and no timer waits/,
  })
})

test('what takes too long is not waited for', async (t) => {
  const simulation = createSimulation()
  const late = simulation.ctx.after(101)
  await t.throwsAsync(simulation.waitFor(late, { withinMs: 100 }), {
    code: 'SIMULATION_STUCK',
    message: /no result by 100 ms; the next timer is due at 101 ms$/,
  })
  await simulation.waitFor(late, { withinMs: 1 + simulation.clock.nowMs() + 100 })
  t.is(simulation.clock.nowMs(), 101)
})

const restless: Record<string, (simulation: ReturnType<typeof createSimulation>) => void> = {
  'actors that talk for ever': ({ system, ctx }) => {
    const parrot = behaviour({
      initial: 'talking',
      states: { talking: { talk: async ({ self }) => void self.send(ctx, { type: 'talk' }) } },
    })
    system.spawn(ctx, parrot).send(ctx, { type: 'talk' })
  },
  'a timer that is due again at once': ({ ctx }) => {
    const again = () => void ctx.after(0).then(again)
    again()
  },
}
for (const [what, begin] of Object.entries(restless)) {
  test(`${what} fail the test instead of hanging it`, async (t) => {
    const simulation = createSimulation({ seed: 3, limits: { turnEnvelopes: 10, stepEnvelopes: 10 } })
    begin(simulation)
    await t.throwsAsync(simulation.settle(), {
      instanceOf: SimulationError,
      code: 'SIMULATION_RESTLESS',
      message: /\(seed 3\): does not come to rest: more than 10000 turns/,
    })
  })
}

test('one thing at a time', async (t) => {
  const simulation = createSimulation()
  const first = simulation.settle()
  await t.throwsAsync(simulation.advance(1), { instanceOf: UsageError, code: 'SIMULATION_BUSY' })
  await first
  await simulation.advance(1)
  t.is(simulation.clock.nowMs(), 1)
})

test('a server on the network answers, with the latency of both ways and its own time', async (t) => {
  const simulation = createSimulation({ latencyMs: 20 })
  const { system, ctx, network, clock } = simulation
  system.spawn(ctx, echoServer(100), { name: 'echo' })
  const client = network.connect(address)
  client.write('hello')
  await simulation.waitFor(client.until(({ text }) => text === 'HELLO'))
  t.is(clock.nowMs(), 140)
  t.deepEqual(simulation.actors, ['greenroom/echo', 'greenroom/echo/1'])
  client.end()
  await simulation.waitFor(client.until(({ hasEnded }) => hasEnded))
  t.deepEqual(simulation.actors, ['greenroom/echo'])
})

test('the trace says what happened, in order and with the time', async (t) => {
  const simulation = createSimulation()
  const { system, ctx, network } = simulation
  system.spawn(ctx, echoServer(250), { name: 'echo' })
  const client = network.connect(address)
  client.write('hi')
  await simulation.waitFor(client.until(({ text }) => text === 'HI'))
  client.reset()
  await simulation.settle()
  t.deepEqual(simulation.trace, [
    '0 greenroom/echo spawned',
    '0 127.0.0.1:80 accepted 127.0.0.1:49152',
    '0 greenroom/echo/1 spawned',
    '0 turn 1: steps 0, envelopes 0, flushes 0',
    '0 127.0.0.1:49152 received 2 bytes 683af69a',
    '0 turn 2: steps 1, envelopes 1, flushes 0',
    '250 fired 1',
    '250 turn 3: steps 0, envelopes 0, flushes 0',
    '250 log info: echoed bytes=2 id=350525680',
    '250 127.0.0.1:49152 sent 2 bytes 87eb771a',
    '250 turn 4: steps 0, envelopes 0, flushes 1',
    '250 127.0.0.1:49152 closed ECONNRESET',
    '250 greenroom/echo/1 ended: stopped',
    '250 turn 5: steps 0, envelopes 0, flushes 0',
  ])
})

/** Clients that talk to an echo server over a bad network. */
async function conversation(
  options: SimulationOptions,
  text = 'the quick brown fox',
): Promise<readonly string[]> {
  const simulation = createSimulation({
    latencyMs: 5,
    faults: { pieceBytesMax: 4, jitterMsMax: 10, resetChance: 0.02 },
    ...options,
  })
  const { system, ctx, network, random } = simulation
  system.spawn(ctx, echoServer(random.nextUint32() % 50))
  for (let i = 0; i < 5; i++) {
    const client = network.connect(address)
    client.write(text)
    await simulation.advance(random.nextUint32() % 20)
    client.end()
  }
  await simulation.stop({ graceMs: 1_000 })
  return simulation.trace
}

test('a seed gives one trace', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      t.deepEqual(await conversation({ seed }), await conversation({ seed }))
    }),
    { numRuns: 20 },
  )
})

test('another seed, or another byte, gives another trace', async (t) => {
  const trace = await conversation({ seed: 1 })
  t.notDeepEqual(trace, await conversation({ seed: 2 }))
  t.notDeepEqual(trace, await conversation({ seed: 1 }, 'the quick brown foX'))
})

test('a draw more by the program changes no fault of the network', async (t) => {
  const arrivals = async (draws: number) => {
    const simulation = createSimulation({ faults: { jitterMsMax: 100 } })
    const { system, ctx, network, clock, random } = simulation
    system.spawn(ctx, echoServer())
    for (let i = 0; i < draws; i++) random.nextUint32()
    const client = network.connect(address)
    client.write('x')
    await simulation.waitFor(client.until(({ text }) => text !== ''))
    return clock.nowMs()
  }
  t.is(await arrivals(0), await arrivals(3))
})

test('what is logged is in the trace, as far as it is the same in every run, and given on', async (t) => {
  const given: [string, object, string][] = []
  const at = (level: string) => (fields: object, message: string) => given.push([level, fields, message])
  const log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  const simulation = createSimulation({ log })
  const fields = { error: new Error('lost'), path: '/a b', port: 1, socket: {} }
  simulation.ctx.log.warn(fields, 'trouble')
  t.deepEqual(simulation.trace, ['0 log warn: trouble error="lost" path="/a b" port=1'])
  t.deepEqual(given, [['warn', fields, 'trouble']])
})

test('failures and dead letters are in the trace', async (t) => {
  const simulation = createSimulation()
  const { system, ctx } = simulation
  const fragile = behaviour({
    initial: 'whole',
    states: {
      whole: {
        knock: () => {
          throw new Error('broken')
        },
      },
    },
  })
  const ref = system.spawn(ctx, fragile, { name: 'vase' })
  ref.send(ctx, { type: 'knock' })
  ref.send(ctx, { type: 'knock' })
  await simulation.settle()
  const trace = simulation.trace.join('\n')
  t.regex(trace, /log error: actor failed: broken actor="greenroom\/vase" phase="handling"/)
  t.regex(trace, /greenroom\/vase did not get knock: closed/)
  t.regex(trace, /greenroom\/vase ended: failed/)
})

test('a failure at which nobody looks is reported once everything has come to rest, and one that is seen is not', async (t) => {
  const simulation = createSimulation()
  const { ctx } = simulation
  ctx.deferred().reject(new Error('missed'))
  const seen = ctx.deferred()
  seen.reject(new Error('seen'))
  await null
  seen.catch(() => {})
  await simulation.settle()
  const lines = simulation.trace.filter((line) => line.includes('unobserved'))
  t.is(lines.length, 1)
  t.regex(lines[0] ?? '', /: missed/)
})

test('a trace is bounded', (t) => {
  const simulation = createSimulation()
  for (let i = 0; i < TRACE_LINES_MAX + 10; i++) simulation.ctx.log.info({}, 'line')
  t.is(simulation.trace.length, TRACE_LINES_MAX + 1)
  t.is(simulation.trace.at(-1), 'the trace is full: no more is recorded')
})

test('stopping lets what is in flight finish, and what was sent arrive', async (t) => {
  const simulation = createSimulation({ latencyMs: 30 })
  const { system, ctx, network, clock } = simulation
  const slow = behaviour({
    initial: 'up',
    states: { up: { drain: ({ ctx, stop }) => ctx.after(2_000).then(() => stop('drained')) } },
  })
  system.spawn(ctx, echoServer(), { name: 'echo' })
  system.spawn(ctx, slow, { name: 'slow' })
  const client = network.connect(address)
  await simulation.advance(50)
  await simulation.stop()
  t.is(clock.nowMs(), 2_080)
  t.true(client.hasEnded)
  t.deepEqual(simulation.actors, [])
})

test('stopping takes no longer than the grace time', async (t) => {
  const simulation = createSimulation()
  const { system, ctx, clock } = simulation
  system.spawn(ctx, behaviour({ initial: 'deaf', states: { deaf: { drain: () => {} } } }))
  await simulation.stop({ graceMs: 300 })
  t.is(clock.nowMs(), 300)
  t.deepEqual(simulation.actors, [])
})
