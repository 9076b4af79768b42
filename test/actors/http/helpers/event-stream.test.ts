/** Server-sent events: what is sent is what a browser hears, silence is filled, and nobody is left waiting at the end. */
import test from 'ava'
import fc from 'fast-check'
import { eventStream, type HttpRequest, lastEventId, type ServerSentEvent, text } from 'greenroom/actors'
import { createManualClock } from 'greenroom/testing'
import { get, request, responses, served } from '../server.ts'

type Event = ServerSentEvent | string

interface Heard {
  readonly type: string
  readonly data: string
  readonly id: string
}

/** Reads a stream as WHATWG HTML section 9.2.6 has it. */
function hear(stream: string): Heard[] {
  const heard: Heard[] = []
  let [type, data, id] = ['', '', '']
  for (const line of stream.split(/\r\n|\r|\n/)) {
    const [, name, value] = /^([^:]*):? ?(.*)$/su.exec(line) as RegExpExecArray
    if (line === '') {
      if (data !== '') heard.push({ type: type || 'message', data: data.slice(0, -1), id })
      type = ''
      data = ''
    } else if (name === 'event') type = value as string
    else if (name === 'data') data += `${value}\n`
    else if (name === 'id' && !value?.includes('\0')) id = value as string
  }
  return heard
}

/** A source in the test's hands, that tells what becomes of it. */
class Source implements AsyncIterableIterator<Event> {
  pulls = 0
  returns = 0
  private waiting: { resolve(step: IteratorResult<Event>): void; reject(error: unknown): void } | undefined

  next(): Promise<IteratorResult<Event>> {
    this.pulls += 1
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
    })
  }

  return(): Promise<IteratorResult<Event>> {
    this.returns += 1
    return Promise.resolve({ done: true, value: undefined })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  give(value: Event): void {
    this.waiting?.resolve({ done: false, value })
  }

  end(): void {
    this.waiting?.resolve({ done: true, value: undefined })
  }

  fail(error: unknown): void {
    this.waiting?.reject(error)
  }
}

async function* these(...events: Event[]): AsyncGenerator<Event> {
  yield* events
}

const encoded: readonly [event: Event, text: string][] = [
  ['one', 'data: one\n\n'],
  ['', 'data: \n\n'],
  ['a\nb\rc\r\nd', 'data: a\ndata: b\ndata: c\ndata: d\n\n'],
  ['a\n', 'data: a\ndata: \n\n'],
  [' leading', 'data:  leading\n\n'],
  [{ data: 'x' }, 'data: x\n\n'],
  [{ data: 'x', event: 'tick', id: '7' }, 'id: 7\nevent: tick\ndata: x\n\n'],
  [{ data: 'x', retryMs: 1500 }, 'retry: 1500\ndata: x\n\n'],
  [{ data: 'x', id: '' }, 'id: \ndata: x\n\n'],
  [{ id: '8' }, 'id: 8\n\n'],
  [{ comment: 'hi\nthere' }, ': hi\n: there\n\n'],
  [{ comment: 'hi', data: 'x' }, ': hi\ndata: x\n\n'],
]

test('events are written as the standard has them, and the stream ends with its source', async (t) => {
  for (const [event, expected] of encoded) {
    await served({ respond: (ctx) => eventStream(ctx, these(event)) }, async (t, server) => {
      const [response] = await server.ask(get('/'))
      t.like(response, { status: 200, body: expected, isWhole: true })
      t.like(response?.headers, {
        'content-type': 'text/event-stream',
        'cache-control': 'no-cache, no-transform',
        'x-accel-buffering': 'no',
        'transfer-encoding': 'chunked',
      })
    })(t)
  }
})

test('whatever is sent is heard as it was, and nothing else is', async (t) => {
  const line = fc.string({ unit: 'binary-ascii', maxLength: 20 }).map((text) => text.replace(/[\0\r\n]/g, ''))
  const event = fc.record({
    data: fc.string({ unit: fc.constantFrom('a', ':', ' ', '\r', '\n', 'ä', 'data: ', '\0'), maxLength: 20 }),
    event: line,
    id: line,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 5 }), async (events) => {
      const { body } = eventStream({ clock: createManualClock() } as never, these(...events))
      let sent = ''
      for await (const piece of body as AsyncIterable<string>) sent += piece
      t.deepEqual(
        hear(sent),
        events.map(({ data, event, id }) => ({
          data: data.replace(/\r\n|\r/g, '\n'),
          type: event || 'message',
          id,
        })),
      )
    }),
    { numRuns: 300 },
  )
})

