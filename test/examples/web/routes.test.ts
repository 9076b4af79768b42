/** Law: each route answers over a real socket as its page and its issue promise. */
import { once } from 'node:events'
import { connect } from 'node:net'
import test from 'ava'
import { ask } from './http-client.ts'
import { startWebProcess } from './web-process.ts'

let port = 0
const cleanUps: (() => Promise<void>)[] = []

test.before('start', async () => {
  const web = await startWebProcess({ teardown: (cleanUp) => cleanUps.push(cleanUp) })
  port = web.port
})
test.after.always('stop', () => Promise.all(cleanUps.map((cleanUp) => cleanUp())))

const FIGURES = [
  'id',
  'connections',
  'actors',
  'threadsMax',
  'turns',
  'requests',
  'queued',
  'running',
  'targetMs',
  'commits',
  'rollbacks',
  'groups',
  'groupSize',
  'pending',
]

const answers = [
  { path: '/hello', status: 200, type: 'text/plain; charset=utf-8', text: 'Hello, World!' },
  { path: '/hello?name=x', status: 200, type: 'text/plain; charset=utf-8', text: 'Hello, World!' },
  { path: '/after/0', status: 200, type: 'text/plain; charset=utf-8', text: '0 ms have passed\n' },
  {
    path: '/after/60001',
    status: 400,
    type: 'text/plain; charset=utf-8',
    text: 'from 0 to 60000 milliseconds\n',
  },
  {
    path: '/after/-1',
    status: 400,
    type: 'text/plain; charset=utf-8',
    text: 'from 0 to 60000 milliseconds\n',
  },
  {
    path: '/after/soon',
    status: 400,
    type: 'text/plain; charset=utf-8',
    text: 'from 0 to 60000 milliseconds\n',
  },
  { path: '/after', status: 404, type: 'text/plain; charset=utf-8', text: 'not found\n' },
  { path: '/Hello', status: 404, type: 'text/plain; charset=utf-8', text: 'not found\n' },
  { path: '/../etc/passwd', status: 404, type: 'text/plain; charset=utf-8', text: 'not found\n' },
]

test('answers what it knows, and 404 to the rest', async (t) => {
  for (const { path, status, type, text } of answers) {
    const answer = await ask(port, path)
    const seen = { path, status: answer.status, type: answer.headers['content-type'], text: answer.text }
    t.deepEqual(seen, { path, status, type, text })
  }
})

test('answers HEAD as GET, without the body', async (t) => {
  for (const path of ['/', '/hello', '/after/1', '/stream']) {
    const { status, headers, body } = await ask(port, path, { method: 'HEAD' })
    t.deepEqual([path, status, body.length], [path, 200, 0])
    if (path === '/stream') continue
    const get = await ask(port, path)
    t.is(headers['content-length'], get.headers['content-length'], path)
  }
})

test('answers 405 to another method, and says which are allowed', async (t) => {
  for (const [path, method, allow] of [
    ['/', 'POST', 'GET, HEAD'],
    ['/hello', 'DELETE', 'GET, HEAD'],
    ['/echo', 'GET', 'POST'],
    ['/hash', 'GET', 'POST'],
    ['/hash', 'HEAD', 'POST'],
    ['/stream', 'PUT', 'GET, HEAD'],
  ] as const) {
    const answer = await ask(port, path, { method })
    t.deepEqual([path, answer.status, answer.headers.allow], [path, 405, allow])
  }
})

test('serves the page as one file that asks nobody else', async (t) => {
  const { status, headers, text } = await ask(port, '/')
  t.is(status, 200)
  t.is(headers['content-type'], 'text/html; charset=utf-8')
  t.regex(text, /^<!doctype html>\n<html lang="en">/)
  t.notRegex(text, /(src|href)="(https?:|\/)/)
})

test('waits as long as it was asked to', async (t) => {
  const startMs = performance.now()
  const { text } = await ask(port, '/after/250')
  const tookMs = performance.now() - startMs
  t.is(text, '250 ms have passed\n')
  t.true(tookMs >= 249, `took ${tookMs} ms`)
})

test.serial('streams the figures, four events a second', async (t) => {
  const socket = connect(port, '127.0.0.1').setEncoding('utf8')
  t.teardown(() => socket.destroy())
  socket.write('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n')
  let received = ''
  while (received.split('\ndata: ').length < 3) received += String((await once(socket, 'data'))[0])
  t.regex(received, /^HTTP\/1\.1 200 OK\r\ncontent-type: text\/event-stream\r\n/)
  t.regex(received, /retry: 1000\n\n/)
  const ids = [...received.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id))
  t.is(ids[1], ids[0]! + 1)
  for (const [, data] of received.matchAll(/^data: (.*)$/gm)) {
    const sample = JSON.parse(data!) as Record<string, unknown>
    for (const name of FIGURES) t.is(typeof sample[name], 'number', name)
    // The connections, the listener, the sampler itself, the stage, and its thread; the feed, the database, and its two;
    // the chat, its two, and its listener.
    t.is(Number(sample.actors), Number(sample.connections) + 12)
    t.like(sample, { queued: 0, submitted: 0, refused: 0, expired: 0, targetMs: 250 })
    t.true(Number(sample.turns) > 0)
  }
})
