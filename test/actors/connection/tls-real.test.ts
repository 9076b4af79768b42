/**
 * TLS, for real: both sides of ours against node:tls and against each other. Who shows what to whom, what is agreed on, and
 * that a handshake which fails, or never comes to an end, harms nobody else.
 */
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect as connectPlain } from 'node:net'
import { type ConnectionOptions, createServer, connect as tlsConnect } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import {
  type ActorSystem,
  clientTls,
  createSystem,
  type ServerTlsOptions,
  serverTls,
  silentLog,
  type TlsSession,
} from 'greenroom'
import { connect, type ListenConfig, listen, type Protocol } from 'greenroom/actors'
import { checkLeaks } from 'greenroom/testing'
import { authority, certificate } from './certificates.ts'
import { echo } from './server.ts'

const server = certificate('server')

function real(body: (t: ExecutionContext, system: ActorSystem) => Promise<void>) {
  return async (t: ExecutionContext) => {
    const system = createSystem({ log: silentLog })
    await body(t, system)
    await system.stop()
    t.notThrows(() => checkLeaks(system))
  }
}

interface Served {
  readonly sessions: (TlsSession | undefined)[]
  readonly port: number
  readonly tls: ReturnType<typeof serverTls>
  readonly listening: Awaited<ReturnType<typeof listen>>
}

async function serve(
  system: ActorSystem,
  options: Partial<ServerTlsOptions> = {},
  config: Partial<ListenConfig<never>> & { alpn?: readonly string[] } = {},
): Promise<Served> {
  const sessions: (TlsSession | undefined)[] = []
  const { alpn, ...rest } = config
  const protocol: Protocol = {
    name: 'echo',
    ...(alpn !== undefined && { alpn }),
    converse(ctx, connection) {
      sessions.push(connection.tls)
      return echo(ctx, connection)
    },
  }
  const tls = serverTls({ ...server, ...options })
  const listening = await listen(system.ctx, { endpoint: 'tls:localhost:0', protocol, tls, ...rest })
  return { sessions, port: listening.port as number, tls, listening }
}

/** A client of node's, and what comes back to `hello`. */
async function ask(port: number, options: ConnectionOptions = {}) {
  const client = tlsConnect({ port, host: 'localhost', servername: 'localhost', ca: authority, ...options })
  await once(client, 'secureConnect')
  const shown = client.getPeerCertificate()
  client.write('hello')
  const over = once(client, 'close').then(() => Promise.reject(new Error('closed without an answer')))
  const [bytes] = (await Promise.race([once(client, 'data'), over])) as [Buffer]
  over.catch(() => {})
  client.destroy()
  return { text: bytes.toString(), client, shown }
}

test(
  'what is said over TLS arrives, and both sides know what was agreed on',
  real(async (t, system) => {
    const { port, sessions, listening } = await serve(system)
    t.is(
      listening.endpoint,
      `tls:${(listening.address as { host: string }).host}:${port}`.replace('::1', '[::1]'),
    )
    const { text } = await ask(port)
    t.is(text, 'hello')
    t.like(sessions[0], { version: 'TLSv1.3', serverName: 'localhost', alpn: undefined, isResumed: false })
    t.is(sessions[0]?.trouble, undefined)
    t.is(sessions[0]?.peerCertificate, undefined)
  }),
)

test(
  'a megabyte goes both ways, and the end of one side is no end of the other',
  real(async (t, system) => {
    const { port } = await serve(system)
    const client = tlsConnect({ port, host: 'localhost', ca: authority })
    const chunks: Buffer[] = []
    client.on('data', (chunk: Buffer) => chunks.push(chunk))
    const bytes = Buffer.alloc(1_000_000, 'hello ')
    client.end(bytes)
    await once(client, 'end')
    t.true(Buffer.concat(chunks).equals(bytes))
  }),
)

test(
  'a protocol that both speak is agreed on, and who speaks none of ours is refused',
  real(async (t, system) => {
    const { port, sessions, listening } = await serve(system, {}, { alpn: ['http/1.1'] })
    const { client } = await ask(port, { ALPNProtocols: ['h2', 'http/1.1'] })
    t.is(client.alpnProtocol, 'http/1.1')
    t.is(sessions[0]?.alpn, 'http/1.1')
    await t.throwsAsync(ask(port, { ALPNProtocols: ['h2'] }), {
      code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    })
    await ask(port)
    t.is(sessions.length, 2)
    t.is(sessions[1]?.alpn, undefined)
    while (listening.connections > 0) await system.ctx.after(5)
  }),
)