const unsendable: readonly unknown[] = [
  { data: 'x', id: 'a\nb' },
  { data: 'x', id: 'a\rb' },
  { data: 'x', id: 'a\0b' },
  { data: 'x', event: 'a\nb' },
  { data: 'x', event: 'a\rdata: forged' },
  { event: 'tick' },
  { data: 7 },
  { data: 'x', id: 7 },
  { data: 'x', retryMs: -1 },
  { data: 'x', retryMs: 1.5 },
  { comment: 7 },
  7,
  null,
  undefined,
]

test('an event that cannot be sent breaks the stream and is logged, and its source is given back', async (t) => {
  for (const event of unsendable) {
    const source = new Source()
    await served({ respond: (ctx) => eventStream(ctx, source) }, async (t, server) => {
      const client = await server.send(get('/'))
      source.give(event as Event)
      await server.settle()
      t.true(client.wasReset)
      t.deepEqual(
        server.logged.map(({ level, code }) => [level, code]),
        [['error', 'HTTP_EVENT_INVALID']],
      )
      t.is(source.returns, 1)
    })(t)
  }
})

test('silence is filled with a comment, counted from the last piece, without asking the source again', async (t) => {
  const source = new Source()
  await served({ respond: (ctx) => eventStream(ctx, source, { heartbeatMs: 1_000 }) }, async (t, server) => {
    const client = await server.send(get('/'))
    const sent = () => client.text.slice(client.text.indexOf('\r\n\r\n') + 4)
    await server.advance(999)
    t.is(sent(), '')
    await server.advance(1)
    t.is(sent(), '3\r\n:\n\n\r\n')
    await server.advance(500)
    source.give('x')
    await server.settle()
    t.is(sent(), '3\r\n:\n\n\r\n9\r\ndata: x\n\n\r\n')
    await server.advance(999)
    t.is(source.pulls, 2)
    t.is(sent().split(':\n\n').length, 2)
    await server.advance(1)
    t.is(sent().split(':\n\n').length, 3)
    source.end()
    await server.settle()
    t.true(responses(client)[0]?.isWhole)
    t.is(source.returns, 0)
  })(t)
})

test('by default silence lasts 15 seconds at most', async (t) => {
  const source = new Source()
  await served({ respond: (ctx) => eventStream(ctx, source) }, async (t, server) => {
    const client = await server.send(get('/'))
    await server.advance(14_999)
    t.false(client.text.includes(':\n\n'))
    await server.advance(1)
    t.true(client.text.includes(':\n\n'))
    client.reset()
    await server.settle()
    t.is(source.returns, 1)
  })(t)
})

test('the time to come back is sent first, before there is any event', async (t) => {
  const source = new Source()
  await served({ respond: (ctx) => eventStream(ctx, source, { retryMs: 2_000 }) }, async (t, server) => {
    const client = await server.send(get('/'))
    t.true(client.text.endsWith('\r\n\r\nd\r\nretry: 2000\n\n\r\n'))
    client.reset()
  })(t)
})

for (const ending of ['close', 'reset'] as const) {
  test(`when the client leaves (${ending}), a source that waits is given back and no timer is left`, async (t) => {
    const source = new Source()
    await served(
      { respond: (ctx) => eventStream(ctx, source, { heartbeatMs: 1_000 }) },
      async (t, server) => {
        const client = await server.send(get('/'))
        client[ending]()
        await server.advance(2_000)
        t.is(source.returns, 1)
        t.is(server.listening.connections, 0)
        t.is(server.simulation.clock.pending, 0)
        source.give('too late')
        await server.settle()
        t.deepEqual(server.logged, [])
      },
    )(t)
  })
}

