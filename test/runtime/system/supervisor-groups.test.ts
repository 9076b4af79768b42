/** Law: before it is restarted with its group a child finishes what is in flight, and its mail waits for its next life. */
import test from 'ava'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { child } from '../../../runtime/system/child-spec.ts'
import { receiving } from '../../../runtime/system/receiving.ts'
import { supervisor } from '../../../runtime/system/supervisor.ts'
import { Crew } from './crew.ts'
import { createServer, serverIn } from './slow-server.ts'
import { inWorld } from './world.ts'

const OFTEN = { intensity: 100 }

test(
  'a sibling finishes its work before it is restarted; its mail waits for its next life, and is not lost',
  inWorld(async (t, world) => {
    const { server, told } = createServer()
    const crew = new Crew(world)
    const children = [crew.child('a'), child('server', server)]
    const ref = world.spawn(world.ctx, supervisor({ strategy: 'one_for_all', children }), { name: 'tree' })
    const serverRef = await serverIn(world, ref)
    const question = serverRef.ask(world.ctx, { type: 'work', ms: 30 })
    await world.settle()
    await crew.order('tree/a', 'fail')
    const other = serverRef.ask(world.ctx, { type: 'work', ms: 10 })
    serverRef.send(world.ctx, { type: 'note', what: 'one' })
    await world.advance(29)
    t.deepEqual(told, ['+'])
    t.deepEqual(crew.news(), ['+a', '-a'])
    await world.advance(1)
    t.deepEqual(told, ['+', '-', '+', 'one'])
    t.deepEqual(crew.news(), ['+a'])
    await world.advance(10)
    t.deepEqual(await world.outcomes(question, other), ['worked', 'worked'])
    t.deepEqual(world.told('deadLetter'), [])
  }),
)

test(
  'one that does not finish in its time is restarted all the same',
  inWorld(async (t, world) => {
    const { server, told } = createServer()
    const crew = new Crew(world)
    const children = [crew.child('a'), child('server', server, { shutdownMs: 20 })]
    const ref = world.spawn(world.ctx, supervisor({ strategy: 'one_for_all', children }), { name: 'tree' })
    const serverRef = await serverIn(world, ref)
    const question = serverRef.ask(world.ctx, { type: 'work', ms: 30 })
    world.look(question)
    await crew.order('tree/a', 'fail')
    await world.advance(20)
    t.deepEqual(await world.outcomes(question), ['ASK_ACTOR_ENDED'])
    t.deepEqual(told, ['+', '-', '+'])
    t.true(serverRef.isAlive)
  }),
)

test(
  'members finish one after the other, the youngest first',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = ['a', 'b', 'c'].map((name) => crew.child(name))
    world.spawn(world.ctx, supervisor({ strategy: 'one_for_all', children }), { name: 'tree' })
    crew.tell('tree/b', { type: 'work', ms: 10 })
    crew.tell('tree/c', { type: 'work', ms: 20 })
    crew.news()
    await crew.order('tree/a', 'fail')
    await world.advance(19)
    t.deepEqual(crew.news(), ['-a', '=b'])
    await world.advance(1)
    t.deepEqual(crew.news(), ['=c', '-c', '-b', '+a', '+b', '+c'])
  }),
)

test(
  'a failure of one that finishes for the group’s restart is no restart more',
  inWorld(async (t, world) => {
    const { server, told } = createServer()
    const crew = new Crew(world)
    const children = [crew.child('a'), child('server', server)]
    const tree = supervisor({ strategy: 'one_for_all', intensity: 1, children })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    const serverRef = await serverIn(world, ref)
    const [branch, cancel] = world.ctx.withCancel()
    // Nobody waits for this one: that it fails fails the actor.
    serverRef.send(branch, { type: 'work', ms: 40 })
    await world.settle()
    await crew.order('tree/a', 'fail')
    cancel('over')
    await world.settle()
    t.regex(world.told('failed').at(-1)!, /^tree\/server running/)
    t.deepEqual(told, ['+', '-', '+'])
    t.true(ref.isAlive)
  }),
)