test(
  'each name has its certificate, and who asks for another gets the default',
  real(async (t, system) => {
    const { port } = await serve(system, {
      names: { 'Example.test': certificate('example'), '*.wild.test': certificate('wildcard') },
    })
    const shown = async (servername: string) =>
      (await ask(port, { servername, checkServerIdentity: () => undefined })).shown.subject.CN
    t.is(await shown('example.test'), 'example.test')
    t.is(await shown('EXAMPLE.test'), 'example.test')
    t.is(await shown('a.wild.test'), 'wild.test')
    t.is(await shown('a.b.wild.test'), 'localhost')
    t.is(await shown('wild.test'), 'localhost')
    t.is(await shown('other.test'), 'localhost')
  }),
)

test(
  'certificates are changed while the server runs; connections that are open go on',
  real(async (t, system) => {
    const { port, tls } = await serve(system)
    const serial = ({ cert }: { cert: unknown }) => new X509Certificate(cert as string).serialNumber
    const old = tlsConnect({ port, host: 'localhost', ca: authority })
    await once(old, 'secureConnect')
    t.is(old.getPeerCertificate().serialNumber, serial(server))
    tls.reload(certificate('renewed'))
    t.is((await ask(port)).shown.serialNumber, serial(certificate('renewed')))
    old.write('still here')
    t.is(String((await once(old, 'data'))[0]), 'still here')
    t.throws(() => tls.reload({ ...server, key: certificate('client').key }), { code: 'TLS_OPTION_INVALID' })
    t.is((await ask(port)).shown.serialNumber, serial(certificate('renewed')))
    old.destroy()
  }),
)

test(
  'a client resumes its session',
  real(async (t, system) => {
    const { port, sessions } = await serve(system, { minVersion: 'TLSv1.2' })
    const first = tlsConnect({ port, host: 'localhost', ca: authority, maxVersion: 'TLSv1.2' })
    const [session] = (await once(first, 'session')) as [Buffer]
    first.destroy()
    await ask(port, { maxVersion: 'TLSv1.2', session })
    t.deepEqual(
      sessions.map((each) => each?.isResumed),
      [false, true],
    )
    t.is(sessions[1]?.version, 'TLSv1.2')
  }),
)

for (const [title, identity, trouble] of [
  ['one that an authority of ours vouches for', certificate('client'), undefined],
  ['none', undefined, 'UNABLE_TO_GET_ISSUER_CERT'],
  ['a stranger’s', certificate('stranger'), 'DEPTH_ZERO_SELF_SIGNED_CERT'],
] as const) {
  test(
    `where clients have to show a certificate: ${title}`,
    real(async (t, system) => {
      const { port, sessions } = await serve(system, { clients: { ca: authority } })
      const asked = ask(port, { ...(identity as object | undefined) })
      if (trouble === undefined) {
        t.is((await asked).text, 'hello')
        t.is(sessions[0]?.trouble, undefined)
        t.is(new X509Certificate(sessions[0]?.peerCertificate as Buffer).subject, 'CN=client')
      } else {
        await t.throwsAsync(asked)
        t.deepEqual(sessions, [])
      }
    }),
  )

  test(
    `where clients may show a certificate: ${title}`,
    real(async (t, system) => {
      const { port, sessions } = await serve(system, { clients: { ca: authority, isRequired: false } })
      t.is((await ask(port, { ...(identity as object | undefined) })).text, 'hello')
      t.is(sessions[0]?.trouble, trouble)
      t.is(sessions[0]?.peerCertificate === undefined, identity === undefined)
    }),
  )
}

test(
  'what is no TLS, and who leaves in the middle of a handshake, are dropped, and nobody else notices',
  real(async (t, system) => {
    const { port, sessions, listening } = await serve(system)
    const dial = () => connectPlain(port, 'localhost').on('error', () => {})
    const rude = dial()
    rude.write('GET / HTTP/1.1\r\n\r\n')
    const leaver = dial()
    await once(leaver, 'connect')
    leaver.write(Buffer.from([0x16, 0x03, 0x01]))
    leaver.end()
    const breaker = dial()
    await once(breaker, 'connect')
    breaker.write(Buffer.from([0x16, 0x03, 0x01]))
    breaker.resetAndDestroy()
    t.is((await ask(port)).text, 'hello')
    while (listening.connections > 0) await system.ctx.after(5)
    t.is(sessions.length, 1)
    rude.destroy()
    leaver.destroy()
  }),
)

