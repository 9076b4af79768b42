/** What only the node poller owes: system calls, errors of the operating system, files of unix sockets. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { defaultLimits } from '../../../runtime/limits.ts'
import { createNodePoller } from '../../../runtime/loop/node-poller.ts'
import type { Address, Transfer } from '../../../runtime/loop/poller.ts'
import { Reactor } from '../../../runtime/loop/reactor.ts'
import { createManualClock } from '../../../runtime/time/manual-clock.ts'
import { PollerHand, type RecordingStream } from './poller-hand.ts'

const anyPort: Address = { transport: 'tcp', host: '127.0.0.1', port: 0 }
const round = () => new Promise<void>((resolve) => setImmediate(resolve))
const createHand = () => new PollerHand(createNodePoller(), round)

function folderFor(t: { teardown(run: () => void): void }): string {
  const folder = mkdtempSync(join(tmpdir(), 'greenroom-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function clientOf(address: Address): Socket {
  const client = address.transport === 'unix' ? connect(address.path) : connect(address.port, address.host)
  return client.on('error', () => {})
}

/** What the sockets of this process hand to the operating system while `run` runs: one entry for each call. */
async function writesDuring(run: () => Promise<void>): Promise<number[]> {
  const { _write, _writev } = Socket.prototype
  const writes: number[] = []
  Socket.prototype._write = function (chunk, encoding, callback) {
    writes.push(chunk.length)
    _write.call(this, chunk, encoding, callback)
  }
  Socket.prototype._writev = function (chunks, callback) {
    writes.push(chunks.reduce((bytes, { chunk }) => bytes + chunk.length, 0))
    _writev?.call(this, chunks, callback)
  }
  try {
    await run()
  } finally {
    Socket.prototype._write = _write
    if (_writev !== undefined) Socket.prototype._writev = _writev
  }
  return writes
}

const bursts: readonly [string, readonly (string | Uint8Array)[]][] = [
  ['strings', ['HTTP/1.1 200 OK\r\n', '\r\n', 'Hello']],
  ['one buffer', [Buffer.alloc(100)]],
  ['a head and a small body', ['HTTP/1.1 200 OK\r\n\r\n', Buffer.alloc(1_000)]],
  ['a head and a large body', ['HTTP/1.1 200 OK\r\n\r\n', Buffer.alloc(50_000), '0\r\n', Buffer.alloc(5)]],
  ['more than the high-water mark', ['x'.repeat(40_000), Buffer.alloc(40_000), 'x'.repeat(40_000)]],
]
for (const [title, chunks] of bursts) {
  // One after another: the writes of the whole process are counted.
  test.serial(`one flush is one write: ${title}`, async (t) => {
    const hand = createHand()
    const listener = await hand.listen(anyPort)
    const client = clientOf(listener.port.address)
    let receivedBytes = 0
    client.on('data', (chunk) => {
      receivedBytes += chunk.length
    })
    await hand.until(() => listener.streams.length === 1)
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const writes = await writesDuring(async () => {
      for (const chunk of chunks) listener.streams[0]?.port.write(chunk)
      await hand.until(() => receivedBytes === bytes)
    })
    t.deepEqual(writes, [bytes])
    client.destroy()
    await listener.port.close()
  })
}

test('a burst of connections is taken in by a few turns, not by one turn for each', async (t) => {
  const hand = createHand()
  const { port } = await hand.listen(anyPort)
  const clients = Array.from({ length: 200 }, () => clientOf(port.address))
  let accepted = 0
  let turns = 0
  while (accepted < clients.length) {
    await new Promise<void>((resolve) => hand.poller.defer(resolve))
    turns += 1
    for (let ready = hand.poller.next(); ready !== undefined; ready = hand.poller.next()) {
      const transfer = ready.transfer()
      if (transfer?.type !== 'accepted') continue
      accepted += 1
      transfer.stream.destroy()
    }
  }
  t.true(turns <= 20, `${turns} turns`)
  for (const client of clients) client.destroy()
  await port.close()
})

test('an address that is not ours, or not there, is refused with the code of the operating system', async (t) => {
  const hand = createHand()
  const path = join(folderFor(t), 'no', 'such', 'folder')
  await t.throwsAsync(hand.listen({ transport: 'tcp', host: '192.0.2.1', port: 0 }), {
    code: 'EADDRNOTAVAIL',
  })
  await t.throwsAsync(hand.listen({ transport: 'unix', path }), { code: 'EACCES' })
})

