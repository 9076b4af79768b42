/** Law: the results of a flow as the body of an answer. The client's window sets the pace of the source; when it leaves, the source is closed. */
import test from 'ava'
import { flowOf, openStage, stream } from 'greenroom/actors'
import { get, responses, served, type TestServer } from '../../http/server.ts'

const HIGH_WATER_BYTES = 65_536
const BYTES = 10_000
const WIDTH = 4

/** What a request is answered with: `length` pieces, each made by a stage, and what is known of their source. */
function pieces(length: number) {
  const seen = { asked: 0, isClosed: false }
  function* source() {
    try {
      while (seen.asked < length) yield ++seen.asked
    } finally {
      seen.isClosed = true
    }
  }
  const flow = ({ simulation: { ctx } }: TestServer) =>
    flowOf(
      openStage<number, Buffer>(ctx, {
        handler: (n, job) => job.after(1).then(() => Buffer.alloc(BYTES, n % 256)),
        admission: false,
      }),
    )
  return { seen, source, flow }
}

test('a client that does not read stops the source; when it reads, all of it comes', async (t) => {
  const { seen, source, flow } = pieces(200)
  let run: ReturnType<typeof flow>
  await served({ respond: (ctx) => stream(run.run(ctx, source(), { width: WIDTH })) }, async (t, server) => {
    run = flow(server)
    const client = server.connect({ windowBytes: 1_000 })
    client.write(get('/'))
    await server.advance(200)
    t.true(seen.asked * BYTES <= 2 * HIGH_WATER_BYTES + (WIDTH + 1) * BYTES, `${seen.asked} were asked for`)
    const before = seen.asked
    await server.advance(200)
    t.is(seen.asked, before)
    t.true(run.statistics().inside <= WIDTH)
    client.drain()
    await server.advance(1_000)
    t.like(seen, { asked: 200, isClosed: true })
    t.is(responses(client)[0]?.body.length, 200 * BYTES)
  })(t)
})

for (const [title, windowBytes] of [
  ['reads', Number.POSITIVE_INFINITY],
  ['does not read', 1_000],
] as const) {
  test(`a client that ${title}, and leaves, calls off what is under way, and the source is closed`, async (t) => {
    const { seen, source, flow } = pieces(Number.POSITIVE_INFINITY)
    let run: ReturnType<typeof flow>
    await served(
      { respond: (ctx) => stream(run.run(ctx, source(), { width: WIDTH })) },
      async (t, server) => {
        run = flow(server)
        const client = server.connect({ windowBytes })
        client.write(get('/'))
        await server.advance(50)
        t.true(seen.asked > WIDTH && !seen.isClosed)
        client.reset()
        await server.settle()
        const { asked } = seen
        t.true(seen.isClosed)
        t.is(run.statistics().inside, 0)
        await server.advance(100)
        t.is(seen.asked, asked)
      },
    )(t)
  })
}
