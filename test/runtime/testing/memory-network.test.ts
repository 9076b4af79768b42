/**
 * What the memory network promises to tests, beyond the laws of every poller (memory-network-conformance.test.ts): it
 * does what it is told, when it is told, and the same again for the same seed.
 */
import test from 'ava'
import fc from 'fast-check'
import { createSeededRandom } from '../../../runtime/context/random.ts'
import { UsageError } from '../../../runtime/errors.ts'
import { defaultLimits } from '../../../runtime/limits.ts'
import type { Address, Transfer } from '../../../runtime/loop/poller.ts'
import { Reactor } from '../../../runtime/loop/reactor.ts'
import {
  createMemoryNetwork,
  type MemoryClientOptions,
  type MemoryNetworkOptions,
} from '../../../runtime/testing/memory-network.ts'
import { createManualClock, type ManualClock } from '../../../runtime/time/manual-clock.ts'
import { PollerHand, type RecordingStream } from '../loop/poller-hand.ts'

const address: Address = { transport: 'tcp', host: '127.0.0.1', port: 80 }

async function listening(options: Omit<Partial<MemoryNetworkOptions>, 'clock'> = {}) {
  const clock = createManualClock()
  const network = createMemoryNetwork({ clock, ...options })
  const hand = new PollerHand(network.createPoller(), async () => {}, clock)
  const listener = await hand.listen(address)
  return { clock, network, hand, listener }
}

async function connected(options: MemoryClientOptions = {}) {
  const world = await listening()
  const client = world.network.connect(address, options)
  await world.hand.settle(2)
  return { ...world, client, stream: world.listener.streams[0] as RecordingStream }
}

const texts = (stream: RecordingStream) => stream.received.map(String)

test('what is written at once arrives at once, in the next turn', async (t) => {
  const { client, hand, stream } = await connected()
  client.write('hello')
  t.deepEqual(texts(stream), [])
  hand.turn()
  t.deepEqual(texts(stream), ['hello'])
})

test('every byte can be a transfer of its own', async (t) => {
  const { client, hand, stream } = await connected({ pieceBytes: 1 })
  client.write('hello')
  client.end()
  hand.turn()
  t.deepEqual(texts(stream), [...'hello'])
  t.is(stream.log.at(-1), 'ended')
})

test('cuts are where they were asked for, whatever the writes', async (t) => {
  const { client, hand, stream } = await connected({ cutAt: [0, 2, 3, 9, 50] })
  client.write('hello')
  client.write(' world')
  hand.turn()
  t.deepEqual(texts(stream), ['he', 'l', 'lo', ' wor', 'ld'])
})

test('one flush of the server is one chunk at the client', async (t) => {
  const { client, hand, stream } = await connected()
  stream.port.write('a')
  stream.port.write(Buffer.from('b'))
  stream.port.write('c')
  hand.turn()
  stream.port.write('d')
  hand.turn()
  t.deepEqual(client.chunks.map(String), ['abc', 'd'])
})

test('latency is counted by the clock, in both directions', async (t) => {
  const { clock, hand, listener, network } = await listening()
  const client = network.connect(address, { latencyMs: 10 })
  client.write('ping')
  const at: [string, number][] = []
  const note = (what: string) => void at.push([what, clock.nowMs()])
  client.until(({ text }) => text === 'pong').then(() => note('answered'))
  for (let i = 0; i < 30; i++) {
    hand.turn()
    const stream = listener.streams[0]
    if (stream !== undefined && stream.onTransfer === undefined) {
      note('accepted')
      stream.onTransfer = (transfer) => {
        note(transfer.type)
        stream.port.write('pong')
      }
    }
    await null
    clock.advance(1)
  }
  t.deepEqual(at, [
    ['accepted', 10],
    ['received', 11],
    ['answered', 21],
  ])
})

test('a fence holds all that one side has sent, until it is released', async (t) => {
  const { client, hand, stream } = await connected()
  const mine = client.fence('client')
  const theirs = client.fence('server')
  client.write('hello')
  client.end()
  stream.port.write('welcome')
  await hand.settle()
  t.is(mine.heldBytes, 5)
  t.is(theirs.heldBytes, 7)
  t.deepEqual(stream.log, [])
  t.is(client.text, '')
  theirs.release()
  t.is(client.text, 'welcome')
  mine.release()
  await hand.settle()
  t.deepEqual(stream.log, ['received', 'ended'])
})

test('the window lets the server be ahead by so many bytes, and reading opens it', async (t) => {
  const { client, hand, stream } = await connected({ windowBytes: 10 })
  stream.port.write('x'.repeat(70_000))
  hand.turn()
  t.is(client.received.length, 10)
  t.is(stream.port.outputBytes, 69_990)
  t.true(stream.port.isBlocked)
  t.is(client.read(4).length, 4)
  t.is(client.received.length, 14)
  t.is(client.read().length, 10)
  t.is(client.received.length, 24)
  t.is(stream.port.outputBytes, 69_976)
  t.is(client.drain().length, 69_986)
  hand.turn()
  t.deepEqual(stream.log, ['drained'])
  stream.port.write('x'.repeat(70_000))
  hand.turn()
  t.is(client.received.length, 140_000)
})

