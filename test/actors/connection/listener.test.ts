/** The listener: accepts as long as it can, counts what it has, survives what others do wrong, and ends in order. */
import test from 'ava'
import type { Context, ListenerPort, ListenOptions, Poller, Ref, Transfer } from 'greenroom'
import { codeOf, createSystem, type Deferred } from 'greenroom'
import {
  type Connection,
  createConnectionLimits,
  formatEndpoint,
  http,
  listen,
  parseEndpoint,
  text,
} from 'greenroom/actors'
import { createManualClock, createMemoryNetwork, createSimulation } from 'greenroom/testing'
import { echo, listened } from './server.ts'

const protocol = http({ respond: () => text('x') })

test(
  'counts who is there, who came, and who was one too many: that one is reset',
  listened(echo, { limits: { connectionsMax: 2 } }, async (t, { listening, simulation }) => {
    const counts = () => [listening.connections, listening.accepted, listening.refused]
    const open = () => simulation.network.connect(listening.address)
    const [first, second, third] = [open(), open(), open()]
    await simulation.settle()
    t.deepEqual(counts(), [2, 2, 1])
    t.deepEqual([first.wasReset, second.wasReset, third.wasReset], [false, false, true])
    first.close()
    await simulation.settle()
    t.deepEqual(counts(), [1, 2, 1])
    const fourth = open()
    fourth.write('hello')
    await simulation.settle()
    t.deepEqual(counts(), [2, 3, 1])
    t.is(fourth.text, 'hello')
  }),
)

test(
  'loses count of nobody, however many come or go within one turn',
  listened(echo, { backlog: 10_000 }, async (t, server) => {
    for (const ending of ['reset', 'close'] as const) {
      const clients = Array.from({ length: 5_000 }, () => server.connect())
      await server.settle()
      t.is(server.listening.connections + clients.filter(({ wasReset }) => wasReset).length, 5_000)
      t.is(server.listening.connections, server.simulation.network.connections)
      for (const client of clients) client[ending]()
      await server.settle()
      t.is(server.listening.connections, 0)
      t.is(server.simulation.network.connections, 0)
    }
    t.deepEqual(
      server.deadLetters.filter((line) => !line.startsWith('accepted')),
      [],
    )
  }),
)

test('a connection that cannot be accepted is a warning; the listener goes on', async (t) => {
  const clock = createManualClock()
  const network = createMemoryNetwork({ clock })
  const warnings: string[] = []
  const log = {
    debug() {},
    info() {},
    error() {},
    warn: (_: object, message: string) => warnings.push(message),
  }
  const stub = new FailingPoller(network.createPoller())
  await using system = createSystem({ clock, poller: stub.poller, log })
  const listening = await listen(system.ctx, { endpoint: 'tcp:127.0.0.1:80', protocol })
  stub.failToAccept(Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }))
  const client = network.connect(listening.address)
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n')
  await client.until(({ text }) => text.endsWith('x'))
  t.deepEqual(warnings, ['a connection could not be accepted: accept EMFILE'])
  client.close()
  t.true(listening.ref.isAlive)
  const stopped = system.stop()
  while (stopped.isPending) {
    clock.advance(1_000)
    await new Promise((resolve) => setImmediate(resolve))
  }
})

test('drains: accepts no more, tells those who are there, and ends with the last of them', async (t) => {
  const told: boolean[] = []
  await listened(
    function* (_ctx, connection) {
      while (!connection.isDraining) yield
      told.push(connection.isDraining)
      connection.write('bye')
    },
    { limits: { lingerTimeoutMs: 100 } },
    async (t, server) => {
      const clients = [server.connect(), server.connect()]
      await server.settle()
      const closed = server.listening.close(server.simulation.ctx)
      const again = server.listening.close(server.simulation.ctx)
      await server.settle()
      t.is(told.length, 2)
      t.true(clients.every(({ text, hasEnded }) => text === 'bye' && hasEnded))
      t.true(closed.isPending && again.isPending)
      t.throws(() => server.connect(), { code: 'ECONNREFUSED' })
      clients[0]?.close()
      await server.advance(99)
      t.true(closed.isPending)
      await server.advance(1)
      t.false(closed.isPending || again.isPending)
      t.is(server.listening.connections, 0)
    },
  )(t)
})