test(
  'a failure while a group goes down widens the group',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = ['a', 'b', 'c'].map((name) => crew.child(name))
    world.spawn(world.ctx, supervisor({ strategy: 'rest_for_one', ...OFTEN, children }), { name: 'tree' })
    crew.tell('tree/c', { type: 'work', ms: 50 })
    await crew.order('tree/b', 'fail')
    await crew.order('tree/a', 'fail')
    t.deepEqual(crew.news(), ['+a', '+b', '+c', '-b', '-a'])
    await world.advance(50)
    t.deepEqual(crew.news(), ['=c', '-c', '+a', '+b', '+c'])
  }),
)

test(
  'one that is told to drain before it is restarted with its group lives on',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const drains: number[] = []
    const listener = behaviour({
      initial: 'on',
      states: {
        on: {
          drain: ({ stop }) => {
            drains.push(1)
            stop('drained')
          },
        },
      },
    })
    const children = [crew.child('a'), child('listener', listener)]
    world.spawn(world.ctx, supervisor({ strategy: 'one_for_all', children }), { name: 'tree' })
    await crew.order('tree/a', 'fail')
    t.deepEqual(world.told('restarted'), ['tree/a 1', 'tree/listener 1'])
    t.deepEqual(drains, [1])
    t.true(crew.isAlive('tree/listener'))
  }),
)

test(
  'one that fails before it could take the call to drain is not told of it in its next life',
  inWorld(
    async (t, world) => {
      const crew = new Crew(world)
      const drains: number[] = []
      const listener = behaviour({
        initial: 'on',
        states: {
          on: {
            work: (_scope, _event: object, ctx) => ctx.after(50),
            drain: ({ stop }) => {
              drains.push(1)
              stop('drained')
            },
          },
        },
      })
      const children = [crew.child('a'), child('listener', listener)]
      world.spawn(world.ctx, supervisor({ strategy: 'one_for_all', children }), { name: 'tree' })
      const [ctx, cancel] = world.ctx.withCancel()
      crew.ref('tree/listener').send(ctx, { type: 'work', ms: 50 })
      await world.settle()
      crew.tell('tree/a', { type: 'fail' })
      world.turn()
      cancel('over')
      await world.settle()
      t.deepEqual(world.told('restarted'), ['tree/a 1', 'tree/listener 1'])
      t.deepEqual(drains, [])
      t.true(crew.isAlive('tree/listener'))
    },
    // A turn ends when `a` has failed and `listener` has not had a step yet.
    { limits: { stepEnvelopes: 1, turnEnvelopes: 1 } },
  ),
)

test(
  'a significant child that finishes while its supervisor goes down for a restart does not keep it from that',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const leaf = crew.child('s', { restart: 'transient', isSignificant: true })
    const low = supervisor({ autoShutdown: 'any_significant', children: [leaf] })
    const children = [crew.child('a'), child('low', low)]
    world.spawn(world.ctx, supervisor({ strategy: 'one_for_all', children }), { name: 'tree' })
    crew.tell('tree/low/s', { type: 'work', ms: 10 })
    await world.settle()
    crew.tell('tree/low/s', { type: 'finish' })
    await crew.order('tree/a', 'fail')
    await world.advance(10)
    t.deepEqual(crew.news(), ['+a', '+s', '-a', '=s', '-s', '+a', '+s'])
    t.true(crew.isAlive('tree/low'))
  }),
)

test(
  'one that finishes for its group, and is stopped for good meanwhile, handles its mail: there is no next life for it',
  inWorld(async (t, world) => {
    const handled: number[] = []
    interface Job {
      readonly type: 'job' | 'fail'
      readonly n?: number
    }
    const slow = receiving<Job>(function* ({ receive, wait, ctx }) {
      for (;;) {
        const { event } = yield* receive()
        if (event.type === 'fail') throw new Error('boom')
        yield* wait(ctx.after(10))
        handled.push(event.n ?? 0)
      }
    })
    const tree = supervisor({ strategy: 'one_for_all', children: [child('a', slow), child('b', slow)] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    const [a, b] = (await world.result(ref.ask(world.ctx, { type: 'children' }))).map((status) => status.ref)
    for (const n of [1, 2, 3]) b?.send(world.ctx, { type: 'job', n })
    world.turns()
    a?.send(world.ctx, { type: 'fail' })
    world.turns()
    const stopped = ref.ask(world.ctx, { type: 'stopChild', name: 'b' })
    await world.advance(30)
    t.is(await world.result(stopped), 'stopped')
    t.deepEqual(handled, [1, 2, 3])
    t.deepEqual(world.told('deadLetter'), [])
  }),
)
