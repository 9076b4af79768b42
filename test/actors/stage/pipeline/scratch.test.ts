import test from 'ava'
import { flowOf } from '../../../../actors/stage/pipeline/flow.ts'
import { openStage } from '../../../../actors/stage/stage.ts'
import { isRefused } from '../../../../actors/stage/refused.ts'
import { codeOf } from '../../../../runtime/errors.ts'
import { World } from '../../../runtime/system/world.ts'

test('order throws inside', async (t) => {
  const world = new World()
  const a = openStage<number, number>(world.ctx, { handler: (n) => n })
  const b = openStage<number, number>(world.ctx, { handler: (n) => n, order: (n) => { if (n === 1) throw new RangeError('one'); return n } })
  const flow = flowOf(a).to(b)
  const outs: unknown[] = []
  for (const n of [0, 1, 2]) { const r = flow.submit(world.ctx, n); if (!isRefused(r)) r.listen((v) => outs.push(v), (e) => outs.push(String(e))) ; await world.settle() }
  await world.advance(2000)
  t.deepEqual(outs, [0, 'RangeError: one', 2])
})
test('pace with wide concurrency and a queue of 1', async (t) => {
  const world = new World()
  const a = openStage<number, number>(world.ctx, { handler: (n) => n })
  const b = openStage<number, number>(world.ctx, { handler: (n, ctx) => ctx.after(10).then(() => n), limits: { concurrency: 8, queueCapacity: 1 }, admission: false })
  const flow = flowOf(a).to(b)
  const start = world.clock.nowMs(); let last = 0; let n = 0
  for (let i = 0; i < 64; i++) { const r = flow.submit(world.ctx, i); if (!isRefused(r)) r.listen(() => { n++; last = world.clock.nowMs() }, () => {}) }
  await world.advance(5000)
  t.deepEqual({ n, ms: last - start, refused: b.statistics().refused }, { n: 64, ms: 80, refused: 0 })
})
test('closed entrance closes the source', async (t) => {
  const world = new World()
  const a = openStage<number, number>(world.ctx, { handler: (n) => n })
  a.close(); await world.settle()
  let closed = false
  function* source() { try { yield 1 } finally { closed = true } }
  const r = flowOf(a).run(world.ctx, source()).next().then(() => 'x', codeOf)
  await world.settle()
  t.is(await r, 'STAGE_REFUSED'); t.true(closed)
})
test('return while pending', async (t) => {
  const world = new World()
  const a = openStage<number, number>(world.ctx, { handler: (n) => n })
  async function* never() { await new Promise(() => {}); yield 1 }
  const run = flowOf(a).run(world.ctx, never())
  void run.next()
  let isDone = false
  void run.return().then(() => { isDone = true })
  await world.settle()
  t.true(isDone)
})
