/** Law: a connection tells each answer once, however its bytes are cut, and is open until either side has closed it. */
import { createServer, type Socket } from 'node:net'
import test from 'ava'
import { type Answer, ClientConnection } from '../../bench/overload/client-connection.ts'

/** A server with one client, and its end of the connection. */
async function connected() {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const client = new ClientConnection((server.address() as { port: number }).port)
  const peer = await accepted
  peer.setNoDelay(true)
  peer.resume()
  const ask = () =>
    new Promise<Answer | undefined>((resolve) => client.send('GET / HTTP/1.1\r\n\r\n', resolve))
  const close = () => {
    client.leave()
    return new Promise((resolve) => server.close(resolve))
  }
  return { client, peer, ask, close }
}

test('an answer is complete with the last byte of its body, wherever it is cut', async (t) => {
  const { client, peer, ask, close } = await connected()
  const bytes = 'HTTP/1.1 503 Busy\r\nRetry-After: 2\r\nContent-Length: 4\r\n\r\nbusy'
  for (let cut = 1; cut < bytes.length; cut++) {
    const answer = ask()
    peer.write(bytes.slice(0, cut), () => peer.write(bytes.slice(cut)))
    t.deepEqual(await answer, { status: 503, hasRetryAfter: true })
    t.false(client.isBusy)
    t.true(client.isOpen)
  }
  await close()
})

test('after an answer that closes the connection it is not used again', async (t) => {
  const { client, peer, ask, close } = await connected()
  const answer = ask()
  peer.write('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
  t.deepEqual(await answer, { status: 200, hasRetryAfter: false })
  t.false(client.isOpen)
  await close()
})

test('a connection that is lost answers with nothing, once', async (t) => {
  const { client, peer, ask, close } = await connected()
  const answer = ask()
  peer.destroy()
  t.is(await answer, undefined)
  t.false(client.isOpen)
  t.false(client.isBusy)
  await close()
})

test('who leaves has no answer', async (t) => {
  const { client, ask, close } = await connected()
  const answer = ask()
  t.true(client.isBusy)
  client.leave()
  t.is(await answer, undefined)
  await close()
})
