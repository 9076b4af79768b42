/** Law: a request that is kept as what the server has of it behaves as the platform's own, whatever is done with it. */
import { inspect } from 'node:util'
import test from 'ava'
import { LazyRequest } from '../../../../actors/http/fetch/lazy-request.ts'
import { TestServer } from '../server.ts'
import { chunksOf, Genuine, outcome, sameOutcome } from './laws.ts'

interface Sent {
  readonly method: string
  readonly headers: readonly (readonly [string, string])[]
  readonly body?: string
}

const sent: Readonly<Record<string, Sent>> = {
  'a GET': { method: 'GET', headers: [] },
  'a HEAD': { method: 'HEAD', headers: [['Accept', '*/*']] },
  'a GET with fields': {
    method: 'GET',
    headers: [
      ['X-B', 'ü'],
      ['x-a', ''],
      ['Cookie', 'a=1'],
      ['X-B', '2'],
      ['cookie', 'b=2'],
    ],
  },
  'a DELETE without a body': { method: 'DELETE', headers: [] },
  'a method in small letters': { method: 'put', headers: [], body: 'abc' },
  'a method that only looks known': { method: 'patch', headers: [], body: 'abc' },
  'a method of its own': { method: 'PROPFIND', headers: [['depth', '1']], body: '<a/>' },
  'a POST of text': { method: 'POST', headers: [['content-type', 'text/plain']], body: 'h\u00c3\u00a4' },
  'a POST without a type': { method: 'POST', headers: [], body: 'abc' },
  'a byte order mark': { method: 'POST', headers: [], body: '\u00ef\u00bb\u00bf{"a":1}' },
  'what is no UTF-8': { method: 'POST', headers: [], body: 'a\u00ff\u00c3b' },
  json: { method: 'POST', headers: [['content-type', 'application/json']], body: '{"a":[1,null]}' },
  'a form': {
    method: 'POST',
    headers: [['content-type', 'application/x-www-form-urlencoded']],
    body: 'a=1&b=%C3%A4&a=2',
  },
  'a form with files': {
    method: 'POST',
    headers: [['content-type', 'multipart/form-data; boundary=x']],
    body: [
      '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n',
      '--x\r\nContent-Disposition: form-data; name="f"; filename="f.txt"\r\nContent-Type: text/plain\r\n\r\nabc\r\n',
      '--x--\r\n',
    ].join(''),
  },
  'a broken form': {
    method: 'POST',
    headers: [['content-type', 'multipart/form-data; boundary=x']],
    body: '--y',
  },
}

const methods = ['arrayBuffer', 'blob', 'bytes', 'formData', 'json', 'text'] as const
type Reading = (typeof methods)[number]
const read = (request: Request, how: Reading) =>
  (request as unknown as Record<Reading, () => Promise<unknown>>)[how]()

/** Everything that can be seen of a request without reading it. */
const look = (request: Request) => [
  request.method,
  request.url,
  request.headers,
  request.destination,
  request.referrer,
  request.referrerPolicy,
  request.mode,
  request.credentials,
  request.cache,
  request.redirect,
  request.integrity,
  request.keepalive,
  request.duplex,
  (request as { isReloadNavigation?: unknown }).isReloadNavigation,
  (request as { isHistoryNavigation?: unknown }).isHistoryNavigation,
  request.signal.aborted,
  request.bodyUsed,
  request.body,
  Object.prototype.toString.call(request),
  request.constructor.name,
]

