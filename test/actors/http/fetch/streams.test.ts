/** Streams of a fetch handler: as fast as the slower end, and given up when nobody is there. */
import { createHash } from 'node:crypto'
import { request as ask } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import test from 'ava'
import { codeOf, createSystem } from 'greenroom'
import { type Fetch, http, listen } from 'greenroom/actors'
import { get, request, responses, served } from '../server.ts'

const HIGH_WATER_BYTES = 65_536

/** A stream that counts what is asked of it. */
function counted(pieces: number, pieceBytes: number) {
  const seen = { pulled: 0, cancelled: false }
  const stream = new ReadableStream(
    {
      pull(controller) {
        if (seen.pulled++ < pieces) controller.enqueue(new Uint8Array(pieceBytes))
        else controller.close()
      },
      cancel() {
        seen.cancelled = true
      },
    },
    { highWaterMark: 0 },
  )
  return { seen, stream }
}

test('pieces go out as they come', async (t) => {
  await served(
    {
      fetch(_request, { ctx }) {
        const pieces = ['one', 'two']
        const stream = new ReadableStream({
          async pull(controller) {
            const piece = pieces.shift()
            if (piece === undefined) return controller.close()
            controller.enqueue(Buffer.from(piece))
            await ctx.after(10)
          },
        })
        return new Response(stream)
      },
    },
    async (t, server) => {
      const client = await server.send(get('/'))
      t.true(client.text.endsWith('\r\n\r\n3\r\none\r\n'))
      await server.advance(20)
      t.like(responses(client)[0], { body: 'onetwo', isWhole: true })
    },
  )(t)
})

test('a stream is not asked for more than the client takes', async (t) => {
  const { seen, stream } = counted(1_000, 10_000)
  await served({ fetch: () => new Response(stream) }, async (t, server) => {
    const client = server.connect({ windowBytes: 1_000 })
    client.write(get('/'))
    await server.settle()
    t.true(seen.pulled * 10_000 <= 2 * HIGH_WATER_BYTES, `${seen.pulled} pieces pulled`)
    const before = seen.pulled
    await server.advance(100)
    t.is(seen.pulled, before)
    client.drain()
    await server.settle()
    t.is(responses(client)[0]?.body.length, 10_000_000)
  })(t)
})

for (const leave of ['close', 'reset'] as const) {
  test(`a client that leaves (${leave}) cancels the stream, and aborts the request’s signal`, async (t) => {
    const { seen, stream } = counted(1_000, 10_000)
    let signal!: AbortSignal
    await served(
      {
        fetch(request) {
          signal = request.signal
          return new Response(stream)
        },
      },
      async (t, server) => {
        const client = server.connect({ windowBytes: 1_000 })
        client.write(get('/'))
        await server.settle()
        t.deepEqual([seen.cancelled, signal.aborted], [false, false])
        client[leave]()
        client.drain()
        await server.settle()
        t.true(seen.cancelled)
        t.true(signal.aborted)
        t.true(seen.pulled < 50)
        t.deepEqual(server.logged, [])
      },
    )(t)
  })
}

test('a client that leaves before its answer aborts the signal of every request made of its own', async (t) => {
  const signals: AbortSignal[] = []
  const answered = counted(1, 1)
  await served(
    {
      async fetch(request, { ctx }) {
        signals.push(request.signal, request.clone().signal, new Request(request, { headers: {} }).signal)
        await ctx.clock.after(100)
        return new Response(answered.stream)
      },
    },
    async (t, server) => {
      const client = await server.send(get('/'))
      client.reset()
      await server.settle()
      t.deepEqual(
        signals.map(({ aborted }) => aborted),
        [true, true, true],
      )
      const [reason] = signals.map(({ reason }) => reason as Error)
      t.is(codeOf(reason?.cause), 'HTTP_CLIENT_LEFT')
      await server.advance(100)
      t.true(answered.seen.cancelled, 'the answer that nobody waits for is given back')
      t.deepEqual(server.logged, [])
    },
  )(t)
})

