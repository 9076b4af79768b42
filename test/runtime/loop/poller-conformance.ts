/**
 * The laws of `Poller`, for every implementation: what the actors above may rely on, whatever carries the bytes.
 *
 * The pollers are turned by hand and the peer is a client that the implementation's own test brings.
 */
import anyTest, { type ExecutionContext, type TestFn } from 'ava'
import type { Address, Poller } from '../../../runtime/loop/poller.ts'
import { PollerHand, type RecordingListener, type RecordingStream } from './poller-hand.ts'

/** The other end of a stream, as far as these laws need it. */
export interface PollerPeer {
  write(text: string): void
  end(): void
  reset(): void
  /** Stops reading, so that the server's output has nowhere to go. */
  pause(): void
  resume(): void
  readonly received: Buffer
  readonly hasEnded: boolean
  readonly wasReset: boolean
  destroy(): void
}

export interface PollerSubject {
  readonly poller: Poller
  /** Lets the world go on by one step. */
  pass(): Promise<void>
  connect(address: Address): Promise<PollerPeer>
  /** An address to listen at, free and never used before. */
  freshAddress(): Address
  /** A second poller on the same network. */
  otherPoller(): Poller
  close(): void
}

interface Fixture {
  readonly subject: PollerSubject
  readonly hand: PollerHand
}

interface Connected {
  readonly listener: RecordingListener
  readonly stream: RecordingStream
  readonly peer: PollerPeer
}

/** More than any socket's buffers take, so that a peer which does not read blocks its writer. */
const MUCH_BYTES = 16 * 1024 * 1024

