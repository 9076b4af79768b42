/** Law: the globals that are put over the platform's behave the same, also beside others who do the like. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { getRequestListener } from '@hono/node-server'
import test, { type ExecutionContext } from 'ava'
import * as oursToo from 'greenroom'
import * as ours from 'greenroom/actors'
import { Hono } from 'hono'
import { bodyLimit } from 'hono/body-limit'
import { LazyRequest } from '../../../../actors/http/fetch/lazy-request.ts'
import { LazyResponse } from '../../../../actors/http/fetch/lazy-response.ts'
import { copyProject, makeFolder } from '../../../house/tree.ts'
import { request, served, type TestServer } from '../server.ts'

const { createSystem } = oursToo
const { http, listen } = ours

const genuine = { Request, Response, fetch }
const madeBefore = { request: new Request('http://a'), response: new Response('x') }

type Globals = Pick<typeof globalThis, 'Request' | 'Response' | 'fetch'>

function globalsNow(): Globals {
  const { Request, Response, fetch } = globalThis
  return { Request, Response, fetch }
}

test.beforeEach(() => {
  Object.assign(globalThis, genuine)
  Object.assign(genuine.Request.prototype, { constructor: genuine.Request })
  Object.assign(genuine.Response.prototype, { constructor: genuine.Response })
})

const hello = () => new Response('hello')

test.serial('importing changes nothing, and neither do the other faces', (t) => {
  http({ respond: () => undefined as never })
  http({ fetch: hello, replaceGlobals: false })
  t.deepEqual(globalsNow(), genuine)
})

test.serial('they are replaced once, however many servers are made', (t) => {
  http({ fetch: hello })
  const replaced = globalsNow()
  for (const name of ['Request', 'Response', 'fetch'] as const) t.not(replaced[name], genuine[name])
  http({ fetch: hello })
  t.deepEqual(globalsNow(), replaced)
})

test.serial('they look like the platform’s', (t) => {
  http({ fetch: hello })
  for (const name of ['Request', 'Response', 'fetch'] as const) {
    const [ours, theirs] = [globalThis[name], genuine[name]]
    t.deepEqual([ours.name, ours.length, typeof ours], [theirs.name, theirs.length, typeof theirs])
    t.deepEqual(Object.keys(ours), Object.keys(theirs))
    t.is(Object.getPrototypeOf(ours), Function.prototype)
    t.false(Object.keys(globalThis).includes(name) !== (name === 'fetch'), name)
  }
  for (const name of ['Request', 'Response'] as const) {
    const [ours, theirs] = [globalThis[name], genuine[name]]
    t.is(ours.prototype, theirs.prototype as never)
    t.is(ours.prototype.constructor, ours)
    t.deepEqual(
      Object.getOwnPropertyDescriptor(ours, 'prototype')?.writable,
      Object.getOwnPropertyDescriptor(theirs, 'prototype')?.writable,
    )
    t.throws(() => (ours as unknown as () => unknown)(), { instanceOf: TypeError })
  }
})

test.serial('instanceof holds for what was made before and behind, both ways', (t) => {
  http({ fetch: hello })
  const madeBehind = { request: new Request('http://a'), response: new Response('x') }
  for (const { request, response } of [madeBefore, madeBehind]) {
    t.true(request instanceof Request && request instanceof genuine.Request)
    t.true(response instanceof Response && response instanceof genuine.Response)
    t.false(request instanceof Response || response instanceof Request)
    t.is(request.constructor, Request)
    t.is(response.constructor, Response)
  }
  t.false({} instanceof Response)
})

test.serial('a request can be extended', async (t) => {
  http({ fetch: hello })
  class Signed extends Request {
    readonly by = 'Ada'
  }
  const signed = new Signed('http://a', { method: 'POST', body: 'x' })
  t.true(signed instanceof Signed && signed instanceof Request)
  t.deepEqual([signed.by, signed.method, await signed.text()], ['Ada', 'POST', 'x'])
  t.throws(() => new Request('nowhere'), { instanceOf: TypeError })
  t.throws(() => new (Request as unknown as new () => unknown)(), { instanceOf: TypeError })
})

/** Serves `handler` over a real socket, and gives what a client gets for a POST of `hello`. */
async function post(handler: (request: Request) => Response | Promise<Response>): Promise<string> {
  const system = createSystem()
  const { port } = await listen(system.ctx, {
    endpoint: 'tcp:127.0.0.1:0',
    protocol: http({ fetch: handler }),
  })
  try {
    const response = await genuine.fetch(`http://127.0.0.1:${port}/path`, {
      method: 'POST',
      body: 'hello',
      headers: { 'x-from': 'client' },
    })
    return await response.text()
  } finally {
    await system.stop()
  }
}

