/** Compression: what is decoded is what was meant, by those who can, of what gains by it; and nothing is held for longer. */

import zlib from 'node:zlib'
import test from 'ava'
import fc from 'fast-check'
import {
  type Compression,
  type CompressionOptions,
  compress,
  createCompression,
  eventStream,
  HttpResponse,
  http,
  json,
  type Respond,
  type ResponseInit,
  status,
  stream,
  text,
} from 'greenroom/actors'
import type { ContentCoder } from '../../../../actors/http/helpers/content-coder.ts'
import { fieldOf } from '../../../../actors/http/helpers/response-fields.ts'
import { get, request, responses, served } from '../server.ts'

const decoders: Readonly<Record<string, (bytes: Uint8Array) => Buffer>> = {
  br: zlib.brotliDecompressSync,
  gzip: zlib.gunzipSync,
  zstd: (zlib as unknown as { zstdDecompressSync(bytes: Uint8Array): Buffer }).zstdDecompressSync,
}

function decoded(coding: string, bytes: Uint8Array): string {
  return (decoders[coding] as (typeof decoders)[string])(bytes).toString()
}

function asking(accepted: string | undefined, method = 'GET', others: Record<string, string> = {}) {
  const fields: Record<string, string | undefined> = { 'accept-encoding': accepted, ...others }
  return { method, headers: { get: (name: string) => fields[name] } }
}

const page = 'hello compression '.repeat(200)
const small = () => text(page)

/** The response made of it, for a client that accepts brotli and gzip. */
function made(response: HttpResponse, options?: CompressionOptions): Promise<HttpResponse> {
  return Promise.resolve(compress(asking('gzip, br'), response, createCompression(options)))
}

/** Bytes that no coding makes fewer, the same each time for a seed. */
function noise(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length)
  for (let at = 0, word = seed; at < length; at++) {
    word = (word * 48_271) % 2_147_483_647
    bytes[at] = word
  }
  return bytes
}

async function bytesOf({ body }: HttpResponse): Promise<Buffer> {
  if (typeof body === 'string' || body instanceof Uint8Array) return Buffer.from(body as Uint8Array)
  const pieces: Buffer[] = []
  for await (const piece of body ?? []) pieces.push(Buffer.from(piece as Uint8Array))
  return Buffer.concat(pieces)
}

const negotiated: readonly [accepted: string | undefined, coding: string | undefined][] = [
  [undefined, undefined],
  ['', undefined],
  ['gzip', 'gzip'],
  ['br', 'br'],
  ['gzip, deflate, br, zstd', 'br'],
  ['GZip', 'gzip'],
  ['deflate', undefined],
  ['identity', undefined],
  ['gzip;q=0', undefined],
  ['gzip;q=0.000', undefined],
  ['br;q=0, gzip', 'gzip'],
  ['br;q=0.5, gzip;q=0.8', 'gzip'],
  ['br;q=0.5, gzip;q=0.5', 'br'],
  ['gzip;q=0.001', 'gzip'],
  ['identity;q=1, gzip;q=0.5', undefined],
  ['identity;q=0.5, gzip;q=1', 'gzip'],
  ['*', 'br'],
  ['*;q=0', undefined],
  ['br;q=0, *', 'gzip'],
  ['br;q=0, gzip ; q=0, *;q=1', undefined],
  ['gzip, *;q=0', 'gzip'],
  ['*;q=0.5, gzip;q=1', 'gzip'],
  ['gzipped', undefined],
  ['x,,;;q=,gzip', 'gzip'],
]

test('the coding is the one that the client likes best, of those it does not refuse', async (t) => {
  for (const [accepted, coding] of negotiated) {
    const response = await compress(asking(accepted), small())
    t.is(fieldOf(response.headers, 'content-encoding'), coding, String(accepted))
    t.is(fieldOf(response.headers, 'vary'), 'accept-encoding', String(accepted))
    const bytes = await bytesOf(response)
    t.is(coding === undefined ? bytes.toString() : decoded(coding, bytes), page)
  }
})

test('the server’s own order decides where the client has none', async (t) => {
  const response = await made(small(), { codings: ['gzip', 'br'] })
  t.is(fieldOf(response.headers, 'content-encoding'), 'gzip')
})

