/** Law: whatever a system holds beyond what it may is found, and called by its name. */
import test from 'ava'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { createSystem } from '../../../runtime/system/system.ts'
import { LeakError } from '../../../runtime/testing/errors.ts'
import { checkLeaks, holdings } from '../../../runtime/testing/leaks.ts'
import { createSimulation } from '../../../runtime/testing/simulation.ts'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'
import { address, echoServer } from './echo-server.ts'

const idle = behaviour({ initial: 'idle', states: { idle: {} } })

test('a simulation that has done its work and stopped holds nothing', async (t) => {
  const simulation = createSimulation({ latencyMs: 5 })
  const { system, ctx, network } = simulation
  system.spawn(ctx, echoServer(10))
  network.connect(address).write('hello')
  await simulation.advance(7)
  await simulation.stop()
  t.notThrows(() => checkLeaks(simulation))
  t.deepEqual(holdings(simulation), { actors: [], timers: 0, ports: [] })
})

test('actors, ports and timers that are left are named', async (t) => {
  const simulation = createSimulation()
  const { system, ctx, network } = simulation
  system.spawn(ctx, echoServer(60_000), { name: 'echo' })
  network.connect(address).write('hello')
  await simulation.settle()
  t.throws(() => checkLeaks(simulation), {
    instanceOf: LeakError,
    code: 'LEAK',
    message:
      'left behind: actor greenroom/echo; actor greenroom/echo/1; port listener 127.0.0.1:80; ' +
      'port connection 127.0.0.1:49152 to 127.0.0.1:80; timers: 1 more than 0',
  })
  await simulation.stop()
  checkLeaks(simulation)
})

test('a timer that nobody took back is found after the stop', async (t) => {
  const simulation = createSimulation()
  simulation.ctx.after(60_000)
  await simulation.stop()
  t.throws(() => checkLeaks(simulation), { message: 'left behind: timers: 1 more than 0' })
})

test('a listener that its actor forgot is found after the stop', async (t) => {
  const simulation = createSimulation()
  const { system } = simulation
  const bounds = { outputHighWaterBytes: 1_024, inputHighWaterBytes: 1_024 }
  await simulation.waitFor(
    system.poller.listen({ address: { transport: 'unix', path: '/run/a' }, ...bounds }),
  )
  await simulation.stop()
  t.throws(() => checkLeaks(simulation), { message: 'left behind: port listener /run/a' })
})

test('what was there before is no leak, and one more of the same is', async (t) => {
  const simulation = createSimulation()
  const { system, ctx, network } = simulation
  system.spawn(ctx, echoServer(), { name: 'echo' })
  await simulation.settle()
  const before = holdings(simulation)
  for (let i = 0; i < 100; i++) network.connect(address).reset()
  await simulation.settle()
  t.notThrows(() => checkLeaks(simulation, before))
  network.connect(address)
  await simulation.settle()
  t.throws(() => checkLeaks(simulation, before), {
    message: /^left behind: actor greenroom\/echo\/\d+; port connection/,
  })
})

test('of many the first are named, and the others counted', (t) => {
  const simulation = createSimulation()
  const { system, ctx } = simulation
  for (let i = 0; i < 1_000; i++) system.spawn(ctx, idle)
  const { message } = t.throws(() => checkLeaks(simulation))
  t.true(message.includes('actor greenroom/20; and 980 more actors'))
  t.false(message.includes('greenroom/21'))
})

test('a system that is not simulated is checked by numbers', async (t) => {
  const clock = createManualClock()
  const system = createSystem({ run: false, clock })
  system.spawn(system.ctx, idle)
  clock.after(5)
  t.throws(() => checkLeaks(system), { message: 'left behind: actor ?; timers: 1 more than 0' })
  const before = holdings(system)
  t.notThrows(() => checkLeaks(system, before))
  system.spawn(system.ctx, idle)
  t.throws(() => checkLeaks(system, before), { message: 'left behind: actor ?' })
})

test('disposing of a simulation stops it and checks it', async (t) => {
  const simulation = createSimulation()
  simulation.system.spawn(simulation.ctx, idle)
  await simulation[Symbol.asyncDispose]()
  t.deepEqual(simulation.actors, [])

  const leaking = createSimulation()
  leaking.ctx.after(1)
  await t.throwsAsync(leaking[Symbol.asyncDispose](), { instanceOf: LeakError })
})
