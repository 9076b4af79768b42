/**
 * Laws: the load generators' reports are read in every unit, and a report with failed requests gives no figure; and
 * what is installed, run on a real server, asks what it was told to ask and reports what we read. wrk is no npm package:
 * without it the suite does without, and its tests are skipped; the gate installs it.
 */

import { type AddressInfo, createServer, type Socket } from 'node:net'
import test from 'ava'
import { ContenderError } from '../../bench/harness/process-contender.ts'
import { isInstalled, parseCores } from '../../bench/harness/tools.ts'
import { parseAutocannon } from '../../bench/http/autocannon.ts'
import { openAutocannon, openWrk } from '../../bench/http/load.ts'
import type { Work } from '../../bench/http/work.ts'
import { parseWrk } from '../../bench/http/wrk.ts'

const wrkReport = (p99: string, trouble = '') => `Running 2s test @ http://127.0.0.1:1234/hello
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     0.88ms  401.10us  12.53ms   94.23%
    Req/Sec    72.91k     4.06k   78.71k    80.00%
  Latency Distribution
     50%  834.00us
     99%    ${p99}
  145146 requests in 2.00s, 24.36MB read
${trouble}Requests/sec:  72551.56
Transfer/sec:     12.18MB
`

for (const { p99, p99Ms } of [
  { p99: '834.00us', p99Ms: 0.834 },
  { p99: '1.52ms', p99Ms: 1.52 },
  { p99: '1.20s', p99Ms: 1_200 },
]) {
  test(`reads a p99 of ${p99} in wrk's report`, (t) => {
    t.deepEqual(parseWrk(wrkReport(p99)), {
      requests: 145_146,
      requestsPerSecond: 72_551.56,
      p50Ms: 0.834,
      p99Ms,
    })
  })
}

for (const trouble of [
  '  Non-2xx or 3xx responses: 145146\n',
  '  Socket errors: connect 0, read 12, write 0, timeout 0\n',
]) {
  test(`gives no figure when wrk says "${trouble.trim()}"`, (t) => {
    t.throws(() => parseWrk(wrkReport('1.52ms', trouble)), { instanceOf: ContenderError })
  })
}

test('a slow answer is in the p99 already, and is no failure', (t) => {
  const slow = '  Socket errors: connect 0, read 0, write 0, timeout 3\n'
  t.is(parseWrk(wrkReport('1.20s', slow)).p99Ms, 1_200)
})

test('says so when wrk printed something else', (t) => {
  t.throws(() => parseWrk('unable to connect'), { instanceOf: ContenderError, message: /unable to connect/ })
})

const autocannonReport = {
  requests: { average: 31_000.5, total: 62_001 },
  latency: { p50: 2, p99: 3 },
  errors: 0,
  non2xx: 0,
}

test("reads autocannon's report; below its resolution a p99 counts as 1 ms", (t) => {
  t.deepEqual(parseAutocannon(JSON.stringify(autocannonReport)), {
    requests: 62_001,
    requestsPerSecond: 31_000.5,
    p50Ms: 2,
    p99Ms: 3,
  })
  t.is(parseAutocannon(JSON.stringify({ ...autocannonReport, latency: { p50: 0, p99: 0 } })).p99Ms, 1)
})

for (const trouble of [{ errors: 1 }, { non2xx: 1 }]) {
  test(`gives no figure when autocannon counted ${Object.keys(trouble)}`, (t) => {
    t.throws(() => parseAutocannon(JSON.stringify({ ...autocannonReport, ...trouble })), {
      instanceOf: ContenderError,
    })
  })
}

/** A server that notes what it was asked, and answers what comes in one piece with one piece. */
class Witness {
  answered = 0
  pipelinedMax = 0
  readonly asked = new Set<string>()
  /** Those on which something was asked: wrk tries the address first, on a connection that it closes at once. */
  readonly connections = new Set<Socket>()
  private readonly server = createServer((socket) => this.serve(socket))

  listen(): Promise<AddressInfo> {
    return new Promise((resolve) => {
      this.server.listen(0, '127.0.0.1', () => resolve(this.server.address() as AddressInfo))
    })
  }

  close(): void {
    this.server.close()
    for (const socket of this.connections) socket.destroy()
  }

  private serve(socket: Socket): void {
    let text = ''
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk) => {
      this.connections.add(socket)
      text += chunk.toString('latin1')
      let count = 0
      for (let request = REQUEST.exec(text); request !== null; request = REQUEST.exec(text)) {
        const [head, method, path] = request
        const end = head.length + Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0)
        if (text.length < end) break
        this.asked.add(`${method} ${path} ${text.slice(head.length, end)}`)
        text = text.slice(end)
        count += 1
      }
      this.answered += count
      this.pipelinedMax = Math.max(this.pipelinedMax, count)
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'.repeat(count))
    })
  }
}

const REQUEST = /^(\w+) (\S+) HTTP\/1\.1\r\n(?:[^\r\n]+\r\n)*\r\n/

const works: readonly { how: string; work: Work; body: string }[] = [
  { how: 'over one connection', work: { path: '/hello', connections: 1 }, body: '' },
  { how: 'with 16 requests at once', work: { path: '/hello', connections: 4, pipelined: 16 }, body: '' },
  {
    how: 'with a body of JSON',
    work: { path: '/hello', connections: 4, json: '{"a b":["\\"quoted\\"",1]}' },
    body: '{"a b":["\\"quoted\\"",1]}',
  },
]

for (const [name, open, isThere] of [
  ['wrk', openWrk, isInstalled('wrk')],
  ['autocannon', openAutocannon, true],
] as const) {
  const testIfThere = isThere ? test : test.skip
  const title = isThere ? name : `(not installed) ${name}`
  testIfThere(`${title} gives no figure when nobody listens`, async (t) => {
    const server = new Witness()
    const { port } = await server.listen()
    server.close()
    const work: Work = { path: '/hello', connections: 1 }
    await t.throwsAsync(open(undefined).run(port, work, 1), {
      instanceOf: ContenderError,
      message: new RegExp(`^${name}: `),
    })
  })

  for (const { how, work, body } of works) {
    testIfThere(`${title} asks a real server ${how}, and counts what that answered`, async (t) => {
      const server = new Witness()
      const { port } = await server.listen()
      t.teardown(() => server.close())
      const { requests, requestsPerSecond, p99Ms, busy } = await open(undefined).run(port, work, 1)
      // What was under way at the end is answered and need not be counted. It ran for a second, more or less.
      t.true(requests > 0 && requests <= server.answered, `${requests} requests, ${server.answered} answered`)
      t.true(requestsPerSecond > requests / 5 && requestsPerSecond < requests * 2, `${requestsPerSecond}/s`)
      t.true(busy > 0)
      t.is(server.connections.size, work.connections)
      t.deepEqual([...server.asked], [`${work.json === undefined ? 'GET' : 'POST'} /hello ${body}`])
      const { pipelined = 1 } = work
      t.true(
        server.pipelinedMax <= pipelined && server.pipelinedMax > pipelined / 2,
        `${server.pipelinedMax} at once`,
      )
      if (work.pipelined === undefined) t.true(p99Ms > 0 && p99Ms < 60_000)
    })
  }
}

for (const { list, cores } of [
  { list: '0-3', cores: [0, 1, 2, 3] },
  { list: '2,5', cores: [2, 5] },
  { list: '0-1,8-9', cores: [0, 1, 8, 9] },
  { list: '', cores: [] },
]) {
  test(`reads the kernel's list of cores "${list}"`, (t) => {
    t.deepEqual(parseCores(list), cores)
  })
}