test.serial('a lazy request can be sent by fetch, itself and as init', async (t) => {
  const upstream = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => response.end(`${request.method} ${request.headers['x-from']} ${body}`))
  })
  upstream.listen(0, '127.0.0.1')
  await new Promise((resolve) => upstream.once('listening', resolve))
  t.teardown(() => upstream.close())
  const url = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`

  const seen = await post(async (request) => {
    t.true(LazyRequest.is(request))
    const copy = request.clone()
    const one = await fetch(url, request as RequestInit)
    const other = await fetch(new Request(url, copy as RequestInit))
    return new Response(`${await one.text()}, ${await other.text()}`)
  })
  t.is(seen, 'POST client hello, POST client hello')

  let isForwarded = false
  const itself = await post(async (request) => {
    if (isForwarded) return new Response(`forwarded ${await request.text()}`)
    isForwarded = true
    return fetch(request)
  })
  t.is(itself, 'forwarded hello')
  await t.throwsAsync(() => fetch('nowhere'), { instanceOf: TypeError })
})

test.serial(
  'without them handlers are given genuine requests, and may return genuine responses',
  async (t) => {
    await served(
      {
        replaceGlobals: false,
        async fetch(request) {
          t.false(LazyRequest.is(request))
          t.is(Object.getPrototypeOf(request), genuine.Request.prototype)
          t.deepEqual([request.url, request.headers.get('x-a')], ['http://a/path', 'b'])
          t.true(new genuine.Request(request).body instanceof ReadableStream)
          return new genuine.Response(`${request.method} ok`)
        },
      },
      async (t, server) => {
        const [response] = await server.ask(request('POST', '/path', ['X-A: b'], 'body'))
        t.like(response, { status: 200, body: 'POST ok', isWhole: true })
        t.is(response?.headers['content-type'], 'text/plain;charset=UTF-8')
      },
    )(t)
  },
)

const limited = new Hono()
limited.post('/limited', bodyLimit({ maxSize: 10 }), async (c) => c.text((await c.req.text()).toUpperCase()))

const chunkedPost = (body: string) =>
  `POST /limited HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

async function servesLimited(server: TestServer): Promise<unknown[]> {
  const client = server.connect()
  client.write(chunkedPost('hello') + chunkedPost('hello, world'))
  await server.simulation.waitFor(client.until(({ text }) => text.includes('Payload Too Large')))
  return [/HELLO/.test(client.text), /413/.test(client.text)]
}

async function theirServer(): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(getRequestListener(limited.fetch))
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/limited`
  return { url, close: () => server.close() }
}

async function servesLimitedToo(t: { is(a: unknown, b: unknown): unknown }, url: string): Promise<void> {
  const stream = () => new Blob(['hello']).stream()
  const init = { method: 'POST', body: stream(), duplex: 'half' } as const
  t.is(await (await genuine.fetch(url, init)).text(), 'HELLO')
}

for (const order of ['before', 'behind'] as const) {
  test.serial(`@hono/node-server, started ${order} ours, and we do not break each other`, async (t) => {
    const theirs = order === 'before' ? await theirServer() : undefined
    await served({ fetch: limited.fetch }, async (t, server) => {
      const late = order === 'behind' ? await theirServer() : undefined
      t.deepEqual(await servesLimited(server), [true, true])
      const { url, close } = (theirs ?? late) as Awaited<ReturnType<typeof theirServer>>
      await servesLimitedToo(t, url)
      t.true(new Response('x') instanceof Response)
      t.true(madeBefore.response instanceof Response && madeBefore.request instanceof Request)
      t.is(await new Response('x').text(), 'x')
      t.is(await new Request('http://a', { method: 'POST', body: 'y' }).text(), 'y')
      close()
    })(t)
  })
}

/** The package once more, as an application has it that depends on two libraries which bring it along. */
async function anotherCopy(t: ExecutionContext) {
  const { path, remove } = makeFolder()
  t.teardown(remove)
  copyProject(path, ['package.json', 'actors', 'runtime'])
  const actors = (await import(pathToFileURL(join(path, 'actors/index.ts')).href)) as typeof ours
  const runtime = (await import(pathToFileURL(join(path, 'runtime/index.ts')).href)) as typeof oursToo
  return { ...actors, ...runtime }
}

async function servesChunked({ createSystem, listen, http }: Awaited<ReturnType<typeof anotherCopy>>) {
  const system = createSystem()
  const protocol = http({ fetch: limited.fetch })
  const { port } = await listen(system.ctx, { endpoint: 'tcp:127.0.0.1:0', protocol })
  const statuses: unknown[] = []
  for (const body of ['hello', 'hello, world']) {
    const init = { method: 'POST', body: new Blob([body]).stream(), duplex: 'half' } as const
    const response = await genuine.fetch(`http://127.0.0.1:${port}/limited`, init)
    statuses.push(response.status, await response.text())
  }
  await system.stop()
  return statuses
}

for (const first of ['this', 'other'] as const) {
  test.serial(`two copies of this package, ${first} one first, do not break each other`, async (t) => {
    const copy = await anotherCopy(t)
    const here = { ...ours, ...oursToo }
    t.not(copy.http, here.http)
    const copies = first === 'this' ? [here, copy] : [copy, here]
    for (const { http } of copies) http({ fetch: hello })
    const replaced = globalsNow()
    for (const each of copies) {
      t.deepEqual(await servesChunked(each), [200, 'HELLO', 413, 'Payload Too Large'])
    }
    t.deepEqual(globalsNow(), replaced)
  })
}

test.serial('whoever puts his own over ours later has genuine requests in his handlers', async (t) => {
  await served(
    {
      fetch: (request) => new Response(LazyRequest.is(request) ? 'lazy' : 'genuine'),
    },
    async (t, server) => {
      const ask = async () => (await server.ask(request('GET', '/')))[0]?.body
      t.is(await ask(), 'lazy')
      const ours = globalThis.Request
      class Extended extends ours {}
      globalThis.Request = Extended
      t.is(await ask(), 'lazy', 'theirs understands what ours does, being made of it')
      class Other extends genuine.Request {}
      globalThis.Request = Other
      t.is(await ask(), 'genuine')
      globalThis.Request = ours
      t.is(await ask(), 'lazy')
    },
  )(t)
})

test.serial('a response made before the globals were replaced is one', async (t) => {
  const before = new genuine.Response('before')
  await served({ fetch: () => before }, async (t, server) => {
    t.false(LazyResponse.is(before))
    const [response] = await server.ask(request('GET', '/'))
    t.is(response?.body, 'before')
  })(t)
})