test('a cancelled listen lets go of the address', async (t) => {
  const hand = createHand()
  const { port } = await hand.listen(anyPort)
  await hand.settled(port.close())
  const { outputHighWaterBytes, inputHighWaterBytes } = defaultLimits
  const bounds = { outputHighWaterBytes, inputHighWaterBytes }
  const byNumber = hand.poller.listen({ address: port.address, ...bounds })
  byNumber.cancel()
  const byName = hand.poller.listen({ address: { ...port.address, host: 'localhost' } as Address, ...bounds })
  byName.cancel()
  await t.throwsAsync(Promise.resolve(byNumber), { code: 'CANCELLED' })
  await t.throwsAsync(Promise.resolve(byName), { code: 'CANCELLED' })
  await hand.settle()
  const again = await hand.listen(port.address)
  t.deepEqual(again.port.address, port.address)
  await again.port.close()
})

test('the file of a unix socket is there while it listens, and gone when it is closed', async (t) => {
  const hand = createHand()
  const path = join(folderFor(t), 'socket')
  const listener = await hand.listen({ transport: 'unix', path })
  t.true(existsSync(path))
  await hand.settled(listener.port.close())
  t.false(existsSync(path))
})

test('the file that a dead server has left behind is taken over', async (t) => {
  const hand = createHand()
  const path = join(folderFor(t), 'socket')
  const program = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 9))`
  spawnSync(process.execPath, ['-e', program])
  t.true(existsSync(path))
  const listener = await hand.listen({ transport: 'unix', path })
  const client = clientOf(listener.port.address)
  await hand.until(() => listener.streams.length === 1)
  client.destroy()
  await listener.port.close()
})

test('a file that is no socket is left alone', async (t) => {
  const hand = createHand()
  const path = join(folderFor(t), 'precious')
  writeFileSync(path, 'precious')
  await t.throwsAsync(hand.listen({ transport: 'unix', path }), { code: 'EADDRINUSE' })
  t.true(existsSync(path))
})

test('asking whether a unix socket is alive does not harm its server', async (t) => {
  const hand = createHand()
  const path = join(folderFor(t), 'socket')
  const listener = await hand.listen({ transport: 'unix', path })
  await t.throwsAsync(hand.listen({ transport: 'unix', path }), { code: 'EADDRINUSE' })
  const client = clientOf(listener.port.address)
  client.write('still here')
  await hand.until(() => listener.streams.some((stream) => stream.text === 'still here'))
  client.destroy()
  await listener.port.close()
})

test('a pumped reactor takes in, and answers, without being turned', async (t) => {
  const poller = createNodePoller()
  const reactor = new Reactor({ poller, clock: createManualClock(), limits: defaultLimits })
  const running = reactor.run()
  const { outputHighWaterBytes, inputHighWaterBytes } = defaultLimits
  const listener = await poller.listen({ address: anyPort, outputHighWaterBytes, inputHighWaterBytes })
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
  const client = clientOf(listener.address)
  client.end('hello')
  const chunks: Buffer[] = []
  for await (const chunk of client) chunks.push(chunk)
  t.is(Buffer.concat(chunks).toString(), 'hello')
  await listener.close()
  running.cancel()
  await t.throwsAsync(Promise.resolve(running), { code: 'CANCELLED' })
})

test('connections opened and dropped leave nothing behind', async (t) => {
  const hand = createHand()
  const listener = await hand.listen(anyPort)
  const before = process.getActiveResourcesInfo().length
  for (let wave = 0; wave < 5; wave++) {
    const clients = Array.from({ length: 40 }, () => clientOf(listener.port.address))
    const isConnected = () => listener.streams.length === 40 * (wave + 1)
    await hand.until(isConnected)
    clients.forEach((client, i) => {
      if (i % 3 === 0) client.resetAndDestroy()
      else if (i % 3 === 1) client.destroy()
      else listener.streams[40 * wave + i]?.port.destroy(i % 2 === 0)
    })
    const dropEnded = (stream: RecordingStream) => {
      if (stream.has('ended')) stream.port.end()
      return stream.has('closed')
    }
    await hand.until(() => listener.streams.map(dropEnded).every(Boolean))
    for (const client of clients) client.destroy()
  }
  await hand.settle()
  t.true(listener.streams.every((stream) => stream.count('closed') === 1))
  t.true(process.getActiveResourcesInfo().length <= before)
  await listener.port.close()
})
