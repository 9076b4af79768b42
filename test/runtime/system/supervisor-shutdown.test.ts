/** Law: who has `shutdownMs` finishes what is in flight within it, and then ends; who has not ends at once. */
import test from 'ava'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { child } from '../../../runtime/system/child-spec.ts'
import { supervisor } from '../../../runtime/system/supervisor.ts'
import { Crew } from './crew.ts'
import { createServer, serverIn } from './slow-server.ts'
import { ignore, inWorld } from './world.ts'

const OFTEN = { intensity: 100 }

// ── An end ───────────────────────────────────────────────────────────────────────────────────────────────────────────

test(
  'an actor handles its mail, answers what it has taken, and then ends with its parent',
  inWorld(async (t, world) => {
    const { server, told } = createServer()
    const tree = supervisor({ children: [child('server', server)] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    const serverRef = await serverIn(world, ref)
    const question = serverRef.ask(world.ctx, { type: 'work', ms: 30 })
    await world.settle()
    for (const what of ['one', 'two']) serverRef.send(world.ctx, { type: 'note', what })
    ref.stop()
    t.is(serverRef.send(world.ctx, { type: 'note', what: 'late' }), 'accepted', 'it takes mail until it ends')
    await world.advance(29)
    t.deepEqual(told, ['+', 'one', 'two', 'late'])
    t.true(ref.isAlive === false && serverRef.isAlive)
    await world.advance(1)
    t.deepEqual(await world.outcomes(question), ['worked'])
    t.deepEqual(told, ['+', 'one', 'two', 'late', '-'])
  }),
)

test(
  'without time it ends at once: its mail is dead letters, and questions that it has taken fail',
  inWorld(async (t, world) => {
    const { server, told } = createServer()
    const tree = supervisor({ children: [child('server', server, { shutdownMs: 0 })] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    const serverRef = await serverIn(world, ref)
    const question = serverRef.ask(world.ctx, { type: 'work', ms: 30 })
    await world.settle()
    serverRef.send(world.ctx, { type: 'note', what: 'one' })
    ref.stop()
    t.false(serverRef.isAlive)
    t.deepEqual(await world.outcomes(question), ['ASK_ACTOR_ENDED'])
    t.deepEqual(told, ['+', '-'])
    t.deepEqual(world.told('deadLetter'), ['tree/server note closed'])
  }),
)

test(
  'when its time is over, what it has not finished is called off',
  inWorld(async (t, world) => {
    const { server } = createServer()
    const tree = supervisor({ children: [child('server', server, { shutdownMs: 20 })] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    const serverRef = await serverIn(world, ref)
    const question = serverRef.ask(world.ctx, { type: 'work', ms: 30 })
    world.look(question)
    await world.settle()
    ref.stop()
    await world.advance(20)
    t.deepEqual(await world.outcomes(question), ['ASK_ACTOR_ENDED'])
    t.is(world.told('stopped')[0], 'tree/server stopped it did not finish within 20 ms')
  }),
)

test(
  'one that has nothing to finish ends in the same call',
  inWorld((t, world) => {
    const crew = new Crew(world)
    const ref = world.spawn(world.ctx, supervisor({ children: [crew.child('a'), crew.child('b')] }), {
      name: 'tree',
    })
    ref.stop()
    t.is(world.system.actors, 0)
  }),
)

test(
  'a failure while it finishes ends it: nothing is restarted below one that ends',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const tree = supervisor({ ...OFTEN, children: [crew.child('a'), crew.child('b')] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    crew.tell('tree/b', { type: 'fail' })
    crew.news()
    ref.stop()
    await world.settle()
    t.deepEqual(crew.news(), ['-b', '-a'])
    t.deepEqual(world.told('restarted'), [])
  }),
)

test(
  'an elder one that fails while a younger one finishes ends, and is not restarted either',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const tree = supervisor({ ...OFTEN, children: [crew.child('a'), crew.child('b')] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    crew.tell('tree/b', { type: 'work', ms: 10 })
    await world.settle()
    ref.stop()
    await crew.order('tree/a', 'fail')
    await world.advance(10)
    t.deepEqual(crew.news(), ['+a', '+b', '-a', '=b', '-b'])
    t.is(world.told('stopped')[0], 'tree/a failed a failed')
  }),
)

test(
  'an elder one that was on its way down for a restart when its supervisor was stopped is not started again',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const low = supervisor({ intensity: 0, children: [crew.child('x'), crew.child('y')] })
    const tree = supervisor({ ...OFTEN, children: [child('low', low), crew.child('b')] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    crew.tell('tree/low/y', { type: 'work', ms: 10 })
    crew.tell('tree/b', { type: 'work', ms: 50 })
    await crew.order('tree/low/x', 'fail')
    ref.stop()
    await world.advance(50)
    t.deepEqual(crew.news(), ['+x', '+y', '+b', '-x', '=y', '-y', '=b', '-b'])
  }),
)

test(
  'who is told of an end may stop the parent: all are told of the child before the parent ends',
  inWorld((t, world) => {
    const crew = new Crew(world)
    const told: string[] = []
    const ref = world.spawn(world.ctx, supervisor({ children: [crew.child('a')] }), { name: 'tree' })
    ref.watch().listen(() => void told.push('tree is down'), ignore)
    crew
      .ref('tree/a')
      .watch()
      .listen(() => void told.push('a is down'), ignore)
    world.system.events.once('stopped', () => void ref.stop())
    crew.ref('tree/a').stop()
    t.deepEqual(told, ['a is down', 'tree is down'])
    t.deepEqual(
      world.told('stopped').map((line) => line.split(' ')[0]),
      ['tree/a', 'tree'],
    )
  }),
)

test(
  'a child of any actor may have time: its parent’s end, and its restart, wait for it',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const parent = behaviour({
      initial: 'on',
      start: ({ spawn, ctx }) => void spawn(ctx, crew.worker('c'), { name: 'c', shutdownMs: 50 }),
      states: {
        on: {
          fail: () => {
            throw new Error('boom')
          },
        },
      },
    })
    const ref = world.spawn(world.ctx, parent, { name: 'p', restart: 'transient' })
    crew.tell('p/c', { type: 'work', ms: 20 })
    await world.settle()
    ref.send(world.ctx, { type: 'fail' })
    await world.advance(19)
    t.deepEqual(crew.news(), ['+c'])
    await world.advance(1)
    t.deepEqual(crew.news(), ['=c', '-c', '+c'])
    crew.tell('p/c', { type: 'work', ms: 100 })
    await world.settle()
    ref.stop()
    t.false(ref.isAlive)
    await world.advance(50)
    t.deepEqual(crew.news(), ['-c'])
  }),
)

test(
  'a stop of one that finishes for a restart is final',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const tree = supervisor({ strategy: 'one_for_all', children: [crew.child('a'), crew.child('b')] })
    world.spawn(world.ctx, tree, { name: 'tree' })
    crew.tell('tree/b', { type: 'work', ms: 100 })
    await crew.order('tree/a', 'fail')
    crew.ref('tree/b').stop('enough')
    await world.settle()
    t.deepEqual(crew.news(), ['+a', '+b', '-a', '-b', '+a'])
    t.deepEqual(world.told('stopped'), ['tree/b stopped enough'])
  }),
)

test(
  'stopChild of one that finishes for a restart lets it finish, and is final',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const tree = supervisor({ strategy: 'one_for_all', children: [crew.child('a'), crew.child('b')] })
    const ref = world.spawn(world.ctx, tree, { name: 'tree' })
    crew.tell('tree/b', { type: 'work', ms: 100 })
    await crew.order('tree/a', 'fail')
    crew.news()
    const stopping = ref.ask(world.ctx, { type: 'stopChild', name: 'b' })
    await world.advance(99)
    t.deepEqual(crew.news(), [])
    await world.advance(1)
    t.is(await world.result(stopping), 'stopped')
    t.deepEqual(crew.news(), ['=b', '-b', '+a'])
  }),
)

