/** Law: people see every message as it stands, have delivered again what is dead, and give up nothing but what they name. */
import { discard, list, replay } from '../../../../actors/transaction/outbox/desk.ts'
import { claim, fail, insertPublished } from '../../../../actors/transaction/outbox/store.ts'
import { type Bench, onBoth } from './bench.ts'

const NOW = 1_000_000
const LEASE = 30_000

/** Message 1 is dead, 2 waits for its next attempt, 3 is leased, 4 is due, 5 is of another destination, and dead. */
async function prepare(bench: Bench): Promise<void> {
  const [mail, text] = [
    { destination: 'mail', payload: '{"to":"ann"}', delayMs: 0 },
    { destination: 'text', payload: '{}', delayMs: 0 },
  ] as const
  const take = (room: number) => {
    const rooms = { text: room }
    return claim(tx!, { nowMs: NOW, leaseMs: LEASE, attemptsMax: 9, total: 9, room, rooms, strict: [] })
  }
  let tx: Parameters<typeof claim>[0] | undefined
  await bench.transact(function* (own) {
    tx = own
    yield* insertPublished(own, [mail, mail, mail, mail, text], NOW, undefined)
    const [first, second, dead] = (yield* take(2)).messages.map((lease) => ({ ...lease, error: 'refused' }))
    yield* fail(
      own,
      [
        { ...first!, dueMs: undefined },
        { ...second!, dueMs: NOW + 500 },
        { ...dead!, dueMs: undefined },
      ],
      NOW,
    )
    yield* take(1)
  })
}

const look = (bench: Bench, more = {}) =>
  bench.transact((tx) => list(tx, { nowMs: NOW, limit: 10, payloadMax: 100, ...more }))

const states = async (bench: Bench) => (await look(bench)).map(({ id, state }) => `${id} ${state}`)

onBoth('each message is listed as it stands, the oldest first', async (t, bench) => {
  await prepare(bench)
  t.deepEqual(await states(bench), ['1 dead', '2 waiting', '3 leased', '4 due', '5 dead'])
  const [dead, waiting, leased] = await look(bench)
  t.deepEqual(dead, {
    id: 1,
    state: 'dead',
    destination: 'mail',
    payload: '{"to":"ann"}',
    traceparent: null,
    createdMs: NOW,
    dueMs: NOW,
    leasedUntilMs: 0,
    attempts: 1,
    lastError: 'refused',
    deadMs: NOW,
  })
  t.like(waiting, { dueMs: NOW + 500, lastError: 'refused' })
  t.like(leased, { leasedUntilMs: NOW + LEASE, lastError: null })
})

onBoth(
  'a list is of one destination, of the dead, of so many, with so much of each payload',
  async (t, bench) => {
    await prepare(bench)
    const ids = async (more: object) => (await look(bench, more)).map(({ id }) => id)
    t.deepEqual(await ids({ isDead: true }), [1, 5])
    t.deepEqual(await ids({ destination: 'mail' }), [1, 2, 3, 4])
    t.deepEqual(await ids({ isDead: true, destination: 'text' }), [5])
    t.deepEqual(await ids({ limit: 2 }), [1, 2])
    t.is((await look(bench, { payloadMax: 5 }))[0]?.payload, '{"to"')
  },
)

onBoth('the dead are replayed as if they were new', async (t, bench) => {
  await prepare(bench)
  t.is(await bench.transact((tx) => replay(tx, { limit: 10 }, NOW + 1)), 2)
  const [first] = await look(bench, { nowMs: NOW + 1 })
  t.like(first, { state: 'due', attempts: 0, dueMs: NOW + 1, deadMs: null })
  t.is(await bench.transact((tx) => replay(tx, { limit: 10 }, NOW)), 0)
})

onBoth(
  'a replay by ids takes what is dead, waits or is due, and leaves alone what is leased',
  async (t, bench) => {
    await prepare(bench)
    t.is(await bench.transact((tx) => replay(tx, { ids: [1, 2, 3, 99] }, NOW)), 2)
    t.deepEqual(await states(bench), ['1 due', '2 due', '3 leased', '4 due', '5 dead'])
  },
)

onBoth('discarding takes the dead alone: of one destination, so many at most', async (t, bench) => {
  await prepare(bench)
  t.is(await bench.transact((tx) => discard(tx, { destination: 'text', limit: 10 })), 1)
  t.is(await bench.transact((tx) => discard(tx, { limit: 1 })), 1)
  t.is(await bench.transact((tx) => discard(tx, { limit: 1 })), 0)
  t.deepEqual(await states(bench), ['2 waiting', '3 leased', '4 due'])
})

onBoth('discarding by ids takes those, however they stand', async (t, bench) => {
  await prepare(bench)
  t.is(await bench.transact((tx) => discard(tx, { ids: [1, 3, 99] })), 2)
  t.is(await bench.transact((tx) => discard(tx, { ids: [] })), 0)
  t.deepEqual(await states(bench), ['2 waiting', '4 due', '5 dead'])
})

onBoth('an id that was discarded is never given to another message', async (t, bench) => {
  await prepare(bench)
  await bench.transact((tx) => discard(tx, { ids: [1, 2, 3, 4, 5] }))
  await prepare(bench)
  t.deepEqual(
    (await look(bench)).map(({ id }) => id),
    [6, 7, 8, 9, 10],
  )
})