test('a system that stops while a listener drains does not cut what is in flight short', async (t) => {
  let answer: (() => void) | undefined
  await listened(
    function* (_ctx, connection) {
      let isReady = false
      answer = () => {
        isReady = true
        connection.wake()
      }
      while (!isReady) yield
      connection.write('done')
    },
    {},
    async (t, server) => {
      const { client } = await server.opened()
      const { system, clock } = server.simulation
      server.listening.close(server.simulation.ctx)
      await server.settle()
      const stopped = system.stop()
      await server.settle()
      t.true(stopped.isPending)
      clock.schedule(clock.nowMs() + 50, () => answer?.())
      await server.advance(50)
      t.is(client.text, 'done')
      t.true(client.hasEnded)
      client.close()
      await server.simulation.waitFor(stopped)
    },
  )(t)
})

test('what does not finish within the grace time is reset', async (t) => {
  await listened(
    function* (_ctx: Context, _connection: Connection) {
      for (;;) yield
    },
    { limits: { idleTimeoutMs: 1_000_000 }, simulation: { limits: { graceMs: 100 } } },
    async (t, server) => {
      const { client } = await server.opened()
      await server.simulation.stop()
      t.is(server.simulation.clock.nowMs(), 100)
      t.true(client.wasReset)
    },
  )(t)
})

test('a listener that is stopped before it listens says so, and lets go of the port', async (t) => {
  const clock = createManualClock()
  const network = createMemoryNetwork({ clock })
  const system = createSystem({ clock, poller: network.createPoller() })
  const listening = listen(system.ctx, { endpoint: 'tcp:127.0.0.1:80', protocol })
  const outcome = listening.then(
    () => 'listens',
    (error: unknown) => codeOf(error),
  )
  await system.stop()
  t.is(await outcome, 'LISTENER_STOPPED')
  t.is(network.listeners, 0)
})

test('a listener that is no longer wanted lets go of the port', async (t) => {
  const clock = createManualClock()
  const network = createMemoryNetwork({ clock })
  await using system = createSystem({ clock, poller: network.createPoller() })
  const listening = listen(system.ctx, { endpoint: 'tcp:127.0.0.1:80', protocol })
  listening.cancel('changed my mind')
  await t.throwsAsync(Promise.resolve(listening), { code: 'CANCELLED' })
  t.is(network.listeners, 0)
  t.is(system.actors, 0)
})

const tcp = (host: string, port: number) => ({ transport: 'tcp', host, port }) as const
const endpoints: readonly [text: string, endpoint: ReturnType<typeof parseEndpoint>][] = [
  ['tcp:127.0.0.1:8080', { address: tcp('127.0.0.1', 8080), isTls: false }],
  ['tcp:localhost:0', { address: tcp('localhost', 0), isTls: false }],
  ['tcp:[::1]:65535', { address: tcp('::1', 65_535), isTls: false }],
  ['tls:example.org:443', { address: tcp('example.org', 443), isTls: true }],
  ['tls:[::1]:0', { address: tcp('::1', 0), isTls: true }],
  ['unix:/run/app.sock', { address: { transport: 'unix', path: '/run/app.sock' }, isTls: false }],
  ['unix:relative', { address: { transport: 'unix', path: 'relative' }, isTls: false }],
]

test('a listener ends with its context, and so does the wait for it', async (t) => {
  const simulation = createSimulation()
  const [ctx, cancel] = simulation.ctx.withCancel()
  const endpoint = 'tcp:127.0.0.1:80'
  const listening = await simulation.waitFor(listen(ctx, { endpoint, protocol }))
  cancel('no longer needed')
  await simulation.settle()
  t.false(listening.ref.isAlive)
  t.is(simulation.network.listeners, 0)
  const late = listen(ctx, { endpoint, protocol })
  late.listen(
    () => {},
    () => {},
  )
  await simulation.settle()
  t.is(late.status, 'rejected')
  t.is(simulation.system.actors, 0)
  await simulation[Symbol.asyncDispose]()
})