export function testPoller(name: string, createSubject: () => PollerSubject): void {
  const test = anyTest as TestFn<Fixture>

  async function connected(t: ExecutionContext<Fixture>, inputHighWaterBytes = 65_536): Promise<Connected> {
    const { subject, hand } = t.context
    const listener = await hand.listen(subject.freshAddress(), { inputHighWaterBytes })
    const peer = await subject.connect(listener.port.address)
    await hand.until(() => listener.streams.length === 1)
    return { listener, peer, stream: listener.streams[0] as RecordingStream }
  }

  // Not by hooks: those of one subject would run for the laws of every other.
  const law = (title: string, run: (t: ExecutionContext<Fixture>) => Promise<void>) =>
    test(`${name}: ${title}`, async (t) => {
      const subject = createSubject()
      const hand = new PollerHand(subject.poller, () => subject.pass())
      t.context = { subject, hand }
      try {
        await run(t)
      } finally {
        await Promise.all(hand.listeners.map((listener) => listener.close()))
        subject.close()
      }
    })

  law('a connection is accepted once, with the addresses of both ends', async (t) => {
    const { listener, stream } = await connected(t)
    await t.context.hand.settle()
    t.is(listener.streams.length, 1)
    t.deepEqual(stream.port.local, listener.port.address)
    t.is(stream.port.remote?.transport, listener.port.address.transport)
    t.deepEqual(stream.log, [])
  })

  law('port 0 is replaced by the port that was chosen', async (t) => {
    const { address } = (await t.context.hand.listen({ transport: 'tcp', host: '127.0.0.1', port: 0 })).port
    t.true(address.transport === 'tcp' && address.port > 0)
  })

  law('connections made before the listener has an owner wait for it', async (t) => {
    const { subject, hand } = t.context
    const listener = await hand.listen(subject.freshAddress())
    listener.port.owner = undefined
    const peers = [await subject.connect(listener.port.address), await subject.connect(listener.port.address)]
    for (const peer of peers) peer.write('early')
    await hand.settle()
    t.is(listener.streams.length, 0)
    listener.port.owner = listener
    await hand.until(() => listener.streams.filter((stream) => stream.text === 'early').length === 2)
    t.pass()
  })

  law('a stream is not read before it has an owner, and nothing of it is lost', async (t) => {
    const { subject, hand } = t.context
    const listener = await hand.listen(subject.freshAddress())
    const peer = await subject.connect(listener.port.address)
    await hand.until(() => listener.streams.length === 1)
    const stream = listener.streams[0] as RecordingStream
    stream.port.owner = undefined
    peer.write('hello')
    peer.end()
    await hand.settle()
    stream.port.owner = stream
    await hand.until(() => stream.has('ended'))
    t.is(stream.text, 'hello')
  })

  law('bytes arrive complete and in order, wherever they are cut', async (t) => {
    const { hand } = t.context
    const message = 'GET / HTTP/1.1'
    const { listener } = await connected(t)
    for (let cut = 1; cut < message.length; cut++) {
      const peer = await t.context.subject.connect(listener.port.address)
      await hand.until(() => listener.streams.length === cut + 1)
      const stream = listener.streams[cut] as RecordingStream
      peer.write(message.slice(0, cut))
      await hand.until(() => stream.text === message.slice(0, cut))
      peer.write(message.slice(cut))
      await hand.until(() => stream.text === message)
    }
    t.is(listener.streams.length, message.length)
  })

  law('strings are sent as latin1, among buffers, in the order in which they were written', async (t) => {
    const { hand } = t.context
    const { stream, peer } = await connected(t)
    stream.port.write('caf\u00e9 ')
    stream.port.write('and ')
    stream.port.write(Buffer.from([0, 255]))
    stream.port.write('')
    stream.port.write(new Uint8Array([1, 2]))
    stream.port.write(' end')
    t.is(stream.port.outputBytes, 17)
    t.is(hand.turn().flushes, 1)
    await hand.until(() => peer.received.length === 17)
    t.is(peer.received.toString('latin1'), 'caf\u00e9 and \x00\xff\x01\x02 end')
    t.is(stream.port.outputBytes, 0)
  })

  law('much output in many pieces arrives complete and in order', async (t) => {
    const { hand } = t.context
    const { stream, peer } = await connected(t)
    let sent = ''
    for (let i = 0; i < 3_000; i++) {
      const line = `${i},`.repeat(10)
      sent += line
      stream.port.write(i % 3 === 0 ? Buffer.from(line) : line)
      if (i % 100 === 99) hand.turn()
    }
    await hand.until(() => peer.received.length === sent.length)
    t.is(peer.received.toString('latin1'), sent)
  })

  law('nothing leaves before the turn ends', async (t) => {
    const { subject, hand } = t.context
    const { stream, peer } = await connected(t)
    stream.port.write('later')
    for (let i = 0; i < 5; i++) await subject.pass()
    t.is(peer.received.length, 0)
    await hand.until(() => peer.received.length === 5)
  })

  law('each side may end first and still read: then closed, once, without an error', async (t) => {
    const { hand } = t.context
    const { stream, peer } = await connected(t)
    stream.port.write('bye')
    stream.port.end()
    await hand.until(() => peer.hasEnded)
    peer.write('and you')
    await hand.until(() => stream.text === 'and you')
    t.false(stream.has('closed'))
    peer.end()
    await hand.until(() => stream.has('closed'))
    await hand.settle()
    t.is(stream.log.slice(-2).join(), 'ended,closed')
    t.is(stream.count('closed'), 1)
    t.is(stream.error, undefined)
    t.is(peer.received.toString(), 'bye')
  })

  law('after the end of a peer, output still reaches it', async (t) => {
    const { hand } = t.context
    const { stream, peer } = await connected(t)
    peer.write('question')
    peer.end()
    await hand.until(() => stream.has('ended'))
    t.is(stream.text, 'question')
    stream.port.write('answer')
    await hand.until(() => peer.received.toString() === 'answer')
    stream.port.end()
    await hand.until(() => stream.has('closed'))
    t.true(peer.hasEnded)
    t.is(stream.error, undefined)
  })

  law('a pause holds bytes, and the end behind them, until resume', async (t) => {
    const { hand } = t.context
    const { stream, peer } = await connected(t)
    peer.write('one')
    await hand.until(() => stream.text === 'one')
    stream.port.pause()
    peer.write('two')
    peer.end()
    await hand.settle()
    t.is(stream.text, 'one')
    t.false(stream.has('ended'))
    stream.port.resume()
    await hand.until(() => stream.has('ended'))
    t.is(stream.text, 'onetwo')
  })

  law('a pause in the middle of a turn keeps what has already arrived', async (t) => {
    const { hand } = t.context
    const { stream, peer } = await connected(t)
    stream.onTransfer = () => stream.port.pause()
    peer.write('one')
    await hand.until(() => stream.text === 'one')
    for (let i = 0; i < 5; i++) {
      peer.write('two')
      await hand.settle(3)
    }
    t.is(stream.text, 'one')
    stream.onTransfer = undefined
    stream.port.resume()
    await hand.until(() => stream.text === `one${'two'.repeat(5)}`)
    t.pass()
  })

  law('a paused stream takes no more than its bound, and all of it once resumed', async (t) => {
    const { subject, hand } = t.context
    const { stream, peer } = await connected(t, 1_000)
    stream.port.pause()
    peer.write('x'.repeat(MUCH_BYTES))
    peer.end()
    for (let i = 0; i < 50; i++) await subject.pass()
    stream.port.resume()
    let turns = 0
    while (stream.received.length === 0) {
      hand.turn()
      turns += 1
      if (turns > 1) await subject.pass()
    }
    t.true(Buffer.concat(stream.received).length <= 300_000, 'what had been read ahead')
    await hand.until(() => stream.has('ended'))
    t.is(Buffer.concat(stream.received).length, MUCH_BYTES)
  })

  law('output above the mark blocks until it is taken: then drained, once', async (t) => {
    const { hand } = t.context
    const { stream, peer } = await connected(t)
    peer.pause()
    t.false(stream.port.isBlocked)
    stream.port.write(Buffer.alloc(MUCH_BYTES, 'x'))
    t.true(stream.port.isBlocked)
    t.is(stream.port.outputBytes, MUCH_BYTES)
    await hand.settle()
    t.true(stream.port.isBlocked)
    t.true(stream.port.outputBytes > 0)
    t.false(stream.has('drained'))
    peer.resume()
    await hand.until(() => stream.has('drained'))
    t.false(stream.port.isBlocked)
    await hand.until(() => peer.received.length === MUCH_BYTES)
    await hand.settle()
    t.deepEqual(stream.log, ['drained'])
    t.is(stream.port.outputBytes, 0)
  })

  law('output above the mark that leaves at once is drained in the next turns', async (t) => {
    const { hand } = t.context
    const { stream, peer } = await connected(t)
    for (let i = 1; i <= 3; i++) {
      stream.port.write('x'.repeat(70_000))
      t.true(stream.port.isBlocked)
      await hand.until(() => stream.count('drained') === i)
      t.false(stream.port.isBlocked)
    }
    await hand.until(() => peer.received.length === 210_000)
  })

  law('a blocked stream is still read, and drained overtakes bytes that a pause holds', async (t) => {
    const { hand } = t.context
    const { stream, peer } = await connected(t)
    peer.pause()
    stream.port.write(Buffer.alloc(MUCH_BYTES))
    peer.write('hello')
    await hand.until(() => stream.text === 'hello')
    stream.port.pause()
    peer.write('held')
    peer.resume()
    await hand.until(() => stream.has('drained'))
    await hand.settle()
    t.deepEqual(stream.log, ['received', 'drained'])
  })

  law('end waits for the output before it', async (t) => {
    const { hand } = t.context
    const { stream, peer } = await connected(t)
    peer.pause()
    stream.port.write(Buffer.alloc(MUCH_BYTES))
    stream.port.end()
    await hand.settle()
    t.false(peer.hasEnded)
    peer.resume()
    await hand.until(() => peer.hasEnded)
    t.is(peer.received.length, MUCH_BYTES)
  })

  law('a reset by the peer is closed with its error, once, and nothing comes after it', async (t) => {
    const { hand } = t.context
    const { listener, stream, peer } = await connected(t)
    if (listener.port.address.transport === 'unix') {
      t.pass('unix sockets know no resets')
      return
    }
    peer.write('some')
    await hand.until(() => stream.text === 'some')
    peer.reset()
    await hand.until(() => stream.has('closed'))
    t.is((stream.error as NodeJS.ErrnoException).code, 'ECONNRESET')
    stream.port.write('dropped')
    stream.port.end()
    stream.port.destroy()
    await hand.settle()
    t.deepEqual(stream.log, ['received', 'closed'])
    t.is(stream.port.outputBytes, 0)
    t.false(stream.port.isBlocked)
  })

  law('writing to a peer that has gone is closed with an error in the end', async (t) => {
    const { hand } = t.context
    const { stream, peer } = await connected(t)
    peer.destroy()
    await hand.until(() => stream.has('ended'))
    await hand.until(() => {
      if (!stream.has('closed')) stream.port.write('anybody there?')
      return stream.has('closed')
    })
    t.regex((stream.error as NodeJS.ErrnoException).code ?? '', /^(EPIPE|ECONNRESET)$/)
    t.deepEqual(stream.log, ['ended', 'closed'])
  })

  law(
    'destroy drops what was written and what had arrived: closed alone comes, without an error',
    async (t) => {
      const { subject, hand } = t.context
      const { stream, peer } = await connected(t)
      stream.port.pause()
      peer.write('unread')
      await hand.settle()
      stream.port.write('unsent')
      stream.port.destroy()
      stream.port.destroy()
      stream.port.write('dropped')
      stream.port.resume()
      await hand.until(() => stream.has('closed'))
      for (let i = 0; i < 5; i++) await subject.pass()
      await hand.settle()
      t.deepEqual(stream.log, ['closed'])
      t.is(stream.error, undefined)
      t.is(peer.received.length, 0)
      t.is(stream.port.outputBytes, 0)
    },
  )

  law('destroy with reset breaks the connection of the peer', async (t) => {
    const { hand } = t.context
    const { listener, stream, peer } = await connected(t)
    if (listener.port.address.transport === 'unix') {
      t.pass('unix sockets know no resets')
      return
    }
    stream.port.destroy(true)
    await hand.until(() => stream.has('closed') && peer.wasReset)
    t.is(stream.error, undefined)
  })

  law('destroying from within a transfer leaves nothing but closed', async (t) => {
    const { hand } = t.context
    const { stream, peer } = await connected(t)
    stream.onTransfer = () => stream.port.destroy()
    peer.write('one')
    peer.end()
    await hand.until(() => stream.has('closed'))
    await hand.settle()
    t.deepEqual(stream.log, ['received', 'closed'])
  })

  law('writes and end after end are dropped without a word', async (t) => {
    const { hand } = t.context
    const { stream, peer } = await connected(t)
    stream.port.write('all')
    stream.port.end()
    stream.port.write('too late')
    stream.port.end()
    await hand.until(() => peer.hasEnded)
    t.is(peer.received.toString(), 'all')
  })

  law('an address in use is refused, and free again after close', async (t) => {
    const { subject, hand } = t.context
    const { listener, stream, peer } = await connected(t)
    const { address } = listener.port
    await t.throwsAsync(hand.listen(address), { code: 'EADDRINUSE' })
    const other = new PollerHand(subject.otherPoller(), () => subject.pass())
    await t.throwsAsync(other.listen(address), { code: 'EADDRINUSE' })
    await hand.settled(listener.port.close())
    await hand.settled(listener.port.close())
    await t.throwsAsync(subject.connect(address), { message: /ECONNREFUSED|ENOENT/ })
    const again = await hand.listen(address)
    const second = await subject.connect(address)
    await hand.until(() => again.streams.length === 1)
    peer.write('still here')
    second.write('new')
    await hand.until(() => stream.text === 'still here' && again.streams[0]?.text === 'new')
    t.pass()
  })

  law('a connection that no turn has seen is dropped when the listener closes', async (t) => {
    const { subject, hand } = t.context
    const listener = await hand.listen(subject.freshAddress())
    listener.port.owner = undefined
    const peer = await subject.connect(listener.port.address)
    await hand.settle()
    listener.port.owner = listener
    await hand.settled(listener.port.close())
    await hand.until(() => peer.wasReset || peer.hasEnded)
    t.is(listener.streams.length, 0)
  })

  law('a port that cannot be is refused with its code', async (t) => {
    const bad = t.context.hand.listen({ transport: 'tcp', host: '127.0.0.1', port: 70_000 })
    await t.throwsAsync(bad, { code: 'ERR_SOCKET_BAD_PORT' })
  })

  law('onReady is called for the first port that becomes ready, and not for those behind it', async (t) => {
    const { subject, hand } = t.context
    const { listener, stream, peer } = await connected(t)
    const second = await subject.connect(listener.port.address)
    await hand.until(() => listener.streams.length === 2)
    let calls = 0
    subject.poller.onReady = () => calls++
    peer.write('one')
    second.write('two')
    while (!subject.poller.hasReady) await subject.pass()
    for (let i = 0; i < 5; i++) await subject.pass()
    t.is(calls, 1)
    await hand.until(() => stream.text === 'one' && listener.streams[1]?.text === 'two')
    t.is(subject.poller.next(), undefined)
  })

  law('many connections at once keep to themselves', async (t) => {
    const { subject, hand } = t.context
    const listener = await hand.listen(subject.freshAddress())
    const count = 100
    const peers: PollerPeer[] = []
    for (let i = 0; i < count; i++) peers.push(await subject.connect(listener.port.address))
    await hand.until(() => listener.streams.length === count)
    for (const { port, ...recorder } of listener.streams) {
      port.owner = {
        transferred(transfer) {
          if (transfer.type === 'received') port.write(transfer.bytes)
          if (transfer.type === 'ended') port.end()
          recorder.log.push(transfer.type)
        },
      }
    }
    peers.forEach((peer, i) => {
      peer.write(`peer ${i}`)
      peer.end()
    })
    await hand.until(() => peers.every((peer) => peer.hasEnded))
    t.deepEqual(
      peers.map((peer) => peer.received.toString()),
      peers.map((_, i) => `peer ${i}`),
    )
    await hand.until(() => listener.streams.every((stream) => stream.log.at(-1) === 'closed'))
  })
}
