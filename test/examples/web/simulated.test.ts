/** Law: on a memory network and a manual clock the same server does the same, turn by turn, and no real time passes. */
import test from 'ava'
import { createSimulation, type MemoryClient, type Simulation } from 'greenroom/testing'
import { startWeb } from '../../../examples/web/server.ts'

const ADDRESS = { transport: 'tcp', host: '127.0.0.1', port: 80 } as const

async function simulatedWeb(seed?: number): Promise<Simulation> {
  const simulation = createSimulation(seed === undefined ? {} : { seed })
  const meter = { turns: 0, requests: 0 }
  await simulation.waitFor(startWeb(simulation.system, 'tcp:127.0.0.1:80', meter))
  return simulation
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

test('gives every viewer of /stream the same sample, once a second', async (t) => {
  await using simulation = await simulatedWeb()
  const viewers = [simulation.network.connect(ADDRESS), simulation.network.connect(ADDRESS)]
  for (const viewer of viewers) viewer.write(get('/stream'))
  await simulation.advance(3_000)
  t.deepEqual(eventsOf(viewers[0]!), [
    { id: 1, connections: 2, actors: 4, turns: 0, requests: 2 },
    { id: 2, connections: 2, actors: 4, turns: 0, requests: 0 },
    { id: 3, connections: 2, actors: 4, turns: 0, requests: 0 },
  ])
  t.deepEqual(eventsOf(viewers[1]!), eventsOf(viewers[0]!))
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
    [2, 1],
  )
})

test('ends its streams within a second of being stopped', async (t) => {
  await using simulation = await simulatedWeb()
  const viewer = simulation.network.connect(ADDRESS)
  viewer.write(get('/stream'))
  await simulation.advance(1_200)
  void simulation.system.stop()
  await simulation.advance(1_000)
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
  await using simulation = await simulatedWeb(seed)
  const { network } = simulation
  const viewer = network.connect(ADDRESS)
  viewer.write(get('/stream'))
  const asking = network.connect(ADDRESS, { pieceBytes: 7, latencyMs: 20 })
  asking.write(get('/hello') + get('/', 'HEAD') + get('/after/300') + get('/nowhere'))
  const posting = network.connect(ADDRESS, { windowBytes: 100 })
  posting.write(`POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n${'x'.repeat(1_000)}`)
  const leaving = network.connect(ADDRESS)
  leaving.write(get('/after/5000'))
  await simulation.advance(2_100)
  posting.drain()
  leaving.reset()
  await simulation.advance(1_000)
  await simulation.stop()
  return [...simulation.trace, viewer.text, asking.text, posting.text]
}

function eventsOf(viewer: MemoryClient): { id: number; connections: number }[] {
  return [...viewer.text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!))
}