test(
  'a handshake that does not come to an end is dropped in time, and makes room before that',
  real(async (t, system) => {
    const limits = { handshakeTimeoutMs: 300, connectionsMax: 2 }
    const { port, listening } = await serve(system, {}, { limits })
    const slow = [1, 2].map(() => connectPlain(port, 'localhost').on('error', () => {}))
    while (listening.accepted < 2) await system.ctx.after(5)
    t.is((await ask(port)).text, 'hello')
    t.is(listening.shed, 1)
    while (listening.connections > 0) await system.ctx.after(10)
    for (const socket of slow) socket.destroy()
  }),
)

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  for (const isRequired of [true, false]) {
    test(
      `a session that is gone on with is as good as its certificate: ${version}, ${isRequired ? 'required' : 'asked for'}`,
      real(async (t, system) => {
        const { port, sessions } = await serve(system, { clients: { ca: authority, isRequired } })
        const twice = async (identity: object) => {
          const first = tlsConnect({
            port,
            host: 'localhost',
            servername: 'localhost',
            ca: authority,
            maxVersion: version,
            minVersion: version,
            ...identity,
          })
          let session: Buffer | undefined
          first.on('session', (given: Buffer) => (session = given))
          first.on('error', () => {})
          first.write('hello')
          const refused = once(first, 'close').then(() => [])
          const [bytes] = await Promise.race([once(first, 'data'), refused]).catch(() => [])
          first.destroy()
          if (bytes === undefined) return 'refused'
          await ask(port, {
            maxVersion: version,
            minVersion: version,
            ...(session && { session }),
            ...identity,
          })
          return sessions.splice(0)
        }
        const known = await twice(certificate('client'))
        t.true(Array.isArray(known) && known.every((each) => each?.trouble === undefined))
        t.true(Array.isArray(known) && known[1]?.isResumed)
        for (const identity of [{}, certificate('stranger')]) {
          const unknown = await twice(identity)
          if (isRequired) t.is(unknown, 'refused')
          else t.true(Array.isArray(unknown) && unknown.every((each) => each?.trouble !== undefined))
        }
      }),
    )
  }
}

test(
  'a handshake goes by what held when it began',
  real(async (t, system) => {
    const { port, tls, sessions, listening } = await serve(system, { clients: { ca: authority } })
    const plain = connectPlain(port, 'localhost')
    await once(plain, 'connect')
    while (listening.connections === 0) await system.ctx.after(5)
    tls.reload(server)
    const client = tlsConnect({
      socket: plain,
      servername: 'localhost',
      ca: authority,
      ...certificate('stranger'),
    } as object)
    client.on('error', () => {})
    client.write('hello')
    await once(client, 'close')
    t.deepEqual(sessions, [])
    t.is((await ask(port)).text, 'hello')
  }),
)

for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
  test(
    `what is broken after the handshake ends the connection, on either side: ${version}`,
    real(async (t, system) => {
      const { port, listening } = await serve(system)
      const plain = connectPlain(port, 'localhost')
      await once(plain, 'connect')
      const client = tlsConnect({
        socket: plain,
        servername: 'localhost',
        ca: authority,
        maxVersion: version,
      })
      client.on('error', () => {})
      await once(client, 'secureConnect')
      client.write('hello')
      await once(client, 'data')
      plain.write(Buffer.from([0x17, 3, 3, 0, 32, ...Buffer.alloc(32, 7)]))
      while (listening.connections > 0) await system.ctx.after(5)
      client.destroy()

      const theirs = createServer({ ...(server as object), maxVersion: version })
      const broken = once(theirs, 'connection')
      theirs.on('secureConnection', (socket) => socket.on('error', () => {}))
      theirs.listen(0, 'localhost')
      await once(theirs, 'listening')
      const connected = await connect(system.ctx, {
        endpoint: `tls:localhost:${(theirs.address() as { port: number }).port}`,
        protocol: greeting([]),
        tls: clientTls({ ca: authority }),
      })
      const [socket] = await broken
      socket.write(Buffer.from([0x17, 3, 3, 0, 32, ...Buffer.alloc(32, 7)]))
      await connected.ref.watch()
      t.false(connected.ref.isAlive)
      socket.destroy()
      theirs.close()
    }),
  )
}

test(
  'who renegotiates again and again is cut off',
  real(async (t, system) => {
    const { port, listening } = await serve(system)
    const client = tlsConnect({
      port,
      host: 'localhost',
      servername: 'localhost',
      ca: authority,
      maxVersion: 'TLSv1.2',
    })
    client.on('error', () => {})
    await once(client, 'secureConnect')
    let count = 0
    const again = () => client.renegotiate({}, (error) => !error && ++count < 50 && again())
    again()
    await once(client, 'close')
    t.true(count <= 5, `${count}`)
    while (listening.connections > 0) await system.ctx.after(5)
  }),
)

