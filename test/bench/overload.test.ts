/** The open-loop load: its schedule, its counts, its figures. */
import { createServer, type Socket } from 'node:net'
import test from 'ava'
import { clientsInTurn, dueMs } from '../../bench/overload/arrivals.ts'
import { type Load, runLoad } from '../../bench/overload/open-loop.ts'
import { figuresOf, jain, type Outcomes, percentile } from '../../bench/overload/outcomes.ts'

test('requests are due evenly, or several at one instant: the same number a second', (t) => {
  const even = { rate: 100, burst: 1, clients: 4, seed: 1 }
  t.deepEqual(
    [0, 1, 2, 100].map((index) => dueMs(even, index)),
    [0, 10, 20, 1_000],
  )
  const bursts = { ...even, burst: 50 }
  t.deepEqual(
    [0, 49, 50, 100].map((index) => dueMs(bursts, index)),
    [0, 0, 500, 1_000],
  )
})

test('every client has one request in each round, in an order that differs from round to round and repeats with its seed', (t) => {
  const rounds = (seed: number) => {
    const turns = clientsInTurn({ rate: 1, burst: 1, clients: 5, seed })
    return Array.from({ length: 20 }, () => Array.from({ length: 5 }, () => turns.next().value))
  }
  for (const round of rounds(7)) t.deepEqual([...round].sort(), [0, 1, 2, 3, 4])
  t.true(new Set(rounds(7).map(String)).size > 10)
  t.deepEqual(rounds(7), rounds(7))
  t.notDeepEqual(rounds(7), rounds(8))
})

test('a percentile is a sample that so many do not exceed', (t) => {
  const samples = Array.from({ length: 100 }, (_, index) => 100 - index)
  t.deepEqual(
    [0.5, 0.9, 0.99, 1].map((fraction) => percentile(samples, fraction)),
    [50, 90, 99, 100],
  )
  t.is(percentile([3], 0.5), 3)
  t.is(percentile([], 0.9), undefined)
})

test('Jain: 1 where all have the same, 1/n where one has all or nobody anything', (t) => {
  t.is(jain([5, 5, 5, 5]), 1)
  t.is(jain([9, 0, 0]), 1 / 3)
  t.is(jain([0, 0, 0, 0]), 1 / 4)
  t.is(jain([2, 1]), 9 / 10)
})

test('goodput counts answers in time alone; without any answer a latency is as long as the patience', (t) => {
  const outcomes: Outcomes = {
    seconds: 2,
    targetMs: 100,
    patienceMs: 400,
    admittedMs: [50, 90, 300],
    refused: 6,
    refusedBare: 0,
    lost: 4,
    good: [1, 1],
    helloMs: [1, 2],
    sentLateMs: [],
  }
  t.like(figuresOf(outcomes), { goodput: 1, p50Ms: 90, refusedPerSecond: 3, lostPerSecond: 2, fairness: 1 })
  t.like(figuresOf({ ...outcomes, admittedMs: [], good: [0, 0] }), { goodput: 0, p90Ms: 400, fairness: 0.5 })
})

/** A server that answers each request as `answer` says, or never. */
async function serve(answer: (index: number) => string | undefined) {
  const sockets = new Set<Socket>()
  let requests = 0
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.on('data', (data) => {
      if (data.includes('GET /hello')) {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi')
        return
      }
      const text = answer(requests++)
      if (text !== undefined) socket.write(text)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  const close = () => {
    for (const socket of sockets) socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  }
  return { port, close, requests: () => requests }
}

const load: Omit<Load, 'port'> = {
  rate: 200,
  burst: 1,
  clients: 4,
  seed: 1,
  request: 'POST /hash HTTP/1.1\r\nhost: t\r\ncontent-length: 0\r\n\r\n',
  targetMs: 5_000,
  patienceMs: 300,
  warmUpSeconds: 0,
  seconds: 0.5,
}

test('the load does not wait for answers: a server that is silent gets every request, and each is lost', async (t) => {
  const server = await serve(() => undefined)
  // So patient that a busy machine has the time to take them in.
  const outcomes = await runLoad({ ...load, patienceMs: 3_000, port: server.port })
  t.is(server.requests(), 100)
  t.is(outcomes.lost, 100)
  t.deepEqual(outcomes.admittedMs, [])
  await server.close()
})

test('each request is counted once: answered, refused with or without a time, or lost', async (t) => {
  const answers = [
    'HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nyes',
    'HTTP/1.1 503 No\r\nRetry-After: 1\r\ncontent-length: 0\r\n\r\n',
    'HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n',
    'HTTP/1.1 500 Oh\r\ncontent-length: 0\r\n\r\n',
  ]
  const server = await serve((index) => answers[index % 4])
  const outcomes = await runLoad({ ...load, patienceMs: 10_000, port: server.port })
  t.is(outcomes.admittedMs.length, 25)
  t.is(outcomes.refused, 50)
  t.is(outcomes.refusedBare, 25)
  t.is(outcomes.lost, 25)
  t.is(
    outcomes.good.reduce((sum, count) => sum + count),
    25,
  )
  await server.close()
})

test('an answer after the target is answered, and not good', async (t) => {
  const server = await serve(() => 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
  const outcomes = await runLoad({ ...load, targetMs: 0, patienceMs: 10_000, port: server.port })
  t.is(outcomes.admittedMs.length, 100)
  t.deepEqual(outcomes.good, [0, 0, 0, 0])
  await server.close()
})

test('a generator that comes late does not hide it: latency counts from the instant that a request was due', async (t) => {
  const server = await serve((index) => {
    // The server shares our thread: the generator is as stuck as it is.
    if (index === 0) for (const startMs = performance.now(); performance.now() - startMs < 150; );
    return 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n'
  })
  const outcomes = await runLoad({ ...load, patienceMs: 10_000, port: server.port })
  t.is(outcomes.admittedMs.length, 100)
  t.true(Math.max(...outcomes.sentLateMs) > 100)
  const lateCount = outcomes.sentLateMs.filter((ms) => ms > 100).length
  t.true(outcomes.admittedMs.filter((ms) => ms > 100).length >= lateCount)
  await server.close()
})

test('what is due while the load warms up is sent and does not count', async (t) => {
  const server = await serve(() => 'HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')
  const outcomes = await runLoad({ ...load, patienceMs: 10_000, warmUpSeconds: 0.25, port: server.port })
  t.is(server.requests(), 150)
  t.is(outcomes.admittedMs.length, 100)
  await server.close()
})
