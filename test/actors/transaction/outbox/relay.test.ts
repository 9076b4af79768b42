/**
 * Law: the relay delivers what is published, gives back what it cannot send in time, tries again what fails until it is dead,
 * and survives whatever its destinations and its database do.
 */
import test, { type ExecutionContext } from 'ava'
import { undeliverable } from '../../../../actors/transaction/outbox/destination.ts'
import { relay } from '../../../../actors/transaction/outbox/relay.ts'
import { Deferred } from '../../../../runtime/deferred/deferred.ts'
import { endOf, inWorld, type World } from '../../../runtime/system/world.ts'
import { Office } from './office.ts'

function inOffice(body: (t: ExecutionContext, office: Office, world: World) => Promise<void>) {
  return inWorld(async (t, world) => {
    const office = new Office(world)
    await body(t, office, world)
    await world.end(t)
    await office.bench.close()
  })
}

const delivered = () => Deferred.of(undefined)

test(
  'what was published before it began is delivered at once, and is gone',
  inOffice(async (t, office, world) => {
    await office.publish(['mail', 'mail', 'text'])
    office.relay({ mail: office.answering(delivered), text: office.answering(delivered) })
    await world.settle()
    t.deepEqual([...office.ids].sort(), [1, 2, 3])
    t.deepEqual(await office.entries(), [])
    t.is(world.clock.nowMs(), 0)
  }),
)

test(
  'a message is delivered with what was published, in the trace of its transaction, with a deadline within its lease',
  inOffice(async (t, office, world) => {
    const traceId = 'a'.repeat(32)
    await office.publish(['mail'], `00-${traceId}-${'b'.repeat(16)}-01`)
    office.relay({ mail: office.byHand() })
    await world.settle()
    const [sent] = office.sent
    t.like(sent, { id: 1, destination: 'mail', payload: { n: 0 }, attempt: 1, createdMs: 946_684_800_000 })
    t.is(sent?.ctx.trace.traceId, traceId)
    t.is(sent?.ctx.remainingMs, 20_000)
    sent?.answer.resolve(1)
    await world.settle()
    t.true(sent?.ctx.isCancelled, 'nothing of its context is left')
  }),
)

test(
  'a wake has it look at once',
  inOffice(async (t, office, world) => {
    const ref = office.relay({ mail: office.answering(delivered) })
    await world.advance(60_000)
    await office.publish(['mail'])
    await world.settle()
    t.deepEqual(office.ids, [])
    ref.send(world.ctx, { type: 'wake' })
    await world.settle()
    t.deepEqual(office.ids, [1])
  }),
)

test(
  'without a wake it looks by itself: after 0.1 s, then twice as long each time, 5 s at most',
  inOffice(async (t, office, world) => {
    office.relay({ mail: office.answering(delivered) })
    await world.advance(20_000)
    t.deepEqual(
      office.claims.map(({ atMs }) => atMs),
      [0, 100, 300, 700, 1_500, 3_100, 6_300, 11_300, 16_300],
    )
    await office.publish(['mail'])
    await world.advance(1_300)
    t.is(office.sent[0]?.atMs, 21_300)
    await world.advance(300)
    t.deepEqual(
      office.claims.slice(-2).map(({ atMs }) => atMs),
      [21_400, 21_500],
    )
  }),
)

test(
  'it looks when the next message is due',
  inOffice(async (t, office, world) => {
    office.relay({ mail: office.answering(delivered) })
    await world.advance(20_000)
    await office.publish(['mail'], undefined, 4_321)
    await world.advance(1_300)
    t.is(office.claims.at(-1)?.atMs, 21_300)
    await world.advance(10_000)
    t.is(office.sent[0]?.atMs, 24_321)
  }),
)

test(
  'a delivery that fails is tried again, later each time within the bounds, and then is dead',
  inOffice(async (t, office, world) => {
    await office.publish(['mail'])
    office.relay({ mail: office.answering(() => Deferred.fail(new RangeError('no'))) }, { attemptsMax: 12 })
    await world.advance(3_600_000)
    t.is(office.sent.length, 12)
    const [entry] = await office.entries()
    t.like(entry, { state: 'dead', attempts: 12, lastError: 'no' })
    for (let n = 1; n < 12; n++) {
      const waitedMs = (office.sent[n]?.atMs ?? 0) - (office.sent[n - 1]?.atMs ?? 0)
      t.true(waitedMs <= Math.min(300_000, 1_000 * 2 ** n) + 5_000, `${waitedMs} ms after attempt ${n}`)
    }
    t.deepEqual(
      office.reports.map(({ type }) => type),
      [...new Array<string>(11).fill('failed'), 'died'],
    )
  }),
)

test(
  'what is undeliverable is dead at once',
  inOffice(async (t, office, world) => {
    await office.publish(['mail'])
    office.relay({
      mail: office.answering(() => {
        throw undeliverable('no such account')
      }),
    })
    await world.settle()
    t.like(await office.entries(), [
      { state: 'dead', attempts: 1, lastError: 'OUTBOX_UNDELIVERABLE: no such account' },
    ])
  }),
)

