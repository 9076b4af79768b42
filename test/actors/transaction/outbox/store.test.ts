/**
 * Law: what was published is claimed by one at a time, comes again when its lease has run out, and is gone when it was
 * acknowledged or dead when it was given up. On both databases, since only their statements differ.
 */
import { list } from '../../../../actors/transaction/outbox/desk.ts'
import type {
  ClaimAnswer,
  Claimed,
  ClaimRequest,
  Failure,
} from '../../../../actors/transaction/outbox/message.ts'
import {
  acknowledge,
  claim,
  fail,
  insertPublished,
  release,
} from '../../../../actors/transaction/outbox/store.ts'
import { type Bench, onBoth, onPostgres } from './bench.ts'

const NOW = 1_000_000
const LEASE = 30_000

const request: ClaimRequest = {
  nowMs: NOW,
  leaseMs: LEASE,
  attemptsMax: 3,
  total: 256,
  room: 64,
  rooms: {},
  strict: [],
}

function publish(bench: Bench, destinations: readonly string[], delayMs = 0, nowMs = NOW): Promise<void> {
  const published = destinations.map((destination, index) => ({ destination, payload: `${index}`, delayMs }))
  return bench.transact((tx) => insertPublished(tx, published, nowMs, '00-trace'))
}

/** Where order is promised, any transaction on the server may hold a claim up for a moment: then it says so, and is made again. */
async function claimed(bench: Bench, changed: Partial<ClaimRequest> = {}) {
  const asked = { ...request, ...changed }
  return unlessHeldUp(asked, () => bench.transact((tx) => claim(tx, asked)))
}

async function unlessHeldUp(asked: ClaimRequest, ask: () => Promise<ClaimAnswer>): Promise<ClaimAnswer> {
  for (let tries = 0; ; tries++) {
    const answer = await ask()
    const isHeldUp = answer.messages.length === 0 && answer.nextDueMs === asked.nowMs
    if (!isHeldUp || asked.strict.length === 0 || tries === 10_000) return answer
  }
}

function entries(bench: Bench, nowMs = NOW) {
  return bench.transact((tx) => list(tx, { nowMs, limit: 100, payloadMax: 100 }))
}

function failureOf(message: Claimed, dueMs: number | undefined, error = 'no'): Failure {
  const { id, attempt, leasedUntilMs } = message
  return { id, attempt, leasedUntilMs, error, dueMs }
}

const idsOf = (messages: readonly { readonly id: number }[]) => messages.map(({ id }) => id)

for (const count of [0, 1, 2, 63, 64, 65, 200]) {
  onBoth(`${count} messages of one transaction are written in their order`, async (t, bench) => {
    await publish(bench, new Array<string>(count).fill('mail'))
    const { messages } = await claimed(bench, { room: 256 })
    t.deepEqual(
      messages.map(({ id, payload }) => [id, payload]),
      Array.from({ length: count }, (_, index) => [index + 1, `${index}`]),
    )
  })
}

onBoth('a claim gives all that a relay has to know', async (t, bench) => {
  await publish(bench, ['mail'])
  t.deepEqual(await claimed(bench), {
    messages: [
      {
        id: 1,
        attempt: 1,
        leasedUntilMs: NOW + LEASE,
        destination: 'mail',
        payload: '0',
        traceparent: '00-trace',
        createdMs: NOW,
      },
    ],
    more: [],
    nextDueMs: undefined,
    died: [],
  })
})

onBoth("what is leased is nobody else's, until its lease has run out", async (t, bench) => {
  await publish(bench, ['mail', 'mail'])
  t.is((await claimed(bench)).messages.length, 2)
  for (const nowMs of [NOW, NOW + LEASE - 1]) {
    t.like(await claimed(bench, { nowMs }), { messages: [], nextDueMs: NOW + LEASE })
  }
  const { messages } = await claimed(bench, { nowMs: NOW + LEASE })
  t.deepEqual(
    messages.map(({ id, attempt }) => [id, attempt]),
    [
      [1, 2],
      [2, 2],
    ],
  )
})

