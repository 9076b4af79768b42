/** Law: on a memory network and a manual clock the same server does the same, turn by turn, and no real time passes. */
import { pbkdf2Sync } from 'node:crypto'
import test from 'ava'
import { jobs, type Pool, pool } from 'greenroom/actors'
import { createSimulation, type MemoryClient, type Simulation } from 'greenroom/testing'
import { type HashJob, hash } from '../../../examples/web/hash.ts'
import { startWeb } from '../../../examples/web/server.ts'

const ADDRESS = { transport: 'tcp', host: '127.0.0.1', port: 80 } as const

interface SimulatedWebOptions {
  readonly seed?: number
  /** Who hashes: no thread, which could not be simulated. */
  readonly hashing?: Pool<HashJob, string>
}

const atHome = pool(hash, { min: 1, max: 1 })
/** Each job takes as many milliseconds as it asks for rounds; a member has two at once, one of them ahead. */
const slow = pool(
  jobs<HashJob, string>(async ({ rounds }, ctx) => {
    await ctx.after(rounds)
    return 'hashed'
  }),
  { min: 1, max: 1 },
)

async function simulatedWeb({ seed = 1, hashing = atHome }: SimulatedWebOptions = {}): Promise<Simulation> {
  const simulation = createSimulation({ seed })
  const meter = { turns: 0, requests: 0 }
  await simulation.waitFor(
    startWeb(simulation.system, { endpoint: 'tcp:127.0.0.1:80', meter, handler: hashing }),
  )
  return simulation
}