test(
  'a receiver that says when it wants to be asked again is not asked before',
  inOffice(async (t, office, world) => {
    await office.publish(['mail', 'mail'])
    let retryAfterMs = 60_000
    office.relay({
      mail: office.answering(() => {
        const error = Object.assign(new Error('busy'), { retryAfterMs })
        retryAfterMs = 86_400_000
        return Deferred.fail(error)
      }),
    })
    await world.settle()
    t.like(
      (await office.entries()).map(({ dueMs }) => dueMs - world.clock.wallMs()),
      [60_000, 300_000],
    )
  }),
)

test(
  'a message for a destination that nobody knows waits for one who does',
  inOffice(async (t, office, world) => {
    await office.publish(['text', 'mail'])
    office.relay({ mail: office.answering(delivered) })
    await world.settle()
    t.deepEqual(office.ids, [2])
    t.like(await office.entries(), [
      {
        state: 'waiting',
        lastError: 'OUTBOX_UNKNOWN_DESTINATION: no destination is named "text"; there are "mail"',
      },
    ])
  }),
)

test(
  'a destination that does not answer fails at its deadline, and holds up no other',
  inOffice(async (t, office, world) => {
    await office.publish([...new Array<string>(100).fill('mail'), 'text'])
    office.relay({ mail: office.byHand(), text: office.answering(delivered) })
    await world.settle()
    t.is(office.sent.filter(({ destination }) => destination === 'mail').length, 16)
    t.is(office.sent.filter(({ destination }) => destination === 'text').length, 1)
    await world.advance(20_000)
    const [first] = await office.entries()
    t.like(first, { id: 1, state: 'waiting', lastError: 'DEADLINE_EXCEEDED: the work missed its deadline' })
  }),
)

test(
  'what cannot be sent within its lease is given back, and was not attempted',
  inOffice(async (t, office, world) => {
    await office.publish(new Array<string>(20).fill('mail'))
    office.relay({ mail: office.byHand() }, { concurrency: 1, sendMs: 20_000, leaseMs: 30_000 })
    await world.advance(20_000)
    // The second was held for longer than half of what the lease has left over.
    const waiting = (await office.entries()).filter(({ id }) => id > 1)
    t.true(waiting.every(({ attempts }) => attempts <= 1))
    t.deepEqual(office.ids.slice(0, 2), [1, 2])
    t.is(office.sent[1]?.atMs, 20_000)
    t.is(office.sent[1]?.attempt, 1)
  }),
)

test(
  'messages of a strict destination are sent one after another, and one that fails holds up the rest',
  inOffice(async (t, office, world) => {
    await office.publish(['log', 'log', 'log'])
    office.relay({ log: office.byHand('strict') })
    await world.settle()
    t.deepEqual(office.ids, [1])
    office.sent[0]?.answer.resolve(undefined)
    await world.settle()
    t.deepEqual(office.ids, [1, 2])
    office.sent[1]?.answer.reject(new RangeError('no'))
    await world.settle()
    t.deepEqual(
      (await office.entries()).map(({ id, state, attempts }) => [id, state, attempts]),
      [
        [2, 'waiting', 1],
        [3, 'due', 0],
      ],
    )
    await world.advance(8_000)
    t.deepEqual(office.ids, [1, 2, 2])
    office.sent[2]?.answer.reject(undeliverable('never'))
    await world.advance(5_000)
    t.deepEqual(office.ids, [1, 2, 2, 3])
    office.sent[3]?.answer.resolve(undefined)
    await world.settle()
  }),
)

test(
  'acknowledgements that come together are written together',
  inOffice(async (t, office, world) => {
    await office.publish(new Array<string>(64).fill('mail'))
    office.relay({ mail: office.byHand() }, { concurrency: 64 })
    await world.settle()
    for (const { answer } of office.sent) answer.resolve(undefined)
    await world.settle()
    t.is(office.settlements, 1)
    t.deepEqual(await office.entries(), [])
  }),
)

test(
  'more than one batch is claimed as there is room, without waiting for the next look',
  inOffice(async (t, office, world) => {
    await office.publish(new Array<string>(500).fill('mail'))
    office.relay({ mail: office.answering(delivered) }, { batch: 8, heldMax: 8 })
    await world.settle()
    t.is(office.sent.length, 500)
    t.true(office.claims.every(({ messages }) => messages.length <= 8))
    t.deepEqual(await office.entries(), [])
  }),
)

