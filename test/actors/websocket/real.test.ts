/** Guards: over real sockets the client that the world uses, ws, and we understand each other. */
import { once } from 'node:events'
import test, { type ExecutionContext } from 'ava'
import { actorGroup, type Context, createSystem, System, silentLog } from 'greenroom'
import { broadcast, http, type Listening, listen, type PeerEvent, websocket } from 'greenroom/actors'
import { checkLeaks } from 'greenroom/testing'
import { type ClientOptions, WebSocket } from 'ws'
import type { SocketOptions } from './server.ts'
import { type EchoOptions, faces, type Met } from './sockets.ts'

type Out = string | Uint8Array

interface Hands {
  readonly listening: Listening
  open(options?: ClientOptions, protocols?: readonly string[]): Promise<WebSocket>
}

function real(
  options: EchoOptions & Partial<SocketOptions<Out>>,
  body: (t: ExecutionContext, hands: Hands) => Promise<void>,
) {
  return async (t: ExecutionContext) => {
    const system = createSystem({ log: silentLog })
    const sockets = websocket<Out>(options)
    const listening = await listen(system.ctx, {
      endpoint: 'tcp:127.0.0.1:0',
      protocol: http({ respond: (ctx, request) => sockets.accept(ctx as never, request) }),
    })
    const open = async (own: ClientOptions = {}, protocols: readonly string[] = []): Promise<WebSocket> => {
      const socket = new WebSocket(`ws://127.0.0.1:${listening.port}/`, [...protocols], own)
      await once(socket, 'open')
      return socket
    }
    await body(t, { listening, open })
    await system.stop()
    t.notThrows(() => checkLeaks(system))
  }
}

/** The next `count` messages, as text, or as bytes in hexadecimal digits. */
function hear(socket: WebSocket, count: number): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const heard: string[] = []
    const take = (data: Buffer, isBinary: boolean): void => {
      heard.push(isBinary ? data.toString('hex') : data.toString())
      if (heard.length < count) return
      socket.off('message', take)
      resolve(heard)
    }
    socket.on('message', take)
    socket.once('error', reject)
    socket.once('close', () => reject(new Error(`closed after ${heard.length}`)))
  })
}

/** @returns what its `close` says: code and reason. */
async function closed(socket: WebSocket): Promise<string> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer]
  return `${code} ${reason}`.trimEnd()
}

for (const [face, echo] of faces) {
  for (const perMessageDeflate of [false, true]) {
    test(
      `${face}: messages both ways, ${perMessageDeflate ? 'deflated' : 'plain'}`,
      real({ ...echo(), deflate: true }, async (t, { open }) => {
        const socket = await open({ perMessageDeflate })
        t.is(socket.extensions, perMessageDeflate ? 'permessage-deflate' : '')
        const texts = ['', 'héllo 🎉', 'x'.repeat(125), 'y'.repeat(126), 'hello '.repeat(20_000)]
        const heard = hear(socket, texts.length + 2)
        for (const text of texts) socket.send(text)
        socket.send(Buffer.of(0, 255))
        // In fragments.
        socket.send('one ', { fin: false })
        socket.send('two', { fin: true })
        t.deepEqual(await heard, [...texts, '00ff', 'one two'])
        const pong = once(socket, 'pong')
        socket.ping('are you there')
        t.is(String((await pong)[0]), 'are you there')
        socket.close(4000, 'bye')
        t.is(await closed(socket), '4000')
      }),
    )
  }

  test(`${face}: ours to close, and theirs`, async (t) => {
    const met: Met = { peers: [], ends: [] }
    await real({ ...echo(met), protocols: ['chat'] }, async (t, { open }) => {
      const ours = await open({}, ['other', 'chat'])
      t.is(ours.protocol, 'chat')
      met.peers[0]?.hangUp({ code: 4001, reason: 'banned' })
      t.is(await closed(ours), '4001 banned')
      const done = await open()
      done.send('done')
      t.is(await closed(done), '1000')
      const theirs = await open()
      theirs.close()
      t.is(await closed(theirs), '1005')
    })(t)
  })

  test(
    `${face}: a server that stops tells its clients`,
    real(echo(), async (t, { open, listening }) => {
      const system = createSystem({ log: silentLog })
      const sockets = [await open(), await open()]
      const codes = Promise.all(sockets.map(closed))
      listening.close(system.ctx)
      t.deepEqual(await codes, ['1001 the server is stopping', '1001 the server is stopping'])
      await system.stop()
    }),
  )
}

test(
  'what ws does not get: a plain answer, a foreign page, and a message that is too long',
  real({ ...faces[0]![1](), limits: { messageBytesMax: 1_000 } }, async (t, { open, listening }) => {
    const answer = await fetch(`http://127.0.0.1:${listening.port}/`)
    t.is(answer.status, 426)
    await answer.text()
    await t.throwsAsync(open({ origin: 'http://evil.example' }), { message: /403/ })
    const socket = await open({ origin: `http://127.0.0.1:${listening.port}` })
    socket.send('x'.repeat(1_001))
    t.is(await closed(socket), '1009 a message has more than 1000 bytes')
  }),
)

test('deflated and plain clients of one room hear the same, each in its own way', async (t) => {
  const room = actorGroup<PeerEvent<Out>>('room')
  await real(
    {
      *converse(ctx, messages) {
        const { registry } = (ctx as unknown as Context<typeof System>).get(System)
        registry.join(room, messages.peer.ref)
        for (;;) {
          const message = yield* messages.receive()
          if (message === undefined) return
          broadcast(ctx as never, room, message)
        }
      },
      deflate: true,
    },
    async (t, { open }) => {
      const sockets: WebSocket[] = []
      for (const perMessageDeflate of [true, false, true, false]) {
        const socket = await open({ perMessageDeflate })
        sockets.push(socket)
      }
      const heard = Promise.all(sockets.map((socket) => hear(socket, 2)))
      sockets[0]!.send('news '.repeat(1_000))
      sockets[0]!.send(Buffer.alloc(3))
      for (const one of await heard) t.deepEqual(one, ['news '.repeat(1_000), '000000'])
      for (const socket of sockets) socket.terminate()
    },
  )(t)
})

test(
  '500 clients over real sockets, idle and then not',
  real({ ...faces[1]![1]() }, async (t, { open, listening }) => {
    const sockets: WebSocket[] = []
    for (let i = 0; i < 10; i++) {
      sockets.push(...(await Promise.all(Array.from({ length: 50 }, () => open()))))
    }
    t.is(listening.connections, 500)
    const heard = Promise.all(sockets.map((socket) => hear(socket, 1)))
    for (const [i, socket] of sockets.entries()) socket.send(`${i}`)
    t.deepEqual(
      await heard,
      sockets.map((_, i) => [`${i}`]),
    )
    const codes = Promise.all(sockets.map(closed))
    for (const socket of sockets) socket.close(1000)
    t.deepEqual([...new Set(await codes)], ['1000'])
  }),
)