// ── The end of the system ────────────────────────────────────────────────────────────────────────────────────────────

test(
  'system.stop lets each child have its time, one after the other, the youngest first',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = ['a', 'b'].map((name) => crew.child(name, { shutdownMs: 50 }))
    world.spawn(world.ctx, supervisor({ children }), { name: 'tree' })
    crew.tell('tree/a', { type: 'work', ms: 60 })
    crew.tell('tree/b', { type: 'work', ms: 40 })
    await world.settle()
    crew.news()
    const stopping = world.system.stop({ graceMs: 1_000 })
    await world.advance(40)
    t.deepEqual(crew.news(), ['=b', '-b'])
    await world.advance(20)
    t.deepEqual(crew.news(), ['=a', '-a'])
    t.is(stopping.status, 'fulfilled')
  }),
)

test(
  'the end of the grace ends what is left at once, whatever its shutdownMs',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const patient = { shutdownMs: Number.POSITIVE_INFINITY }
    const low = supervisor({ children: [crew.child('a', patient), crew.child('b', patient)] })
    world.spawn(world.ctx, supervisor({ children: [child('low', low, patient)] }), { name: 'tree' })
    for (const name of ['a', 'b']) crew.tell(`tree/low/${name}`, { type: 'work', ms: 1_000_000 })
    await world.settle()
    crew.news()
    const stopping = world.system.stop({ graceMs: 30 })
    await world.advance(29)
    t.deepEqual(crew.news(), [])
    await world.advance(1)
    t.deepEqual(crew.news(), ['-b', '-a'])
    t.is(stopping.status, 'fulfilled')
    t.is(world.clock.nextDueMs, Number.POSITIVE_INFINITY)
  }),
)

test(
  'a grace of zero leaves no time, in the middle of a group’s restart and of a backoff as well',
  inWorld(async (t, world) => {
    const crew = new Crew(world)
    const children = ['a', 'b'].map((name) => crew.child(name))
    const backoff = { minMs: 100, maxMs: 100 }
    world.spawn(world.ctx, supervisor({ strategy: 'one_for_all', children }), { name: 'finishing' })
    world.spawn(world.ctx, supervisor({ strategy: 'one_for_all', backoff, children }), { name: 'waiting' })
    crew.tell('finishing/b', { type: 'work', ms: 1_000 })
    await crew.order('finishing/a', 'fail')
    await crew.order('waiting/a', 'fail')
    const stopping = world.system.stop({ graceMs: 0 })
    await world.advance(0)
    t.is(stopping.status, 'fulfilled')
    t.is(world.system.actors, 0)
  }),
)
