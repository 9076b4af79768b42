/**
 * Laws: each request of the load is another transfer, between two accounts that there are; what the generator reports is what
 * it asked. wrk is no npm package: without it its test is skipped; the gate installs it.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import test from 'ava'
import { ContenderError } from '../../bench/harness/process-contender.ts'
import { threadCpuUs } from '../../bench/harness/thread-cpu.ts'
import { isInstalled } from '../../bench/harness/tools.ts'
import { openOwnTransfers, openWrkTransfers, parseOwn, transferWork } from '../../bench/transactions/load.ts'
import { ACCOUNTS, AMOUNT_MAX, TRANSFERS_PATH, type Transfer } from '../../bench/transactions/work.ts'

const CONNECTIONS = 3

for (const { name, open } of [
  { name: 'wrk', open: openWrkTransfers },
  { name: 'closed loop', open: openOwnTransfers },
]) {
  const whereInstalled = name !== 'wrk' || isInstalled('wrk') ? test : test.skip
  whereInstalled(`${name} posts transfers, and counts the answers`, async (t) => {
    const transfers: Transfer[] = []
    let wrong: string | undefined
    const server = createServer((request, response) => {
      if (request.url !== TRANSFERS_PATH || request.method !== 'POST')
        wrong = `${request.method} ${request.url}`
      if (request.headers['content-type'] !== 'application/json') wrong = `${request.headers['content-type']}`
      let text = ''
      request.on('data', (piece: Buffer) => {
        text += piece.toString()
      })
      request.on('end', () => {
        transfers.push(JSON.parse(text))
        response.writeHead(201, { 'content-length': 2 }).end('{}')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.teardown(() => server.close())
    const { port } = server.address() as AddressInfo
    const load = open()
    const work = transferWork(CONNECTIONS)
    const { requests, requestsPerSecond, p50Ms, p99Ms } = await load.run(port, work, 1)
    t.is(load.name, name)
    t.is(wrong, undefined)
    t.true(requests > 0 && requestsPerSecond > 0 && p50Ms > 0 && p99Ms >= p50Ms)
    const most = load.leavesEarly ? requests + CONNECTIONS : requests
    t.true(transfers.length >= requests && transfers.length <= most, `${transfers.length}, ${requests}`)
    t.is(new Set(transfers.map(({ id }) => id)).size, transfers.length)
    for (const { id, from, to, amount } of transfers) {
      if (!id.startsWith(`${work.run}-`)) wrong = id
      for (const account of [from, to])
        if (!(account >= 1 && account <= ACCOUNTS)) wrong = `account ${account}`
      if (from === to) wrong = `from ${from} to ${to}`
      if (!(amount >= 1 && amount <= AMOUNT_MAX)) wrong = `amount ${amount}`
    }
    t.is(wrong, undefined)
  })
}

test('an answer that is no 201 ends the closed loop with an error', async (t) => {
  const server = createServer((_request, response) => response.writeHead(200, { 'content-length': 0 }).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  await t.throwsAsync(openOwnTransfers().run(port, transferWork(1), 1), {
    instanceOf: ContenderError,
    message: /answered 200/,
  })
})

test('what is no report of the closed loop is no figure', (t) => {
  t.throws(() => parseOwn('Killed'), { instanceOf: ContenderError, message: /Killed/ })
})

test('no two runs have the same ids, and later ones come later', (t) => {
  const runs = Array.from({ length: 12 }, () => transferWork(1).run)
  t.deepEqual([...new Set(runs)].sort(), runs)
})

test('the time of a thread grows with what it does', (t) => {
  const startUs = threadCpuUs()
  let sum = 0
  const spentUs = () => process.cpuUsage().user + process.cpuUsage().system
  for (const untilUs = spentUs() + 100_000; spentUs() < untilUs; ) sum += 1
  t.true(sum > 0 && threadCpuUs() > startUs)
})
