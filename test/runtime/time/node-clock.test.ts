/** What is particular to the real clock: how rarely it asks Node for anything, and what keeps the process alive. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import test from 'ava'
import { createClock, NodeClock } from '../../../runtime/time/node-clock.ts'
import { FakeHost } from './fake-host.ts'

function createSubject(options: { earlyMs?: number } = {}): { clock: NodeClock; host: FakeHost } {
  const host = new FakeHost(options)
  return { clock: new NodeClock({}, host), host }
}

test('asks Node once for any number of timers later than the first', (t) => {
  const { clock, host } = createSubject()
  for (let i = 0; i < 1000; i++) clock.schedule(1000 + i, () => {})
  t.is(host.alarmsSet, 1)
  t.is(host.alarms, 1)
})

test('asks Node again for an earlier timer, and has one alarm all the same', (t) => {
  const { clock, host } = createSubject()
  clock.schedule(1000, () => {})
  clock.schedule(10, () => {})
  t.is(host.alarmsSet, 2)
  t.is(host.alarms, 1)
})

test('a timeout that is scheduled and cancelled over and over asks Node for nothing', (t) => {
  const { clock, host } = createSubject()
  clock.schedule(5, () => {})
  const before = host.alarmsSet
  for (let i = 0; i < 1000; i++) clock.schedule(60_000 + i, () => {}).cancel()
  t.is(host.alarmsSet, before)
})

test('the only timeout, scheduled and cancelled over and over, asks Node once', (t) => {
  const { clock, host } = createSubject()
  for (let i = 0; i < 1000; i++) clock.schedule(60_000 + i, () => {}).cancel()
  t.is(host.alarmsSet, 1)
  t.false(host.isHeld)
})

test('a pending timer holds the process, and nothing does when none is pending', (t) => {
  const { clock, host } = createSubject()
  t.false(host.isHeld)
  const timer = clock.schedule(50, () => {})
  t.true(host.isHeld)
  timer.cancel()
  t.false(host.isHeld)
  clock.schedule(80, () => {})
  t.true(host.isHeld)
  host.moveTo(100)
  t.is(clock.pending, 0)
  t.false(host.isHeld)
})

test('close lets go of the alarm', (t) => {
  const { clock, host } = createSubject()
  clock.schedule(50, () => {})
  clock.close()
  t.is(host.alarms, 0)
})

test('an alarm that rings for a cancelled timer is set for the next one', (t) => {
  const { clock, host } = createSubject()
  let firedAtMs = 0
  clock.schedule(20, () => {
    firedAtMs = clock.nowMs()
  })
  clock.schedule(10, () => {}).cancel()
  host.moveTo(30)
  t.is(firedAtMs, 20)
})

test('a far timer wakes the process a few times, not once a slot', (t) => {
  const { clock, host } = createSubject()
  clock.schedule(5, () => {})
  clock.schedule(3_600_000, () => {})
  host.moveTo(4_000_000)
  t.is(clock.pending, 0)
  t.true(host.alarmsSet <= 6, `${host.alarmsSet} alarms`)
})

test('after a stall, everything that came due fires in order at once', (t) => {
  const { clock, host } = createSubject()
  const fired: number[] = []
  for (const atMs of [900, 30, 400.5, 400.25]) clock.schedule(atMs, () => fired.push(atMs))
  host.stall(1000)
  host.moveTo(1000)
  t.deepEqual(fired, [30, 400.25, 400.5, 900])
})

test('what fireDue leaves is announced again, not from within fireDue', (t) => {
  const { clock, host } = createSubject()
  let announced = 0
  clock.onDue = () => announced++
  for (let i = 0; i < 3; i++) clock.schedule(5, () => {})
  host.moveTo(10)
  t.is(announced, 1)
  t.is(clock.fireDue(2), 2)
  t.is(announced, 1)
  host.moveTo(10)
  t.is(announced, 2)
})

test('timers announced to a reactor that goes away are fired by the clock', (t) => {
  const { clock, host } = createSubject()
  let fired = 0
  clock.onDue = () => {}
  clock.schedule(5, () => fired++)
  host.moveTo(10)
  clock.onDue = undefined
  host.moveTo(10)
  t.is(fired, 1)
})

test('on Node itself: rings, never early, in order, for delays from zero up', async (t) => {
  const clock = createClock()
  const startMs = clock.nowMs()
  const order: number[] = []
  await Promise.all(
    [12, 0, 3.5, 3].map(async (ms) => {
      // By one instant for all: however long the process stands still between two of them.
      await new Promise<void>((resolve) => clock.schedule(startMs + ms, resolve))
      t.true(clock.nowMs() >= startMs + ms)
      order.push(ms)
    }),
  )
  t.deepEqual(order, [0, 3, 3.5, 12])
  t.is(clock.pending, 0)
})

/** What a process of its own prints and how it ends: with a clock at hand, and uncaught errors printed. */
async function outputOf(program: string): Promise<string[]> {
  const module = new URL('../../../runtime/time/node-clock.ts', import.meta.url)
  const source = `
    import { createClock } from '${module}'
    process.on('uncaughtException', (error) => console.log('uncaught ' + error.message))
    const fail = (message) => { throw new Error(message) }
    ${program}`
  const args = ['--import=tsx', '--input-type=module', '--eval', source]
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 30_000 })
  return stdout.split('\n').filter((line) => line !== '')
}

test('on Node itself: a pending timer keeps the process alive, a cancelled one lets it end', async (t) => {
  const printed = await outputOf(`
    const clock = createClock()
    clock.schedule(clock.nowMs() + 3_600_000, () => {}).cancel()
    clock.after(20).then(() => console.log('fired'))
    createClock().schedule(3_600_000, () => {}).cancel()`)
  t.deepEqual(printed, ['fired'])
})

test('on Node itself: what an action throws becomes an uncaught exception, and the others fire', async (t) => {
  const printed = await outputOf(`
    const clock = createClock()
    const broken = createClock({ onError: (error) => fail('handler of ' + error.message) })
    clock.schedule(1, () => fail('action'))
    clock.schedule(2, () => console.log('next'))
    broken.schedule(clock.nowMs() + 20, () => fail('another action'))
    broken.schedule(clock.nowMs() + 20, () => console.log('last'))`)
  t.deepEqual(printed.sort(), ['last', 'next', 'uncaught action', 'uncaught handler of another action'])
})