test('an event is asked for when the client has room for it, one at a time', async (t) => {
  let pulled = 0
  async function* ticks(): AsyncGenerator<string> {
    for (; pulled < 1_000; pulled++) yield 'x'.repeat(1_000)
  }
  await served({ respond: (ctx) => eventStream(ctx, ticks()) }, async (t, server) => {
    const client = server.connect({ windowBytes: 1_000 })
    client.write(get('/'))
    await server.settle()
    t.true(pulled < 200, `${pulled} events pulled`)
    // It is not silent: there is something that waits to be taken.
    const before = client.text.length
    await server.advance(20_000)
    t.is(client.text.length, before)
    client.drain()
    await server.settle()
    t.is(pulled, 1_000)
  })(t)
})

test('a source that fails breaks the connection and is logged', async (t) => {
  const source = new Source()
  await served({ respond: (ctx) => eventStream(ctx, source) }, async (t, server) => {
    const client = await server.send(get('/'))
    source.give('x')
    await server.settle()
    source.fail(new Error('secret'))
    await server.settle()
    t.true(client.wasReset)
    t.false(client.text.includes('secret'))
    t.is(server.logged[0]?.level, 'error')
  })(t)
})

test('a source that has ended by itself is not told to end', async (t) => {
  const source = new Source()
  const { body } = eventStream({ clock: createManualClock() } as never, source)
  const pieces = (body as AsyncIterable<string>)[Symbol.asyncIterator]()
  const last = pieces.next()
  source.end()
  t.true((await last).done)
  await pieces.return?.()
  t.is(source.returns, 0)
})

test('a server that drains ends the stream, whole, and gives its source back', async (t) => {
  const source = new Source()
  await served({ respond: (ctx) => eventStream(ctx, source) }, async (t, server) => {
    const client = await server.send(get('/'))
    source.give('x')
    await server.settle()
    await server.simulation.waitFor(server.listening.close(server.simulation.ctx))
    t.like(responses(client)[0], { body: 'data: x\n\n', isWhole: true })
    t.is(source.returns, 1)
    t.deepEqual(server.logged, [])
  })(t)
})

test('to HEAD the source is given back without being asked', async (t) => {
  const source = new Source()
  await served({ respond: (ctx) => eventStream(ctx, source) }, async (t, server) => {
    const [response] = await server.ask(request('HEAD', '/'), 'HEAD')
    t.is(response?.headers['content-type'], 'text/event-stream')
    t.is(source.pulls, 0)
    t.is(source.returns, 1)
  })(t)
})

test('fields of the caller are sent, and take the place of ours', async (t) => {
  const headers = { 'Cache-Control': 'no-store', 'x-a': 'b' }
  await served({ respond: (ctx) => eventStream(ctx, these('x'), { headers }) }, async (t, server) => {
    const client = await server.send(get('/'))
    t.deepEqual(client.text.match(/^(?:cache-control|x-a|content-type):.*$/gim), [
      'content-type: text/event-stream',
      'Cache-Control: no-store',
      'x-a: b',
    ])
  })(t)
})

test('a client that comes back says what it got last, in UTF-8', async (t) => {
  const seen: (string | undefined)[] = []
  await served(
    {
      respond(_ctx, request: HttpRequest) {
        seen.push(lastEventId(request))
        return text('')
      },
    },
    async (_t, server) => {
      await server.ask(get('/', 'Last-Event-ID: 42'))
      await server.ask(get('/', `Last-Event-ID: ${Buffer.from('grün').toString('latin1')}`))
      await server.ask(get('/'))
    },
  )(t)
  t.deepEqual(seen, ['42', 'grün', undefined])
})

test('times that are none are refused when the stream is made', (t) => {
  const ctx = { clock: createManualClock() } as never
  for (const heartbeatMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31]) {
    t.throws(() => eventStream(ctx, these(), { heartbeatMs }), { code: 'HTTP_EVENT_STREAM_INVALID' })
  }
  for (const retryMs of [-1, 1.5, Number.NaN]) {
    t.throws(() => eventStream(ctx, these(), { retryMs }), { code: 'HTTP_EVENT_STREAM_INVALID' })
  }
})
