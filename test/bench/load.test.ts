/**
 * Laws: the load generators' reports are read in every unit, and a report with failed requests gives no figure; and what
 * is installed, run on a real server, reports what we read. wrk is no npm package: without it the suite does without, and
 * its test is skipped; the gate installs it.
 */

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import { ContenderError } from '../../bench/harness/process-contender.ts'
import { isInstalled, parseCores } from '../../bench/harness/tools.ts'
import { openAutocannon, openWrk, parseAutocannon, parseWrk } from '../../bench/http/load.ts'

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
    t.deepEqual(parseWrk(wrkReport(p99)), { requestsPerSecond: 72_551.56, p99Ms })
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

const autocannonReport = { requests: { average: 31_000.5 }, latency: { p99: 3 }, errors: 0, non2xx: 0 }

test("reads autocannon's report; below its resolution a p99 counts as 1 ms", (t) => {
  t.deepEqual(parseAutocannon(JSON.stringify(autocannonReport)), { requestsPerSecond: 31_000.5, p99Ms: 3 })
  t.is(parseAutocannon(JSON.stringify({ ...autocannonReport, latency: { p99: 0 } })).p99Ms, 1)
})

for (const trouble of [{ errors: 1 }, { non2xx: 1 }]) {
  test(`gives no figure when autocannon counted ${Object.keys(trouble)}`, (t) => {
    t.throws(() => parseAutocannon(JSON.stringify({ ...autocannonReport, ...trouble })), {
      instanceOf: ContenderError,
    })
  })
}

for (const [name, open, isThere] of [
  ['wrk', openWrk, isInstalled('wrk')],
  ['autocannon', openAutocannon, true],
] as const) {
  const testIfThere = isThere ? test : test.skip
  const title = isThere ? name : `(not installed) ${name}`
  testIfThere(`${title}, run on a real server, counts what that answered`, async (t) => {
    let answered = 0
    const server = createServer((_, response) => {
      answered += 1
      response.end('hello')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => server.close())
    const { port } = server.address() as AddressInfo
    const { requestsPerSecond, p99Ms } = await open(undefined).run(new URL(`http://127.0.0.1:${port}/`), 1)
    // It ran for a second, more or less, and need not have counted what was under way at its end.
    const ratio = requestsPerSecond / answered
    t.true(ratio > 0.2 && ratio < 2, `${requestsPerSecond} requests/s, ${answered} answered`)
    t.true(p99Ms > 0 && p99Ms < 60_000)
  })
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