test(
  'a connection that is stopped before it begins has its stream reset, and takes no place',
  listened(echo, { limits: { connectionsMax: 2 } }, async (t, server) => {
    const { events } = server.simulation.system
    const stop = ({ ref }: { ref: Ref }) => void ref.stop('not today')
    events.on('spawned', stop)
    for (let i = 0; i < 3; i++) {
      const client = server.connect()
      await server.settle()
      t.true(client.wasReset)
    }
    events.off('spawned', stop)
    t.deepEqual([server.listening.connections, server.listening.refused], [0, 0])
    const { client } = await server.opened()
    client.write('hello')
    await server.settle()
    t.is(client.text, 'hello')
    client.close()
    await server.settle()
  }),
)

test('an endpoint is one string, and can be read back', (t) => {
  for (const [text, endpoint] of endpoints) {
    t.deepEqual(parseEndpoint(text), endpoint)
    t.is(formatEndpoint(endpoint), text)
  }
})

test('what is no endpoint is told at once, with what one looks like', (t) => {
  const bad = [
    '',
    'tcp:',
    'tcp:a',
    'tcp:a:',
    'tcp:a:b',
    'tcp:a:65536',
    'tcp:::1:80',
    'tcp:a b:1',
    'tcp:a:-1',
    'tls:a',
    'ssl:a:1',
    'unix:',
  ]
  for (const endpoint of [...bad, 'http://a:80', '127.0.0.1:80', 'TCP:a:1', 'tcp:a:080000']) {
    const error = t.throws(() => parseEndpoint(endpoint), { code: 'ENDPOINT_INVALID' }, endpoint)
    t.is(error?.message.split('\n').length, 1)
    t.true(error?.message.includes('tcp:HOST:PORT'))
  }
})

test('a socket’s path that would be cut off is refused', (t) => {
  const path = `/${'y'.repeat(102)}`
  t.deepEqual(parseEndpoint(`unix:${path}`).address, { transport: 'unix', path })
  t.throws(() => parseEndpoint(`unix:/${'y'.repeat(103)}`), {
    code: 'ENDPOINT_INVALID',
    message: /at most 103 bytes.* has 104$/,
  })
})

test('limits are whole numbers of known names', (t) => {
  t.is(createConnectionLimits({ idleTimeoutMs: 5 }).idleTimeoutMs, 5)
  const bad: [name: string, value: number][] = [
    ['idleTimeoutMs', 0],
    ['idleTimeoutMs', 1.5],
    ['connectionsMax', -1],
    ['writeTimeoutMs', Number.NaN],
    ['lingerTimeoutMs', 2 ** 31],
    ['patienceMs', 1],
    ['toString', 1],
  ]
  for (const [name, value] of bad) {
    const error = t.throws(() => createConnectionLimits({ [name]: value }), {
      code: 'CONNECTION_LIMIT_INVALID',
    })
    t.true(error?.message.includes(name))
  }
})

/** A poller whose listeners can be made to fail at accepting, as the operating system would. */
class FailingPoller {
  readonly poller: Poller
  private port: ListenerPort | undefined

  constructor(inner: Poller) {
    this.poller = new Proxy(inner, {
      get: (_, name) => (name === 'listen' ? this.listen(inner) : bound(inner, name as keyof Poller)),
      set: (_, name, value) => Reflect.set(inner, name, value),
    })
  }

  failToAccept(error: Error): void {
    const port = this.port as ListenerPort
    port.owner?.transferred({ type: 'acceptFailed', port, error } satisfies Transfer)
  }

  private listen(inner: Poller) {
    return (options: ListenOptions): Deferred<ListenerPort> =>
      inner.listen(options).then((port) => {
        this.port = port
        return port
      })
  }
}

function bound(target: Poller, name: keyof Poller): unknown {
  const value = target[name]
  return typeof value === 'function' ? value.bind(target) : value
}