test('zstd is used where Node has it and it was asked for', async (t) => {
  const hasZstd = 'createZstdCompress' in zlib
  const response = await compress(asking('zstd'), small(), createCompression({ codings: ['zstd'] }))
  t.is(fieldOf(response.headers, 'content-encoding'), hasZstd ? 'zstd' : undefined)
  if (hasZstd) t.is(decoded('zstd', await bytesOf(response)), page)
  t.is(fieldOf((await compress(asking('zstd'), small())).headers, 'content-encoding'), undefined)
})

const typed = (type: string, init: ResponseInit = {}) =>
  new HttpResponse(init.status ?? 200, [['content-type', type]], page)

test('types that are text are compressed, and others are not', async (t) => {
  for (const type of [
    'text/plain',
    'text/html; charset=utf-8',
    'TEXT/CSS',
    'application/json',
    'application/javascript; charset=utf-8',
    'application/ld+json',
    'application/problem+json; charset=utf-8',
    'application/atom+xml',
    'application/xml',
    'image/svg+xml',
    'application/wasm',
  ]) {
    t.is(fieldOf((await made(typed(type))).headers, 'content-encoding'), 'br', type)
  }
  for (const type of [
    'image/png',
    'application/octet-stream',
    'application/zip',
    'application/jsonish',
    'font/woff2',
    'video/mp4',
    'text/event-stream',
    'multipart/form-data; boundary="+json"',
  ]) {
    const response = typed(type)
    t.is(await made(response), response, type)
  }
})

const with_ = (headers: Record<string, string>, code = 200) => text(page, { headers, status: code })

const untouched: readonly [title: string, response: HttpResponse][] = [
  ['without a body', status(200)],
  ['204', status(204)],
  ['small', text('x'.repeat(1_023))],
  ['small, in pieces', stream(['x'], { type: 'text/plain', length: 1 })],
  ['compressed already', with_({ 'content-encoding': 'gzip' })],
  ['with a digest of its bytes', with_({ 'content-digest': 'sha-256=:x:' })],
  ['no-transform', with_({ 'cache-control': 'public, no-transform' })],
  ['without a type', new HttpResponse(200, [], page)],
  ['events', eventStream({} as never, (async function* () {})())],
  ['a stream that the drain ends', stream([page], { type: 'text/plain', endsOnDrain: true })],
]

for (const [title, response] of untouched) {
  test(`a response is the same one where nothing is to be done: ${title}`, async (t) => {
    t.is(await made(response), response)
  })
}

test('the least size is the caller’s, and what is as large is compressed', async (t) => {
  t.is(fieldOf((await made(text('x'.repeat(1_024)))).headers, 'content-encoding'), 'br')
  t.is(fieldOf((await made(text('x'.repeat(99)), { bytesMin: 100 })).headers, 'content-encoding'), undefined)
  t.is(fieldOf((await made(text('x'.repeat(100)), { bytesMin: 100 })).headers, 'content-encoding'), 'br')
  // Bytes, not characters.
  t.is(fieldOf((await made(text('ä'.repeat(512)))).headers, 'content-encoding'), 'br')
})

test('a range stays as it is, and says that the whole could come otherwise', async (t) => {
  const response = with_({ 'content-range': 'bytes 0-3599/9999', etag: '"x"' }, 206)
  const { headers, body } = await made(response)
  t.is(body, page)
  t.is(fieldOf(headers, 'etag'), '"x"')
  t.is(fieldOf(headers, 'vary'), 'accept-encoding')
  t.is(fieldOf(headers, 'content-encoding'), undefined)
})

test('a body that would not become smaller stays plain', async (t) => {
  const body = noise(3_000)
  const response = await made(new HttpResponse(200, { 'content-type': 'text/plain', etag: '"x"' }, body))
  t.is(response.body, body)
  t.is(fieldOf(response.headers, 'etag'), '"x"')
  t.is(fieldOf(response.headers, 'vary'), 'accept-encoding')
})

const varied: readonly [before: string, after: string][] = [
  ['origin', 'origin, accept-encoding'],
  ['Accept-Encoding', 'Accept-Encoding'],
  ['origin, accept-ENCODING', 'origin, accept-ENCODING'],
  ['*', '*'],
  ['x-accept-encoding', 'x-accept-encoding, accept-encoding'],
]

