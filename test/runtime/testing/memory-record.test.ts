/** Law: what a memory network carries can be read off it: what passes, what is open, and what is still under way. */
import test from 'ava'
import type { Address } from '../../../runtime/loop/poller.ts'
import { createMemoryNetwork } from '../../../runtime/testing/memory-network.ts'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'
import { PollerHand, type RecordingStream } from '../loop/poller-hand.ts'

const tcp: Address = { transport: 'tcp', host: '127.0.0.1', port: 80 }

async function recorded(address: Address = tcp, latencyMs = 0) {
  const clock = createManualClock()
  const lines: string[] = []
  const network = createMemoryNetwork({ clock, latencyMs, record: (line) => lines.push(line) })
  const hand = new PollerHand(network.createPoller(), async () => {}, clock)
  const listener = await hand.listen(address)
  const client = network.connect(address)
  await hand.settle(2)
  return { clock, network, hand, listener, client, lines, stream: listener.streams[0] as RecordingStream }
}

test('every transfer and everything that is sent is a line', async (t) => {
  const { hand, client, stream, lines } = await recorded()
  client.write('hello')
  hand.turn()
  stream.port.write('ab')
  stream.port.write('c')
  stream.port.end()
  hand.turn()
  client.end()
  await hand.settle(3)
  t.deepEqual(lines, [
    '127.0.0.1:80 accepted 127.0.0.1:49152',
    '127.0.0.1:49152 received 5 bytes 4f9f2cab',
    '127.0.0.1:49152 sent 3 bytes 1a47e90b',
    '127.0.0.1:49152 sent end',
    '127.0.0.1:49152 ended',
    '127.0.0.1:49152 closed',
  ])
})

test('a reset is told apart by who did it', async (t) => {
  const ours = await recorded()
  ours.stream.port.destroy(true)
  await ours.hand.settle(2)
  t.deepEqual(ours.lines.slice(1), ['127.0.0.1:49152 sent reset', '127.0.0.1:49152 closed'])

  const theirs = await recorded()
  theirs.client.reset()
  await theirs.hand.settle(2)
  t.deepEqual(theirs.lines.slice(1), ['127.0.0.1:49152 closed ECONNRESET'])
})

test('one byte more or other is another line', async (t) => {
  const seen = new Set<string | undefined>()
  for (const text of ['', 'a', 'b', 'aa', 'ab', 'ba', '\0', '\0\0']) {
    const { client, hand, lines } = await recorded()
    client.write(`x${text}`)
    hand.turn()
    seen.add(lines.at(-1))
  }
  t.is(seen.size, 8)
})

const addresses: readonly [Address, string][] = [
  [tcp, '127.0.0.1:80'],
  [{ transport: 'tcp', host: '::1', port: 8080 }, '[::1]:8080'],
  [{ transport: 'unix', path: '/run/a.sock' }, '/run/a.sock'],
]
for (const [address, name] of addresses) {
  test(`what is open at ${name} is named`, async (t) => {
    const { network, client, listener, hand } = await recorded(address)
    const peer = address.transport === 'unix' ? name : name.replace(/\d+$/, '49152')
    t.deepEqual(network.openPorts, [`listener ${name}`, `connection ${peer} to ${name}`])
    client.reset()
    await hand.settle(2)
    t.deepEqual(network.openPorts, [`listener ${name}`])
    await listener.port.close()
    t.deepEqual(network.openPorts, [])
  })
}

test('the latency of the network is that of its connections, unless they have their own', async (t) => {
  const { clock, network, hand, listener } = await recorded(tcp, 10)
  t.is(listener.streams.length, 0)
  network.connect(tcp, { latencyMs: 0 })
  await hand.settle(2)
  t.is(listener.streams.length, 1)
  clock.advance(10)
  await hand.settle(2)
  t.is(listener.streams.length, 2)
})

test('what is under way and waits for its time is counted', async (t) => {
  const { clock, network, hand, client } = await recorded(tcp, 10)
  t.is(network.late, 1)
  clock.advance(10)
  await hand.settle(2)
  t.is(network.late, 0)
  client.write('hello')
  t.is(network.late, 1)
  client.reset()
  t.is(network.late, 1)
  clock.advance(10)
  await hand.settle(2)
  t.is(network.late, 0)
  t.is(clock.pending, 0)
})
