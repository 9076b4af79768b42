/** Law: a body that is sent comes back through a flow, as fast as the client takes it: it is read no faster than that. */
import test from 'ava'
import { type Flow, flowOf, openStage, stream } from 'greenroom/actors'
import { request, responses, served, type TestServer } from '../../http/server.ts'

/** Bytes of one direction of a connection, from which on no more is read, or made; and of one piece of a body. */
const HIGH_WATER_BYTES = 65_536
const WIDTH = 4
const PIECE = 4_096
const PIECES = 512

/** Two stages of different speed, the first with pieces in any order. */
function shouting({ simulation: { ctx } }: TestServer): Flow<Buffer, Buffer> {
  const upper = openStage<Buffer, string>(ctx, {
    handler: (piece, job) =>
      job.after(piece[0] === 97 ? 3 : 1).then(() => piece.toString('latin1').toUpperCase()),
    admission: false,
  })
  const bytes = openStage<string, Buffer>(ctx, {
    handler: (text, job) => job.after(2).then(() => Buffer.from(text, 'latin1')),
    limits: { concurrency: 1, queueCapacity: 1 },
    admission: false,
  })
  return flowOf(upper).to(bytes, { window: 2 })
}

const body = Array.from({ length: PIECES }, (_, n) => 'abcdefgh'.charAt(n % 8).repeat(PIECE)).join('')

function echoed(act: (server: TestServer, flow: Flow<Buffer, Buffer>) => Promise<void>) {
  let flow: Flow<Buffer, Buffer> | undefined
  return served(
    {
      limits: { bodyBytesMax: body.length, responseTimeoutMs: 600_000 },
      respond: (ctx, { body }) => stream((flow as Flow<Buffer, Buffer>).run(ctx, body, { width: WIDTH })),
    },
    async (_, server) => {
      flow = shouting(server)
      await act(server, flow)
    },
  )
}

test('what is sent comes back, in its order', async (t) => {
  await echoed(async (server, flow) => {
    const client = await server.send(request('POST', '/', [], body))
    await server.advance(10_000)
    t.true(responses(client, 'POST')[0]?.body === body.toUpperCase())
    const { submitted, completed, refused, stages } = flow.statistics()
    t.true(submitted > 0 && submitted === completed && refused === 0)
    t.is(stages[1]?.refused, 0)
  })(t)
})

test('a client that does not read is not read either; when it reads, all of it comes', async (t) => {
  await echoed(async (server, flow) => {
    const client = server.connect({ windowBytes: 1_000 })
    client.write(request('POST', '/', [], body))
    await server.advance(5_000)
    const taken = body.length - client.unsentBytes
    const { inside } = flow.statistics()
    // Between source and consumer; and what is read, and what is made, up to the piece that is too much.
    const most = WIDTH * HIGH_WATER_BYTES + 2 * (HIGH_WATER_BYTES + HIGH_WATER_BYTES)
    t.true(taken <= most && most < body.length / 2, `${taken} bytes were taken`)
    t.true(inside <= WIDTH)
    await server.advance(5_000)
    t.is(body.length - client.unsentBytes, taken)
    client.drain()
    await server.advance(10_000)
    t.true(responses(client, 'POST')[0]?.body === body.toUpperCase())
  })(t)
})

test('a client that leaves while it sends takes its items along', async (t) => {
  await echoed(async (server, flow) => {
    const client = server.connect({ windowBytes: 1_000 })
    client.write(request('POST', '/', [], body).slice(0, -1))
    await server.advance(1)
    t.true(flow.statistics().inside > 0)
    client.reset()
    await server.settle()
    t.is(flow.statistics().inside, 0)
  })(t)
})