test('vary is completed, not replaced', async (t) => {
  for (const [before, after] of varied) {
    t.is(fieldOf((await made(with_({ Vary: before }))).headers, 'vary'), after)
  }
  const { headers } = await made(
    text(page, {
      headers: [
        ['vary', 'a'],
        ['vary', 'b'],
      ],
    }),
  )
  t.is(fieldOf(headers, 'vary'), 'a, b, accept-encoding')
})

test('what was byte for byte the same is so no longer: tags become weak, ranges are not offered', async (t) => {
  const { headers, status } = await made(with_({ ETag: '"x"', 'accept-ranges': 'bytes', 'x-a': 'b' }, 404))
  t.is(status, 404)
  t.is(fieldOf(headers, 'etag'), 'W/"x"')
  t.is(fieldOf(headers, 'accept-ranges'), undefined)
  t.is(fieldOf(headers, 'x-a'), 'b')
  t.is(fieldOf((await made(with_({ etag: 'W/"x"' }))).headers, 'etag'), 'W/"x"')
  const plain = await compress(asking('deflate'), with_({ etag: '"x"', 'accept-ranges': 'bytes' }))
  t.is(fieldOf(plain.headers, 'etag'), '"x"')
  t.is(fieldOf(plain.headers, 'accept-ranges'), 'bytes')
})

const confirmations: readonly [ifNoneMatch: string | undefined, tag: string][] = [
  ['W/"x"', 'W/"x"'],
  ['"y", W/"x"', 'W/"x"'],
  ['"x"', '"x"'],
  ['W/"x", "x"', '"x"'],
  [undefined, '"x"'],
]

test('304 names the tag of the response that the client has, compressed or not', async (t) => {
  for (const [ifNoneMatch, tag] of confirmations) {
    const others = ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch }
    const response = await compress(asking('br', 'GET', others), status(304, { headers: { etag: '"x"' } }))
    t.is(fieldOf(response.headers, 'etag'), tag)
    t.is(fieldOf(response.headers, 'vary'), 'accept-encoding')
  }
})

test('a response that is made once and sent often stays as it was', async (t) => {
  const response = small()
  const before = response.headers.text
  await made(response)
  t.is(response.headers.text, before)
  t.is(response.body, page)
})

for (const bytes of [1_024, 16_384, 16_385, 262_144, 262_145, 3_000_000]) {
  for (const coding of ['br', 'gzip']) {
    test(`a body of ${bytes} bytes comes back from ${coding} as it went`, async (t) => {
      const body = JSON.stringify(Array.from({ length: bytes / 4 }, (_, at) => at * 7919)).slice(0, bytes)
      const response = await compress(asking(coding), text(body))
      t.is(fieldOf(response.headers, 'content-encoding'), coding)
      const sent = await bytesOf(response)
      t.true(sent.length < bytes / 1.5)
      t.is(decoded(coding, sent), body)
    })
  }
}

test('whatever the pieces, they come back as one text', async (t) => {
  const pieces = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.uint8Array()), { maxLength: 20 })
  await fc.assert(
    fc.asyncProperty(pieces, fc.constantFrom('br', 'gzip'), fc.boolean(), async (pieces, coding, isSlow) => {
      async function* slowly() {
        for (const piece of pieces) {
          await new Promise((resolve) => setImmediate(resolve))
          yield piece
        }
      }
      const source = isSlow ? slowly() : pieces
      const response = await compress(asking(coding), stream(source, { type: 'text/plain' }))
      t.is(fieldOf(response.headers, 'content-encoding'), coding)
      const expected = Buffer.concat(pieces.map((piece) => Buffer.from(piece as string)))
      t.is(decoded(coding, await bytesOf(response)), expected.toString())
    }),
    { numRuns: 100 },
  )
})

