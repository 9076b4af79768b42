/**
 * The clients of `server-slow.test.ts` over real sockets: what the operating system adds (buffers, windows, resets) lets
 * none of them stay. Every test waits for the server to act and for nothing else; limits are small so that it does soon.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setInterval } from 'node:timers/promises'
import anyTest, { type ExecutionContext, type TestFn } from 'ava'
import { createSystem, silentLog } from 'greenroom'
import { type HttpOptions, http, type Listening, listen, stream, text } from 'greenroom/actors'
import type { ConnectionLimits } from '../../../actors/connection/limits.ts'
import { get, responses } from './server.ts'

const test = anyTest as TestFn

interface Client {
  readonly socket: Socket
  readonly seen: { text: string; hasEnded: boolean }
  /** Fulfilled with how it ended: `end`, or the error's code. */
  readonly over: Promise<string>
}

async function server(
  t: ExecutionContext,
  options: HttpOptions<never>,
  limits: Partial<ConnectionLimits> = {},
): Promise<{ listening: Listening; open(): Promise<Client> }> {
  const system = createSystem({ log: silentLog })
  const listening = await listen(system.ctx, { endpoint: 'tcp:127.0.0.1:0', protocol: http(options), limits })
  const sockets: Socket[] = []
  t.teardown(async () => {
    for (const socket of sockets) socket.destroy()
    await system.stop({ graceMs: 0 })
  })
  return {
    listening,
    async open() {
      const socket = connect(listening.port as number, '127.0.0.1')
      sockets.push(socket)
      const seen = { text: '', hasEnded: false }
      socket.setEncoding('latin1').on('data', (data) => {
        seen.text += data
      })
      const over = new Promise<string>((resolve) => {
        socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
        socket.on('end', () => {
          seen.hasEnded = true
          resolve('end')
        })
        socket.on('close', () => resolve('close'))
      })
      await once(socket, 'connect')
      return { socket, seen, over }
    },
  }
}

/** Writes a byte now and then until the connection is over. */
async function drip(client: Client, byte: string): Promise<string> {
  let isOver = false
  void client.over.then(() => {
    isOver = true
  })
  for await (const _ of setInterval(10)) {
    if (isOver) break
    client.socket.write(byte)
  }
  return client.over
}

test('slow heads over real sockets: each is told 408, and others are served meanwhile', async (t) => {
  const { open } = await server(t, { respond: () => text('hello'), limits: { headersTimeoutMs: 200 } })
  const slow = await Promise.all(Array.from({ length: 50 }, open))
  for (const { socket } of slow) socket.write('GET / HTTP/1.1\r\nHost: a\r\nX: ')
  const ends = Promise.all(slow.map((client) => drip(client, 'x')))
  const quick = await open()
  quick.socket.write(get('/', 'Connection: close'))
  await quick.over
  t.is(responses(quick.seen)[0]?.body, 'hello')
  await ends
  for (const { seen } of slow) t.is(responses(seen)[0]?.status, 408)
})

test('slow bodies over real sockets: each is told 408', async (t) => {
  const { open } = await server(t, {
    respond: async (_ctx, request) => text(`${(await request.bytes()).length}`),
    limits: { bodyGraceMs: 200, bodyBytesPerSecondMin: 1_000 },
  })
  const slow = await Promise.all(Array.from({ length: 20 }, open))
  for (const { socket } of slow) socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10000\r\n\r\n')
  await Promise.all(slow.map((client) => drip(client, 'x')))
  for (const { seen } of slow) t.is(responses(seen)[0]?.status, 408)
})

test('slow readers over real sockets: who takes nothing is cut off, its source is let go, and memory is not filled', async (t) => {
  let pulled = 0
  let released = 0
  const endless = () =>
    (function* () {
      try {
        for (;;) {
          pulled += 1
          yield Buffer.alloc(65_536)
        }
      } finally {
        released += 1
      }
    })()
  const { open, listening } = await server(t, { respond: () => stream(endless()) }, { writeTimeoutMs: 200 })
  const client = await open()
  client.socket.pause()
  client.socket.write(get('/'))
  while (listening.accepted === 0 || listening.connections > 0)
    await new Promise((resolve) => setImmediate(resolve))
  t.is(released, 1)
  // The windows of both ends of a loopback socket, and our own mark.
  t.true(pulled * 65_536 < 32 * 1024 * 1024, `${pulled} pieces`)
  client.socket.resume()
  await client.over
  t.false(client.seen.text.endsWith('0\r\n\r\n'), 'an end would say that this was the whole')
})

test('slow readers over real sockets: one that reads on steadily has its answer, though it came as one large piece', async (t) => {
  const { listening } = await server(
    t,
    { respond: () => stream([Buffer.alloc(8_000_000)]) },
    { writeTimeoutMs: 500 },
  )
  const socket = connect(listening.port as number, '127.0.0.1')
  t.teardown(() => socket.destroy())
  socket.write(get('/', 'Connection: close'))
  let received = 0
  let isOver = false
  socket.on('end', () => {
    isOver = true
  })
  for await (const _ of setInterval(20)) {
    const piece: Buffer | null = socket.read(Math.min(65_536, socket.readableLength || 1))
    received += piece?.length ?? 0
    if (isOver || socket.destroyed) break
  }
  t.true(received > 8_000_000, `${received} bytes`)
})

test('idle floods over real sockets: who has something to say gets in, and is answered', async (t) => {
  const { open, listening } = await server(
    t,
    { respond: () => text('hello'), limits: { headersTimeoutMs: 60_000 } },
    { connectionsMax: 50 },
  )
  for (let round = 0; round < 4; round++) await Promise.all(Array.from({ length: 100 }, open))
  const client = await open()
  client.socket.write(get('/', 'Connection: close'))
  t.is(await client.over, 'end')
  t.is(responses(client.seen)[0]?.body, 'hello')
  t.true(listening.connections <= 50)
  t.is(listening.refused, 0)
})

test('an early answer over real sockets reaches a client that sends all of its body before it looks', async (t) => {
  const { open } = await server(t, { respond: () => text('no thanks', { status: 403 }) })
  const client = await open()
  client.socket.pause()
  client.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n')
  const piece = Buffer.alloc(1_000_000)
  for (let sent = 0; sent < 20; sent++) {
    if (!client.socket.write(piece)) await once(client.socket, 'drain')
  }
  client.socket.resume()
  t.is(await client.over, 'end')
  t.like(responses(client.seen)[0], { status: 403, body: 'no thanks' })
})

test('413 reaches a client that is still sending', async (t) => {
  const { open } = await server(t, {
    respond: async (_ctx, request) => text(`${(await request.bytes()).length}`),
    limits: { bodyBytesMax: 1_000 },
  })
  for (const framing of ['Content-Length: 20000000', 'Transfer-Encoding: chunked']) {
    const client = await open()
    client.socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${framing}\r\n\r\n`)
    if (framing.startsWith('T')) client.socket.write('1312d00\r\n')
    const piece = Buffer.alloc(1_000_000)
    for (let sent = 0; sent < 20 && !client.seen.hasEnded; sent++) {
      if (!client.socket.write(piece)) await Promise.race([once(client.socket, 'drain'), client.over])
    }
    t.is(await client.over, 'end', framing)
    t.is(responses(client.seen)[0]?.status, 413, framing)
  }
})
