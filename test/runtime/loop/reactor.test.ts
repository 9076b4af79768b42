/** Law: the pump turns when there is something to do, lets I/O have its say, and is the user's to wrap. */
import test from 'ava'
import type { Deferred } from '../../../runtime/deferred/deferred.ts'
import { codeOf, UsageError } from '../../../runtime/errors.ts'
import { defaultLimits, type Limits } from '../../../runtime/limits.ts'
import { Reactor, type WrapTurns } from '../../../runtime/loop/reactor.ts'
import type { Turn } from '../../../runtime/loop/turn.ts'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'
import { StubActor, StubPoller, StubPort } from './loop-stub.ts'

/** Lets microtasks run, those included that others have made meanwhile. */
async function microtasks(): Promise<void> {
  for (let i = 0; i < 1_000; i++) await undefined
}

async function setUp({ wrap, limits = {} }: { wrap?: WrapTurns; limits?: Partial<Limits> } = {}) {
  const poller = new StubPoller()
  const reactor = new Reactor({
    poller,
    clock: createManualClock(),
    limits: { ...defaultLimits, ...limits },
  })
  const seen: Turn[] = []
  const running = reactor.run(
    wrap ??
      function* (turns) {
        for (const turn of turns) {
          seen.push(turn)
          yield turn
        }
      },
  )
  // The first turn, in which nothing has happened yet.
  await microtasks()
  seen.length = 0
  return { poller, reactor, running, seen, log: [] as string[] }
}

test('mail from outside a turn makes one in the microtask queue, for all that is sent until then', async (t) => {
  const { reactor, seen, log, poller } = await setUp()
  reactor.schedule(new StubActor('a', 1, log))
  reactor.schedule(new StubActor('b', 1, log))
  t.is(seen.length, 0)
  await microtasks()
  t.deepEqual(log, ['a 1', 'b 1'])
  t.is(seen.length, 1)
  t.is(poller.round(), 0, 'it took no trip through the poller')
})

test('what is collected outside of a turn makes one in the microtask queue, and what gathering collects another', async (t) => {
  const { reactor, seen, log, poller } = await setUp()
  const gatherer = {
    left: 2,
    gather() {
      log.push('gathered')
      this.left -= 1
      if (this.left > 0) reactor.gatherLater(this)
    },
  }
  reactor.gatherLater(gatherer)
  t.is(seen.length, 0)
  await microtasks()
  t.deepEqual(log, ['gathered', 'gathered'])
  t.is(seen.length, 2)
  t.is(poller.round(), 0, 'it took no trip through the poller')
})

test('readiness makes one turn behind the poll phase, for all ports of that phase', async (t) => {
  const { poller, seen, log } = await setUp()
  for (const name of ['a', 'b', 'c']) new StubPort(poller, name, 1, log)
  await microtasks()
  t.is(seen.length, 0)
  t.is(poller.round(), 1)
  t.deepEqual(
    seen.map(({ transfers }) => transfers),
    [3],
  )
})

test('nothing is scheduled while there is nothing to do', async (t) => {
  const { poller, seen, reactor, log } = await setUp()
  await microtasks()
  t.is(poller.round(), 0)
  t.is(seen.length, 0)
  reactor.schedule(new StubActor('a', 1, log))
  await microtasks()
  t.is(poller.round(), 0)
  t.is(seen.length, 1)
})

test('what a turn leaves over is done by the next ones, each after a look at I/O', async (t) => {
  const { reactor, poller, log } = await setUp({ limits: { stepEnvelopes: 2, turnEnvelopes: 2 } })
  reactor.schedule(new StubActor('a', 5, log))
  await microtasks()
  t.deepEqual(log, ['a 2'])
  while (poller.round() > 0) await microtasks()
  t.deepEqual(log, ['a 2', 'a 2', 'a 1'])
})

for (const { title, limits, turnsMost } of [
  { title: 'turns', limits: { idleTurns: 5 }, turnsMost: 5 },
  { title: 'envelopes', limits: { stepEnvelopes: 10, turnEnvelopes: 10 }, turnsMost: 1 },
]) {
  test(`after so many ${title} without I/O the pump waits for a look at it`, async (t) => {
    const { reactor, poller, seen, log } = await setUp({ limits })
    // As two actors that never stop talking.
    const actor = new StubActor('talker', 10, log, () => {
      if (title === 'envelopes') actor.mail += 1
    })
    const again = { flush: () => reactor.flushLater(again) }
    if (title === 'turns') reactor.flushLater(again)
    else reactor.schedule(actor)
    await microtasks()
    // Each look at I/O gives it the whole of its measure again. setUp's own turn was one of the first.
    let expected = turnsMost - (title === 'turns' ? 1 : 0)
    for (let round = 1; round < 5; round++) {
      const before = seen.length
      t.is(before, expected, `in round ${round}`)
      expected += turnsMost
      await microtasks()
      t.is(seen.length, before, 'it waits')
      t.is(poller.round(), 1)
      await microtasks()
      t.true(seen.length > before, 'it goes on')
    }
  })
}