function post(path: string, body: string): string {
  return `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

function get(path: string, method = 'GET'): string {
  return `${method} ${path} HTTP/1.1\r\nHost: a\r\n\r\n`
}

test('answers in the turns after the bytes have come, cut at any place', async (t) => {
  await using simulation = await simulatedWeb()
  const whole = simulation.network.connect(ADDRESS)
  whole.write(get('/hello'))
  await simulation.settle()
  t.regex(whole.text, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\nHello, World!$/s)
  const cut = simulation.network.connect(ADDRESS, { pieceBytes: 1 })
  cut.write(get('/hello'))
  await simulation.settle()
  t.is(cut.text, whole.text)
})

test('answers /after when its time has come, and not a millisecond before', async (t) => {
  await using simulation = await simulatedWeb()
  const client = simulation.network.connect(ADDRESS)
  client.write(get('/after/60000'))
  await simulation.advance(59_999)
  t.is(client.text, '')
  await simulation.advance(1)
  t.regex(client.text, /60000 ms have passed\n$/)
})

test('forgets /after when the client leaves', async (t) => {
  await using simulation = await simulatedWeb()
  const before = simulation.clock.pending
  const client = simulation.network.connect(ADDRESS)
  client.write(get('/after/5000'))
  await simulation.settle()
  t.true(simulation.clock.pending > before)
  client.reset()
  await simulation.settle()
  t.is(simulation.clock.pending, before)
  t.true(simulation.trace.some((line) => line.includes('CANCELLED')))
})

test('gives every viewer of /stream the same sample, four times a second', async (t) => {
  await using simulation = await simulatedWeb()
  const viewers = [simulation.network.connect(ADDRESS), simulation.network.connect(ADDRESS)]
  for (const viewer of viewers) viewer.write(get('/stream'))
  await simulation.advance(1_500)
  const seen = eventsOf(viewers[0]!)
  t.deepEqual(
    seen.map(({ id, connections, actors, requests }) => [id, connections, actors, requests]),
    // The rate is that of the second before, as far as there was one.
    [
      [1, 2, 6, 8],
      [2, 2, 6, 4],
      [3, 2, 6, 3],
      [4, 2, 6, 2],
      [5, 2, 6, 0],
      [6, 2, 6, 0],
    ],
  )
  t.deepEqual(eventsOf(viewers[1]!), seen)
})

test('hashes what is posted, as node:crypto does', async (t) => {
  await using simulation = await simulatedWeb()
  const client = simulation.network.connect(ADDRESS, { pieceBytes: 3 })
  client.write(post('/hash?rounds=7', 'some text'))
  await simulation.settle()
  t.is(
    client.text.split('\r\n\r\n')[1],
    pbkdf2Sync('some text', 'greenroom', 7, 32, 'sha512').toString('hex'),
  )
})

test('a client that leaves takes its job along, and the stage says so', async (t) => {
  await using simulation = await simulatedWeb({ hashing: slow })
  const viewer = simulation.network.connect(ADDRESS)
  viewer.write(get('/stream'))
  const clients = Array.from({ length: 5 }, () => simulation.network.connect(ADDRESS))
  for (const client of clients) client.write(post('/hash?rounds=1000', 'x'))
  await simulation.advance(250)
  t.like(eventsOf(viewer).at(-1), { queued: 3, expired: 0 })
  for (const client of clients) client.reset()
  await simulation.advance(250)
  t.like(eventsOf(viewer).at(-1), { queued: 0, expired: 10 })
})

test('asked for four times what it can do, it answers in time what it takes, and refuses the rest at once', async (t) => {
  await using simulation = await simulatedWeb({ hashing: slow })
  const { network } = simulation
  const answers: { status: string; ms: number; retryAfter: number }[] = []
  const waiting = new Map<MemoryClient, number>()
  for (let ms = 0; ms < 5_000; ms += 5) {
    // A hundred a second is what can be done.
    for (let i = 0; i < 2; i++) {
      const client = network.connect(ADDRESS)
      client.write(post('/hash?rounds=20', 'x'))
      waiting.set(client, ms)
    }
    await simulation.advance(5)
    for (const [client, sinceMs] of waiting) {
      const [, status] = /^HTTP\/1\.1 (\d+)/.exec(client.text) ?? []
      if (status === undefined) continue
      const [, retryAfter] = /^retry-after: (\d+)\r$/m.exec(client.text) ?? []
      waiting.delete(client)
      client.close()
      if (ms >= 2_000) answers.push({ status, ms: ms + 5 - sinceMs, retryAfter: Number(retryAfter) })
    }
  }
  for (const client of waiting.keys()) client.reset()
  const done = answers.filter(({ status }) => status === '200').map(({ ms }) => ms)
  const refused = answers.filter(({ status }) => status === '503')
  t.is(done.length + refused.length, answers.length)
  t.true(done.length >= 0.95 * 300, `${done.length} of 300 were done`)
  const p90 = done.sort((a, b) => a - b)[Math.floor(done.length * 0.9)]!
  t.true(p90 <= 1.2 * 250, `9 of 10 within ${p90} ms`)
  t.true(refused.every(({ ms, retryAfter }) => ms === 5 && retryAfter >= 1))
})

test('a viewer who leaves takes nothing from the others', async (t) => {
  await using simulation = await simulatedWeb()
  const [leaving, staying] = [simulation.network.connect(ADDRESS), simulation.network.connect(ADDRESS)]
  for (const viewer of [leaving, staying]) viewer.write(get('/stream'))
  await simulation.advance(1_500)
  leaving.reset()
  await simulation.advance(1_000)
  t.deepEqual(
    eventsOf(staying).map(({ connections }) => connections),
    [2, 2, 2, 2, 2, 2, 1, 1, 1, 1],
  )
})

test('ends its streams within a quarter of a second of being stopped', async (t) => {
  await using simulation = await simulatedWeb()
  const viewer = simulation.network.connect(ADDRESS)
  viewer.write(get('/stream'))
  await simulation.advance(1_200)
  void simulation.system.stop()
  await simulation.advance(250)
  t.regex(viewer.text, /\r\n0\r\n\r\n$/)
  await simulation.stop()
  t.true(viewer.hasEnded)
})

test('does the same twice: one script, one trace', async (t) => {
  const first = await visit(7)
  t.deepEqual(await visit(7), first)
  t.true(first.length > 100, `a trace of ${first.length} lines`)
})

/** A little of everything, with bytes cut by chance and a client that leaves. */
async function visit(seed: number): Promise<readonly string[]> {
  await using simulation = await simulatedWeb({ seed, hashing: slow })
  const { network } = simulation
  const viewer = network.connect(ADDRESS)
  viewer.write(get('/stream'))
  const asking = network.connect(ADDRESS, { pieceBytes: 7, latencyMs: 20 })
  asking.write(get('/hello') + get('/', 'HEAD') + get('/after/300') + get('/nowhere'))
  const posting = network.connect(ADDRESS, { windowBytes: 100 })
  posting.write(`POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n${'x'.repeat(1_000)}`)
  const hashing = Array.from({ length: 20 }, () => network.connect(ADDRESS, { latencyMs: 3 }))
  for (const client of hashing) client.write(post('/hash?rounds=70', 'x'))
  const leaving = network.connect(ADDRESS)
  leaving.write(get('/after/5000'))
  await simulation.advance(2_100)
  posting.drain()
  leaving.reset()
  await simulation.advance(1_000)
  await simulation.stop()
  return [...simulation.trace, viewer.text, asking.text, posting.text, ...hashing.map(({ text }) => text)]
}

interface Sample {
  readonly id: number
  readonly connections: number
  readonly actors: number
  readonly requests: number
  readonly queued: number
  readonly expired: number
}

function eventsOf(viewer: MemoryClient): Sample[] {
  return [...viewer.text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!))
}