const operations: Record<string, (request: Request, R: typeof Request) => unknown> = {
  looking: look,
  'reading its stream': async (request) => [
    (await chunksOf(request.body))?.join('').replaceAll('Uint8Array ', ''),
    request.bodyUsed,
    request.body,
  ],
  'cancelling its stream': async (request) => [
    await request.body?.cancel(),
    request.bodyUsed,
    await outcome(() => request.text()),
  ],
  'holding a reader': async (request, R) => {
    request.body?.getReader()
    return [
      request.bodyUsed,
      await outcome(() => request.text()),
      await outcome(() => request.clone()),
      await outcome(() => new R(request)),
      await outcome(() => look(new R(request, { method: 'POST', body: 'other' }))),
    ]
  },
  'changing its headers': (request) => {
    request.headers.set('X-New', ' a ')
    request.headers.delete('content-type')
    const { headers } = request
    return [headers, request.headers === headers]
  },
  'a type that came later': (request) => {
    request.headers.set('content-type', 'a/b')
    return request.blob()
  },
  'a type that went': (request) => {
    request.headers.delete('content-type')
    return request.blob()
  },
  cloning: async (request) => {
    request.headers.append('x-a', 'before')
    const clone = request.clone()
    request.headers.append('x-a', 'behind')
    const looks = [look(clone), look(request)]
    return [looks, await clone.text(), await request.text(), clone.bodyUsed, request.bodyUsed]
  },
  'cloning a clone': async (request) => {
    const one = request.clone()
    const two = one.clone()
    return [await two.text(), await one.text(), await request.text()]
  },
  'cloning what was read': async (request) => {
    await request.text()
    return [request.bodyUsed, request.clone()]
  },
  'cloning with a stream at hand': async (request) => {
    const { body } = request
    const clone = request.clone()
    return [body?.locked, body === request.body, await clone.text(), await request.text()]
  },
  'making another of it': async (request, R) => {
    request.headers.append('x-a', 'b')
    const other = new R(request)
    return [request.bodyUsed, look(other), await other.text(), await outcome(() => request.text())]
  },
  'making another of it, with a new head': async (request, R) => {
    const other = new R(request, { headers: { a: 'b' }, method: 'REPORT' })
    return [look(other), await other.text(), request.bodyUsed]
  },
  'making another of it, with a new body': async (request, R) => {
    const other = new R(request, { method: 'POST', body: 'other' })
    return [look(other), await other.text(), request.bodyUsed, await request.text()]
  },
  'making another of it when it was read': async (request, R) => {
    await request.text()
    return [
      await outcome(() => look(new R(request))),
      look(new R(request, { method: 'POST', body: 'other' })),
    ]
  },
  'making another of it when its stream was read': async (request, R) => {
    await chunksOf(request.body)
    return [
      await outcome(() => look(new R(request))),
      look(new R(request, { method: 'POST', body: 'other' })),
    ]
  },
  'taking it as init': async (request, R) => {
    const other = new R('http://other/', request)
    return [look(other), await other.text(), request.bodyUsed]
  },
  'taking its members as init': async (request, R) => {
    const { method, headers, body, signal } = request
    const other = new R(request.url, { method, headers, signal, ...(body && { body, duplex: 'half' }) })
    return [look(other), await other.text()]
  },
  'making another, aborted': (request, R) => {
    const other = new R(request, { signal: AbortSignal.abort() })
    return [other.signal.aborted, request.signal.aborted]
  },
  'what a loop sees': (request) => {
    const names: string[] = []
    for (const name in request) names.push(name)
    return [names.sort(), Object.keys(request)]
  },
  'being shown': (request) =>
    inspect(request)
      .toLowerCase()
      .replace(/state: '\w+'|supportsbyob: \w+/g, ''),
}
for (const how of methods) {
  operations[how] = async (request) => [await outcome(() => read(request, how)), request.bodyUsed]
  operations[`${how}, twice`] = async (request) => [
    await outcome(() => read(request, how)),
    await outcome(() => read(request, how)),
  ]
  operations[`${how} behind its stream was seen`] = async (request) => [
    request.body?.locked,
    await outcome(() => read(request, how)),
    request.bodyUsed,
    request.body?.locked,
  ]
}

/** The same request, as whoever makes one by hand makes it: its stream is the platform's too. */
function genuineOf({ method, headers, body }: Sent): Request {
  const fields: (readonly [string, string])[] = [['Host', 'a'], ...headers]
  if (body !== undefined) fields.push(['Content-Length', String(body.length)])
  return new Genuine.Request('http://a/path?query', {
    method,
    headers: fields as [string, string][],
    ...(body !== undefined && { body: streamOf(body), duplex: 'half' }),
  })
}

function streamOf(body: string): ReadableStream {
  return new ReadableStream({
    type: 'bytes',
    pull(controller) {
      controller.enqueue(new Uint8Array(Buffer.from(body, 'latin1')))
      controller.close()
    },
  })
}

function bytesOf({ method, headers, body }: Sent): string {
  const length = body === undefined ? [] : [`Content-Length: ${body.length}`]
  const lines = headers.map(([name, value]) => `${name}: ${value}`)
  return [`${method} /path?query HTTP/1.1`, 'Host: a', ...lines, ...length, '', body ?? ''].join('\r\n')
}

for (const [name, operate] of Object.entries(operations)) {
  test(`${name}: as the platform's`, async (t) => {
    for (const [title, request] of Object.entries(sent)) {
      const server = new TestServer()
      let done: Promise<void> | undefined
      await server.listen({
        async fetch(lazy) {
          t.true(LazyRequest.is(lazy) && lazy instanceof Request && lazy instanceof Genuine.Request)
          done = sameOutcome(
            t,
            title,
            () => operate(genuineOf(request), Genuine.Request),
            () => operate(lazy, Request),
          )
          await done
          return new Response()
        },
      })
      const client = server.connect()
      client.write(bytesOf(request))
      await server.simulation.waitFor(client.until(({ text }) => text.includes('\r\n\r\n')))
      await done
      await server.end()
    }
  })
}