/** Calls `step` until `condition` holds: what another thread compresses comes when it comes. ava ends a test that waits for ever. */
async function until(condition: () => boolean, step: () => unknown = () => {}): Promise<void> {
  while (!condition()) {
    await step()
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const compressing =
  (respond: () => HttpResponse, compression?: Compression): Respond<never> =>
  (_ctx, request) =>
    compress(request, respond(), compression)

for (const coding of ['br', 'gzip']) {
  test(`a piece leaves at once where the next one is slow (${coding})`, async (t) => {
    let go: () => void = () => {}
    async function* slow() {
      yield 'first piece'
      await new Promise<void>((resolve) => {
        go = resolve
      })
      yield 'second piece'
    }
    const { body } = await compress(asking(coding), stream(slow(), { type: 'text/plain' }))
    const decoder = coding === 'br' ? zlib.createBrotliDecompress() : zlib.createGunzip()
    let seen = ''
    decoder.on('data', (piece) => {
      seen += String(piece)
    })
    const output = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    let isOver = false
    const pump = async () => {
      for (;;) {
        const { done, value } = await output.next()
        if (done === true) break
        decoder.write(value)
      }
      isOver = true
    }
    const pumping = pump()
    await until(() => seen === 'first piece')
    t.false(isOver)
    go()
    await pumping
    await until(() => seen === 'first piecesecond piece')
    t.true(isOver)
  })
}

test('pieces that are there leave together: small ones cost no flush each', async (t) => {
  const pieces = Array.from({ length: 1_000 }, (_, at) => `{"line":${at}}\n`)
  const response = await compress(asking('gzip'), stream(pieces, { type: 'application/x-ndjson' }))
  const sent = await bytesOf(response)
  t.true(sent.length < 1.2 * zlib.gzipSync(pieces.join('')).length, `${sent.length} bytes`)
})

test('a slow client slows the source', async (t) => {
  let pulled = 0
  // As much comes out as goes in.
  function* pieces() {
    for (; pulled < 200; pulled++) yield noise(10_000, 1 + pulled * 7_919)
  }
  await served(
    { respond: compressing(() => stream(pieces(), { type: 'text/plain' })) },
    async (t, server) => {
      const client = server.connect({ windowBytes: 1_000 })
      client.write(get('/', 'Accept-Encoding: gzip'))
      let before = -1
      // Until nothing moves any more.
      await until(
        () => pulled > 0 && pulled === before,
        async () => {
          before = pulled
          for (let i = 0; i < 20; i++) {
            await new Promise((resolve) => setImmediate(resolve))
            await server.settle()
          }
        },
      )
      t.true(pulled < 40, `${pulled} pieces pulled`)
      client.drain()
      await until(
        () => responses(client)[0]?.isWhole === true,
        () => server.settle(),
      )
      t.is(pulled, 200)
      const body = Buffer.from(responses(client)[0]?.body ?? '', 'latin1')
      t.is(zlib.gunzipSync(body).length, 2_000_000)
    },
  )(t)
})

/** A compression that shows which encoders it has made. */
function watched(): { compression: Compression; encoders: { readonly closed: boolean }[] } {
  const encoders: { readonly closed: boolean }[] = []
  const compression = createCompression()
  const coder = compression.coders.get('gzip') as ContentCoder
  const createEncoder = () => {
    const encoder = coder.createEncoder()
    encoders.push(encoder)
    return encoder
  }
  return {
    compression: { ...compression, coders: new Map([['gzip', { ...coder, createEncoder }]]) },
    encoders,
  }
}

for (const ending of ['close', 'reset'] as const) {
  test(`when the client leaves (${ending}), the source is told and the encoder freed`, async (t) => {
    let isGivenBack = false
    async function* endless() {
      try {
        for (;;) {
          await new Promise((resolve) => setImmediate(resolve))
          yield page
        }
      } finally {
        isGivenBack = true
      }
    }
    const { compression, encoders } = watched()
    await served(
      { respond: compressing(() => stream(endless(), { type: 'text/plain' }), compression) },
      async (t, server) => {
        const client = server.connect()
        client.write(get('/', 'Accept-Encoding: gzip'))
        await until(
          () => client.text.includes('\r\n\r\n') && client.received.length > 1_000,
          () => server.settle(),
        )
        t.is(encoders.length, 1)
        t.false(encoders[0]?.closed)
        client[ending]()
        await until(
          () => isGivenBack && encoders[0]?.closed === true && server.listening.connections === 0,
          () => server.settle(),
        )
        t.deepEqual(server.logged, [])
      },
    )(t)
  })
}

test('to HEAD no encoder is made, and the source is given back unread', async (t) => {
  const seen: string[] = []
  const source = {
    next() {
      seen.push('next')
      return Promise.resolve({ done: false as const, value: page })
    },
    return() {
      seen.push('return')
      return Promise.resolve({ done: true as const, value: undefined })
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
  const { compression, encoders } = watched()
  await served(
    { respond: compressing(() => stream(source, { type: 'text/plain' }), compression) },
    async (t, server) => {
      const [response] = await server.ask(request('HEAD', '/', ['Accept-Encoding: gzip']), 'HEAD')
      t.like(response, { status: 200, body: '' })
      t.like(response?.headers, { 'content-encoding': 'gzip', vary: 'accept-encoding' })
      t.is(encoders.length, 0)
      t.deepEqual(seen, ['return'])
    },
  )(t)
})

test('HEAD gets the fields that GET gets, but for the length', async (t) => {
  await served({ respond: compressing(() => json({ page })) }, async (t, server) => {
    const headers = ['Accept-Encoding: br']
    const [whole] = await server.ask(request('GET', '/', headers))
    const [head] = await server.ask(request('HEAD', '/', headers), 'HEAD')
    const { 'content-length': length, ...rest } = whole?.headers ?? {}
    t.true(Number(length) > 0)
    t.like(head, { status: 200, body: '' })
    t.like(head?.headers, rest)
    t.is(head?.headers['content-length'], undefined)
  })(t)
})

test('a small body is compressed within the turn, a larger one by another thread', (t) => {
  t.true(compress(asking('br'), text('x'.repeat(16 * 1024))) instanceof HttpResponse)
  t.true(compress(asking('br'), text('x'.repeat(16 * 1024 + 1))) instanceof Promise)
})

test('a source that fails in the midst breaks the connection, and is logged as its own failure', async (t) => {
  async function* failing() {
    yield page
    throw new Error('on purpose')
  }
  await served(
    { respond: compressing(() => stream(failing(), { type: 'text/plain' })) },
    async (t, server) => {
      const client = server.connect()
      client.write(get('/', 'Accept-Encoding: gzip'))
      await until(
        () => client.wasReset,
        () => server.settle(),
      )
      t.true(server.logged[0]?.message.endsWith('on purpose'))
      t.is(server.logged.length, 1)
    },
  )(t)
})

test('trailers still come behind a compressed stream', async (t) => {
  const source = stream([page], { type: 'text/plain', trailers: () => ({ 'x-sum': '7' }) })
  const response = await made(source)
  t.deepEqual(response.streaming?.trailers?.(), { 'x-sum': '7' })
  t.is(response.streaming?.length, undefined)
})

test('a length that was announced is not that of the compressed body', async (t) => {
  const response = await made(stream([page], { type: 'text/plain', length: page.length }))
  t.is(response.streaming?.length, undefined)
  t.is(fieldOf(response.headers, 'content-encoding'), 'br')
})

const wrong: readonly unknown[] = [
  { codings: ['deflate'] },
  { codings: ['br', 'toString'] },
  { bytesMin: -1 },
  { bytesMin: 1.5 },
  { brotliQuality: 12 },
  { gzipLevel: 0 },
]

test('options that cannot work are refused', (t) => {
  for (const options of wrong) {
    t.throws(() => createCompression(options as CompressionOptions), { code: 'HTTP_COMPRESSION_INVALID' })
  }
})

test(
  'as an option of the protocol it is for every response, whenever it comes, and for nothing else',
  served(
    {
      async respond(ctx, { path }) {
        if (path === '/later') await ctx.after(10)
        if (path === '/fail') throw new Error('boom')
        return text(page)
      },
      compression: { codings: ['gzip'] },
    },
    async (t, server) => {
      const client = await server.send(
        get('/now', 'Accept-Encoding: gzip') + get('/later', 'Accept-Encoding: gzip'),
      )
      await server.advance(10)
      for (const { headers, body } of responses(client)) {
        t.is(headers['content-encoding'], 'gzip')
        t.is(decoded('gzip', Buffer.from(body, 'latin1')), page)
      }
      t.is(responses(client).length, 2)
      const [plain] = await server.ask(get('/now'))
      t.like(plain, { body: page, status: 200 })
      t.is(plain?.headers.vary, 'accept-encoding')
      const [failed] = await server.ask(get('/fail', 'Accept-Encoding: gzip'))
      t.is(failed?.status, 500)
    },
  ),
)

test('it is off unless asked for, and its options are checked with the others', async (t) => {
  await served({ respond: small }, async (t, server) => {
    const [response] = await server.ask(get('/', 'Accept-Encoding: gzip'))
    t.is(response?.headers['content-encoding'], undefined)
    t.is(response?.headers.vary, undefined)
  })(t)
  t.throws(() => http({ respond: small, compression: { gzipLevel: 10 } }), {
    code: 'HTTP_COMPRESSION_INVALID',
  })
})