onBoth('what is acknowledged is gone, also where its lease has run out, and once more', async (t, bench) => {
  await publish(bench, ['mail', 'mail'])
  await claimed(bench)
  await claimed(bench, { nowMs: NOW + LEASE })
  for (let i = 0; i < 2; i++) await bench.transact((tx) => acknowledge(tx, [1]))
  t.deepEqual(idsOf(await entries(bench)), [2])
})

onBoth('what has failed waits until it is due, with what it failed with', async (t, bench) => {
  await publish(bench, ['mail'])
  const [message] = (await claimed(bench)).messages
  await bench.transact((tx) => fail(tx, [failureOf(message!, NOW + 500.5, 'of "no" use \u0000\ud800')], NOW))
  const [entry] = await entries(bench)
  t.like(entry, { state: 'waiting', dueMs: NOW + 501, attempts: 1, lastError: 'of "no" use \ufffd' })
  t.like(await claimed(bench, { nowMs: NOW + 500 }), { messages: [], nextDueMs: NOW + 501 })
  t.like((await claimed(bench, { nowMs: NOW + 501 })).messages, [{ id: 1, attempt: 2 }])
})

onBoth('what is dead is claimed by nobody', async (t, bench) => {
  await publish(bench, ['mail'])
  const [message] = (await claimed(bench)).messages
  await bench.transact((tx) => fail(tx, [failureOf(message!, undefined)], NOW + 7))
  t.like(await entries(bench), [{ state: 'dead', deadMs: NOW + 7, leasedUntilMs: 0 }])
  t.like(await claimed(bench, { nowMs: NOW * 2 }), { messages: [], nextDueMs: undefined })
})

onBoth('a failure, or a release, that comes after the next claim changes nothing', async (t, bench) => {
  await publish(bench, ['mail'])
  const [late] = (await claimed(bench)).messages
  const [present] = (await claimed(bench, { nowMs: NOW + LEASE })).messages
  const before = await entries(bench)
  await bench.transact((tx) => fail(tx, [failureOf(late!, undefined)], NOW))
  await bench.transact((tx) => fail(tx, [failureOf(late!, NOW)], NOW))
  await bench.transact((tx) => release(tx, [late!]))
  t.deepEqual(await entries(bench), before)
  await bench.transact((tx) => release(tx, [present!]))
  t.like(await entries(bench), [{ attempts: 1, leasedUntilMs: 0 }])
})

onBoth('what is released is due at once, and has not been attempted', async (t, bench) => {
  await publish(bench, ['mail'])
  const [message] = (await claimed(bench)).messages
  await bench.transact((tx) => release(tx, [message!]))
  t.like((await claimed(bench)).messages, [{ id: 1, attempt: 1 }])
})

onBoth('one that was claimed for all its attempts, and never heard of, is dead', async (t, bench) => {
  await publish(bench, ['mail'])
  for (let attempt = 1; attempt <= 3; attempt++) {
    const answer = await claimed(bench, { nowMs: NOW + attempt * LEASE })
    t.like(answer, { messages: [{ id: 1, attempt }], died: [] })
  }
  t.like(await claimed(bench, { nowMs: NOW + 4 * LEASE }), { messages: [], died: [{ id: 1 }] })
  const [entry] = await entries(bench)
  t.is(entry?.state, 'dead')
  t.regex(entry?.lastError ?? '', /claimed 3 times/)
})

onBoth('a delayed message is claimed when it is due', async (t, bench) => {
  await publish(bench, ['mail'], 250)
  t.like(await claimed(bench, { nowMs: NOW + 249 }), { messages: [], nextDueMs: NOW + 250 })
  t.like(await claimed(bench, { nowMs: NOW + 250 }), { messages: [{ id: 1 }] })
})

onBoth('no more are claimed than there is room for: of one destination, and in all', async (t, bench) => {
  await publish(bench, ['a', 'a', 'a', 'b', 'b', 'b', 'c'])
  const first = await claimed(bench, { room: 2, rooms: { b: 0 } })
  t.deepEqual(first.more, ['a'])
  t.deepEqual(idsOf(first.messages), [1, 2, 7])
  const second = await claimed(bench, { total: 1 })
  t.deepEqual(idsOf(second.messages), [3])
  t.deepEqual(second.more, ['a', 'b', 'c'])
  t.deepEqual(idsOf((await claimed(bench)).messages), [4, 5, 6])
})

