/**
 * The laws of `Poller.connect` and `StreamPort.secure`, for every implementation. Both ends are the poller's own, so each
 * law holds for servers and for clients.
 */
import anyTest, { type ExecutionContext, type TestFn } from 'ava'
import { codeOf } from '../../../runtime/errors.ts'
import { defaultLimits } from '../../../runtime/limits.ts'
import { clientTls, serverTls } from '../../../runtime/loop/node-tls.ts'
import type { Address } from '../../../runtime/loop/poller.ts'
import { authority, certificate } from '../../actors/connection/certificates.ts'
import type { PollerSubject } from './poller-conformance.ts'
import { PollerHand, RecordingStream } from './poller-hand.ts'

interface Fixture {
  readonly subject: PollerSubject
  readonly hand: PollerHand
}

interface Pair {
  readonly client: RecordingStream
  readonly server: RecordingStream
}

/** More than any socket's buffers take. */
const MUCH_BYTES = 16 * 1024 * 1024

const theirs = { tls: serverTls(certificate('server')), alpn: ['one', 'two'] }
const ours = { tls: clientTls({ ca: authority }), alpn: ['two', 'three'], host: 'localhost' }

export function testClient(name: string, createSubject: () => PollerSubject): void {
  const test = anyTest as TestFn<Fixture>

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

  const dial = ({ subject }: Fixture, address: Address) => {
    const { outputHighWaterBytes, inputHighWaterBytes } = defaultLimits
    return subject.poller.connect({ address, outputHighWaterBytes, inputHighWaterBytes })
  }

  async function pair({ context }: ExecutionContext<Fixture>): Promise<Pair> {
    const { hand, subject } = context
    const listener = await hand.listen(subject.freshAddress())
    const client = new RecordingStream(await hand.settled(dial(context, listener.port.address)))
    await hand.until(() => listener.streams.length === 1)
    return { client, server: listener.streams[0] as RecordingStream }
  }

  /** Both begin TLS before they have said anything. */
  async function secured(t: ExecutionContext<Fixture>): Promise<Pair> {
    const { client, server } = await pair(t)
    server.port.secure(theirs)
    client.port.secure(ours)
    await t.context.hand.until(() => server.has('secured') && client.has('secured'))
    return { client, server }
  }

  law('a client and a server talk, and each sees the other’s end', async (t) => {
    const { hand } = t.context
    const { client, server } = await pair(t)
    t.deepEqual(client.port.remote, server.port.local)
    client.port.write('question')
    await hand.until(() => server.text === 'question')
    server.port.write('answer')
    await hand.until(() => client.text === 'answer')
    client.port.end()
    await hand.until(() => server.has('ended'))
    server.port.write(' and more')
    server.port.end()
    await hand.until(() => client.has('closed') && server.has('closed'))
    t.is(client.text, 'answer and more')
    t.deepEqual([client.error, server.error], [undefined, undefined])
  })

  law('what one does not read stops the other', async (t) => {
    const { hand } = t.context
    const { client, server } = await pair(t)
    server.port.pause()
    client.port.write(Buffer.alloc(MUCH_BYTES, 'x'))
    await hand.settle(200)
    t.true(client.port.isBlocked)
    server.port.resume()
    await hand.until(() => client.has('drained'))
    await hand.until(() => Buffer.concat(server.received).length === MUCH_BYTES)
    client.port.destroy()
    server.port.destroy()
    await hand.settle()
  })

  law('where nobody listens, there is no connection, and the reason is told', async (t) => {
    const { hand, subject } = t.context
    const { port } = await hand.listen(subject.freshAddress())
    await port.close()
    const error = await t.throwsAsync(hand.settled(dial(t.context, port.address)))
    t.regex(codeOf(error), /^(ECONNREFUSED|ENOENT)$/)
  })

  law('an attempt that is called off leaves nothing', async (t) => {
    const { hand, subject } = t.context
    const listener = await hand.listen(subject.freshAddress())
    const dialled = dial(t.context, listener.port.address)
    // A network in memory may have been faster.
    if (dialled.isPending) {
      dialled.cancel('no longer wanted')
      await t.throwsAsync(hand.settled(dialled), { code: 'CANCELLED' })
    } else {
      ;(await dialled).destroy(true)
    }
    await hand.settle()
    await hand.until(() => listener.streams.every((stream) => stream.has('closed') || stream.has('ended')))
    for (const { port } of listener.streams) port.destroy()
    t.is(
      listener.streams.every((stream) => stream.text === ''),
      true,
    )
  })

  law('TLS is agreed on by both, before anything is received', async (t) => {
    const { hand } = t.context
    const { client, server } = await pair(t)
    const sessions: (string | undefined)[] = []
    for (const end of [client, server]) {
      end.onTransfer = (transfer) => {
        if (transfer.type === 'secured') sessions.push(transfer.session.alpn)
      }
    }
    server.port.secure(theirs)
    client.port.secure(ours)
    client.port.write('question')
    server.port.write('greeting')
    await hand.until(() => server.text === 'question' && client.text === 'greeting')
    t.is(client.log[0], 'secured')
    t.is(server.log[0], 'secured')
    t.is(client.count('secured'), 1)
    t.deepEqual(sessions, ['two', 'two'])
    client.port.end()
    server.port.end()
    await hand.until(() => client.has('closed') && server.has('closed'))
    t.deepEqual([client.error, server.error], [undefined, undefined])
  })

  law('over TLS too, much goes through in order, and what is not read stops the other', async (t) => {
    const { hand } = t.context
    const { client, server } = await secured(t)
    const bytes = Buffer.alloc(MUCH_BYTES)
    for (let i = 0; i < MUCH_BYTES; i += 4) bytes.writeUInt32LE(i, i)
    server.port.pause()
    client.port.write(bytes)
    await hand.settle(200)
    t.true(client.port.isBlocked)
    server.port.resume()
    await hand.until(() => Buffer.concat(server.received).length === MUCH_BYTES)
    t.true(Buffer.concat(server.received).equals(bytes))
    client.port.destroy(true)
    await hand.until(() => client.has('closed') && (server.has('closed') || server.has('ended')))
    server.port.destroy()
    await hand.settle()
    t.is(server.count('closed'), 1)
  })

  law(
    'in the middle of a conversation: what was written before goes out plain, and then no more',
    async (t) => {
      const { hand } = t.context
      const { client, server } = await pair(t)
      client.port.write('STARTTLS')
      await hand.until(() => server.text === 'STARTTLS')
      server.port.write('go ahead')
      server.port.secure(theirs)
      server.port.write('secret')
      await hand.until(() => client.text === 'go ahead')
      client.port.secure(ours)
      await hand.until(() => client.text === 'go aheadsecret')
      t.deepEqual(client.log, ['received', 'secured', 'received'])
      client.port.destroy()
      server.port.destroy()
      await hand.settle()
    },
  )

  law('bytes that were there before the TLS that they should have come after fail the stream', async (t) => {
    const { hand } = t.context
    const { client, server } = await pair(t)
    server.port.pause()
    client.port.write('injected')
    await hand.settle()
    server.port.secure(theirs)
    await hand.until(() => server.has('closed'))
    t.is(codeOf(server.error), 'TLS_EARLY_BYTES')
    t.is(server.text, '')
    client.port.destroy()
    await hand.settle()
  })

  law('where one speaks no TLS, the other fails', async (t) => {
    const { hand } = t.context
    const { client, server } = await pair(t)
    server.port.secure(theirs)
    client.port.write('GET / HTTP/1.1\r\n\r\n')
    await hand.until(() => server.has('closed'))
    t.regex(codeOf(server.error), /^ERR_SSL_/)
    t.false(server.has('secured'))
    await hand.until(() => client.has('ended') || client.has('closed'))
    client.port.destroy()
    await hand.settle()
  })

  law('where no protocol is spoken by both, both fail', async (t) => {
    const { hand } = t.context
    const { client, server } = await pair(t)
    server.port.secure(theirs)
    client.port.secure({ ...ours, alpn: ['four'] })
    await hand.until(() => server.has('closed') && client.has('closed'))
    t.regex(codeOf(server.error), /ALPN|NO_APPLICATION_PROTOCOL/)
    t.false(client.has('secured') || server.has('secured'))
  })

  for (const when of ['during the handshake', 'after it'] as const) {
    law(`a stream that is destroyed ${when} is closed once, and the other sees it`, async (t) => {
      const { hand } = t.context
      const { client, server } = when === 'after it' ? await secured(t) : await pair(t)
      if (when !== 'after it') {
        server.port.secure(theirs)
        client.port.secure(ours)
      }
      client.port.destroy(true)
      await hand.until(() => client.has('closed'))
      await hand.until(() => server.has('closed') || server.has('ended'))
      server.port.destroy()
      await hand.until(() => server.has('closed'))
      await hand.settle()
      t.is(client.count('closed'), 1)
      t.is(server.count('closed'), 1)
    })
  }
}