test('one next() of the wrapper is one iteration: it may measure, limit, record, and skip', async (t) => {
  const rounds: string[] = []
  let isHeld = true
  const { reactor, poller, log } = await setUp({
    limits: { idleTurns: 10 },
    wrap: function* (turns) {
      const iterator = turns[Symbol.iterator]()
      for (;;) {
        if (isHeld) rounds.push('held')
        else rounds.push(`turn ${iterator.next().value.envelopes}`)
        yield
      }
    },
  })
  reactor.schedule(new StubActor('a', 3, log))
  await microtasks()
  t.deepEqual(log, [])
  const held = rounds.length
  t.true(held <= 11, 'a wrapper that holds the turns back does not hold I/O back')
  isHeld = false
  poller.round()
  t.deepEqual(rounds.slice(held), ['turn 3'])
  t.deepEqual(log, ['a 3'])
})

test('a wrapper that returns ends the pump; the turns can still be made, by hand or by another', async (t) => {
  const { reactor, running, log } = await setUp({
    wrap: function* (turns) {
      let left = 2
      for (const turn of turns) {
        yield turn
        left -= 1
        if (left === 0) return
      }
    },
  })
  reactor.schedule(new StubActor('a', 1, log))
  await microtasks()
  reactor.schedule(new StubActor('b', 1, log))
  await microtasks()
  t.is(running.status, 'fulfilled')
  t.deepEqual(log, ['a 1'])
  t.is(reactor.turns().next().value?.envelopes, 1)
  reactor.schedule(new StubActor('c', 1, log))
  const again = reactor.run()
  await microtasks()
  t.deepEqual(log, ['a 1', 'b 1', 'c 1'])
  again.cancel()
})

test('a wrapper that throws ends the pump with its error', async (t) => {
  const { reactor, running, log } = await setUp({
    wrap: function* (turns) {
      let count = 0
      for (const turn of turns) {
        count += 1
        if (count === 2) throw new Error('enough')
        yield turn
      }
    },
  })
  reactor.schedule(new StubActor('a', 1, log))
  t.is(((await failure(running)) as Error).message, 'enough')
  t.is(reactor.turns().next().value?.isIdle, true)
})

test('cancelling ends the pump, and runs the wrapper’s finally blocks: at once, or when its turn is over', async (t) => {
  for (const isInTurn of [false, true]) {
    const calls: string[] = []
    const { reactor, running, log } = await setUp({
      wrap: function* (turns) {
        try {
          for (const turn of turns) {
            calls.push(`turn ${turn.number}`)
            yield turn
          }
        } finally {
          calls.push('finally')
        }
      },
    })
    if (isInTurn) reactor.schedule(new StubActor('a', 1, log, () => void running.cancel('enough')))
    else running.cancel('enough')
    await microtasks()
    t.is(codeOf(await failure(running)), 'CANCELLED')
    t.deepEqual(calls, isInTurn ? ['turn 1', 'turn 2', 'finally'] : ['turn 1', 'finally'])
    reactor.schedule(new StubActor('b', 1, log))
    await microtasks()
    t.false(log.includes('b 1'))
  }
})

test('a reactor that is pumped is not pumped again', async (t) => {
  const { reactor, running } = await setUp()
  const error = t.throws(() => reactor.run(), { instanceOf: UsageError })
  t.is(codeOf(error), 'REACTOR_RUNNING')
  running.cancel()
  t.notThrows(() => reactor.run().cancel())
})

test('ports that a turn has left over have theirs, behind a look at I/O', async (t) => {
  const { poller, seen, log } = await setUp({ limits: { turnTransfers: 2 } })
  new StubPort(poller, 'port', 5, log)
  for (let round = 0; round < 10 && poller.round() > 0; round++) await microtasks()
  t.deepEqual(
    seen.map(({ transfers }) => transfers).filter((transfers) => transfers > 0),
    [2, 2, 1],
  )
})

test('the end of a pump that was cancelled within its turn is not the end of the next one', async (t) => {
  const log: string[] = []
  const poller = new StubPoller()
  const reactor = new Reactor({ poller, clock: createManualClock(), limits: defaultLimits })
  let next: Deferred<void> | undefined
  const first = reactor.run(function* (turns) {
    for (const turn of turns) {
      yield turn
      first.cancel()
      next = reactor.run()
      throw new Error('boom')
    }
  })
  first.listen(
    () => {},
    () => {},
  )
  reactor.schedule(new StubActor('a', 1, log))
  await microtasks()
  reactor.schedule(new StubActor('b', 1, log))
  await microtasks()
  t.is(next?.status, 'pending')
  reactor.schedule(new StubActor('c', 1, log))
  await microtasks()
  t.deepEqual(log, ['a 1', 'b 1', 'c 1'])
  next?.cancel()
})

test('mail that was sent before the pump began is not forgotten', async (t) => {
  const log: string[] = []
  const reactor = new Reactor({
    poller: new StubPoller(),
    clock: createManualClock(),
    limits: defaultLimits,
  })
  reactor.schedule(new StubActor('a', 1, log))
  const running = reactor.run()
  await microtasks()
  t.deepEqual(log, ['a 1'])
  running.cancel()
})

async function failure(deferred: Deferred<unknown>): Promise<unknown> {
  try {
    await deferred
  } catch (error) {
    return error
  }
  throw new Error('did not fail')
}
