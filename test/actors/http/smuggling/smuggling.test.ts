/**
 * The law: a request inside another one's bytes reaches no handler, however it was put there, whatever the handler does
 * with the body, and wherever the bytes are cut. And each vector has one verdict, which is told in one line.
 */
import test, { type ExecutionContext } from 'ava'
import { type Respond, text } from 'greenroom/actors'
import type { MemoryClient } from 'greenroom/testing'
import { readText } from '../codec/reading.ts'
import { responses, served, type TestServer } from '../server.ts'
import { chunks } from './chunks.ts'
import { codings } from './codings.ts'
import { connections } from './connections.ts'
import { hosts } from './hosts.ts'
import { lengths } from './lengths.ts'
import { lines } from './lines.ts'
import { POISON, type Vector } from './vector.ts'

const groups = { codings, lengths, chunks, lines, hosts, connections }
const corpus = Object.values(groups).flat()

/** Longer ones differ from these in their length alone, and `parse-limits.test.ts` cuts lengths. */
const short = corpus.filter(({ bytes }) => bytes.length < 1_000)

const SMUGGLED = '/smuggled'
const BATCH = 400

for (const [name, vectors] of Object.entries(groups)) {
  test(`${vectors.length} vectors have the verdict that is foretold: ${name}`, (t) => {
    for (const { title, bytes, verdict, requests } of vectors) {
      const reading = readText(bytes)
      t.is(reading.verdict, verdict, title)
      t.is(reading.messages.length, requests, title)
      t.false(
        reading.messages.some(({ target }) => target === SMUGGLED),
        title,
      )
    }
  })
}

test('no vector is told twice, and each holds the poison', (t) => {
  t.is(new Set(corpus.map(({ bytes }) => bytes)).size, corpus.length)
  for (const { title, bytes } of corpus) t.true(bytes.includes('/smuggled'), title)
})

const handlers: Readonly<Record<string, Respond<never>>> = {
  'reads the body': async (_ctx, request) => text(await request.text()),
  'reads a piece of it': async (_ctx, request) => {
    await request.body.next()
    return text('enough')
  },
  'does not read it': () => text('at once'),
  'answers later': (ctx) => ctx.after(0).then(() => text('later')),
  fails: () => {
    throw new TypeError('a failure')
  },
}

for (const [what, respond] of Object.entries(handlers)) {
  test(
    `nothing is smuggled past a handler that ${what}`,
    watched(respond, async (t, server) => {
      const judge = (client: MemoryClient, vector: Vector): void => {
        const { title, verdict } = vector
        if (verdict === 'end') return
        t.true(client.hasEnded, title)
        // Who does not read a body need not know that it is broken.
        if (chunks.includes(vector) && what !== 'reads the body') return
        const last = responses(client).at(-1)
        t.is(last?.status, Number(verdict.slice(0, 3)), title)
        t.regex(last?.body ?? '', /^[\x20-\x7e]{1,120}\n$/, title)
      }
      await each(server, corpus, (client, { bytes }) => client.write(latin1(bytes)), judge)
    }),
  )
}

test(
  "nothing is smuggled through a cut at any position up to the poison's target",
  watched(handlers['reads the body']!, async (t, server) => {
    const cuts = short.flatMap((vector) =>
      Array.from({ length: vector.bytes.indexOf(SMUGGLED) + 1 }, (_, i) => ({ vector, at: i + 1 })),
    )
    t.log(`${cuts.length} cuts`)
    const seconds: [MemoryClient, Buffer][] = []
    await each(
      server,
      cuts,
      (client, { vector, at }) => {
        client.write(latin1(vector.bytes.slice(0, at)))
        seconds.push([client, latin1(vector.bytes.slice(at))])
      },
      () => {},
      () => {
        for (const [client, bytes] of seconds.splice(0)) write(client, bytes)
      },
    )
  }),
)

test(
  'nothing is smuggled byte by byte',
  watched(handlers['reads the body']!, async (_t, server) => {
    const dripping: { client: MemoryClient; bytes: Buffer }[] = []
    await each(
      server,
      short,
      (client, { bytes }) => dripping.push({ client, bytes: latin1(bytes) }),
      () => {},
      async () => {
        const longest = Math.max(...dripping.map(({ bytes }) => bytes.length))
        for (let at = 0; at < longest; at++) {
          for (const { client, bytes } of dripping) write(client, bytes.subarray(at, at + 1))
          server.simulation.turn()
          await null
        }
        dripping.length = 0
      },
    )
  }),
)

test(
  'the witness: the same request, where it is one, reaches the handler',
  served({ respond: handlers['reads the body']! }, async (t, server) => {
    const client = await server.send(`GET / HTTP/1.1\r\nHost: a\r\n\r\n${POISON}`)
    t.is(responses(client).length, 2)
    client.close()
  }),
)

/** A test with a server whose handler must see requests, and never the poison. */
function watched(
  respond: Respond<never>,
  body: (t: ExecutionContext, server: TestServer) => Promise<void>,
): (t: ExecutionContext) => Promise<void> {
  const targets: string[] = []
  const watching: Respond<never> = (ctx, request) => {
    targets.push(request.target)
    return respond(ctx, request)
  }
  return served({ respond: watching }, async (t, server) => {
    await body(t, server)
    t.true(targets.length > 0)
    t.false(targets.includes(SMUGGLED))
  })
}

/** A connection for each item, in batches. */
async function each<T>(
  server: TestServer,
  items: readonly T[],
  begin: (client: MemoryClient, item: T) => void,
  judge: (client: MemoryClient, item: T) => void,
  goOn?: () => void | Promise<void>,
): Promise<void> {
  for (let first = 0; first < items.length; first += BATCH) {
    const batch = items.slice(first, first + BATCH).map((item) => ({ client: server.connect(), item }))
    for (const { client, item } of batch) begin(client, item)
    await server.settle()
    if (goOn !== undefined) {
      await goOn()
      await server.settle()
    }
    for (const { client, item } of batch) judge(client, item)
    for (const { client } of batch) client.close()
    await server.settle()
  }
}

function latin1(text: string): Buffer {
  return Buffer.from(text, 'latin1')
}

/** A server that has refused takes no more. */
function write(client: MemoryClient, bytes: Buffer): void {
  if (!client.hasEnded) client.write(bytes)
}
