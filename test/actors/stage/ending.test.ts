/** Law: a stage that closes finishes what it has; one that is killed fails what is left, once. */
import test from 'ava'
import { jobs } from '../../../actors/stage/member-logic.ts'
import { pool } from '../../../actors/stage/pool.ts'
import type { Refused } from '../../../actors/stage/refused.ts'
import { openStage } from '../../../actors/stage/stage.ts'
import { codeOf } from '../../../runtime/errors.ts'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { inWorld, type World } from '../../runtime/system/world.ts'
import { Bench, balances, taken } from './support.ts'

const limits = { concurrency: 1, prefetch: 1 }

interface Hands {
  readonly world: World
  readonly cancel: (reason: string) => unknown
  readonly stop: () => unknown
}

for (const kind of ['at home', 'by members'] as const) {
  const open = (bench: Bench<number, number>) => ({
    name: 'work',
    handler: kind === 'at home' ? bench.handle : pool(jobs<number, number>(bench.handle), { max: 1 }),
    limits,
    admission: false as const,
  })

  test(
    `close refuses from then on, finishes what was taken, and is fulfilled when the actor has ended (${kind})`,
    inWorld(async (t, world) => {
      const bench = new Bench<number, number>()
      const stage = openStage(world.ctx, open(bench))
      const all = [1, 2].map((job) => taken(stage.submit(world.ctx, job)))
      await world.settle()
      const closed = stage.close()
      t.is((stage.submit(world.ctx, 3) as Refused).reason, 'closed')
      bench.done(1)
      await world.settle()
      t.is(closed.status, 'pending')
      bench.done(2)
      t.deepEqual(await world.outcomes(...all), [1, 2])
      await world.result(closed)
      t.false(stage.ref.isAlive)
      await world.result(stage.close())
      balances(t, stage)
    }),
  )

  test(
    `system.stop() lets a stage finish (${kind})`,
    inWorld(async (t, world) => {
      const bench = new Bench<number, number>()
      const stage = openStage(world.ctx, open(bench))
      const all = [1, 2].map((job) => taken(stage.submit(world.ctx, job)))
      await world.settle()
      const stopped = world.system.stop()
      await world.settle()
      for (const job of [1, 2]) {
        bench.done(job)
        await world.settle()
      }
      t.deepEqual(await world.outcomes(...all), [1, 2])
      await world.result(stopped)
      balances(t, stage)
    }),
  )

  const kills: Readonly<Record<string, (hands: Hands) => unknown>> = {
    'the end of its grace time': ({ world }) => world.system.stop({ graceMs: 50 }),
    'the end of its context': ({ cancel }) => cancel('over'),
    'ref.stop()': ({ stop }) => stop(),
  }

  for (const [how, kill] of Object.entries(kills)) {
    test(
      `what is left at ${how} fails with STAGE_CLOSED (${kind})`,
      inWorld(async (t, world) => {
        const bench = new Bench<number, number>()
        const [ctx, cancel] = world.ctx.withCancel()
        const stage = openStage(ctx as typeof world.ctx, open(bench))
        const all = [1, 2, 3].map((job) => taken(stage.submit(world.ctx, job)))
        world.look(...all)
        await world.settle()
        kill({ world, cancel, stop: () => stage.ref.stop() })
        await world.advance(50)
        t.deepEqual(await world.outcomes(...all), Array(3).fill('STAGE_CLOSED'))
        t.false(stage.ref.isAlive)
        t.is((stage.submit(world.ctx, 3) as Refused).reason, 'closed')
        t.like(stage.statistics(), { failed: 3, refused: 1, running: 0, queued: 0 })
        bench.done(1)
        await world.settle()
        balances(t, stage)
      }),
    )
  }
}

test(
  'a stage below another actor ends with it, and is given its time to finish',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    let stage: ReturnType<typeof openStage<number, number>> | undefined
    const parent = behaviour({
      initial: 'up',
      start: ({ spawn }) => {
        stage = openStage(world.ctx, { name: 'work', handler: bench.handle, spawn })
      },
      states: { up: {} },
    })
    const ref = world.spawn(world.ctx, parent, { name: 'parent' })
    t.is(stage?.ref.path, 'greenroom/parent/work')
    const job = taken(stage!.submit(world.ctx, 1))
    await world.settle()
    ref.stop()
    await world.settle()
    t.is(job.status, 'pending')
    bench.done(1)
    t.is(await world.result(job), 1)
    t.deepEqual(
      world.told('stopped').map((line) => line.split(' ')[0]),
      ['parent/work', 'parent'],
    )
  }),
)

test(
  'a stage that is opened under a context that has ended refuses everything',
  inWorld(async (t, world) => {
    const [ctx, cancel] = world.ctx.withCancel()
    cancel()
    const stage = openStage(ctx as typeof world.ctx, { handler: (job: number) => job })
    t.is((stage.submit(world.ctx, 1) as Refused).reason, 'closed')
    t.false(stage.ref.isAlive)
    await world.result(stage.close())
  }),
)

test(
  'a stage that fails says so to the jobs that it leaves',
  inWorld(async (t, world) => {
    const bench = new Bench<number, number>()
    const stage = openStage(world.ctx, { handler: bench.handle })
    const job = taken(stage.submit(world.ctx, 1))
    await world.settle()
    stage.ref.send(world.ctx, { type: 'drain' })
    await world.settle()
    t.is((stage.submit(world.ctx, 2) as Refused).reason, 'closed')
    stage.ref.stop()
    t.is(codeOf(await world.error(job)), 'STAGE_CLOSED')
  }),
)

test(
  'a stage whose system is inspected does the same',
  inWorld(
    async (t, world) => {
      const member = jobs<number, number>((job) => job + 1)
      const stages = [
        openStage(world.ctx, { name: 'plain', handler: (job: number) => job + 1 }),
        openStage(world.ctx, { name: 'pooled', handler: pool(member, { min: 1, max: 1 }) }),
      ]
      for (const stage of stages) t.is(await world.result(taken(stage.submit(world.ctx, 1))), 2)
      const shown = world.system.snapshot().actors.map(({ path, state }) => [path, state])
      t.deepEqual(shown, [
        ['greenroom/plain', 'open'],
        ['greenroom/pooled', 'open'],
        ['greenroom/pooled/member-1', 'ready'],
      ])
    },
    { inspect: () => {} },
  ),
)
