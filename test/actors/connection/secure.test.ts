/** TLS in the middle of a conversation: what was said before is plain, what comes after is not, and nobody slips anything in. */
import test from 'ava'
import { type Securing, serverTls } from 'greenroom'
import type { Connection } from 'greenroom/actors'
import { certificate } from './certificates.ts'
import { listened, stateOf } from './server.ts'

const securing: Securing = { tls: serverTls(certificate('server')), alpn: ['mail'] }

/** Reads a line. */
function* line(connection: Connection): Generator<void, string, void> {
  const { input } = connection
  for (;;) {
    const end = input.indexOf(10)
    if (end !== -1) return input.take(end + 1).toString('latin1', 0, end)
    yield
  }
}

/** As a mail server does it: STARTTLS, go ahead, and the greeting anew. */
function* mail(_ctx: unknown, connection: Connection): Generator<void, void, void> {
  connection.write('hello\n')
  for (;;) {
    const said = yield* line(connection)
    if (said === 'STARTTLS') {
      connection.write('go ahead\n')
      const { alpn, serverName } = yield* connection.secure(securing)
      connection.write(`secret hello, ${serverName} by ${alpn}\n`)
    } else {
      connection.write(`${connection.tls === undefined ? 'plain' : 'secret'} ${said}\n`)
    }
  }
}

test(
  'a conversation goes on over TLS where both want it',
  listened(mail, {}, async (t, server) => {
    const { client, actor } = await server.opened()
    client.write('one\nSTARTTLS\n')
    await server.settle()
    t.is(client.text, 'hello\nplain one\ngo ahead\n')
    t.is(client.session, undefined)
    t.is(stateOf(actor), 'securing')
    client.secure({ serverName: 'mail.example', alpn: ['mail'] })
    await server.settle()
    t.is(client.session?.alpn, 'mail')
    client.write('two\n')
    await server.settle()
    t.true(client.text.endsWith('secret hello, mail.example by mail\nsecret two\n'))
    t.deepEqual(server.logged, [])
    client.reset()
    await server.settle()
  }),
)

for (const [title, ahead] of [
  ['in one piece with the wish for TLS', 'STARTTLS\nMAIL FROM:<mallory>\n'],
  ['right behind it', 'STARTTLS\n'],
] as const) {
  test(
    `what is slipped in before the handshake is never taken for the peer’s: ${title}`,
    listened(mail, {}, async (t, server) => {
      const { client } = await server.opened()
      client.write(ahead)
      if (ahead === 'STARTTLS\n') client.write('MAIL FROM:<mallory>\n')
      client.secure()
      await server.settle()
      t.true(client.wasReset)
      t.false(client.text.includes('MAIL'))
      t.is(server.listening.connections, 0)
    }),
  )
}

test(
  'a handshake in the middle has its time too, and what the conversation waited for does not count',
  listened(
    function* (_ctx, connection) {
      connection.expect(10, 'IMPATIENT', 'anything')
      yield* connection.secure(securing)
      connection.write('never')
    },
    { limits: { handshakeTimeoutMs: 1_000 } },
    async (t, server) => {
      const { client } = await server.opened()
      await server.advance(999)
      t.is(server.listening.connections, 1)
      await server.advance(1)
      t.is(server.listening.connections, 0)
      t.is(client.text, '')
      t.deepEqual(
        server.logged.filter(({ level }) => level !== 'debug'),
        [],
      )
    },
  ),
)

test(
  'what others deliver meanwhile waits, and leaves encrypted',
  listened(
    function* (_ctx, connection) {
      connection.receiver = { take: (message) => connection.write(String(message)), drained() {} }
      yield* connection.secure(securing)
      while (!connection.input.ended) yield
    },
    {},
    async (t, server) => {
      const { client, actor } = await server.opened()
      actor.send(server.simulation.ctx, { type: 'deliver', message: 'news' } as never)
      await server.settle()
      t.is(client.text, '')
      client.secure({ alpn: ['mail'] })
      await server.settle()
      t.is(client.text, 'news')
      client.close()
      await server.settle()
    },
  ),
)
