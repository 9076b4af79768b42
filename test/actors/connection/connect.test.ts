/**
 * Connecting as a client: what the deferred tells and when, that an attempt can be called off at any moment, and that the
 * connection is an actor like those which were accepted.
 */
import test, { type ExecutionContext } from 'ava'
import { clientTls, codeOf, serverTls } from 'greenroom'
import { connect, listen, type Protocol } from 'greenroom/actors'
import { createSimulation, type Simulation, type SimulationOptions } from 'greenroom/testing'
import { authority, certificate } from './certificates.ts'
import { echo } from './server.ts'

const endpoint = 'tcp:127.0.0.1:80'
const secure = 'tls:127.0.0.1:443'
const server: Protocol = { name: 'echo', converse: echo }
const tls = clientTls({ ca: authority })

/** Says `hello`, keeps the answer, and ends. */
function asking(heard: string[]): Protocol {
  return {
    name: 'asking',
    *converse(_ctx, connection) {
      connection.write('hello')
      while (connection.input.available < 5) {
        if (connection.input.ended) return
        yield
      }
      heard.push(connection.input.take(5).toString())
    },
  }
}

/** Says nothing, until the other's end or the drain. */
const silent: Protocol = {
  name: 'silent',
  *converse(_ctx, { input, ...rest }) {
    void rest
    while (!input.ended) yield
  },
}

const waiting: Protocol = {
  name: 'waiting',
  *converse(_ctx, connection) {
    connection.expectNothing()
    while (!connection.input.ended && !connection.isDraining) yield
  },
}

function simulated(
  body: (t: ExecutionContext, simulation: Simulation) => Promise<void>,
  options?: SimulationOptions,
) {
  return async (t: ExecutionContext) => {
    const simulation = createSimulation(options)
    await body(t, simulation)
    // Fails if an actor, a timer or a port is left.
    await simulation[Symbol.asyncDispose]()
  }
}

test(
  'a client is heard and answered, and ends as its protocol does',
  simulated(async (t, { ctx, waitFor, settle }) => {
    await waitFor(listen(ctx, { endpoint, protocol: server }))
    const heard: string[] = []
    const connected = await waitFor(connect(ctx, { endpoint, protocol: asking(heard), name: 'upstream' }))
    t.deepEqual(connected.remote, { transport: 'tcp', host: '127.0.0.1', port: 80 })
    t.is(connected.tls, undefined)
    t.true(connected.ref.path.endsWith('/upstream'))
    await settle()
    t.deepEqual(heard, ['hello'])
    t.false(connected.ref.isAlive)
  }),
)

test(
  'over TLS the conversation begins when that is agreed on, and knows what it is',
  simulated(async (t, { ctx, waitFor, settle }) => {
    await waitFor(
      listen(ctx, {
        endpoint: secure,
        protocol: { ...server, alpn: ['echo'] },
        tls: serverTls(certificate('server')),
      }),
    )
    const heard: string[] = []
    const protocol = { ...asking(heard), alpn: ['echo'] }
    const connected = await waitFor(connect(ctx, { endpoint: secure, protocol, tls }))
    t.is(connected.tls?.alpn, 'echo')
    t.is(connected.tls?.serverName, '127.0.0.1')
    await settle()
    t.deepEqual(heard, ['hello'])
  }),
)

test(
  'what speaks no TLS is told of',
  simulated(async (t, { ctx, waitFor }) => {
    await waitFor(listen(ctx, { endpoint: 'tcp:127.0.0.1:443', protocol: server }))
    const failure = waitFor(connect(ctx, { endpoint: secure, protocol: silent, tls }))
    const error = await t.throwsAsync(failure, { name: 'ConnectError' })
    t.regex(codeOf(error), /^ERR_SSL_/)
  }),
)

test(
  'where nobody listens, one clear line says so',
  simulated(async (t, { ctx, waitFor }) => {
    const failure = waitFor(connect(ctx, { endpoint, protocol: silent }))
    await t.throwsAsync(failure, {
      name: 'ConnectError',
      code: 'ECONNREFUSED',
      message: `cannot connect to ${endpoint}: nobody listens there (ECONNREFUSED)`,
    })
  }),
)

test(
  'an answer that does not come is waited for no longer than was said',
  simulated(
    async (t, { ctx, waitFor, system }) => {
      await waitFor(listen(ctx, { endpoint, protocol: server }))
      const startMs = ctx.clock.nowMs()
      const limits = { connectTimeoutMs: 500 }
      await t.throwsAsync(waitFor(connect(ctx, { endpoint, protocol: silent, limits })), {
        code: 'CONNECT_TIMEOUT',
        message: `cannot connect to ${endpoint}: no answer within 500 ms (CONNECT_TIMEOUT)`,
      })
      t.is(ctx.clock.nowMs() - startMs, 500)
      t.true(system.actors >= 1)
    },
    { latencyMs: 1_000 },
  ),
)

test(
  'a handshake that does not end is waited for no longer than was said',
  simulated(async (t, { ctx, waitFor }) => {
    // It listens, and never says a word.
    await waitFor(listen(ctx, { endpoint: 'tcp:127.0.0.1:443', protocol: waiting }))
    const limits = { handshakeTimeoutMs: 500 }
    const startMs = ctx.clock.nowMs()
    const failure = waitFor(connect(ctx, { endpoint: secure, protocol: silent, tls, limits }))
    await t.throwsAsync(failure, { code: 'TLS_HANDSHAKE_TIMEOUT' })
    t.is(ctx.clock.nowMs() - startMs, 500)
  }),
)