test('what the server does not read stays on the wire, and is counted', async (t) => {
  const { client, hand, stream } = await connected()
  stream.port.pause()
  client.write('x'.repeat(1_000_000))
  await hand.settle()
  t.true(client.unsentBytes > 800_000)
  stream.port.resume()
  await hand.settle()
  t.is(client.unsentBytes, 0)
  t.is(stream.text.length, 1_000_000)
})

test('one turn takes in no more of a stream than an operating system would have ready', async (t) => {
  const { client, hand, stream } = await connected()
  client.write('x'.repeat(1_000_000))
  hand.turn()
  t.true(stream.text.length <= 2 * 65_536)
  await hand.settle()
  t.is(stream.text.length, 1_000_000)
})

test('a reset overtakes what was not read, but not what is still under way', async (t) => {
  const { clock, hand, listener, network } = await listening()
  const client = network.connect(address, { latencyMs: 5 })
  client.write('hello')
  clock.advance(1)
  client.reset()
  clock.advance(4)
  await hand.settle(3)
  const stream = listener.streams[0] as RecordingStream
  t.deepEqual(stream.log, ['received'])
  clock.advance(1)
  await hand.settle(3)
  t.deepEqual(stream.log, ['received', 'closed'])
})

test('until waits for what comes, and fails when it cannot come any more', async (t) => {
  const { client, hand, stream } = await connected()
  const greeting = client.until(({ text }) => text.includes('hello'))
  const more = client.until(({ text }) => text.includes('more'))
  const never = client.until(() => false)
  const broken = client.until(() => {
    throw new RangeError('broken condition')
  })
  never.cancel('not wanted')
  stream.port.write('oh hello')
  hand.turn()
  stream.port.end()
  hand.turn()
  await greeting
  await t.throwsAsync(Promise.resolve(more), { code: 'EPIPE' })
  await t.throwsAsync(Promise.resolve(never), { code: 'CANCELLED' })
  await t.throwsAsync(Promise.resolve(broken), { instanceOf: RangeError })
  client.reset()
  await client.until(({ wasReset }) => wasReset)
  await t.throwsAsync(Promise.resolve(client.until(() => false)), { code: 'ECONNRESET' })
})

test('a client that has closed answers what still comes with a reset', async (t) => {
  const { client, hand, stream } = await connected()
  client.close()
  await hand.settle(3)
  t.deepEqual(stream.log, ['ended'])
  stream.port.write('anybody there?')
  await hand.settle(3)
  t.deepEqual(stream.log, ['ended', 'closed'])
  t.is((stream.error as NodeJS.ErrnoException).code, 'ECONNRESET')
})

test('nobody listening, or a full backlog, refuses at once', async (t) => {
  const { network, hand } = await listening()
  t.throws(() => network.connect({ ...address, port: 81 }), { code: 'ECONNREFUSED' })
  t.throws(() => network.connect({ transport: 'unix', path: '/none' }), { code: 'ENOENT' })
  await hand.listen({ ...address, port: 82 }, { backlog: 2 })
  network.connect({ ...address, port: 82 })
  network.connect({ ...address, port: 82 })
  t.throws(() => network.connect({ ...address, port: 82 }), { code: 'ECONNREFUSED' })
  hand.turn()
  network.connect({ ...address, port: 82 })
})

test('a connection under way to a listener that closes is reset', async (t) => {
  const { network, listener, clock, hand } = await listening()
  const client = network.connect(address, { latencyMs: 5 })
  listener.port.close()
  for (let i = 0; i < 10; i++) {
    clock.advance(1)
    hand.turn()
    t.is(client.wasReset, i === 9)
  }
  t.is(network.connections, 0)
})

test('ports for port 0 come in order, and never those in use', async (t) => {
  const { hand } = await listening()
  const portOf = async (port: number) => {
    const { port: listener } = await hand.listen({ ...address, port })
    return listener.address.transport === 'tcp' ? listener.address.port : undefined
  }
  t.is(await portOf(0), 49_152)
  t.is(await portOf(49_153), 49_153)
  t.is(await portOf(0), 49_154)
})

test('listeners, connections and timers are counted, and gone in the end', async (t) => {
  const { clock, network, hand, listener } = await listening()
  const client = network.connect(address, { latencyMs: 3 })
  t.is(network.connections, 1)
  clock.advance(3)
  hand.turn()
  client.end()
  listener.streams[0]?.port.end()
  await hand.settle(2)
  clock.advance(3)
  await hand.settle(2)
  await listener.port.close()
  t.is(network.listeners, 0)
  t.is(network.connections, 0)
  t.is(clock.pending, 0)
  t.true(client.hasEnded)
})

