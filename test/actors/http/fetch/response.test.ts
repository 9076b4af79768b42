/** Law: a response that is kept as its parts behaves as the platform's own, whatever is done with it. */
import { inspect } from 'node:util'
import test from 'ava'
import { LazyResponse } from '../../../../actors/http/fetch/lazy-response.ts'
import { chunksOf, Genuine, outcome, sameOutcome } from './laws.ts'

type ResponseClass = typeof Response
type Make = (R: ResponseClass) => Response

const bytes = () => new Uint8Array([0xef, 0xbb, 0xbf, 0x68, 0xc3, 0xa4, 0xff])
const streamOf = (...chunks: unknown[]) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })

/** Made as parts: the cases that pay. */
const cheap: Readonly<Record<string, Make>> = {
  nothing: (R) => new R(),
  null: (R) => new R(null),
  undefined: (R) => new R(undefined),
  text: (R) => new R('hä\u{1f600}'),
  'empty text': (R) => new R(''),
  'a byte order mark': (R) => new R('\ufeff{"a":1}'),
  'half a character': (R) => new R('a\ud800b'),
  'a buffer': (R) => new R(Buffer.from('abc')),
  bytes: (R) => new R(bytes()),
  'no bytes': (R) => new R(new Uint8Array(0)),
  'a part of bytes': (R) => new R(bytes().subarray(2, 5)),
  'a stream': (R) => new R(streamOf(bytes(), bytes())),
  'an empty stream': (R) => new R(streamOf()),
  'a stream that fails': (R) =>
    new R(
      new ReadableStream({
        pull() {
          throw new RangeError('no more')
        },
      }),
    ),
  'a stream of what is no bytes': (R) => new R(streamOf('text')),
  json: (R) => new R('{"a":[1]}', { headers: { 'content-type': 'application/json' } }),
  'a form': (R) => new R('a=1&b=2', { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }),
  multipart: (R) =>
    new R('--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n', {
      headers: [['content-type', 'multipart/form-data; boundary=x']],
    }),
  'an odd type': (R) => new R('x', { headers: { 'content-type': 'Text/HTML;Charset="utf-8" ; a=b' } }),
  'a status': (R) => new R('x', { status: 404, statusText: 'Nowhere' }),
  'the ends of the range': (R) => new R('x', { status: 599, statusText: '\u00ff\t ' }),
  'no content': (R) => new R(null, { status: 204 }),
  'not modified': (R) => new R(null, { status: 304, headers: { etag: '"a"' } }),
  'a record': (R) => new R('x', { headers: { 'X-B': '1', 'x-a': '', 'Set-Cookie': 'a=b' } }),
  'a record without a prototype': (R) =>
    new R('x', { headers: Object.assign(Object.create(null), { a: 'b' }) }),
  pairs: (R) =>
    new R('x', {
      headers: [
        ['set-cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['x-a', 'ü'],
      ],
    }),
  headers: (R) =>
    new R('x', {
      headers: new Headers([
        ['b', '1'],
        ['set-cookie', 'a'],
        ['set-cookie', 'b'],
        ['b', '2'],
      ]),
    }),
  'a response as init': (R) =>
    new R('x', new R(null, { status: 201, statusText: 'Made', headers: { a: 'b' } })),
  'the body of another': (R) => {
    const other = new R('abc', { headers: { a: 'b' }, status: 201 })
    return new R(other.body, other)
  },
  'undefined members': (R) =>
    new R('x', { status: undefined, statusText: undefined, headers: undefined } as unknown as ResponseInit),
  'Response.json': (R) => R.json({ a: [null, 'ä'] }, { status: 202, headers: { a: 'b' } }),
  'Response.json with a type': (R) => R.json([], { headers: { 'Content-Type': 'application/problem+json' } }),
}

/** Left to the platform: what is converted, what is rare, what is wrong. */
const dear: Readonly<Record<string, (R: ResponseClass) => unknown>> = {
  'a number': (R) => new R(5 as never),
  'an object': (R) => new R({ toString: () => 'x' } as never),
  'a symbol': (R) => new R(Symbol('x') as never),
  'an array buffer': (R) => new R(bytes().buffer),
  'other views': (R) => new R(new DataView(bytes().buffer, 1, 3)),
  'shared bytes': (R) => new R(new Uint8Array(new SharedArrayBuffer(2)) as never),
  'a blob': (R) => new R(new Blob(['a', bytes()], { type: 'a/b' })),
  parameters: (R) => new R(new URLSearchParams({ a: 'ä b' })),
  'a locked stream': (R) => {
    const stream = streamOf(bytes())
    stream.getReader()
    return new R(stream)
  },
  'a stream that was read': async (R) => {
    const stream = streamOf(bytes())
    await chunksOf(stream)
    return new R(stream)
  },
  'a status below': (R) => new R('x', { status: 199 }),
  'a status above': (R) => new R('x', { status: 600 }),
  'a switch of protocols': (R) => new R(null, { status: 101 }),
  'a status of text': (R) => new R('x', { status: '201' as never }),
  'a status of letters': (R) => new R('x', { status: 'ok' as never }),
  'a broken status': (R) => new R('x', { status: 200.9 }),
  'no number': (R) => new R('x', { status: Number.NaN }),
  'a null status': (R) => new R('x', { status: null as never }),
  'a status text in two lines': (R) => new R('x', { statusText: 'a\nb' }),
  'a status text beyond latin1': (R) => new R('x', { statusText: '\u0100' }),
  'a null status text': (R) => new R('x', { statusText: null as never }),
  'text with 204': (R) => new R('', { status: 204 }),
  'text with 205': (R) => new R('x', { status: 205 }),
  'bytes with 304': (R) => new R(bytes(), { status: 304 }),
  'a null init': (R) => new R('x', null as never),
  'a number as init': (R) => new R('x', 5 as never),
  'a function as init': (R) => new R('x', (() => {}) as never),
  'null headers': (R) => new R('x', { headers: null as never }),
  'a number as headers': (R) => new R('x', { headers: 5 as never }),
  'text as headers': (R) => new R('x', { headers: 'a: b' as never }),
  'a map as headers': (R) => new R('x', { headers: new Map([['a', 'b']]) as never }),
  'values to convert': (R) => new R('x', { headers: { a: undefined, b: null, c: 5 } as never }),
  'a value to trim in front': (R) => new R('x', { headers: { a: ' x' } }),
  'a value to trim behind': (R) => new R('x', { headers: [['a', 'x\t']] }),
  'values to trim': (R) => new R('x', { headers: { a: ' x\t', b: '\r\n' } }),
  'a value in two lines': (R) => new R('x', { headers: { a: 'b\r\nc: d' } }),
  'a value with NUL': (R) => new R('x', { headers: [['a', 'b\0']] }),
  'a value with a control character': (R) => new R('x', { headers: { a: '\u0001' } }),
  'a value beyond latin1': (R) => new R('x', { headers: { a: '\u0100' } }),
  'a name that is none': (R) => new R('x', { headers: { 'a b': 'c' } }),
  'an empty name': (R) => new R('x', { headers: { '': 'c' } }),
  'a symbol as name': (R) => new R('x', { headers: { [Symbol('x')]: 'c' } as never }),
  'the same name twice': (R) => new R('x', { headers: { a: '1', A: '2' } }),
  'the same pair twice': (R) =>
    new R('x', {
      headers: [
        ['a', '1'],
        ['A', '2'],
        ['content-type', 'a/b'],
      ],
    }),
  'half a pair': (R) => new R('x', { headers: [['a']] as never }),
  'a pair of three': (R) => new R('x', { headers: [['a', 'b', 'c']] as never }),
  'a getter that throws': (R) =>
    new R('x', {
      get status(): number {
        throw new SyntaxError('x')
      },
    }),
  'a call without new': (R) => (R as unknown as (body: string) => unknown)('x'),
  'Response.json of nothing': (R) => R.json(undefined),
  'Response.json of a circle': (R) => {
    const circle: unknown[] = []
    circle.push(circle)
    return R.json(circle)
  },
  'Response.json with 204': (R) => R.json({}, { status: 204 }),
  'Response.json without arguments': (R) => (R.json as () => unknown)(),
  'Response.error': (R) => R.error(),
  'Response.redirect': (R) => R.redirect('http://a/ü', 301),
  'Response.redirect nowhere': (R) => R.redirect('http://', 301),
  'Response.redirect with 200': (R) => R.redirect('http://a', 200 as 301),
}

const methods = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'] as const
type Reading = (typeof methods)[number]
const read = (response: Response, how: Reading) =>
  (response as unknown as Record<Reading, () => Promise<unknown>>)[how]()

/** Everything that can be seen of a response without reading it. */
const look = (response: Response) => [
  response.status,
  response.statusText,
  response.ok,
  response.type,
  response.url,
  response.redirected,
  response.headers,
  response.headers.getSetCookie(),
  response.bodyUsed,
  response.body,
  response.bodyUsed,
  Object.prototype.toString.call(response),
  response.constructor.name,
]

const operations: Record<string, (response: Response, R: ResponseClass) => unknown> = {
  looking: look,
  'reading its stream': async (response) => [await chunksOf(response.body), response.bodyUsed, response.body],
  'reading its stream into a buffer': async (response) => {
    const reader = response.body?.getReader({ mode: 'byob' })
    const first = await reader?.read(new Uint8Array(2))
    const second = await reader?.read(new Uint8Array(100))
    return [first?.done, first?.value, second?.done, second?.value]
  },
  'cancelling its stream': async (response) => [
    await response.body?.cancel(),
    response.bodyUsed,
    await outcome(() => response.text()),
  ],
  'holding a reader': async (response) => {
    response.body?.getReader()
    return [response.bodyUsed, await outcome(() => response.text()), await outcome(() => response.clone())]
  },
  'reading behind a reader that let go': async (response) => {
    response.body?.getReader().releaseLock()
    return [response.bodyUsed, await response.text()]
  },
  'changing its headers': (response) => {
    response.headers.set('X-New', ' a ')
    response.headers.append('x-new', 'b')
    response.headers.delete('content-type')
    const { headers } = response
    return [headers, response.headers === headers]
  },
  'a type that came later': async (response) => {
    response.headers.set('content-type', 'a/b')
    return response.blob()
  },
  'a type that went': async (response) => {
    response.headers.delete('content-type')
    return response.blob()
  },
  cloning: async (response) => {
    response.headers.append('x-a', 'before')
    const clone = response.clone()
    response.headers.append('x-a', 'behind')
    return [look(clone), look(response), await clone.text(), await response.text(), clone.bodyUsed]
  },
  'cloning a clone': async (response) => {
    const one = response.clone()
    const two = one.clone()
    return [await chunksOf(two.body), await chunksOf(one.body), await chunksOf(response.body)]
  },
  'cloning what was read': async (response) => {
    await response.text()
    return [response.bodyUsed, response.clone()]
  },
  'cloning with a stream at hand': async (response) => {
    const { body } = response
    const clone = response.clone()
    return [body?.locked, body === response.body, await clone.text(), await response.text()]
  },
  'passing its stream on': async (response, R) => {
    const other = new R(response.body, response)
    return [look(other), await other.text(), response.bodyUsed, await outcome(() => response.text())]
  },
  'passing its stream on twice': async (response, R) => {
    const other = new R(response.body, response)
    const third = new R(other.body, { headers: other.headers })
    return [look(third), await third.text(), response.bodyUsed, other.bodyUsed]
  },
  'passing its head on': (response, R) => look(new R(null, response)),
  'what a loop sees': (response) => {
    const names: string[] = []
    for (const name in response) names.push(name)
    return [names.sort(), Object.keys(response)]
  },
  // The platform shows a name's capitals and a stream's inner state, of which it tells nobody else.
  'being shown': (response) =>
    inspect(response)
      .toLowerCase()
      .replace(/state: '\w+'/, ''),
}
for (const how of methods) {
  operations[how] = async (response) => [
    await outcome(() => read(response, how)),
    response.bodyUsed,
    response.body,
  ]
  operations[`${how}, twice`] = async (response) => [
    await outcome(() => read(response, how)),
    await outcome(() => read(response, how)),
  ]
  operations[`${how} behind its stream was seen`] = async (response) => [
    response.body?.locked,
    await outcome(() => read(response, how)),
    response.bodyUsed,
  ]
}

for (const [name, operate] of Object.entries(operations)) {
  test(`${name}: as the platform's`, async (t) => {
    for (const [title, make] of Object.entries({ ...cheap, ...dear })) {
      await sameOutcome(
        t,
        title,
        async () => operate((await make(Genuine.Response)) as Response, Genuine.Response),
        async () => operate((await make(Response)) as Response, Response),
      )
    }
  })
}

test('what pays is kept as parts, and only that', (t) => {
  for (const [title, make] of Object.entries(cheap)) t.true(LazyResponse.is(make(Response)), title)
  for (const [title, make] of Object.entries(dear)) {
    t.false(LazyResponse.is(tried(() => make(Response))), title)
  }
})

test('bytes are taken as they are when the response is made', async (t) => {
  for (const R of [Genuine.Response, Response]) {
    const source = Buffer.from('before')
    const response = new R(source)
    source.fill('x')
    t.is(await response.clone().text(), 'before')
    const [chunk] = (await chunksOf(response.clone().body)) ?? []
    t.is(chunk, 'Uint8Array before')
  }
})

test('chunks belong to their reader: who changes one changes no clone', async (t) => {
  const response = new Response(Buffer.from('abc'))
  const clone = response.clone()
  const reader = response.body?.getReader() as ReadableStreamDefaultReader<Uint8Array>
  const { value } = await reader.read()
  value?.fill(0x78)
  t.is(await clone.text(), 'abc')
})

test('headers are taken as they are when the response is made', (t) => {
  for (const R of [Genuine.Response, Response]) {
    const given = {
      headers: new Headers({ a: 'b' }),
      record: { a: 'b' },
      pairs: [['a', 'b']] as [string, string][],
    }
    const responses = Object.values(given).map((headers) => new R('x', { headers }))
    given.headers.set('a', 'c')
    given.record.a = 'c'
    given.pairs[0]![1] = 'c'
    t.deepEqual(
      responses.map(({ headers }) => headers.get('a')),
      ['b', 'b', 'b'],
    )
  }
})

test('many fields are fields too', (t) => {
  const headers = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x-${i}`, `${i}`]))
  t.deepEqual(
    [...new Response('x', { headers }).headers],
    [...new Genuine.Response('x', { headers }).headers],
  )
})

test('it can be extended', async (t) => {
  class Page extends Response {
    readonly title: string

    constructor(title: string) {
      super(`<h1>${title}</h1>`, { headers: { 'content-type': 'text/html' } })
      this.title = title
    }
  }
  const page = new Page('a')
  t.true(page instanceof Page && page instanceof Response && page instanceof Genuine.Response)
  t.deepEqual([page.title, await page.text()], ['a', '<h1>a</h1>'])
})

function tried(make: () => unknown): unknown {
  try {
    const made = make()
    if (made instanceof Promise) made.catch(() => {})
    return made
  } catch {
    return undefined
  }
}
