/** Law: told to stop, the server answers whatever it has accepted, ends its streams, and leaves with exit code 0. */
import { once } from 'node:events'
import { Agent } from 'node:http'
import { connect, type Socket } from 'node:net'
import test from 'ava'
import { codeOf } from 'greenroom'
import { type Answer, ask } from './http-client.ts'
import { startWebProcess } from './web-process.ts'

test.serial('answers what is in flight when it is told to stop', async (t) => {
  const web = await startWebProcess(t)
  const sockets = await Promise.all(Array.from({ length: 20 }, () => begun(web.port, '/after/400')))
  const rests = sockets.map(restOf)
  web.child.kill('SIGTERM')
  for (const rest of await Promise.all(rests))
    t.regex(rest, /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n400 ms have passed\n$/s)
  const { code, stderr } = await web.ended
  t.deepEqual([code, stderr], [0, ''])
})

test.serial('ends its streams as streams end', async (t) => {
  const web = await startWebProcess(t)
  const socket = await begun(web.port, '/stream')
  const rest = restOf(socket)
  web.child.kill('SIGTERM')
  t.regex(await rest, /0\r\n\r\n$/)
  t.is((await web.ended).code, 0)
})

test.serial('accepts nobody new', async (t) => {
  const web = await startWebProcess(t)
  const socket = await begun(web.port, '/stream')
  const rest = restOf(socket)
  web.child.kill('SIGTERM')
  let refused: unknown
  while (refused === undefined) {
    refused = await ask(web.port, '/hello').then(
      () => undefined,
      (error: unknown) => error,
    )
  }
  t.true(['ECONNREFUSED', 'ECONNRESET'].includes(codeOf(refused)), String(refused))
  await rest
  t.is((await web.ended).code, 0)
})

test.serial('under load, no answer is cut short and none is an error', async (t) => {
  const web = await startWebProcess(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 32 })
  t.teardown(() => agent.destroy())
  const answers: Answer[] = []
  const failures: unknown[] = []
  const client = async () => {
    for (;;) {
      try {
        answers.push(await ask(web.port, '/hello', { agent }))
        if (answers.length === 2_000) web.child.kill('SIGTERM')
      } catch (error) {
        failures.push(error)
        return
      }
    }
  }
  await Promise.all(Array.from({ length: 32 }, client))
  t.is((await web.ended).code, 0)
  for (const { status, text } of answers)
    if (status !== 200 || text !== 'Hello, World!') t.fail(`${status} ${text}`)
  // A request that crosses the closing of its idle connection was never accepted: the client may send it again.
  for (const error of failures)
    t.true(['ECONNREFUSED', 'ECONNRESET', 'EPIPE'].includes(codeOf(error)), String(error))
  t.true(answers.length >= 2_000)
})

/**
 * A connection on which a request has certainly been taken: it came in one packet with another, which has been
 * answered.
 */
async function begun(port: number, path: string): Promise<Socket> {
  const socket = connect(port, '127.0.0.1').setEncoding('latin1')
  socket.write(`GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`)
  let received = ''
  while (!received.includes('Hello, World!')) received += String((await once(socket, 'data'))[0])
  const rest = received.slice(received.indexOf('Hello, World!') + 13)
  socket.unshift(rest, 'latin1')
  return socket
}

/** What comes on it until its end. Fails if the connection is reset. */
async function restOf(socket: Socket): Promise<string> {
  let received = ''
  for await (const text of socket) received += text
  return received
}