test(
  'a server that ends during the handshake is told of',
  simulated(async (t, { ctx, waitFor }) => {
    const ending: Protocol = { name: 'ending', converse: function* () {} }
    await waitFor(listen(ctx, { endpoint: 'tcp:127.0.0.1:443', protocol: ending }))
    const failure = waitFor(connect(ctx, { endpoint: secure, protocol: silent, tls }))
    await t.throwsAsync(failure, {
      code: 'CONNECTION_LOST',
      message: `cannot connect to ${secure}: the other side has ended it (CONNECTION_LOST)`,
    })
  }),
)

for (const [title, atMs] of [
  ['before there is an answer', 50],
  ['during the handshake', 150],
] as const) {
  test(
    `an attempt can be called off ${title}, and leaves nothing`,
    simulated(
      async (t, { ctx, waitFor, advance, network }) => {
        await waitFor(listen(ctx, { endpoint: 'tcp:127.0.0.1:443', protocol: waiting }))
        const attempt = connect(ctx, { endpoint: secure, protocol: silent, tls })
        await advance(atMs)
        attempt.cancel('changed my mind')
        await t.throwsAsync(waitFor(attempt), { code: 'CANCELLED' })
        await advance(1_000)
        t.is(network.connections, 0)
      },
      { latencyMs: 100 },
    ),
  )

  test(
    `an attempt ends with its context ${title}`,
    simulated(
      async (t, { ctx, waitFor, advance, network }) => {
        await waitFor(listen(ctx, { endpoint: 'tcp:127.0.0.1:443', protocol: waiting }))
        const [own, cancel] = ctx.withCancel()
        const attempt = connect(own, { endpoint: secure, protocol: silent, tls })
        await advance(atMs)
        cancel('no time')
        await t.throwsAsync(waitFor(attempt), { code: 'CANCELLED' })
        await advance(1_000)
        t.is(network.connections, 0)
      },
      { latencyMs: 100 },
    ),
  )
}

test(
  'a connection ends with its context, and its peer sees a reset',
  simulated(async (t, { ctx, waitFor, settle, network }) => {
    const listening = await waitFor(listen(ctx, { endpoint, protocol: waiting }))
    const [own, cancel] = ctx.withCancel()
    const connected = await waitFor(connect(own, { endpoint, protocol: waiting }))
    await settle()
    t.is(listening.connections, 1)
    cancel('enough')
    await settle()
    t.false(connected.ref.isAlive)
    t.is(network.connections, 0)
  }),
)

test(
  'closing lets the protocol come to its end',
  simulated(async (t, { ctx, waitFor, settle }) => {
    await waitFor(listen(ctx, { endpoint, protocol: server }))
    const connected = await waitFor(connect(ctx, { endpoint, protocol: waiting }))
    const closed = connected.close(ctx)
    await waitFor(closed)
    t.false(connected.ref.isAlive)
    await settle()
  }),
)

test(
  'a conversation that fails before it has begun is the failure of the attempt',
  simulated(
    async (t, { ctx, waitFor }) => {
      await waitFor(listen(ctx, { endpoint, protocol: server }))
      const failing: Protocol = {
        name: 'failing',
        converse() {
          throw Object.assign(new Error('no conversation'), { code: 'NO_CONVERSATION' })
        },
      }
      await t.throwsAsync(waitFor(connect(ctx, { endpoint, protocol: failing })), { code: 'NO_CONVERSATION' })
    },
    { log: { debug() {}, info() {}, warn() {}, error() {} } },
  ),
)

test(
  'a name that is taken, or is none, fails the attempt and leaves nothing',
  simulated(async (t, { ctx, waitFor, settle, network }) => {
    await waitFor(listen(ctx, { endpoint, protocol: server }))
    const first = await waitFor(connect(ctx, { endpoint, protocol: waiting, name: 'upstream' }))
    for (const [name, code] of [
      ['upstream', 'ACTOR_NAME_TAKEN'],
      ['a/b', 'SPAWN_OPTION_INVALID'],
    ] as const) {
      await t.throwsAsync(waitFor(connect(ctx, { endpoint, protocol: waiting, name })), { code })
    }
    await waitFor(first.close(ctx))
    await settle()
    t.is(network.connections, 0)
  }),
)

test(
  'a handshake that has not begun holds up no drain',
  simulated(async (t, { ctx, waitFor, settle, advance, network }) => {
    const tls = serverTls(certificate('server'))
    const listening = await waitFor(listen(ctx, { endpoint: secure, protocol: server, tls }))
    network.connect(listening.address)
    await settle()
    t.is(listening.connections, 1)
    listening.close(ctx)
    await advance(499)
    t.true(listening.ref.isAlive)
    await advance(1)
    t.false(listening.ref.isAlive)
  }),
)

test('what cannot be connected to is refused at once', (t) => {
  const simulation = createSimulation()
  const { ctx } = simulation
  const bad: [object, string][] = [
    [{ endpoint: 'http://a' }, 'ENDPOINT_INVALID'],
    [{ endpoint: 'tcp:a:0' }, 'ENDPOINT_INVALID'],
    [{ endpoint, tls }, 'ENDPOINT_TLS'],
    [{ endpoint, limits: { patienceMs: 1 } }, 'CONNECTION_LIMIT_INVALID'],
  ]
  for (const [config, code] of bad)
    t.throws(() => void connect(ctx, { protocol: silent, ...(config as { endpoint: string }) }), { code })
})
