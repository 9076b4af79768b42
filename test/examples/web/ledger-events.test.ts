/** Law: the feed tells of every transfer that was committed, once, in that order, and of nothing else. */
import { Agent } from 'node:http'
import test from 'ava'
import { ask } from './http-client.ts'
import { dice, post, putLoad, randomTransfer, watch } from './ledger-client.ts'
import { startWebProcess } from './web-process.ts'

test.serial(
  'tells a new viewer to begin anew, and then of what is committed, and of that alone',
  async (t) => {
    const { port } = await startWebProcess(t)
    await post(port, { id: 'before', from: 'a001', to: 'a002', amount: 1 })
    const viewer = await watch(t, port)
    const [start] = await viewer.until(1)
    t.deepEqual([start!.event, start!.data], ['reset', {}])
    const first = await post(port, { id: 'first', from: 'a001', to: 'a002', amount: 1 })
    await post(port, { id: 'first', from: 'a001', to: 'a002', amount: 1 })
    await post(port, { id: 'first', from: 'a001', to: 'a002', amount: 2 })
    await post(port, { id: 'dear', from: 'a001', to: 'a002', amount: 100_000 })
    await post(port, { id: 'lost', from: 'a001', to: 'nobody', amount: 1 })
    await post(port, { id: 'wrong', from: 'a001' })
    const last = await post(port, { id: 'last', from: 'a003', to: 'a002', amount: 1 })
    const seen = await viewer.until(3)
    t.deepEqual(
      seen.slice(1).map(({ event, data }) => [event, data]),
      [
        ['message', first.json],
        ['message', last.json],
      ],
    )
    t.is(new Set(seen.map(({ id }) => id)).size, 3)
  },
)

test.serial('tells all viewers the same, and of nothing that cannot be read already', async (t) => {
  const { port } = await startWebProcess(t)
  const viewers = await Promise.all([watch(t, port), watch(t, port), watch(t, port)])
  for (const viewer of viewers) await viewer.until(1)
  const agent = new Agent({ keepAlive: true, maxSockets: 16 })
  t.teardown(() => agent.destroy())
  const roll = dice(3)
  // Each client's transfers follow one another, and so do their events.
  const client = async (name: number) => {
    for (let i = 0; i < 30; i++) await post(port, randomTransfer(roll, `${name}:${i}`), { agent })
  }
  const clients = Promise.all(Array.from({ length: 8 }, (_, name) => client(name)))
  const reader = (async () => {
    for (let at = 1; at <= 240; at += 20) {
      const { data } = (await viewers[0]!.until(at + 1))[at]!
      t.is((await ask(port, `/transfers/${data.id}`)).status, 200)
    }
  })()
  await Promise.all([clients, reader])
  const told = await Promise.all(viewers.map((viewer) => viewer.until(241)))
  t.deepEqual(told[1], told[0])
  t.deepEqual(told[2], told[0])
  const ids = told[0]!.slice(1).map(({ data }) => data.id as string)
  t.is(new Set(ids).size, 240)
  for (let name = 0; name < 8; name++) {
    const own = ids.filter((id) => id.startsWith(`${name}:`))
    t.deepEqual(
      own,
      own.map((_, i) => `${name}:${i}`),
    )
  }
})

test.serial('who comes back gets what he has missed, or is told to begin anew', async (t) => {
  const { port } = await startWebProcess(t)
  const viewer = await watch(t, port)
  const transfer = (id: number) => post(port, { id: `t-${id}`, from: 'a001', to: 'a002', amount: 1 })
  await transfer(0)
  const { id } = (await viewer.until(2))[1]!
  viewer.leave()
  for (let i = 1; i <= 256; i++) await transfer(i)
  const back = await watch(t, port, id)
  const missed = (await back.until(256)).map(({ data }) => data.id)
  t.deepEqual(
    missed,
    Array.from({ length: 256 }, (_, i) => `t-${i + 1}`),
  )
  await transfer(257)
  t.is((await back.until(257)).at(-1)!.data.id, 't-257')
  // One more than are kept; of a life that is not this one; nonsense.
  for (const unknown of [id, id.replace(/^\w+/, 'another'), id.replace(/\d+$/, '9999'), '', 'ä']) {
    const late = await watch(t, port, Buffer.from(unknown).toString('latin1'))
    t.is((await late.until(1))[0]!.event, 'reset', unknown)
  }
})

test.serial('a server that was started anew knows no place of its former life', async (t) => {
  const first = await startWebProcess(t)
  const { id } = (await (await watch(t, first.port)).until(1))[0]!
  const second = await startWebProcess(t)
  const back = await watch(t, second.port, id)
  t.is((await back.until(1))[0]!.event, 'reset')
})

test.serial(
  'told to stop, it tells of what it has accepted, and ends its streams as streams end',
  async (t) => {
    const web = await startWebProcess(t)
    const viewer = await watch(t, web.port)
    await viewer.until(1)
    const load = putLoad(web.port, {
      clients: 16,
      seed: 5,
      onAnswer: (answers) => answers === 200 && web.child.kill('SIGTERM'),
    })
    t.true(await viewer.ended)
    await load.ended
    const { code, stderr } = await web.ended
    t.deepEqual([code, stderr], [0, ''])
    t.true(viewer.seen.length > 100)
  },
)