test('two systems share a network, and each gets its own', async (t) => {
  const clock = createManualClock()
  const network = createMemoryNetwork({ clock })
  const hands = [80, 81].map(() => new PollerHand(network.createPoller(), async () => {}))
  for (const [i, hand] of hands.entries()) {
    const listener = await hand.listen({ ...address, port: 80 + i })
    network.connect({ ...address, port: 80 + i }).write(`for ${i}`)
    await hand.settle(2)
    t.is(listener.streams[0]?.text, `for ${i}`)
  }
})

function startEcho(clock: ManualClock, options: Partial<MemoryNetworkOptions>) {
  const network = createMemoryNetwork({ clock, ...options })
  const poller = network.createPoller()
  const reactor = new Reactor({ poller, clock, limits: defaultLimits })
  const running = reactor.run()
  running.catch(() => {})
  const { outputHighWaterBytes, inputHighWaterBytes } = defaultLimits
  poller.listen({ address, outputHighWaterBytes, inputHighWaterBytes }).listen(
    (listener) => {
      const echo = {
        transferred(transfer: Transfer) {
          if (transfer.type === 'received') transfer.port.write(transfer.bytes)
          if (transfer.type === 'ended') transfer.port.end()
        },
      }
      listener.owner = {
        transferred(transfer) {
          if (transfer.type === 'accepted') transfer.stream.owner = echo
        },
      }
    },
    () => {},
  )
  return { network, running }
}

test('a system that pumps itself serves while the test awaits', async (t) => {
  const { network, running } = startEcho(createManualClock(), {})
  const client = network.connect(address, { pieceBytes: 3 })
  client.write('hello echo')
  client.end()
  await client.until(({ hasEnded }) => hasEnded)
  t.is(client.text, 'hello echo')
  running.cancel()
})

test('pumped by hand, nothing happens before runDeferred', async (t) => {
  const { network, running } = startEcho(createManualClock(), { deferral: 'byHand' })
  const client = network.connect(address)
  client.write('hello')
  for (let i = 0; i < 10; i++) await null
  t.is(client.text, '')
  while (network.runDeferred() > 0) await null
  t.is(client.text, 'hello')
  running.cancel()
})

const badOptions: readonly MemoryClientOptions[] = [
  { latencyMs: -1 },
  { latencyMs: Number.NaN },
  { pieceBytes: 0 },
  { cutAt: [3, 3] },
  { cutAt: [-1] },
  { faults: { pieceBytesMax: 4 } },
  { faults: { jitterMsMax: -1 } },
  { faults: { resetChance: 2 } },
]
for (const options of badOptions) {
  test(`connect refuses ${JSON.stringify(options)} and connects nobody`, async (t) => {
    const { network } = await listening()
    t.throws(() => network.connect(address, options), { instanceOf: UsageError, code: 'NETWORK_BAD_OPTION' })
    t.is(network.connections, 0)
  })
}

/** An echo over a bad network: the messages that went out, what came back, and all that the server saw. */
function simulate(seed: number, messages: readonly string[], resetChance: number) {
  const clock = createManualClock()
  const { network, running } = startEcho(clock, {
    deferral: 'byHand',
    random: createSeededRandom(seed),
    faults: { pieceBytesMax: 5, jitterMsMax: 20, resetChance },
  })
  const client = network.connect(address, { latencyMs: 2 })
  const trace: string[] = []
  const look = (round: number) => trace.push(`${round} ${clock.nowMs()} ${client.text} ${client.wasReset}`)
  for (let round = 0; round < 1_000 && !client.hasEnded && !client.wasReset; round++) {
    const message = messages[round]
    if (message !== undefined) client.write(message)
    if (round === messages.length) client.end()
    network.runDeferred()
    look(round)
    clock.advance(1)
  }
  // What the server has to be told may still be under way.
  for (let ms = 0; ms < 100; ms++) {
    clock.advance(1)
    network.runDeferred()
  }
  running.cancel()
  return { client, trace, network }
}

const messagesOf = fc.array(fc.string({ unit: 'binary-ascii', maxLength: 40 }), { maxLength: 10 })

test('cuts and delays of any seed leave the bytes complete and in order', (t) => {
  fc.assert(
    fc.property(fc.integer(), messagesOf, (seed, messages) => {
      const { client, network } = simulate(seed, messages, 0)
      return client.hasEnded && client.text === messages.join('') && network.connections === 0
    }),
  )
  t.pass()
})

test('resets of any seed leave a beginning of the bytes, and no connection', (t) => {
  fc.assert(
    fc.property(fc.integer(), messagesOf, (seed, messages) => {
      const { client, network } = simulate(seed, messages, 0.1)
      const sent = messages.join('')
      const isRight = client.wasReset ? sent.startsWith(client.text) : client.hasEnded && client.text === sent
      return isRight && network.connections === 0
    }),
  )
  t.pass()
})

test('the same seed gives the same trace', (t) => {
  fc.assert(
    fc.property(fc.integer(), messagesOf, (seed, messages) => {
      const [first, second] = [simulate(seed, messages, 0.05), simulate(seed, messages, 0.05)]
      return first.trace.join('\n') === second.trace.join('\n')
    }),
  )
  t.pass()
})