test('an answer that was sent aborts nothing, whenever the signal is asked for', async (t) => {
  let early!: AbortSignal
  let given!: Request
  await served(
    {
      fetch(request) {
        if (request.url.endsWith('/early')) early = request.signal
        else given = request
        return new Response('x')
      },
    },
    async (t, server) => {
      const client = await server.send(get('/early') + get('/late'))
      t.is(responses(client).length, 2)
      const late = given.signal
      t.deepEqual([early.aborted, late.aborted], [false, false])
      client.close()
      await server.settle()
      t.deepEqual([early.aborted, late.aborted, given.signal === late], [false, false, true])
    },
  )(t)
})

test('a handler that is too late has its signal aborted, with the deadline as the reason', async (t) => {
  let signal!: AbortSignal
  await served(
    {
      async fetch(request, { ctx }) {
        signal = request.signal
        await ctx.clock.after(60_000)
        return new Response('too late')
      },
    },
    async (t, server) => {
      const client = await server.send(get('/'))
      await server.advance(60_000)
      t.is(responses(client)[0]?.status, 503)
      t.is(codeOf(signal.reason), 'DEADLINE_EXCEEDED')
    },
  )(t)
})

const echoes: Readonly<Record<string, Fetch<never>>> = {
  'the body itself': (request) => new Response(request.body),
  'the body of a clone': (request) => {
    const clone = request.clone()
    void request.body?.cancel()
    return new Response(clone.body)
  },
  'the body of another request': (request) => new Response(new Request(request).body),
  'what was piped through a transform': (request) =>
    new Response((request.body as ReadableStream).pipeThrough(new TransformStream())),
}

