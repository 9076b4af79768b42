/** Law: three generators, each asking the one below for one thing at a time, and never for more than it uses. */
import test from 'ava'
import { defaultLimits } from '../../../runtime/limits.ts'
import { IDLE, ready, transfers, turns } from '../../../runtime/loop/loop.ts'
import type { Port, Transfer } from '../../../runtime/loop/poller.ts'
import { Work } from '../../../runtime/loop/work.ts'
import { StubActor, StubPoller, StubPort } from './loop-stub.ts'

test('ready yields ports in the order in which they became ready, then IDLE for as long as none is', (t) => {
  const poller = new StubPoller()
  const layer = ready(poller)
  t.is(layer.next().value, IDLE)
  const [a, b] = ['a', 'b'].map((name) => new StubPort(poller, name, 1, []))
  t.deepEqual(
    [1, 2, 3, 4].map(() => layer.next().value),
    [a, b, IDLE, IDLE],
  )
})

test('transfers does one piece of work a step, passes IDLE on, and skips ports that had nothing after all', (t) => {
  const poller = new StubPoller()
  const empty = new StubPort(poller, 'empty', 0, [])
  const twice = new StubPort(poller, 'twice', 2, [])
  const layer = transfers(ready(poller))
  const next = () => {
    const { value } = layer.next()
    return value === IDLE || value === undefined ? value : value.port
  }
  t.is(next(), twice)
  t.is(twice.count, 1)
  t.is(next(), twice)
  t.is(next(), IDLE)
  t.is(empty.count, 0)
})

test('turns takes in, delivers, steps and flushes, in this order, and tells what it did', (t) => {
  const log: string[] = []
  const poller = new StubPoller()
  const work = new Work(defaultLimits)
  const port = new StubPort(poller, 'port', 2, log)
  const actor = new StubActor('actor', 0, log, () => work.flushLater(port))
  port.owner = {
    transferred: ({ type }) => {
      log.push(type)
      actor.mail += 1
      if (actor.mail === 1) work.enqueue(actor)
    },
  }
  const [turn] = [turns(transfers(ready(poller)), work, defaultLimits).next().value]
  t.deepEqual(log, ['ended', 'ended', 'actor 2', 'port flushed', 'port flushed'])
  t.like(turn, { number: 1, transfers: 2, timers: 0, steps: 1, envelopes: 2, flushes: 2, backlog: 0 })
  t.false((turn as { isIdle: boolean }).isIdle)
})

test('the layers take any iterable below them: a recording, say', (t) => {
  const log: string[] = []
  const poller = new StubPoller()
  const port = new StubPort(poller, 'port', 3, log)
  const recording: (Port | typeof IDLE)[] = [port, port, IDLE, port, IDLE]
  const layer = turns(transfers(recording), new Work(defaultLimits), defaultLimits)
  t.is(layer.next().value?.transfers, 2)
  t.is(layer.next().value?.transfers, 1)
  // The recording is over: idle turns for ever.
  t.true(layer.next().value?.isIdle)
  t.true(layer.next().value?.isIdle)
})

test('a turn that begins with nothing ready does not ask the layers below; any other asks until IDLE', (t) => {
  const poller = new StubPoller()
  const log: string[] = []
  let count = 0
  const below = transfers(ready(poller))
  const counted = {
    next: () => {
      count += 1
      return below.next()
    },
  }
  const work = new Work(defaultLimits)
  work.enqueue(new StubActor('actor', 1, log))
  const layer = turns(counted, work, defaultLimits, poller)
  t.like(layer.next().value, { transfers: 0, envelopes: 1 })
  t.is(count, 0)
  new StubPort(poller, 'port', 2, log)
  t.like(layer.next().value, { transfers: 2 })
  t.is(count, 3)
})

test('a transfer of a port that nobody owns is dropped, and counts', (t) => {
  const log: string[] = []
  const port = new StubPort(new StubPoller(), 'port', 1, log)
  port.owner = undefined
  const fired: Transfer = { type: 'fired', port, timers: 3 }
  const work = new Work(defaultLimits)
  const below = [{ type: 'ended', port } as unknown as Transfer, fired, IDLE] as const
  const turn = turns(below[Symbol.iterator](), work, defaultLimits).next().value
  t.like(turn, { transfers: 2, timers: 3 })
  t.deepEqual(log, [])
})