test('what cannot be used is refused by name, at once', (t) => {
  const bad: [ServerTlsOptions, RegExp][] = [
    [{ ...server, key: certificate('client').key }, /^the certificate or its key cannot be used: .*mismatch/],
    [{ ...server, cert: 'no PEM' }, /^the certificate or its key cannot be used/],
    [{} as ServerTlsOptions, /has a certificate \(cert\) and its key/],
    [{ ...server, names: { 'a b': server } }, /"a b" is not the name of a server/],
    [
      { ...server, names: { 'a.test': { ...server, key: '' } } },
      /the certificate or key of a\.test cannot be used/,
    ],
    [{ ...server, certificate: 'x' } as ServerTlsOptions, /no option of TLS is named "certificate"/],
    [{ ...server, ciphers: 'NONE-SUCH' }, /cannot be used/],
  ]
  for (const [options, message] of bad)
    t.throws(() => serverTls(options), { code: 'TLS_OPTION_INVALID', message })
  t.throws(() => clientTls({ ca: 'no PEM', identity: { cert: '', key: 'x' } }), {
    code: 'TLS_OPTION_INVALID',
  })
  t.throws(() => clientTls({ rejectUnauthorized: false } as object), { code: 'TLS_OPTION_INVALID' })
  const system = createSystem({ log: silentLog })
  const protocol = { name: 'echo', converse: echo }
  t.throws(() => void listen(system.ctx, { endpoint: 'tls:localhost:0', protocol }), { code: 'ENDPOINT_TLS' })
  const tls = serverTls(server)
  t.throws(() => void listen(system.ctx, { endpoint: 'tcp:localhost:0', protocol, tls }), {
    code: 'ENDPOINT_TLS',
  })
})

// As a client.

/** Waits for what the other has to say. */
function greeting(heard: string[]): Protocol {
  return {
    name: 'greeting',
    *converse(_ctx, { input }) {
      while (!input.ended && input.available === 0) yield
      if (input.available > 0) heard.push(input.take(input.available).toString())
    },
  }
}

/** Says `hello`, and hears the answer. */
function talking(heard: string[]): Protocol {
  return {
    name: 'talking',
    *converse(_ctx, connection) {
      connection.write('hello')
      while (connection.input.available === 0 && !connection.input.ended) yield
      if (connection.input.available > 0) heard.push(connection.input.take(5).toString())
    },
  }
}

test(
  'we are clients too, of ourselves and of node:tls',
  real(async (t, system) => {
    const heard: string[] = []
    const { port, sessions } = await serve(system)
    const theirs = createServer({ ...(server as object) }, (socket) => socket.pipe(socket))
    theirs.listen(0, 'localhost')
    await once(theirs, 'listening')
    for (const each of [port, (theirs.address() as { port: number }).port]) {
      const connected = await connect(system.ctx, {
        endpoint: `tls:localhost:${each}`,
        protocol: talking(heard),
        tls: clientTls({ ca: authority }),
      })
      t.like(connected.tls, { version: 'TLSv1.3', trouble: undefined })
      t.is(new X509Certificate(connected.tls?.peerCertificate as Buffer).subject, 'CN=localhost')
      await connected.ref.watch()
    }
    t.deepEqual(heard, ['hello', 'hello'])
    t.is(sessions[0]?.serverName, 'localhost')
    theirs.close()
  }),
)

for (const [title, name, code] of [
  ['a stranger', 'stranger', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['one whose time is over', 'expired', 'CERT_HAS_EXPIRED'],
  ['another', 'example', 'ERR_TLS_CERT_ALTNAME_INVALID'],
] as const) {
  test(
    `a server that turns out to be ${title} is told of, and not spoken to`,
    real(async (t, system) => {
      const heard: string[] = []
      const { port, sessions } = await serve(system, certificate(name))
      const endpoint = `tls:localhost:${port}`
      const tls = clientTls({ ca: authority })
      const error = await t.throwsAsync(
        Promise.resolve(connect(system.ctx, { endpoint, protocol: greeting(heard), tls })),
        { name: 'ConnectError', code },
      )
      t.true(
        error?.message.startsWith(`cannot connect to ${endpoint}: its certificate`) ||
          /vouches/.test(`${error}`),
      )
      t.deepEqual(heard, [])
      const anyone = await connect(system.ctx, {
        endpoint,
        protocol: talking(heard),
        tls: clientTls({ ca: authority, trustsAnyone: true }),
      })
      t.is(anyone.tls?.trouble, code)
      await anyone.ref.watch()
      t.deepEqual(heard, ['hello'])
      t.true(sessions.length >= 1)
    }),
  )
}
