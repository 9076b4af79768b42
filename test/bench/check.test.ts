/**
 * Laws: an answer that is wrong in any way that would make it cheaper is found, with the server's name and the reason;
 * and the peers, as they are started for the benchmark, answer rightly in every trial that they take part in.
 */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import test, { type ExecutionContext } from 'ava'
import { ContenderError, LineProcess, nodeCommand } from '../../bench/harness/process-contender.ts'
import { checkAnswers } from '../../bench/http/check.ts'
import type { Work } from '../../bench/http/work.ts'
import { httpServers, httpSuite } from '../../bench/http.ts'

const hello: Work = { path: '/hello', connections: 1 }
const pipelined: Work = { ...hello, pipelined: 3 }
const json: Work = { path: '/json', connections: 1, json: '{"a":[1,2,3]}' }

async function portOf(t: ExecutionContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  return (server.address() as AddressInfo).port
}

type Handler = (response: ServerResponse, request: IncomingMessage) => void

const right = { 'content-type': 'text/plain', 'content-length': 13 }
const typed = { 'content-type': 'application/json', 'content-length': 13 }

/** Answers when the whole body is there. */
function withBody(answer: (response: ServerResponse, body: string) => void): Handler {
  return (response, request) => {
    let body = ''
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString()
    })
    request.on('end', () => answer(response, body))
  }
}

const wrongServers: readonly { fault: string; work: Work; answer: Handler; message: RegExp }[] = [
  {
    fault: 'another status',
    work: hello,
    answer: (response) => response.writeHead(404, right).end('Hello, World!'),
    message: /^it: answers wrongly: status 404$/,
  },
  {
    fault: 'no content-type',
    work: hello,
    answer: (response) => response.writeHead(200, { 'content-length': 13 }).end('Hello, World!'),
    message: /content-type undefined/,
  },
  {
    fault: 'no content-length',
    work: hello,
    answer: (response) => response.writeHead(200, { 'content-type': 'text/plain' }).end('Hello, World!'),
    message: /content-length undefined/,
  },
  {
    fault: 'no date',
    work: hello,
    answer(response) {
      response.sendDate = false
      response.writeHead(200, right).end('Hello, World!')
    },
    message: /date undefined/,
  },
  {
    fault: 'another body',
    work: hello,
    answer: (response) => response.writeHead(200, right).end('Hello, Wurld!'),
    message: /body "Hello, Wurld!", 13 bytes/,
  },
  {
    fault: 'a connection that is not kept',
    work: hello,
    answer: (response) => response.writeHead(200, { ...right, connection: 'close' }).end('Hello, World!'),
    message: /the connection is not kept/,
  },
  {
    fault: 'the body as it came, not parsed',
    work: json,
    answer: withBody((response, body) =>
      response.writeHead(200, { ...typed, 'content-length': Buffer.byteLength(body) }).end(body),
    ),
    message: /content-length \d+/,
  },
  {
    fault: 'another value',
    work: json,
    answer: withBody((response) => response.writeHead(200, typed).end('{"a":[1,2,4]}')),
    message: /body "\{"a":\[1,2,4\]\}"/,
  },
  {
    fault: 'a wrong answer among pipelined ones',
    work: pipelined,
    answer: (() => {
      let count = 0
      return (response) =>
        response.writeHead(200, right).end(++count === 2 ? 'Hello, Wurld!' : 'Hello, World!')
    })(),
    message: /pipelined answer 2 of 2: body "Hello, Wurld!"/,
  },
  {
    fault: 'the end of the connection after a pipelined request',
    work: pipelined,
    answer: (response) => response.writeHead(200, { ...right, connection: 'close' }).end('Hello, World!'),
    message: /closed before all pipelined requests were answered/,
  },
]

for (const { fault, work, answer, message } of wrongServers) {
  test(`finds ${fault}`, async (t) => {
    const port = await portOf(
      t,
      createServer((request, response) => answer(response, request)),
    )
    await t.throwsAsync(checkAnswers('it', port, work), { instanceOf: ContenderError, message })
  })
}

test('finds a server that answers more often than it was asked', async (t) => {
  const head = `content-type: text/plain\r\ncontent-length: 13\r\ndate: ${new Date(0).toUTCString()}`
  const answer = `HTTP/1.1 200 OK\r\n${head}\r\n\r\nHello, World!`
  const server = createTcpServer((socket) => {
    socket.on('data', () => socket.write(answer.repeat(3)))
    socket.on('error', () => {})
  })
  const port = await portOf(t, server)
  await t.throwsAsync(checkAnswers('it', port, pipelined), { message: /more than 2 answers to 2/ })
})

test('a server that is not there is a failure of its own', async (t) => {
  const server = createServer()
  const port = await portOf(t, server)
  await new Promise((resolve) => server.close(resolve))
  for (const work of [hello, pipelined]) {
    await t.throwsAsync(checkAnswers('it', port, work), {
      instanceOf: ContenderError,
      message: /^it: .*ECONNREFUSED/,
    })
  }
})

// greenroom's servers need its build, and are checked at every start of the suite.
for (const who of ['node:http', 'Fastify', 'net', 'Hono on node-server']) {
  test(`${who} answers rightly, and tells what it has spent`, async (t) => {
    const child = new LineProcess(who, nodeCommand(httpServers.get(who) as URL))
    t.teardown(() => child.end())
    const port = Number(await child.readReady())
    const trials = httpSuite.trials.filter(({ between }) => between.includes(who))
    t.true(trials.length > 0)
    const before = Number(await child.ask('cpu', 0))
    for (const { work } of trials) await checkAnswers(who, port, work)
    t.true(Number(await child.ask('cpu', 0)) > before && before > 0)
    await t.throwsAsync(child.ask('nonsense', 0), { message: /no such question: nonsense/ })
  })
}
