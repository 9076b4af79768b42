/**
 * Law: whatever the database does, a client is told what he may do about it; and a viewer costs the feed no more than his place.
 *
 * The server runs in a simulation. Its database is a stand-in, which ends transactions as the test says.
 */
import test from 'ava'
import type { Context } from 'greenroom'
import {
  DatabaseError,
  pool,
  Transaction,
  TransactionError,
  type TransactionOutcome,
  TransactionRefusedError,
} from 'greenroom/actors'
import { createSimulation, type MemoryClient, type Simulation } from 'greenroom/testing'
import { feeding } from '../../../examples/web/feed.ts'
import { hash } from '../../../examples/web/hash.ts'
import type { Ledger } from '../../../examples/web/open-ledger.ts'
import { startWeb } from '../../../examples/web/server.ts'

const ADDRESS = { transport: 'tcp', host: '127.0.0.1', port: 80 } as const
const BODY = '{"id":"t","from":"a001","to":"a002","amount":1}'
const POST = `POST /transfers HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n${BODY}`

interface Asked {
  readonly ctx: Context
  readonly name: string
  readonly input: unknown
  end(outcome: Partial<TransactionOutcome<unknown>>): void
}

interface SimulatedLedger extends AsyncDisposable {
  readonly simulation: Simulation
  readonly feed: Ledger['feed']
  /** The transactions that were asked for. */
  readonly asked: Asked[]
}

async function simulatedLedger(): Promise<SimulatedLedger> {
  const simulation = createSimulation()
  const { system } = simulation
  const asked: Asked[] = []
  const transact = (ctx: Context, name: string, input: unknown) => {
    const transaction = new Transaction<unknown>(name, ctx.failures)
    const end = (outcome: object) =>
      transaction.ended({
        attempts: 1,
        hookFailures: [],
        ...outcome,
      } as unknown as TransactionOutcome<unknown>)
    asked.push({ ctx, name, input, end })
    return transaction
  }
  const cache = {
    read: (ctx: Context, _: string, name: string, input: unknown) => transact(ctx, name, input),
  }
  const statistics = () => ({ queued: 0, running: 0, rolledBack: 0, groups: 0, grouped: 0, groupSize: 1 })
  const database = { transact, cache, statistics } as unknown as Ledger['database']
  const feed = system.spawn(system.ctx, feeding, { name: 'feed' })
  const options = {
    endpoint: 'tcp:127.0.0.1:80',
    meter: { turns: 0, requests: 0 },
    ledger: { database, feed },
  }
  await simulation.waitFor(startWeb(system, { ...options, handler: pool(hash, { min: 1, max: 1 }) }))
  return { simulation, feed, asked, [Symbol.asyncDispose]: () => simulation[Symbol.asyncDispose]() }
}

