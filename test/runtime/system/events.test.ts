/** Law: the event stream tells what happens, in order, and a listener that throws harms nobody. */
import test from 'ava'
import { behaviour } from '../../../runtime/system/behaviour.ts'
import { SystemEvents } from '../../../runtime/system/events.ts'
import { inWorld, World } from './world.ts'

const fragile = behaviour({
  initial: 'on',
  states: {
    on: {
      fail: () => {
        throw new Error('boom')
      },
      stop: ({ stop }) => stop('enough'),
    },
  },
})

test(
  'a life as the stream tells it',
  inWorld((t, world) => {
    const ref = world.spawn(world.ctx, fragile, { name: 'a', restart: 'transient', mailbox: { capacity: 3 } })
    for (const type of ['fail', 'unknown', 'stop', 'stop'] as const) ref.send(world.ctx, { type } as never)
    world.turns()
    ref.send(world.ctx, { type: 'stop' })
    t.deepEqual(world.log, [
      'spawned a',
      'deadLetter a stop full',
      'refused a stop full',
      'failed a handling boom',
      'restarted a 1',
      'deadLetter a unknown unhandled',
      'stopped a stopped enough',
      'deadLetter a stop closed',
      'refused a stop closed',
    ])
  }),
)

test(
  'a failure tells the context in which it happened',
  inWorld((t, world) => {
    const contexts: unknown[] = []
    world.system.events.on('failed', ({ ctx }) => void contexts.push(ctx))
    const ref = world.spawn(world.ctx, fragile)
    const [ctx] = world.ctx.withCancel()
    ref.send(ctx, { type: 'fail' })
    world.turns()
    t.deepEqual(contexts.length, 1)
    t.is(contexts[0], ctx)
  }),
)

test(
  'a listener that throws harms neither the listeners after it nor the actor, and is told of',
  inWorld((t, world) => {
    const calls: string[] = []
    const { events } = world.system
    for (const name of ['spawned', 'failed', 'restarted', 'stopped', 'deadLetter', 'refused'] as const) {
      events.on(name, () => {
        throw new Error(`listener of ${name}`)
      })
      events.on(name, () => void calls.push(name))
    }
    const ref = world.spawn(world.ctx, fragile, { restart: 'transient' })
    ref.send(world.ctx, { type: 'fail' })
    world.turns()
    t.true(ref.isAlive)
    ref.stop()
    ref.send(world.ctx, { type: 'fail' })
    t.deepEqual(calls, ['spawned', 'failed', 'restarted', 'stopped', 'deadLetter', 'refused'])
    t.deepEqual(
      world.listenerFailures.splice(0).map((error) => (error as Error).message),
      calls.map((name) => `listener of ${name}`),
    )
    events.removeAllListeners()
  }),
)

test('a listener of listenerFailed that throws is not told of itself', (t) => {
  const events = new SystemEvents()
  let calls = 0
  events.on('listenerFailed', () => {
    calls += 1
    throw new Error('again')
  })
  events.on('unobserved', () => {
    throw new Error('boom')
  })
  t.notThrows(() => events.emit('unobserved', { error: undefined }))
  t.is(calls, 1)
})

test('once is called once, off takes off what on and once put there', (t) => {
  const events = new SystemEvents()
  const calls: string[] = []
  const on = () => void calls.push('on')
  const once = () => void calls.push('once')
  const never = () => void calls.push('never')
  events.on('unobserved', on)
  events.once('unobserved', once)
  events.once('unobserved', never)
  events.off('unobserved', never)
  events.emit('unobserved', { error: 1 })
  events.emit('unobserved', { error: 2 })
  t.deepEqual(calls, ['on', 'once', 'on'])
  events.off('unobserved', on)
  events.emit('unobserved', { error: 3 })
  t.is(calls.length, 3)
  t.false(events.has('unobserved'))
})

test('one function may listen to several events, and leave one of them', (t) => {
  const events = new SystemEvents()
  const seen: unknown[] = []
  const listener = (event: { readonly error: unknown }) => void seen.push(event.error)
  events.on('unobserved', listener)
  events.addListener('listenerFailed', listener)
  events.removeListener('unobserved', listener)
  events.emit('unobserved', { error: 1 })
  events.emit('listenerFailed', { error: 2, during: 'a test' })
  t.deepEqual(seen, [2])
})

test('a listener may leave while it is told, and others are still told', (t) => {
  const events = new SystemEvents()
  const calls: string[] = []
  const first = () => {
    calls.push('first')
    events.off('unobserved', first)
  }
  events.on('unobserved', first)
  events.on('unobserved', () => void calls.push('second'))
  events.emit('unobserved', { error: 1 })
  events.emit('unobserved', { error: 2 })
  t.deepEqual(calls, ['first', 'second', 'second'])
})

test('the log tells of failures, with path, phase and trace', async (t) => {
  const lines: { fields: object; message: string }[] = []
  const note = (fields: object, message: string) => void lines.push({ fields, message })
  const world = new World({ log: { debug: note, info: note, warn: note, error: note } })
  const ref = world.spawn(world.ctx, fragile, { name: 'fragile' })
  ref.send(world.ctx, { type: 'fail' })
  world.turns()
  t.is(lines.length, 1)
  t.is(lines[0]!.message, 'actor failed: boom')
  t.like(lines[0]!.fields, { actor: 'greenroom/fragile', phase: 'handling', trace: world.ctx.trace.traceId })
  await world.end(t)
})
