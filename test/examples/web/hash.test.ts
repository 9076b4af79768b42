/** Law: /hash computes on threads: what it takes it answers rightly and in time, what would be late it refuses at once, and all else is answered meanwhile. */
import { Buffer } from 'node:buffer'
import { pbkdf2Sync } from 'node:crypto'
import { once } from 'node:events'
import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import { availableParallelism } from 'node:os'
import test from 'ava'
import { type Answer, ask } from './http-client.ts'
import { startWebProcess } from './web-process.ts'

const THREADS = Math.max(1, availableParallelism() - 1)

function hashOf(body: Buffer, rounds: number): string {
  return pbkdf2Sync(body, 'greenroom', rounds, 32, 'sha512').toString('hex')
}

test.serial('computes what node:crypto does, of any bytes', async (t) => {
  const { port } = await startWebProcess(t)
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  for (const body of [Buffer.alloc(0), Buffer.from('ä€😀'), bytes, Buffer.alloc(16_384, bytes)]) {
    const whole = await ask(port, '/hash?rounds=3', { method: 'POST', body })
    t.deepEqual(
      [whole.status, whole.headers['content-type'], whole.text],
      [200, 'text/plain; charset=utf-8', hashOf(body, 3)],
    )
    const pieces = Array.from({ length: Math.ceil(body.length / 1_000) }, (_, i) =>
      body.subarray(i * 1_000, (i + 1) * 1_000),
    )
    t.is((await ask(port, '/hash?rounds=3', { method: 'POST', body: pieces })).text, hashOf(body, 3))
  }
  t.is((await ask(port, '/hash', { method: 'POST', body: bytes })).text, hashOf(bytes, 10_000))
})

test.serial('refuses what is out of its bounds, and names them', async (t) => {
  const { port } = await startWebProcess(t)
  for (const rounds of ['', '0', '-1', '1.5', '100001', 'many', 'NaN', 'Infinity']) {
    const { status, text } = await ask(port, `/hash?rounds=${rounds}`, {
      method: 'POST',
      body: Buffer.from('x'),
    })
    t.deepEqual([rounds, status, text], [rounds, 400, 'rounds: a whole number from 1 to 100000\n'])
  }
  const large = Buffer.alloc(16_385)
  for (const body of [large, [large.subarray(1), large.subarray(0, 1)]]) {
    const { status, text } = await ask(port, '/hash', { method: 'POST', body })
    t.deepEqual([status, text], [413, 'at most 16384 bytes\n'])
  }
})

test.serial('answers all else while it computes', async (t) => {
  const { port } = await startWebProcess(t)
  const order: string[] = []
  const heavy = Array.from({ length: 10 * THREADS }, async () => {
    await ask(port, '/hash?rounds=100000', { method: 'POST', body: Buffer.from('x') })
    order.push('/hash')
  })
  for (let i = 0; i < 3; i++) {
    t.is((await ask(port, '/hello')).text, 'Hello, World!')
    order.push('/hello')
  }
  await Promise.all(heavy)
  // Half a second of work stood before it: were that done on the loop, these would be answered last.
  t.not(order.at(-1), '/hello')
})

test.serial('under overload it says when to ask again, and goes on answering what it takes', async (t) => {
  const { port } = await startWebProcess(t)
  const agent = new Agent({ keepAlive: true })
  t.teardown(() => agent.destroy())
  const body = Buffer.from('x')
  const answers: Answer[] = []
  const isSeen = () =>
    [200, 503].every((status) => answers.filter((answer) => answer.status === status).length >= 40)
  const hellos: Answer[] = []
  // Each client asks again at once: to wait for all of them takes many times the target.
  const client = async () => {
    while (!isSeen()) answers.push(await ask(port, '/hash?rounds=100000', { method: 'POST', body, agent }))
  }
  const bystander = async () => {
    while (!isSeen()) hellos.push(await ask(port, '/hello', { agent }))
  }
  await Promise.all([bystander(), ...Array.from({ length: Math.min(400, 100 * THREADS) }, client)])
  for (const { status, headers, text } of answers) {
    if (status === 200) t.is(text, hashOfMost)
    else if (status !== 503) t.fail(`${status} ${text}`)
    else if (!/^[1-9]\d*$/.test(String(headers['retry-after'])))
      t.fail(`Retry-After: ${headers['retry-after']}`)
  }
  t.true(hellos.length > 0 && hellos.every(({ status }) => status === 200))
})

const hashOfMost = hashOf(Buffer.from('x'), 100_000)

test.serial('told to stop, it finishes the jobs that it has taken, and no thread keeps it', async (t) => {
  const web = await startWebProcess(t)
  const sockets = await Promise.all(Array.from({ length: 10 }, () => hashing(web.port, 20_000)))
  const rests = sockets.map(restOf)
  web.child.kill('SIGTERM')
  const expected = hashOf(Buffer.from('x'), 20_000)
  for (const rest of await Promise.all(rests))
    t.regex(rest, new RegExp(`^HTTP/1\\.1 200 OK\\r\\n[^]*\\r\\n\\r\\n${expected}$`))
  const { code, signal, stderr } = await web.ended
  t.deepEqual([code, signal, stderr], [0, null, ''])
})

test.serial('a client that leaves takes its job along', async (t) => {
  const { port } = await startWebProcess(t)
  const viewer = connect(port, '127.0.0.1').setEncoding('utf8')
  t.teardown(() => viewer.destroy())
  viewer.write('GET /stream HTTP/1.1\r\nHost: a\r\n\r\n')
  const sockets = await Promise.all(Array.from({ length: 20 * THREADS }, () => hashing(port, 100_000)))
  for (const socket of sockets) socket.resetAndDestroy()
  for await (const text of viewer) {
    const sample = /^data: (.*)$/m.exec(text)?.[1]
    if (sample === undefined) continue
    const { expired, queued } = JSON.parse(sample) as { expired: number; queued: number }
    if (expired > 0 && queued === 0) break
  }
  // They left a second of work behind, which is not done.
  t.is((await ask(port, '/hash?rounds=1', { method: 'POST', body: Buffer.from('x') })).status, 200)
})

/** A connection on which a job was certainly asked for: it came in one packet with another request, which has been answered. */
async function hashing(port: number, rounds: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1')
  const post = `POST /hash?rounds=${rounds} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx`
  socket.write(`GET /hello HTTP/1.1\r\nHost: a\r\n\r\n${post}`)
  let received = ''
  while (!received.includes('Hello, World!')) received += String((await once(socket, 'data'))[0])
  socket.unshift(received.slice(received.indexOf('Hello, World!') + 13), 'latin1')
  return socket
}

/** What comes on it until its end. Fails if the connection is reset. */
async function restOf(socket: Socket): Promise<string> {
  let received = ''
  for await (const text of socket) received += text
  return received
}