function get(path: string, fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`
}

const NOTHING_HAPPENED: readonly [error: Error, retryAfter: string][] = [
  [new TransactionRefusedError('TRANSACTION_QUEUE_FULL', 'full', 2_500), '3'],
  [new TransactionRefusedError('TRANSACTION_EXPIRED', 'late', 10), '1'],
  [new DatabaseError('DATABASE_UNAVAILABLE', 'the server is down'), '1'],
  [new DatabaseError('DATABASE_BUSY', 'locked'), '1'],
  [new DatabaseError('DATABASE_FULL', 'the disk is full'), '1'],
  [new TransactionRefusedError('TRANSACTION_RETRIES_EXHAUSTED', '10 times', 500), '1'],
  [new TransactionError('TRANSACTION_TIMEOUT', 'too long'), '1'],
  [new TransactionError('TRANSACTION_THREAD_LOST', 'lost'), '1'],
  [new TransactionError('TRANSACTION_CLOSED', 'closed'), '1'],
]

test('says 503, why, and when to ask again, where the database cannot do it now', async (t) => {
  await using web = await simulatedLedger()
  const { simulation, asked } = web
  for (const [error, retryAfter] of NOTHING_HAPPENED) {
    for (const request of [POST, get('/transfers/t'), get('/accounts'), get('/accounts/a001')]) {
      const client = simulation.network.connect(ADDRESS)
      client.write(request)
      await simulation.settle()
      asked.at(-1)!.end({ status: 'rolledBack', error })
      await simulation.settle()
      const { code } = error as DatabaseError
      t.regex(client.text, /^HTTP\/1\.1 503 Service Unavailable\r\n/, code)
      t.regex(client.text, new RegExp(`\r\nretry-after: ${retryAfter}\r\n`), code)
      t.deepEqual(bodyOf(client), { error: { code, message: error.message } })
      client.close()
    }
  }
})

test('where nobody knows what became of it, it says so, and how to find out', async (t) => {
  await using web = await simulatedLedger()
  const { simulation, asked } = web
  for (const [status, code] of [
    ['unknown', 'TRANSACTION_UNKNOWN'],
    ['rolledBack', 'TRANSACTION_RESULT_LOST'],
  ] as const) {
    const client = simulation.network.connect(ADDRESS)
    client.write(POST)
    await simulation.settle()
    asked.at(-1)!.end({ status, error: new TransactionError(code, 'in doubt') })
    await simulation.settle()
    t.regex(client.text, /^HTTP\/1\.1 503 Service Unavailable\r\n/)
    const { error } = bodyOf(client) as { error: { code: string; message: string } }
    t.is(error.code, code)
    t.regex(error.message, /^nobody knows whether it was done: GET \/transfers\/:id tells/)
    client.close()
  }
})

test('what nobody has thought of is 500, and tells the client nothing', async (t) => {
  await using web = await simulatedLedger()
  const { simulation, asked } = web
  const client = simulation.network.connect(ADDRESS)
  client.write(POST)
  await simulation.settle()
  asked.at(-1)!.end({ status: 'rolledBack', error: new DatabaseError('DATABASE_STATEMENT', 'near "selct"') })
  await simulation.settle()
  t.regex(client.text, /^HTTP\/1\.1 500 Internal Server Error\r\n/)
  t.notRegex(client.text, /selct/)
  client.close()
})

test('asks for a transfer in the context of its request, at the instant of its clock', async (t) => {
  await using web = await simulatedLedger()
  const { simulation, asked } = web
  const client = simulation.network.connect(ADDRESS, { pieceBytes: 1 })
  client.write(POST)
  await simulation.settle()
  const { ctx, name, input } = asked[0]!
  const { clock } = simulation
  t.deepEqual([name, input], ['transfer', { ...JSON.parse(BODY), atMs: clock.wallMs() }])
  t.false(ctx.isCancelled)
  client.reset()
  await simulation.settle()
  t.true(ctx.isCancelled)
  asked[0]!.end({ status: 'rolledBack', error: ctx.failure() })
})

/** As many events as this fit into the window of a viewer who reads nothing, and a few more into the server's buffer. */
const SENT = 5_000

test('a viewer who reads too slowly is told how much he has lost, and costs no memory', async (t) => {
  await using web = await simulatedLedger()
  const { simulation, feed } = web
  const { ctx, network } = simulation
  const slow = network.connect(ADDRESS, { windowBytes: 1_000 })
  const quick = network.connect(ADDRESS)
  for (const viewer of [slow, quick]) viewer.write(get('/events'))
  await simulation.settle()
  for (let n = 1; n <= SENT; n++) {
    const transfer = { id: String(n), from: 'a001', to: 'a002', amount: 1, atMs: 0 }
    t.is(feed.send(ctx, { type: 'transferred', transfer }), 'accepted')
    if (n % 50 === 0) await simulation.settle()
  }
  t.deepEqual(
    numbersIn(quick.text).filter((n) => n > 0),
    Array.from({ length: SENT }, (_, i) => i + 1),
  )
  slow.drain()
  await simulation.settle()
  const seen = numbersIn(slow.text)
  // What was lost is counted, and nothing else: each gap is as wide as it says, and the end is the end.
  let last = 0
  let lost = 0
  for (const n of seen) {
    if (n < 0) {
      last -= n
      lost -= n
    } else {
      t.is(n, last + 1)
      last = n
    }
  }
  t.is(last, SENT)
  t.true(lost > SENT - 2_000, `${lost} were lost`)
  for (const viewer of [slow, quick]) viewer.close()
})

test('viewers who leave while nothing happens leave nothing behind', async (t) => {
  await using web = await simulatedLedger()
  const { simulation, feed } = web
  const before = simulation.clock.pending
  for (let i = 0; i < 100; i++) {
    const viewer = simulation.network.connect(ADDRESS)
    viewer.write(get('/events'))
    await simulation.settle()
    t.regex(viewer.text, /event: reset\n/)
    viewer.reset()
    await simulation.settle()
  }
  t.is(simulation.clock.pending, before)
  t.true(feed.isAlive)
})

test('a viewer is kept for as long as nothing happens, with a sign of life now and then', async (t) => {
  await using web = await simulatedLedger()
  const { simulation, feed } = web
  const viewer = simulation.network.connect(ADDRESS)
  viewer.write(get('/events'))
  await simulation.advance(600_000)
  t.true(viewer.text.split('\n:\n').length > 30)
  feed.send(simulation.ctx, { type: 'transferred', transfer: { ...JSON.parse(BODY), atMs: 0 } })
  await simulation.settle()
  t.regex(viewer.text, /data: \{"id":"t",/)
  void simulation.system.stop()
  await simulation.settle()
  t.regex(viewer.text, /\r\n0\r\n\r\n$/)
})

function bodyOf({ text }: MemoryClient): unknown {
  return JSON.parse(text.slice(text.indexOf('\r\n\r\n') + 4))
}

/** Of the events in a stream: the number of each transfer, and what was lost as a negative number. */
function numbersIn(text: string): number[] {
  const events = text.matchAll(/"id":"(\d+)"|"lost":(\d+)/g)
  return [...events].map(([, id, lost]) => (id === undefined ? -Number(lost) : Number(id)))
}