onBoth('where there is not room for all, the destination that waits longest is first', async (t, bench) => {
  await publish(bench, ['z'], 0, NOW - 10)
  await publish(bench, ['a'], 0, NOW - 5)
  t.like((await claimed(bench, { total: 1 })).messages, [{ destination: 'z' }])
})

onBoth('a strict destination gives what comes before the first that waits', async (t, bench) => {
  const strict = ['log']
  await publish(bench, ['log', 'log', 'log', 'log'])
  const first = await claimed(bench, { strict, room: 2 })
  t.deepEqual(idsOf(first.messages), [1, 2])
  // 1 and 2 are leased, so that 3 has to wait.
  t.deepEqual(idsOf((await claimed(bench, { strict })).messages), [])
  await bench.transact((tx) => acknowledge(tx, [1]))
  await bench.transact((tx) => fail(tx, [failureOf(first.messages[1]!, NOW + 100)], NOW))
  t.deepEqual(idsOf((await claimed(bench, { strict })).messages), [])
  t.deepEqual(idsOf((await claimed(bench, { strict, nowMs: NOW + 100 })).messages), [2, 3, 4])
})

onBoth('a dead message of a strict destination holds up nobody', async (t, bench) => {
  const strict = ['log']
  await publish(bench, ['log', 'log'])
  const [first] = (await claimed(bench, { strict, room: 1 })).messages
  await bench.transact((tx) => fail(tx, [failureOf(first!, undefined)], NOW))
  t.deepEqual(idsOf((await claimed(bench, { strict })).messages), [2])
})

// Laws of PostgreSQL alone, where transactions run side by side.

onPostgres(
  'two relays that claim at once claim different messages, and wait for nobody',
  async (t, bench) => {
    await publish(bench, ['mail', 'mail', 'mail'])
    const [one, other] = [await bench.begin(), await bench.begin()]
    const first = await one.run((tx) => claim(tx, { ...request, room: 2 }))
    const second = await other.run((tx) => claim(tx, { ...request, room: 2 }))
    await one.commit()
    await other.commit()
    t.deepEqual([idsOf(first.messages), idsOf(second.messages)], [[1, 2], [3]])
  },
)

onPostgres('two relays that claim at once keep the order of a strict destination', async (t, bench) => {
  const strict = ['log']
  await publish(bench, ['log', 'log', 'log'])
  const [one, other] = [await bench.begin(), await bench.begin()]
  const asked = { ...request, strict, room: 2 }
  const first = await unlessHeldUp(asked, () => one.run((tx) => claim(tx, asked)))
  const later = other.run((tx) => claim(tx, { ...request, strict, room: 2 }))
  await one.commit()
  const second = await later
  await other.commit()
  t.deepEqual([idsOf(first.messages), idsOf(second.messages)], [[1, 2], []])
})

onPostgres(
  'where order is promised a message waits for transactions that began to write before it',
  async (t, bench) => {
    const early = await bench.begin()
    await early.run((tx) =>
      insertPublished(tx, [{ destination: 'mail', payload: '"early"', delayMs: 0 }], NOW, undefined),
    )
    await publish(bench, ['mail'])
    const answer = await bench.transact((tx) => claim(tx, { ...request, strict: ['mail'] }))
    t.like(answer, { messages: [], nextDueMs: NOW })
    await early.commit()
    t.deepEqual(
      (await claimed(bench, { strict: ['mail'] })).messages.map(({ id, payload }) => [id, payload]),
      [
        [1, '"early"'],
        [2, '0'],
      ],
    )
  },
)

onPostgres(
  'a message that was brought from another server, of a later number, waits for nobody',
  async (t, bench) => {
    await bench.transact(function* (tx) {
      yield* tx.run(
        `insert into greenroom_outbox (destination, payload, created_ms, due_ms, xid)
      values ('mail', '1', ?, ?, (pg_current_xact_id()::text::bigint + 1000000)::text::xid8)`,
        [NOW, NOW],
      )
    })
    t.like(await claimed(bench, { strict: ['mail'] }), { messages: [{ id: 1 }] })
  },
)
