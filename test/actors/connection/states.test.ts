/**
 * The states of listener and connection: the diagrams say what the tables say, the actors do what the tables say, and
 * what is in neither changes nothing.
 */
import { readFileSync } from 'node:fs'
import test from 'ava'
import { type Ref, serverTls } from 'greenroom'
import { connectionStates, type DeliveryEvent, listenerStates } from 'greenroom/actors'
import { certificate } from './certificates.ts'
import { listened, stateOf, type TestListener } from './server.ts'

type Table = Readonly<Record<string, Readonly<Record<string, string>>>>

const tables: readonly [name: string, table: Table][] = [
  ['listener', listenerStates as Table],
  ['connection', connectionStates as Table],
]

/** The transitions of the diagram under a heading, as a table; `[*]` is where it begins and ends. */
function diagramOf(name: string): {
  table: Record<string, Record<string, string>>
  initial: string
  final: string
} {
  const readme = readFileSync(new URL('../../../actors/connection/README.md', import.meta.url), 'utf8')
  const section = readme.slice(readme.indexOf(`## A ${name}\n`))
  const [, diagram = ''] = /```mermaid\nstateDiagram-v2\n([^`]*)```/.exec(section) ?? []
  const table: Record<string, Record<string, string>> = {}
  let initial = ''
  let final = ''
  for (const line of diagram.trim().split('\n')) {
    const match = /^(\S+) --> (\S+?)(?:: (.+))?$/.exec(line.trim())
    if (match === null) throw new Error(`no transition: ${line}`)
    const [, from = '', to = '', events] = match
    if (from === '[*]') initial = to
    else if (to === '[*]') final = from
    for (const state of [from, to]) if (state !== '[*]') table[state] ??= {}
    for (const event of events?.split(', ') ?? []) (table[from] as Record<string, string>)[event] = to
  }
  return { table, initial, final }
}

for (const [name, table] of tables) {
  test(`the diagram of a ${name} is its table`, (t) => {
    const { table: drawn, initial, final } = diagramOf(name)
    t.deepEqual(drawn, structuredClone(table))
    t.is(initial, Object.keys(table)[0] as string)
    t.deepEqual(table[final], {})
  })

  test(`every state of a ${name} is named, can be reached, and leads to the end`, (t) => {
    const reached = new Set([Object.keys(table)[0] as string])
    for (const state of reached) for (const next of Object.values(table[state] ?? {})) reached.add(next)
    t.deepEqual([...reached].sort(), Object.keys(table).sort())
  })
}

/** Ways into each state of a connection, by its peer alone. The protocol below ends its side when told to. */
const reach: Readonly<Record<string, string>> = {
  open: '',
  securing: 'told to secure',
  halfClosed: 'peer ends',
  closing: 'told to end',
}
const securing = { tls: serverTls(certificate('server')), alpn: [] }
const events = [
  'secure',
  'secured',
  'received',
  'drained',
  'ended',
  'closed',
  'deliver',
  'hangUp',
  'woken',
  'timedOut',
  'finished',
  'lost',
  'drain',
]

const ASKED = '?'.charCodeAt(0)

for (const [state, row] of Object.entries(connectionStates)) {
  if (state === 'closed') continue
  for (const event of events) {
    if (event in row) continue
    test(`a connection that is ${state} is not changed by ${event}`, async (t) => {
      let steps = 0
      await listened(
        function* (_ctx, connection) {
          const { input } = connection
          for (; input.available === 0; steps++) yield
          if (input.take(1)[0] === ASKED) yield* connection.secure(securing)
        },
        {},
        async (t, server) => {
          const { client, actor } = await server.opened()
          if (reach[state] === 'peer ends') client.end()
          if (reach[state] === 'told to end') client.write('!')
          if (reach[state] === 'told to secure') client.write('?')
          await server.settle()
          t.is(stateOf(actor), state)
          const before = steps
          actor.send(server.simulation.ctx, { type: event, bytes: Buffer.from('x') } as never)
          await server.settle()
          t.is(stateOf(actor), state)
          t.is(steps, before)
          t.is(client.text, '')
          t.deepEqual(server.deadLetters, [`${event} unhandled`])
          client.reset()
          await server.settle()
        },
      )(t)
    })
  }
}

/** What happens to a connection, and where the table says that it leads. */
const causes: readonly [event: string, from: string, cause: (server: TestListener, peer: Peer) => unknown][] =
  [
    ['received', 'open', (_, { client }) => client.write('more')],
    ['drained', 'open', (_, { client }) => client.drain()],
    ['deliver', 'open', (_, { tell }) => tell({ type: 'deliver', message: 'news' })],
    ['hangUp', 'open', (_, { tell }) => tell({ type: 'hangUp' })],
    ['woken', 'open', (_, { wake }) => wake()],
    ['timedOut', 'open', (server) => server.advance(1_000)],
    ['drain', 'open', (server) => void server.listening.close(server.simulation.ctx)],
    ['ended', 'open', (_, { client }) => client.end()],
    ['finished', 'open', (_, { finish }) => finish()],
    ['lost', 'open', (server) => server.advance(20_000)],
    ['closed', 'open', (_, { client }) => client.reset()],
    ['secure', 'open', (_, { secure }) => secure()],
    ['secured', 'securing', (_, { client }) => client.secure()],
    ['drained', 'securing', (_, { client }) => client.drain()],
    ['deliver', 'securing', (_, { tell }) => tell({ type: 'deliver', message: 'news' })],
    ['hangUp', 'securing', (_, { tell }) => tell({ type: 'hangUp' })],
    ['woken', 'securing', (_, { wake }) => wake()],
    ['timedOut', 'securing', (_, { tell }) => tell({ type: 'timedOut' } as never)],
    ['drain', 'securing', (server) => void server.listening.close(server.simulation.ctx)],
    ['received', 'securing', (_, { client }) => client.write('early')],
    ['ended', 'securing', (_, { client }) => client.end()],
    ['lost', 'securing', (server) => server.advance(20_000)],
    ['closed', 'securing', (_, { client }) => client.reset()],
    ['drained', 'halfClosed', (_, { client }) => client.drain()],
    ['deliver', 'halfClosed', (_, { tell }) => tell({ type: 'deliver', message: 'news' })],
    ['hangUp', 'halfClosed', (_, { tell }) => tell({ type: 'hangUp' })],
    ['woken', 'halfClosed', (_, { wake }) => wake()],
    ['timedOut', 'halfClosed', (server) => server.advance(1_000)],
    ['drain', 'halfClosed', (server) => void server.listening.close(server.simulation.ctx)],
    ['finished', 'halfClosed', (_, { finish }) => finish()],
    ['lost', 'halfClosed', (server) => server.advance(20_000)],
    ['closed', 'halfClosed', (_, { client }) => client.reset()],
    ['received', 'closing', (_, { client }) => client.write('more')],
    ['drained', 'closing', (_, { client }) => client.read(60_000)],
    ['drain', 'closing', (server) => void server.listening.close(server.simulation.ctx)],
    ['lost', 'closing', (server) => server.advance(20_000)],
    ['closed', 'closing', (_, { client }) => client.reset()],
  ]

interface Peer {
  readonly client: Awaited<ReturnType<TestListener['opened']>>['client']
  wake(): void
  finish(): void
  secure(): void
  /** As another actor does. */
  tell(event: DeliveryEvent): void
}

for (const [event, from, cause] of causes) {
  const to = (connectionStates as Table)[from]?.[event] as string
  test(`a connection that is ${from} becomes ${to}: ${event}`, async (t) => {
    let connection: { wake(): void } | undefined
    const isBlocked =
      event === 'drained' || event === 'lost' || (from === 'halfClosed' && event === 'finished')
    let isOver = false
    let isToSecure = false
    await listened(
      function* (_ctx, own) {
        connection = own
        if (isBlocked) own.write('x'.repeat(100_000))
        while (!isOver) {
          if (isToSecure) {
            isToSecure = false
            yield* own.secure(securing)
          }
          own.expect(1_000, 'PATIENCE', 'anything')
          try {
            yield
          } catch {}
        }
      },
      { limits: { writeTimeoutMs: 10_000 } },
      async (t, server) => {
        const { client, actor } = await server.opened({ windowBytes: 10_000 })
        const wake = () => connection?.wake()
        const finish = () => {
          isOver = true
          wake()
        }
        const secure = () => {
          isToSecure = true
          wake()
        }
        if (from === 'halfClosed') client.end()
        if (from === 'closing') finish()
        if (from === 'securing') secure()
        await server.settle()
        t.is(stateOf(actor), from)
        const tell = (event: DeliveryEvent) => void actor.send(server.simulation.ctx, event as never)
        await cause(server, { client, wake, finish, secure, tell })
        await server.settle()
        t.is(actor.isAlive ? stateOf(actor) : 'closed', to)
        client.reset()
        await server.settle()
        t.deepEqual(server.deadLetters, [])
      },
    )(t)
  })
}

const listenerEvents = ['bound', 'bindFailed', 'accepted', 'acceptFailed', 'left', 'drain', 'emptied']

for (const [state, row] of Object.entries(listenerStates)) {
  if (state === 'closed' || state === 'binding') continue
  for (const event of listenerEvents) {
    if (event in row) continue
    test(
      `a listener that is ${state} is not changed by ${event}`,
      listened(
        function* () {
          for (;;) yield
        },
        { limits: { idleTimeoutMs: 1_000 } },
        async (t, server) => {
          const { client } = await server.opened()
          const { ref } = server.listening
          if (state === 'draining') server.listening.close(server.simulation.ctx)
          await server.settle()
          t.is(stateOf(ref as unknown as Ref), state)
          ref.send(server.simulation.ctx, { type: event } as never)
          await server.settle()
          t.is(stateOf(ref as unknown as Ref), state)
          t.is(server.listening.connections, 1)
          t.deepEqual(server.deadLetters, [`${event} unhandled`])
          client.reset()
          await server.settle()
        },
      ),
    )
  }
}
