/** Law: one turn does a bounded amount, one turn at a time, and what is left over is neither lost nor done twice. */
import test from 'ava'
import fc from 'fast-check'
import { codeOf, UsageError } from '../../../runtime/errors.ts'
import { defaultLimits, type Limits } from '../../../runtime/limits.ts'
import { Reactor } from '../../../runtime/loop/reactor.ts'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'
import { StubActor, StubPoller, StubPort } from './loop-stub.ts'

function setUp(limits: Partial<Limits> = {}) {
  const poller = new StubPoller()
  const clock = createManualClock()
  const reactor = new Reactor({ poller, clock, limits: { ...defaultLimits, ...limits } })
  return { poller, clock, reactor, log: [] as string[] }
}

test('an actor with more than its share of mail makes way, and comes again in the same turn', (t) => {
  const { reactor, log } = setUp({ stepEnvelopes: 3 })
  for (const [name, mail] of [
    ['a', 7],
    ['b', 2],
    ['c', 4],
  ] as const)
    reactor.schedule(new StubActor(name, mail, log))
  const turn = reactor.turns().next().value
  t.deepEqual(log, ['a 3', 'b 2', 'c 3', 'a 3', 'c 1', 'a 1'])
  t.like(turn, { steps: 6, envelopes: 13, backlog: 0 })
})

test('a turn handles so many envelopes and no more; the next goes on where it stopped', (t) => {
  const { reactor, log } = setUp({ stepEnvelopes: 4, turnEnvelopes: 10 })
  reactor.schedule(new StubActor('a', 9, log))
  reactor.schedule(new StubActor('b', 9, log))
  const turns = reactor.turns()
  t.like(turns.next().value, { envelopes: 10, backlog: 2 })
  t.deepEqual(log.splice(0), ['a 4', 'b 4', 'a 2'])
  t.like(turns.next().value, { envelopes: 8, backlog: 0 })
  t.deepEqual(log, ['b 4', 'a 3', 'b 1'])
  t.false(reactor.isPending)
})

test('a turn takes in so many transfers and no more, and flushes before the rest', (t) => {
  const { poller, reactor, log } = setUp({ turnTransfers: 3 })
  const port = new StubPort(poller, 'a', 4, log)
  reactor.flushLater(port)
  const turns = reactor.turns()
  t.is(turns.next().value?.transfers, 3)
  t.deepEqual(log, ['a ended', 'a ended', 'a ended', 'a flushed'])
  t.true(reactor.isPending)
  t.is(turns.next().value?.transfers, 1)
  t.false(reactor.isPending)
})

test('nothing is lost and nothing done twice, whatever the budgets', (t) => {
  const mail = fc.array(fc.nat(30), { maxLength: 8 })
  const limits = fc.record({
    stepEnvelopes: fc.integer({ min: 1, max: 10 }),
    turnEnvelopes: fc.integer({ min: 10, max: 20 }),
    turnTransfers: fc.integer({ min: 1, max: 5 }),
  })
  fc.assert(
    fc.property(mail, mail, limits, (mails, counts, bounds) => {
      const { poller, reactor, log } = setUp(bounds)
      for (const [index, count] of counts.entries()) new StubPort(poller, `port ${index}`, count, log)
      const actors = mails.map((count, index) => new StubActor(`actor ${index}`, count, log))
      for (const actor of actors) reactor.schedule(actor)
      let [envelopes, transfers] = [0, 0]
      while (reactor.isPending) {
        const turn = reactor.turns().next().value!
        t.true(turn.envelopes <= bounds.turnEnvelopes)
        t.true(turn.transfers <= bounds.turnTransfers)
        envelopes += turn.envelopes
        transfers += turn.transfers
      }
      const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0)
      t.is(envelopes, sum(mails))
      t.is(transfers, sum(counts))
    }),
    { numRuns: 200 },
  )
})

test('an actor is told of mail that outlasts a turn, not of mail that waits for its next step within one', (t) => {
  const { reactor, log } = setUp({ stepEnvelopes: 2, turnEnvelopes: 6 })
  const [late, quick, busy] = [8, 1, 4].map((mail, index) => new StubActor(`actor ${index}`, mail, log))
  const told = () => [late, quick, busy].map((actor) => actor!.waits)
  for (const actor of [late, quick, busy]) reactor.schedule(actor!)
  const turns = reactor.turns()
  // late 2, quick 1, busy 2, late 1: late and busy are left over, and nobody was when it began.
  t.like(turns.next().value, { envelopes: 6, backlog: 2 })
  t.deepEqual(told(), [0, 0, 0])
  // busy 2, late 2, late 2: only late had mail left after its step, and its second step was of this turn.
  t.like(turns.next().value, { envelopes: 6, backlog: 1 })
  t.deepEqual(told(), [1, 0, 0])
  t.like(turns.next().value, { envelopes: 1, backlog: 0 })
  t.deepEqual(told(), [1, 0, 0])
})