test(
  'while the database is down nothing is sent again, and it goes on where it was',
  inOffice(async (t, office, world) => {
    await office.publish(['mail', 'mail'])
    const ref = office.relay({ mail: office.byHand() })
    await world.settle()
    office.failure = new Error('down')
    office.sent[0]?.answer.resolve(undefined)
    office.sent[1]?.answer.reject(new RangeError('no'))
    for (let i = 0; i < 30; i++) {
      ref.send(world.ctx, { type: 'wake' })
      await world.advance(1_000)
    }
    t.true(ref.isAlive)
    t.deepEqual(office.ids, [1, 2])
    const tries = office.reports.filter(({ type }) => type === 'storeFailed').length
    t.true(tries > 4 && tries < 30, `${tries} tries in 30 s`)
    office.failure = undefined
    await world.advance(5_000)
    t.deepEqual(
      office.ids,
      [1, 2, 2],
      'what was acknowledged is gone; the other came back when its lease was over',
    )
    office.sent[2]?.answer.resolve(undefined)
    await world.settle()
    t.deepEqual(await office.entries(), [])
  }),
)

test(
  'a claim that is not answered is given up, and made again',
  inOffice(async (t, office, world) => {
    await office.publish(['mail'])
    const gate = new Deferred<void>()
    office.gates.claim = gate
    office.relay({ mail: office.answering(delivered) })
    await world.advance(10_000)
    t.like(office.reports, [{ type: 'storeFailed', during: 'claim' }])
    office.gates.claim = undefined
    await world.advance(200)
    t.deepEqual(office.ids, [1])
    gate.resolve()
  }),
)

test(
  'what throws instead of failing fails its message alone',
  inOffice(async (t, office, world) => {
    await office.publish(['mail', 'mail'])
    const ref = office.relay({
      mail: office.answering(({ id }) => {
        if (id === 1) throw new TypeError('a bug')
        return undefined
      }),
    })
    await world.settle()
    t.like(await office.entries(), [{ id: 1, state: 'waiting', lastError: 'a bug' }])
    t.true(ref.isAlive)
  }),
)

test(
  'a drain waits for what is under way, writes it, gives the rest back, and claims no more',
  inOffice(async (t, office, world) => {
    await office.publish(['mail', 'mail', 'mail'])
    const ref = office.relay({ mail: office.byHand() }, { concurrency: 2 })
    await world.settle()
    const stopped = world.system.stop()
    await world.settle()
    await office.publish(['mail'])
    t.deepEqual(
      (await office.entries()).map(({ id, state, attempts }) => [id, state, attempts]),
      [
        [1, 'leased', 1],
        [2, 'leased', 1],
        [3, 'due', 0],
        [4, 'due', 0],
      ],
    )
    t.true(ref.isAlive)
    office.sent[0]?.answer.resolve(undefined)
    office.sent[1]?.answer.reject(new RangeError('no'))
    await world.result(stopped)
    t.deepEqual(
      (await office.entries()).map(({ id, state }) => [id, state]),
      [
        [2, 'waiting'],
        [3, 'due'],
        [4, 'due'],
      ],
    )
    t.deepEqual(office.ids, [1, 2])
  }),
)

test(
  'a drain gives back what is claimed meanwhile',
  inOffice(async (t, office, world) => {
    await office.publish(['mail'])
    const gate = new Deferred<void>()
    office.gates.claim = gate
    const ref = office.relay({ mail: office.byHand() })
    await world.settle()
    const down = ref.watch()
    const stopped = world.system.stop()
    await world.settle()
    gate.resolve()
    await world.result(stopped)
    t.is(endOf((await down).reason), 'stopped drained')
    t.like(await office.entries(), [{ state: 'due', attempts: 0 }])
    t.deepEqual(office.ids, [])
  }),
)

test(
  'one that is stopped ends its deliveries, and writes nothing more',
  inOffice(async (t, office, world) => {
    await office.publish(['mail'])
    const ref = office.relay({ mail: office.byHand() })
    await world.settle()
    void ref.stop()
    await world.settle()
    t.true(office.sent[0]?.ctx.isCancelled)
    t.like(await office.entries(), [{ state: 'leased', attempts: 1 }])
    t.is(office.settlements, 0)
  }),
)

test(
  'its statistics say what it holds and what it has done',
  inOffice(async (t, office, world) => {
    await office.publish(['mail', 'mail', 'mail', 'text'])
    const ref = office.relay({ mail: office.byHand() }, { concurrency: 2 })
    await world.settle()
    office.sent[0]?.answer.resolve(undefined)
    await world.settle()
    t.deepEqual(await world.result(ref.ask(world.ctx, { type: 'statistics' })), {
      held: 2,
      sending: 2,
      delivered: 1,
      failed: 1,
      died: 0,
    })
  }),
)

test('what is no destination, or no limit, is refused when the relay is made', (t) => {
  const store = { claim: () => Deferred.fail('no'), settle: () => Deferred.fail('no') }
  const make = (config: object) => () => relay({ store, destinations: {}, ...config })
  t.notThrows(make({}))
  for (const config of [
    { destinations: { mail: {} } },
    { destinations: { mail: { deliver() {}, order: 'fifo' } } },
    { limits: { batches: 1 } },
    { limits: { batch: 0 } },
    { limits: { batch: 500 } },
    { limits: { sendMs: 30_000 } },
    { limits: { pollMinMs: 9_000 } },
  ]) {
    t.throws(make(config), { code: 'TRANSACTION_OPTION_INVALID' }, JSON.stringify(config))
  }
})
