/** Law: what a stage refuses is answered with 503 and the time after which to ask again, whichever face and form it comes by. */
import test from 'ava'
import { DeadlineError } from 'greenroom'
import { type Answered, type HttpOptions, openStage, Refused, text } from 'greenroom/actors'
import { Hono } from 'hono'
import { get, request, responses, served, TestServer } from './server.ts'

const refusedFor = (retryAfterMs: number) => new Refused('hashing', 'overloaded', retryAfterMs)

const waits: readonly [retryAfterMs: number, seconds: string][] = [
  [0, '1'],
  [1, '1'],
  [1_000, '1'],
  [1_001, '2'],
  [59_999, '60'],
]

for (const [retryAfterMs, seconds] of waits) {
  test(
    `a refusal for ${retryAfterMs} ms says to ask again after ${seconds} s`,
    served({ respond: () => refusedFor(retryAfterMs) }, async (t, server) => {
      const [response] = await server.ask(get('/'))
      t.is(response?.headers['retry-after'], seconds)
    }),
  )
}

const refuse = () => refusedFor(1_500)
const fail = (): never => {
  throw refuse().toError()
}

const forms: readonly [title: string, options: HttpOptions<never>][] = [
  ['respond gives', { respond: refuse }],
  ['respond promises', { respond: async () => refuse() }],
  ['respond throws', { respond: fail }],
  ['respond fails with', { respond: async () => fail() }],
  ['respond gives where bodies are compressed', { respond: refuse, compression: { bytesMin: 0 } }],
  ['serve yields', { serve: yielding(refuse) }],
  ['serve yields the promise of', { serve: yielding(async () => refuse()) }],
  ['fetch gives', { fetch: refuse }],
  ['fetch promises', { fetch: async () => refuse() }],
  ['fetch fails with', { fetch: async () => fail() }],
  ['Hono lets through', { fetch: throwingHono().fetch }],
]

for (const [title, options] of forms) {
  test(
    `what ${title} is 503 with Retry-After, the connection serves on, and the log is not filled`,
    served(options, async (t, server) => {
      const answers = await server.ask(get('/') + request('POST', '/', [], 'unread') + get('/'))
      t.is(answers.length, 3)
      for (const { status, headers, body } of answers) {
        t.deepEqual([status, headers['retry-after'], body], [503, '2', 'Service Unavailable\n'])
        t.is(headers.connection, undefined)
      }
      t.true(server.logged.every(({ level }) => level === 'debug'))
    }),
  )
}

test(
  'a generator that fails with one has its connection closed, as with every failure',
  served({ serve: yielding(async () => fail()) }, async (t, server) => {
    const [answer, ...more] = await server.ask(get('/') + get('/'))
    t.deepEqual([answer?.status, answer?.headers['retry-after'], more], [503, '2', []])
    t.is(answer?.headers.connection, 'close')
  }),
)

test(
  'HEAD is refused as GET is, without the body',
  served({ respond: refuse }, async (t, server) => {
    const [head] = responses(await server.send(request('HEAD', '/')), 'HEAD')
    t.like(head, { status: 503, body: '' })
    t.is(head?.headers['retry-after'], '2')
  }),
)

test(
  'an overload that knows no time promises none',
  served(
    {
      respond() {
        throw new DeadlineError(0)
      },
    },
    async (t, server) => {
      const [response] = await server.ask(get('/'))
      t.is(response?.status, 503)
      t.is(response?.headers['retry-after'], undefined)
    },
  ),
)

for (const form of ['submit', 'run'] as const) {
  test(`what a stage refuses to ${form} says when to ask again, and what it has taken is answered`, async (t) => {
    const { server, stage } = await stagedServer(form)
    const clients = [await server.send(get('/0')), await server.send(get('/1')), await server.send(get('/2'))]
    await server.advance(2_000)
    const answers = clients.map((client) => responses(client)[0])
    t.deepEqual(
      answers.map((answer) => [answer?.status, answer?.body]),
      [
        [200, '/0'],
        [200, '/1'],
        [503, 'Service Unavailable\n'],
      ],
    )
    t.regex(answers[2]?.headers['retry-after'] ?? '', /^[1-9]\d*$/)
    t.is(stage.statistics().refused, 1)
    for (const client of clients) client.close()
    await server.end()
  })
}

test('a client that leaves takes its job out of the queue, and it is never begun', async (t) => {
  const { server, stage, begun } = await stagedServer('submit', 2)
  const [running, waiting, next] = [
    await server.send(get('/running')),
    await server.send(get('/waiting')),
    await server.send(get('/next')),
  ]
  waiting.reset()
  await server.settle()
  t.like(stage.statistics(), { queued: 1, running: 1, expired: 1 })
  await server.advance(2_000)
  t.deepEqual(begun, ['/running', '/next'])
  t.deepEqual(
    [running, next].map((client) => responses(client)[0]?.body),
    ['/running', '/next'],
  )
  for (const client of [running, next]) client.close()
  await server.end()
})

test('a client that leaves calls off its job that has begun, and the next is begun at once', async (t) => {
  const { server, stage, begun } = await stagedServer('submit')
  const running = await server.send(get('/running'))
  const next = await server.send(get('/next'))
  running.reset()
  await server.settle()
  t.like(stage.statistics(), { queued: 0, running: 1, expired: 1 })
  t.deepEqual(begun, ['/running', '/next'])
  next.close()
  await server.end()
})

/** A server whose answers are jobs of a second each, done one at a time; `queueCapacity` others may wait. */
async function stagedServer(form: 'submit' | 'run', queueCapacity = 1) {
  const server = new TestServer()
  const begun: string[] = []
  const stage = openStage(server.simulation.ctx, {
    async handler(path: string, ctx) {
      begun.push(path)
      await ctx.after(1_000)
      return path
    },
    admission: false,
    limits: { concurrency: 1, queueCapacity },
  })
  await server.listen({
    async respond(ctx, { path }) {
      const answer = stage[form](ctx, path)
      return answer instanceof Refused ? answer : text(await answer)
    },
  })
  return { server, stage, begun }
}

function throwingHono(): Hono {
  const app = new Hono()
  app.all('*', fail)
  app.onError((error) => {
    throw error
  })
  return app
}

function yielding(answer: () => Answered | Promise<Answered>): NonNullable<HttpOptions<never>['serve']> {
  return async function* (_ctx, { requests }) {
    for await (const _ of requests) yield answer()
  }
}