test('a stepper may leave the loop and come back: everything is where it was, the numbers go on', (t) => {
  const { poller, reactor, log } = setUp({ turnEnvelopes: 256 })
  const actor = new StubActor('a', 300, log)
  reactor.schedule(actor)
  new StubPort(poller, 'port', 1, log)
  for (const turn of reactor.turns()) {
    t.is(turn.number, 1)
    break
  }
  t.is(actor.mail, 44)
  for (const turn of reactor.turns()) {
    t.is(turn.number, 2)
    break
  }
  t.deepEqual(log, ['port ended', 'a 256', 'a 44'])
})

test('a turn within a turn is refused, and does no harm to the one around it', (t) => {
  const { reactor, log } = setUp()
  const errors: unknown[] = []
  reactor.schedule(
    new StubActor('a', 2, log, () => {
      errors.push(t.throws(() => reactor.turns().next(), { instanceOf: UsageError }))
    }),
  )
  const turns = reactor.turns()
  t.like(turns.next().value, { number: 1, envelopes: 2 })
  t.deepEqual(errors.map(codeOf), ['TURN_NESTED', 'TURN_NESTED'])
  t.is(turns.next().value?.number, 2)
})

test('timers fire within a turn, before the actors that they tell are stepped', (t) => {
  const { reactor, clock, log } = setUp()
  const actor = new StubActor('actor', 0, log)
  for (const name of ['first', 'second']) {
    clock.schedule(5, () => {
      log.push(name)
      actor.mail += 1
      if (actor.mail === 1) reactor.schedule(actor)
    })
  }
  clock.advance(5)
  t.deepEqual(log, [], 'a due timer waits for its turn')
  t.like(reactor.turns().next().value, { transfers: 1, timers: 2, steps: 1 })
  t.deepEqual(log, ['first', 'second', 'actor 2'])
})

test('what is written to while flushing leaves with the next turn', (t) => {
  const { poller, reactor, log } = setUp()
  const other = new StubPort(poller, 'other', 0, log)
  reactor.flushLater({
    flush: () => {
      log.push('first flushed')
      poller.onWritten?.(other)
    },
  })
  const turns = reactor.turns()
  t.is(turns.next().value?.flushes, 1)
  t.deepEqual(log, ['first flushed'])
  t.is(turns.next().value?.flushes, 1)
  t.deepEqual(log, ['first flushed', 'other flushed'])
})

test('what was collected is gathered when the steps are over, and what that writes leaves in the same turn', (t) => {
  const { poller, reactor, log } = setUp()
  const port = new StubPort(poller, 'port', 0, log)
  const gatherer = {
    gather() {
      log.push('gathered')
      poller.onWritten?.(port)
    },
  }
  reactor.schedule(new StubActor('a', 1, log, () => reactor.gatherLater(gatherer)))
  reactor.schedule(new StubActor('b', 1, log))
  const turns = reactor.turns()
  t.like(turns.next().value, { steps: 2, flushes: 1 })
  t.deepEqual(log, ['a 1', 'b 1', 'gathered', 'port flushed'])
  t.false(reactor.isPending)
})

test('what is collected while gathering waits for the next turn, and is something to do', (t) => {
  const { reactor, log } = setUp()
  const gatherer = (name: string, next?: () => void) => ({
    gather() {
      log.push(name)
      next?.()
    },
  })
  const late = gatherer('late')
  reactor.gatherLater(gatherer('first', () => reactor.gatherLater(late)))
  reactor.gatherLater(gatherer('second'))
  t.true(reactor.isPending)
  const turns = reactor.turns()
  turns.next()
  t.deepEqual(log, ['first', 'second'])
  t.true(reactor.isPending)
  turns.next()
  t.deepEqual(log, ['first', 'second', 'late'])
  t.false(reactor.isPending)
})

test('actors that are told something by gathering have their step in the next turn', (t) => {
  const { reactor, log } = setUp()
  reactor.gatherLater({ gather: () => reactor.schedule(new StubActor('a', 1, log)) })
  const turns = reactor.turns()
  t.like(turns.next().value, { steps: 0, backlog: 1 })
  t.like(turns.next().value, { steps: 1, backlog: 0 })
})

test('a turn with nothing to do says so', (t) => {
  const { reactor } = setUp()
  t.true(reactor.turns().next().value?.isIdle)
})

test('a port that throws breaks off its turn, and the next turn goes on with the others', (t) => {
  const { poller, reactor, log } = setUp()
  new StubPort(poller, 'broken', 1, log).owner = {
    transferred() {
      throw new Error('out of order')
    },
  }
  new StubPort(poller, 'sound', 1, log)
  t.throws(() => reactor.turns().next(), { message: 'out of order' })
  t.deepEqual(log, [])
  t.like(reactor.turns().next().value, { transfers: 1 })
  t.deepEqual(log, ['sound ended'])
})
