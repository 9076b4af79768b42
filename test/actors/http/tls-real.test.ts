/** HTTP and WebSocket over TLS, for real: clients of others, and a URL that says so. */
import { once } from 'node:events'
import { get } from 'node:https'
import test from 'ava'
import { createSystem, serverTls, silentLog } from 'greenroom'
import { http, listen, text, websocket } from 'greenroom/actors'
import { checkLeaks } from 'greenroom/testing'
import { WebSocket } from 'ws'
import { authority, certificate } from '../connection/certificates.ts'

const tls = serverTls(certificate('server'))

test('a page over https, and the handler knows', async (t) => {
  const system = createSystem({ log: silentLog })
  const protocol = http({
    fetch: (request) => new Response(request.url),
  })
  const { port } = await listen(system.ctx, { endpoint: 'tls:localhost:0', protocol, tls })
  // Node's declarations leave ALPN out.
  const options: object = { ca: authority, ALPNProtocols: ['http/1.1'] }
  const [response] = await once(get(`https://localhost:${port}/a?b`, options), 'response')
  const { alpnProtocol } = response.socket
  let body = ''
  for await (const chunk of response) body += chunk
  t.is(body, `https://localhost:${port}/a?b`)
  t.is(alpnProtocol, 'http/1.1')
  await system.stop()
  t.notThrows(() => checkLeaks(system))
})

test('a WebSocket over TLS', async (t) => {
  const system = createSystem({ log: silentLog })
  const echo = websocket({
    *converse(_ctx, messages) {
      for (;;) {
        const message = yield* messages.receive()
        if (message === undefined) return
        messages.send(message)
      }
    },
  })
  const protocol = http({
    respond: (ctx, request) => (request.tls === undefined ? text('no TLS') : echo.accept(ctx, request)),
  })
  const { port } = await listen(system.ctx, { endpoint: 'tls:localhost:0', protocol, tls })
  const client = new WebSocket(`wss://localhost:${port}/`, { ca: authority })
  await once(client, 'open')
  const large = 'x'.repeat(500_000)
  for (const message of ['hello', large]) {
    client.send(message)
    const [data] = await once(client, 'message')
    t.is(String(data), message)
  }
  client.close(1000)
  const [code] = await once(client, 'close')
  t.is(code, 1000)
  await system.stop()
  t.notThrows(() => checkLeaks(system))
})