for (const [title, fetch] of Object.entries(echoes)) {
  test(`ten megabytes come back (${title}), and neither end can fill the server`, async (t) => {
    const body = Buffer.alloc(10_000_000)
    for (let i = 0; i < body.length; i++) body[i] = (i * 31) % 251
    await served({ fetch }, async (t, server) => {
      const client = server.connect({ windowBytes: 100_000 })
      client.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`)
      for (let at = 0; at < body.length; at += 100_000) client.write(body.subarray(at, at + 100_000))
      await server.settle()
      t.true(client.unsentBytes > body.length - 1_000_000, `only ${client.unsentBytes} bytes wait outside`)
      let held = 0
      while (client.read().length > 0) {
        await server.settle()
        held = Math.max(held, body.length - client.unsentBytes - client.received.length)
      }
      t.true(held < 15 * HIGH_WATER_BYTES, `${held} bytes held`)
      const [response] = responses(client)
      t.true(response?.isWhole)
      t.true(Buffer.from(response?.body ?? '', 'latin1').equals(body))
    })(t)
  })
}

test('a request’s stream is asked for nothing before somebody reads', async (t) => {
  let read: (() => Promise<unknown>) | undefined
  await served(
    {
      async fetch(request, { ctx }) {
        const reader = request.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>
        read = () => reader.read()
        await ctx.after(10)
        await reader.cancel()
        return new Response('cancelled')
      },
    },
    async (t, server) => {
      const client = server.connect()
      client.write('POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n')
      await server.settle()
      t.is(client.text, '', 'nobody has read, so the client is not told to go on')
      void read?.()
      await server.settle()
      t.is(client.text, 'HTTP/1.1 100 Continue\r\n\r\n')
      client.write('hel')
      await server.advance(10)
      t.regex(client.text, /cancelled$/)
    },
  )(t)
})

test('a stream that fails in the midst resets the connection and is told to the log', async (t) => {
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from('half'))
    },
    pull() {
      throw new RangeError('no more')
    },
  })
  await served({ fetch: () => new Response(stream) }, async (t, server) => {
    const client = await server.send(get('/'))
    t.true(client.wasReset)
    t.like(server.logged[0], { level: 'error', message: 'GET / failed: no more' })
  })(t)
})

for (const [title, length] of [
  ['less', 5],
  ['more', 2],
] as const) {
  test(`a stream that gives ${title} than its content-length promises resets the connection`, async (t) => {
    const { stream } = counted(3, 1)
    const init = { headers: { 'content-length': String(length) } }
    await served({ fetch: () => new Response(stream, init) }, async (t, server) => {
      const client = await server.send(get('/'))
      t.true(client.wasReset)
      t.is(server.logged[0]?.code, 'HTTP_BODY_LENGTH')
    })(t)
  })
}

test('what is no bytes cannot be streamed, and the stream is cancelled', async (t) => {
  let isCancelled = false
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue({}),
    cancel() {
      isCancelled = true
    },
  })
  await served({ fetch: () => new Response(stream) }, async (t, server) => {
    await server.send(get('/'))
    t.true(isCancelled)
    t.regex(server.logged[0]?.message as string, /a stream gives text or bytes/)
  })(t)
})

test('a stream beside a head that cannot be sent is cancelled', async (t) => {
  const { seen, stream } = counted(3, 1)
  const response = new Response(stream)
  response.headers.set('a', '\u0001')
  await served({ fetch: () => response }, async (t, server) => {
    t.is((await server.ask(get('/')))[0]?.status, 500)
    t.true(seen.cancelled)
  })(t)
})

test('HEAD cancels the stream that it does not want', async (t) => {
  const { seen, stream } = counted(3, 1)
  await served({ fetch: () => new Response(stream) }, async (t, server) => {
    t.is((await server.ask(request('HEAD', '/'), 'HEAD'))[0]?.status, 200)
    t.deepEqual(seen, { pulled: 0, cancelled: true })
  })(t)
})

for (const how of ['text', 'json', 'formData', 'stream'] as const) {
  test(`a malformed body fails whoever reads it (${how}), and is answered with 400`, async (t) => {
    await served(
      {
        async fetch(request) {
          if (how === 'stream') for await (const _ of request.body as ReadableStream);
          else await request[how]()
          return new Response('read')
        },
      },
      async (t, server) => {
        const bytes = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n'
        t.is((await server.ask(bytes))[0]?.status, 400)
        t.false(server.logged.some(({ level }) => level === 'error'))
      },
    )(t)
  })
}

test('a body that grows too large is answered with 413', async (t) => {
  await served(
    { fetch: async (request) => new Response(await request.text()), limits: { bodyBytesMax: 10 } },
    async (t, server) => {
      const chunk = '6\r\nabcdef\r\n'
      const bytes = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n`
      t.is((await server.ask(bytes))[0]?.status, 413)
    },
  )(t)
})

test.serial('over a real socket: a hundred megabytes go and come, in memory that stays flat', async (t) => {
  const system = createSystem()
  const { port } = await listen(system.ctx, {
    endpoint: 'tcp:127.0.0.1:0',
    protocol: http({
      fetch: (request) => new Response((request.body as ReadableStream).pipeThrough(new TransformStream())),
      limits: { bodyBytesMax: 200_000_000 },
    }),
  })
  t.teardown(() => system.stop())
  const sent = createHash('sha256')
  const received = createHash('sha256')
  let bytes = 0
  let rssMax = 0
  function* pieces() {
    for (let i = 0; i < 1_000; i++) {
      const piece = Buffer.alloc(100_000, i)
      sent.update(piece)
      yield piece
    }
  }
  const upload = ask({ port, host: '127.0.0.1', method: 'POST', path: '/' })
  const before = process.memoryUsage().rss
  const download = new Promise<void>((resolve, reject) => {
    upload.on('error', reject)
    upload.on('response', async (response) => {
      for await (const chunk of response as AsyncIterable<Buffer>) {
        received.update(chunk)
        bytes += chunk.length
        rssMax = Math.max(rssMax, process.memoryUsage().rss)
      }
      resolve()
    })
  })
  await pipeline(Readable.from(pieces()), upload)
  await download
  t.is(bytes, 100_000_000)
  t.is(received.digest('hex'), sent.digest('hex'))
  t.true(rssMax - before < 80_000_000, `${rssMax - before} bytes more`)
})
